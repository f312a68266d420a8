# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, binding=False
"""The price kernel, compiled. `rangli/pricing/stacking/` says the same in plain words.

Input is checked against the bounds of `rangli.pricing.plan` before anything is computed, so no
input makes it read outside an array or overflow. The computing functions stand in the `.pxd` files
beside this one, hold no Python object and no GIL, and share one `Work`.
"""

from cpython cimport array
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from rangli.pricing._bounds cimport flaw
from rangli.pricing._money cimport i64
from rangli.pricing._rows cimport (
    MODE_BEST, CartRow, Component, Cond, Effect, EntryRow, GrantRow, Group, Head, LeafRow, Money,
    ResultRow, StepRow, TakeRow, Tier,
)
from rangli.pricing._run cimport run
from rangli.pricing._work cimport Needs, Problem, Rows, Work, Workspace, close_arena, guarded

from array import array as new_array
from weakref import ref as weak_reference

from rangli.pricing.plan import Outcome

cdef enum:
    # Releasing the GIL pays from about a tenth of a millisecond of work on.
    LINES_WITH_GIL_MAX = 3_000
    # A workspace with more memory than this is not kept for the next call.
    KEPT_BYTES_MAX = 16 * 1024 * 1024

cdef array.array ZERO = new_array("q", [0])
cdef i64 NOTHING = 0
OUT_OF_MEMORY = b"out of memory"


# --- for other Cython modules -----------------------------------------------------------------


cdef Workspace* open_workspace() noexcept nogil:
    return <Workspace*>calloc(1, sizeof(Workspace))


cdef void close_workspace(Workspace* space) noexcept nogil:
    if space == NULL:
        return
    close_arena(&space.kept, True)
    close_arena(&space.stack, True)
    close_arena(&space.scratch, True)
    free(space.takes.data)
    free(space.grants.data)
    free(space.leaves.data)
    free(space.shares.data)
    free(space.results.data)
    free(space.payable.data)
    free(space.parts.data)
    free(space.pieces.data)
    free(space.saved.data)
    free(space.best_takes.data)
    free(space.best_grants.data)
    free(space.best_results.data)
    free(space.best_rest.data)
    free(space.best_in_force.data)
    free(space.order.data)
    free(space)


cdef const char* price_c(const Problem* problem, Workspace* space) noexcept nogil:
    cdef const char* found = flaw(problem)
    return found if found != NULL else price_sound(problem, space)


cdef const char* price_sound(const Problem* problem, Workspace* space) noexcept nogil:
    """Price what is within the bounds."""
    cdef Work work
    memset(&work, 0, sizeof(Work))
    work.p = problem
    work.space = space
    if guarded(&work.unwind, run, &work) < 0:
        return OUT_OF_MEMORY
    return NULL


# --- Python's side ----------------------------------------------------------------------------

# The workspace of the last call, for the next one. Taken and put back with the GIL held.
cdef Workspace* spare_space = NULL


cdef Workspace* borrow() except NULL:
    global spare_space
    cdef Workspace* space = spare_space
    spare_space = NULL
    if space == NULL:
        space = open_workspace()
    if space == NULL:
        raise MemoryError
    return space


cdef void put_back(Workspace* space) noexcept:
    global spare_space
    cdef size_t kept = (
        close_arena(&space.kept, False) + close_arena(&space.stack, False)
        + close_arena(&space.scratch, False) + space.takes.room + space.grants.room
        + space.leaves.room + space.shares.room + space.results.room + space.parts.room
        + space.pieces.room + space.best_takes.room + space.best_results.room
    )
    if spare_space == NULL and kept <= KEPT_BYTES_MAX:
        spare_space = space
    else:
        close_workspace(space)


cdef const i64* ints(object values, i64 row, i64* count) except NULL:
    """The numbers of an array('q'), rows of `row` each, and how many rows there are."""
    cdef array.array found = <array.array?>values
    cdef i64 size = len(found)
    if found.ob_descr.typecode_char != c"q":
        raise TypeError("every array must be an array('q')")
    if size % row:
        raise ValueError("an array of rows ends within a row")
    count[0] = size // row
    # An empty array has no memory of its own.
    return found.data.as_longlongs if size else &NOTHING


