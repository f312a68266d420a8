# cython: language_level=3
"""What the functions of the price kernel share: the problem, the memory and the `Work` on one cart.

Memory comes from a `Workspace` that outlives calls, so that a call seldom allocates. When there is
none left the call unwinds to `guarded`, hence nobody else has to look.
"""

from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

from rangli.pricing._money cimport i64
from rangli.pricing._rows cimport (
    CartRow, Component, Cond, Effect, EntryRow, GrantRow, Group, Head, LeafRow, Money, ResultRow,
    StepRow, TakeRow, Tier,
)

cdef extern from *:
    """
    #include <setjmp.h>
    #define RANGLI_LINE_MINOR_MAX 1000000000000LL
    #define RANGLI_VALUE_MAX 10000000000000LL
    #define RANGLI_ENDLESS 4000000000000000000LL
    typedef struct { jmp_buf at; } rangli_unwind;
    static int rangli_guarded(rangli_unwind *unwind, void (*run)(void *), void *work) {
        if (setjmp(unwind->at)) return -1;
        run(work);
        return 0;
    }
    #define RANGLI_UNWIND(unwind) longjmp((unwind).at, 1)
    """
    ctypedef struct Unwind "rangli_unwind":
        pass
    # Too large for an enum, which Cython takes for an int. VALUE_MAX is also the most of a cart.
    const i64 LINE_MINOR_MAX "RANGLI_LINE_MINOR_MAX"
    const i64 VALUE_MAX "RANGLI_VALUE_MAX"
    const i64 ENDLESS "RANGLI_ENDLESS"  # a limit that there is not; sums of two fit
    int guarded "rangli_guarded"(
        Unwind* unwind, void (*run)(void*) noexcept nogil, void* work
    ) noexcept nogil
    void unwind_to "RANGLI_UNWIND"(Unwind unwind) noexcept nogil


cdef struct Needs:
    # What a program that was found within bounds reads of its step: so many lists and facts, and
    # (entries) a price entry for each line. known 0: it was not looked at yet.
    i64 known, lists, facts, entries


cdef struct Problem:
    # The arrays of Programs, Tree and Plan under their names, and how many rows each has.
    const Head* heads
    const Cond* conds
    const Effect* effects
    const Tier* tiers
    const Component* components
    const i64* funder_bps
    const Group* groups
    const Money* money
    const CartRow* cart
    const StepRow* steps
    const i64* lines
    const EntryRow* entries
    const i64* list_ends
    const i64* list_lines
    const i64* facts
    i64 head_count, cond_count, effect_count, tier_count, component_count, bps_count, group_count
    i64 money_count, cart_count, step_count, line_count, entry_count, list_count, list_line_count
    i64 fact_count
    i64 tree_node_limit, node_limit, off_max_minor, trace
    # By program, for whoever prices many carts with the same programs, which nobody may change
    # meanwhile: what is known of them already. NULL: nobody remembers.
    Needs* needs


cdef struct Rows:
    # A growing array of rows of one size, in bytes.
    char* data
    size_t size, room


cdef struct Block:
    Block* next
    size_t room, used


cdef struct Arena:
    # Memory in blocks that are kept for reuse: `at` is the one in use, those after it are free.
    Block* first
    Block* at


cdef struct Mark:
    # Where an arena stands, to give back what is taken after.
    Block* at
    size_t used


cdef struct Workspace:
    # Memory of calls, one at a time. Answers stand here until the next call.
    # kept: until the call ends; stack: given back to a mark; scratch: until the next judgement.
    Arena kept, stack, scratch
    Rows takes, grants, leaves, shares, results, payable, parts, pieces, saved
    Rows order           # as `Outcome.order`
    # Of the search: the best end so far.
    Rows best_takes, best_grants, best_results, best_rest, best_in_force
    i64 nodes, proven, gap_minor


cdef struct StepAt:
    # Where a step's entries begin in the arrays of the plan; lists counts lists.
    i64 lines, entries, lists, facts


cdef struct Run:
    # `units` units of a line from `first` on, that were treated alike; then the next run.
    # taken: by how many steps of a group of scope UNIT something was taken off, taker: the last of
    # them. in_set: of the effect that is acting. reserved, rest: scratch of patterns.
    i64 line, first, units, left, start, list, original, used, taken, taker, in_set, reserved, rest
    i64 next


cdef struct State:
    # What is left on each line. head: its first run, -1 while it is one run that nobody marked.
    # plain: all lines are such, so that left and start say all.
    i64* left
    i64* start
    i64* head
    Run* runs
    i64 run_count, run_room, plain


cdef inline void* grown(Unwind* unwind, Rows* rows, size_t more) noexcept nogil:
    """Room for more bytes at the end of the rows, not yet counted in size."""
    cdef size_t room = rows.room
    cdef char* data
    if rows.size + more > room:
        room = 2 * room + more + 1024
        data = <char*>realloc(rows.data, room)
        if data == NULL:
            unwind_to(unwind[0])
        rows.data = data
        rows.room = room
    return rows.data + rows.size


cdef inline void* taken(Unwind* unwind, Arena* arena, size_t size) noexcept nogil:
    """Memory from an arena, not cleared."""
    cdef Block* block = arena.at
    cdef Block* last = NULL
    cdef size_t room = 16_384
    size = (size + 15) & ~<size_t>15
    while block != NULL and block.used + size > block.room:
        last = block
        block = block.next
        if block != NULL:
            block.used = 0
    if block == NULL:
        if last != NULL:
            room = 2 * last.room
        while room < size:
            room *= 2
        block = <Block*>malloc(sizeof(Block) + room)
        if block == NULL:
            unwind_to(unwind[0])
        block.next = NULL
        block.room = room
        block.used = 0
        if last == NULL:
            arena.first = block
        else:
            last.next = block
    arena.at = block
    block.used += size
    return <char*>block + sizeof(Block) + block.used - size


cdef inline Mark mark(const Arena* arena) noexcept nogil:
    cdef Mark here
    here.at = arena.at
    here.used = arena.at.used if arena.at != NULL else 0
    return here


cdef inline void give_back(Arena* arena, Mark to) noexcept nogil:
    arena.at = to.at
    if to.at == NULL:
        sweep(arena)
    else:
        to.at.used = to.used


cdef inline void sweep(Arena* arena) noexcept nogil:
    arena.at = arena.first
    if arena.first != NULL:
        arena.first.used = 0


cdef inline size_t close_arena(Arena* arena, bint really) noexcept nogil:
    """How many bytes its blocks have, which are freed if really."""
    cdef Block* block = arena.first
    cdef Block* next
    cdef size_t size = 0
    while block != NULL:
        next = block.next
        size += block.room
        if really:
            free(block)
        block = next
    return size


cdef struct InForce:
    # A step that applied, or (applied 0) that was met and stops.
    i64 step, applied


cdef struct Frame:
    # A group whose members act one by one: how many applied, the last step that did.
    # shut: nothing may act in it any more, since `last` won.
    i64 most, count, last, shut


cdef struct Term:
    # What an effect does once tiers and multiplier are known. acts 0: it does not.
    i64 acts, kind, value, cap, tier


cdef struct Judgement:
    # One step being judged on a state. The limits are what is left of them.
    i64 step, effect, base, plain_before
    bint may_split       # runs, or mark them, which `undo` can't take back by the takes alone
    i64 marks            # the effect acting marks the units that it takes something off
    i64 pick             # of the effect, or of a component of its pattern
    const StepRow* row
    const Head* head
    const i64* eligible
    i64 eligible_count
    i64 times
    i64 effect_cap, program_cap, amount_left, group_left, off_left, units_left, uses_left
    i64 clamped, cut, refused, sets, off, gift_minor, grants, tier
    i64 missed_measure, missed_required, missed_actual   # measure 0: nothing was missed
    size_t take_first, grant_first
    # Of a group of scope UNIT, by effect of the step: units given and what is left of caps.
    i64* given
    i64* caps