cdef inline i64 width(size_t size) noexcept:
    return <i64>(size // sizeof(i64))


cdef int read_problem(Problem* p, programs, tree, plan) except -1:
    p.heads = <const Head*>ints(programs.heads, width(sizeof(Head)), &p.head_count)
    p.conds = <const Cond*>ints(programs.conds, width(sizeof(Cond)), &p.cond_count)
    p.effects = <const Effect*>ints(programs.effects, width(sizeof(Effect)), &p.effect_count)
    p.tiers = <const Tier*>ints(programs.tiers, width(sizeof(Tier)), &p.tier_count)
    p.components = <const Component*>ints(
        programs.components, width(sizeof(Component)), &p.component_count
    )
    p.funder_bps = ints(programs.funder_bps, 1, &p.bps_count)
    p.groups = <const Group*>ints(tree.groups, width(sizeof(Group)), &p.group_count)
    p.money = <const Money*>ints(tree.money, width(sizeof(Money)), &p.money_count)
    p.cart = <const CartRow*>ints(plan.cart, width(sizeof(CartRow)), &p.cart_count)
    p.steps = <const StepRow*>ints(plan.steps, width(sizeof(StepRow)), &p.step_count)
    p.lines = ints(plan.lines, 1, &p.line_count)
    p.entries = <const EntryRow*>ints(plan.entries, width(sizeof(EntryRow)), &p.entry_count)
    p.list_ends = ints(plan.list_ends, 1, &p.list_count)
    p.list_lines = ints(plan.list_lines, 1, &p.list_line_count)
    p.facts = ints(plan.facts, 1, &p.fact_count)
    p.tree_node_limit = tree.node_limit
    p.node_limit = plan.node_limit
    p.off_max_minor = plan.off_max_minor
    p.trace = plan.trace
    return 0


# A weak reference to the programs priced last, how many they are, and what is known of them by
# now. All this is read and changed with the GIL held only.
cdef object known_programs = None
cdef i64 known_count = 0
cdef Needs* known_needs = NULL


cdef int remember(Problem* p, programs) except -1:
    """Let the problem know what earlier calls with these very programs found."""
    global known_programs, known_count, known_needs
    if known_programs is None or known_programs() is not programs or known_count != p.head_count:
        known_programs = None
        free(known_needs)
        known_needs = <Needs*>calloc(<size_t>p.head_count + 1, sizeof(Needs))
        if known_needs == NULL:
            raise MemoryError
        known_programs, known_count = weak_reference(programs), p.head_count
    p.needs = known_needs
    return 0


cdef bint may_search(const Problem* p) noexcept:
    """Whether more than one node may be visited."""
    cdef i64 i
    if (p.node_limit if p.node_limit > 0 else p.tree_node_limit) == 1:
        return False
    for i in range(p.group_count):
        if p.groups[i].mode == MODE_BEST:
            return True
    return False


cdef array.array copied(const Rows* rows):
    cdef i64 count = <i64>(rows.size // sizeof(i64))
    cdef array.array target = array.clone(ZERO, count, zero=False)
    if count:
        memcpy(target.data.as_longlongs, rows.data, rows.size)
    return target


def price(programs, tree, plan):
    """Price one cart. Raises ValueError if the input breaks the bounds stated in `plan.py`."""
    cdef Problem problem
    cdef const char* found
    cdef Workspace* space
    read_problem(&problem, programs, tree, plan)
    remember(&problem, programs)
    found = flaw(&problem)
    if found != NULL:
        raise ValueError(found.decode())
    space = borrow()
    try:
        if problem.line_count <= LINES_WITH_GIL_MAX and not may_search(&problem):
            found = price_sound(&problem, space)
        else:
            with nogil:
                found = price_sound(&problem, space)
        if found == OUT_OF_MEMORY:
            raise MemoryError
        return Outcome(  # in the order of its fields
            copied(&space.payable),
            copied(&space.results),
            copied(&space.takes),
            copied(&space.shares),
            copied(&space.grants),
            copied(&space.leaves),
            space.nodes,
            space.proven,
            space.gap_minor,
            copied(&space.order),
        )
    finally:
        put_back(space)


cdef struct Layout:
    # One row of each class, under the names of their Python classes.
    Cond Cond
    Tier Tier
    Component Component
    Effect EffectOp
    Head Program
    Group Group
    Money Money
    CartRow CartRow
    StepRow StepRow
    EntryRow EntryRow
    TakeRow TakeRow
    GrantRow GrantRow
    ResultRow ResultRow
    LeafRow LeafRow


def layout():
    """The names of the C structs' fields in order, for comparing with those of Python's rows."""
    cdef Layout rows
    memset(&rows, 0, sizeof(Layout))
    return {name: tuple(row) for name, row in dict(rows).items()}