cdef struct Sharing:
    # An amount shared out among n: who (lines), their room and weight, what each bears; scratch.
    i64 room
    i64* sharers
    i64* rooms
    i64* weights
    i64* parts
    i64* still
    i64* open_weights
    i64* wants
    i64* errors
    i64* spare


cdef struct Move:
    # One thing that carrying out the tree does, with a step or a group.
    i64 do, number


cdef struct Work:
    const Problem* p
    Workspace* space
    Unwind unwind
    i64 lines
    StepAt* at
    # By line: list amount, that less outside_minor; then all lines, and those that are products.
    i64* list_minor
    i64* original
    i64* every_line
    i64* products
    i64 product_count
    i64* twin            # the first line with the same product, once twins_found
    bint twins_found
    # By group: its steps, its first child and next sibling (-1).
    i64* step_first
    i64* step_end
    i64* child
    i64* sibling
    # What the tree does; from moves_first to moves_end what a group does that others compete with.
    Move* moves
    i64 move_count, tree_moves
    i64* moves_first
    i64* moves_end
    void** group_shots   # where a group can keep a snapshot, see _state.pxd
    # Where the pricing stands: all that changes, but for the answers below.
    State now
    i64 off_left
    i64* limit_left      # by group
    InForce* in_force
    i64 in_force_count, forbidding
    i64* closed          # by line
    i64 any_closed
    Frame* frames
    i64 frame_count
    # Of steps that applied: what they give beside the price is worth, how many need a credential.
    i64 gift_minor, credentials
    i64 original_minor   # of the whole cart
    # Answers while they grow. leaf_count: how many leaves of the step are told, 0 if not judged.
    ResultRow* results
    i64* leaf_first
    i64* leaf_count
    LeafRow* leaves
    size_t leaf_room     # bytes
    # Of the search: what may be decided next; whether there is nothing left to decide.
    i64* choices
    i64 choice_count
    bint at_end
    # How a step is being judged: the lines it may act on (by line, NULL: all); where to write the
    # terms, or (again) to read them; in a group of scope UNIT how many steps may act on a unit.
    const char* won
    Term* terms
    bint again
    i64 unit_winners
    Judgement j
    State before         # the state that the step judged last met, if that was not plain
    char* free           # scratch of patterns
    i64 saved_count
    char* left_out       # by entry of the plan's lines: reduced, when the step was judged last
    bint unsorted        # the takes do not stand by step
    # Scratch, by line.
    i64* eligible
    i64* listed
    Sharing s


cdef inline void* kept(Work* w, size_t size) noexcept nogil:
    """Memory until the call ends."""
    return taken(&w.unwind, &w.space.kept, size)


cdef inline void* stacked(Work* w, size_t size) noexcept nogil:
    """Memory until the stack is given back to a mark from before."""
    return taken(&w.unwind, &w.space.stack, size)


cdef inline void* scratch(Work* w, size_t size) noexcept nogil:
    """Memory until the next step is judged."""
    return taken(&w.unwind, &w.space.scratch, size)


cdef inline void fit_sharing(Work* w, i64 n) noexcept nogil:
    """Room for sharing among n."""
    cdef i64* memory
    if n <= w.s.room:
        return
    memory = <i64*>kept(w, 9 * <size_t>n * sizeof(i64))
    w.s.room = n
    w.s.sharers = memory
    w.s.rooms = memory + n
    w.s.weights = memory + 2 * n
    w.s.parts = memory + 3 * n
    w.s.still = memory + 4 * n
    w.s.open_weights = memory + 5 * n
    w.s.wants = memory + 6 * n
    w.s.errors = memory + 7 * n
    w.s.spare = memory + 8 * n
