# cython: language_level=3, cdivision=True
"""A bound for the search: no end below a node is better. `pricing/stacking/bound.py` in C."""

from libc.string cimport memcmp, memcpy, memset

from rangli.pricing._groups cimport BEST, COMPETE, STEP
from rangli.pricing._lines cimport Bids
from rangli.pricing._money cimport BPS, i64, larger, smaller
from rangli.pricing._reach cimport Choice, Prospect, Reach, line_low, look_ahead, off_cart
from rangli.pricing._rows cimport (
    MODE_ALL, MODE_BEST, SCOPE_CART, SCOPE_LINE, Group,
)
from rangli.pricing._work cimport ENDLESS, Mark, Move, Work, give_back, mark, stacked


cdef struct Key:
    # What ends are compared by, in this order; smaller is better.
    i64 payable, minus_worth, credentials


cdef struct Opened:
    # A BEST group that is being decided. since: how many were in force when it began.
    # With scope CART: gone: by member 0 yet to decide, 1 told what became of it, 2 left out;
    # next: all before are not yet to decide; chosen: how many act.
    # With scope LINE: lines: those with something to decide, of which line_at are decided;
    # decided: by line, whether it is known who has it (`place` of the bids, -1 nobody).
    i64 group, since
    Bids bids
    char* gone
    i64 next, chosen
    i64* lines
    i64 line_count, line_at
    char* decided
    char* leaves         # the leaves of the members' bids, if there is a trace


cdef struct Ahead:
    # What steps could do, by step, as far as asked for; whether those with a credential act.
    Prospect* at
    char* known
    bint credentials


cdef struct Box:
    # At least this is left: on each line, and in all.
    i64* low
    i64 total


cdef inline bint is_better(const Key* one, const Key* other) noexcept nogil:
    if one.payable != other.payable:
        return one.payable < other.payable
    if one.minus_worth != other.minus_worth:
        return one.minus_worth < other.minus_worth
    return one.credentials < other.credentials


cdef inline Prospect* prospect(Work* w, Ahead* ahead, i64 step) noexcept nogil:
    if not ahead.known[step]:
        look_ahead(w, step, ahead.at + step)
        ahead.known[step] = 1
    return ahead.at + step


cdef inline const Choice* choices_of(Work* w, Ahead* ahead, i64 step) noexcept nogil:
    if w.p.steps[step].credential and not ahead.credentials:
        return NULL
    return prospect(w, ahead, step).choices


# --- boxes ------------------------------------------------------------------------------------


cdef inline Box copy_box(Work* w, const Box* box) noexcept nogil:
    cdef Box copy
    copy.low = <i64*>stacked(w, <size_t>w.lines * sizeof(i64))
    memcpy(copy.low, box.low, <size_t>w.lines * sizeof(i64))
    copy.total = box.total
    return copy


cdef inline void set_box(Work* w, Box* box, const Box* other) noexcept nogil:
    memcpy(box.low, other.low, <size_t>w.lines * sizeof(i64))
    box.total = other.total


cdef inline void fit_box(Work* w, Box* box) noexcept nogil:
    """The whole is no less than its lines, and no line is below 0."""
    cdef i64 i, lines = 0
    for i in range(w.lines):
        box.low[i] = larger(0, box.low[i])
        lines += box.low[i]
    box.total = larger(box.total, lines)


cdef inline void either(Work* w, Box* box, const Box* other) noexcept nogil:
    """What holds if one of both does."""
    cdef i64 i
    for i in range(w.lines):
        box.low[i] = smaller(box.low[i], other.low[i])
    box.total = smaller(box.total, other.total)


cdef inline void after_step(Work* w, Ahead* ahead, i64 step, Box* box) noexcept nogil:
    """What is left at least after a step, which need not act."""
    cdef const Choice* choice = choices_of(w, ahead, step)
    cdef const Reach* reach
    cdef i64 i, low, lines, begin = box.total
    cdef Mark here = mark(&w.space.stack)
    cdef Box before
    if choice == NULL:
        return
    before = copy_box(w, box)
    while choice != NULL:
        set_box(w, &before, box)
        reach = choice.first
        while reach != NULL:
            lines = 0
            for i in range(w.lines):
                low = larger(0, line_low(reach, i, before.low[i]))
                lines += low
                box.low[i] = smaller(box.low[i], low)
            lines = larger(lines, before.total - off_cart(reach, before.total))
            box.total = smaller(box.total, lines)
            reach = reach.next
        choice = choice.next
    box.total = larger(box.total, begin - ahead.at[step].cap)
    fit_box(w, box)
    give_back(&w.space.stack, here)


# --- groups -----------------------------------------------------------------------------------


cdef inline void after_group(Work* w, Ahead* ahead, i64 group, Box* box) noexcept nogil:
    cdef const Group* row = w.p.groups + group
    cdef i64 most = row.most, first = w.step_first[group], n = w.step_end[group] - first, i, count
    cdef i64* steps
    cdef Mark here = mark(&w.space.stack)
    if row.mode != MODE_ALL and row.mode != MODE_BEST:
        most = larger(1, most)
    steps = <i64*>stacked(w, <size_t>n * sizeof(i64))
    for i in range(n):
        steps[i] = first + i
    if row.mode != MODE_ALL and row.scope != SCOPE_CART:
        after_lines(w, ahead, steps, n, 1 if row.mode == MODE_BEST else most, NULL, box)
    else:
        count = n
        i = w.child[group]
        while i >= 0:
            count += 1
            i = w.sibling[i]
        after_some(
            w, ahead, steps, n, w.child[group], count, box, most if most > 0 else count,
            not row.any_order,
        )
    give_back(&w.space.stack, here)


cdef inline void after_opened(Work* w, Ahead* ahead, const Opened* opened, Box* box) noexcept nogil:
    cdef const Group* row = w.p.groups + opened.group
    cdef i64* steps
    cdef i64 i, n = 0, most
    cdef Mark here = mark(&w.space.stack)
    steps = <i64*>stacked(w, <size_t>opened.bids.n * sizeof(i64))
    for i in range(opened.bids.n):
        if row.scope == SCOPE_LINE and opened.bids.takes[i] or (
            row.scope != SCOPE_LINE and opened.gone[i] == 0
        ):
            steps[n] = opened.bids.first + i
            n += 1
    if row.scope == SCOPE_LINE:
        after_lines(w, ahead, steps, n, 1, opened, box)
    else:
        most = row.most - opened.chosen if row.most > 0 else n
        after_some(w, ahead, steps, n, -1, n, box, most, not row.any_order)
    give_back(&w.space.stack, here)


cdef inline void after_some(
    Work* w, Ahead* ahead, const i64* steps, i64 n, i64 child, i64 count, Box* box, i64 most,
    bint in_order,
) noexcept nogil:
    """At most `most` of so many members act. If in their order: no less is left than if all did.
    In any case: no less than after so many times whichever takes most.
    """
    cdef i64 i, k, each
    cdef Box all_in_order, before, after
    if in_order:
        all_in_order = copy_box(w, box)
        for i in range(n):
            after_step(w, ahead, steps[i], &all_in_order)
        each = child
        while each >= 0:
            after_group(w, ahead, each, &all_in_order)
            each = w.sibling[each]
        if most >= count:
            set_box(w, box, &all_in_order)
            return
    before = copy_box(w, box)
    after = copy_box(w, box)
    for k in range(smaller(most, count)):
        set_box(w, &before, box)
        for i in range(n):
            set_box(w, &after, &before)
            after_step(w, ahead, steps[i], &after)
            either(w, box, &after)
        each = child
        while each >= 0:
            set_box(w, &after, &before)
            after_group(w, ahead, each, &after)
            either(w, box, &after)
            each = w.sibling[each]
        if box.total == before.total and memcmp(
            box.low, before.low, <size_t>w.lines * sizeof(i64)
        ) == 0:
            break
    if in_order:
        for i in range(w.lines):
            box.low[i] = larger(box.low[i], all_in_order.low[i])
        box.total = larger(box.total, all_in_order.total)
        fit_box(w, box)


cdef inline i64 low_of_line(const Choice* choice, i64 line, i64 low) noexcept nogil:
    """What a step leaves of a line at least."""
    cdef const Reach* reach
    cdef i64 before
    while choice != NULL:
        before = low
        reach = choice.first
        while reach != NULL:
            low = smaller(low, line_low(reach, line, before))
            reach = reach.next
        choice = choice.next
    return low


cdef inline i64 exact_of(const Choice* choice, i64 line) noexcept nogil:
    """What a step could take of a line by itself, in 1/10,000 of a minor unit; at most 10^18."""
    cdef const Reach* reach
    cdef i64 total = 0, most
    while choice != NULL:
        most = 0
        reach = choice.first
        while reach != NULL:
            most = larger(most, reach.at[line].most * BPS + reach.at[line].rate)
            reach = reach.next
        total = smaller(total + most, 1_000_000_000_000_000_000)
        choice = choice.next
    return total


cdef inline i64 pools_of(const Choice* choice) noexcept nogil:
    """What a step could take off pools, besides that."""
    cdef const Reach* reach
    cdef i64 total = 0, most
    while choice != NULL:
        most = 0
        reach = choice.first
        while reach != NULL:
            most = larger(most, 1 if reach.has_rates else reach.pool_most)
            reach = reach.next
        total += most
        choice = choice.next
    return total


cdef inline i64 sum_of_largest(i64* values, i64 n, i64 most) noexcept nogil:
    """The sum of the `most` largest (none negative), at most 10^18. Reorders them."""
    cdef i64 k, i, best, total = 0
    for k in range(smaller(n, most)):
        best = k
        for i in range(k + 1, n):
            if values[i] > values[best]:
                best = i
        i = values[best]
        values[best] = values[k]
        values[k] = i
        if i == 0:
            break
        total = smaller(total + i, 1_000_000_000_000_000_000)
    return total


cdef inline void after_lines(
    Work* w, Ahead* ahead, const i64* steps, i64 n, i64 most, const Opened* opened, Box* box
) noexcept nogil:
    """At most `most` of the steps act on each line; where it is decided who, only they.

    Of the whole cart: what they could take of single lines, rates off pools exactly; each such pool
    rounded up once; and other pools besides.
    """
    cdef i64 line, i, k, exact = 0, pools = 0, member
    cdef i64* offs = <i64*>stacked(w, 2 * <size_t>n * sizeof(i64))
    cdef i64* falls = offs + n
    cdef char* able = <char*>stacked(w, <size_t>n)
    cdef const Choice* choice
    memset(able, 0, <size_t>n)
    for line in range(w.lines):
        k = 0
        for i in range(n):
            if opened != NULL:
                member = steps[i] - opened.bids.first
                if opened.decided[line] and opened.bids.place[line] != member:
                    continue
                if opened.bids.minor[member * opened.bids.lines + line] >= 0:
                    able[i] = 1
            else:
                able[i] = 1
            choice = choices_of(w, ahead, steps[i])
            offs[k] = exact_of(choice, line)
            falls[k] = box.low[line] - low_of_line(choice, line, box.low[line])
            k += 1
        exact = smaller(exact + sum_of_largest(offs, k, most), 1_000_000_000_000_000_000)
        box.low[line] -= sum_of_largest(falls, k, most)
    for i in range(n):
        if able[i]:
            pools += pools_of(choices_of(w, ahead, steps[i]))
    box.total -= exact // BPS + pools
    fit_box(w, box)


# --- the cart ---------------------------------------------------------------------------------


cdef inline i64 payable_at_least(
    Work* w, Ahead* ahead, i64 at, const Opened* opened
) noexcept nogil:
    """The least that the cart could come to."""
    cdef i64 i, left = 0, floored = 0
    cdef const Move* move
    cdef Box box
    cdef Mark here = mark(&w.space.stack)
    box.low = <i64*>stacked(w, <size_t>w.lines * sizeof(i64))
    for i in range(w.lines):
        box.low[i] = w.now.left[i]
        left += box.low[i]
    box.total = left
    if opened != NULL:
        after_opened(w, ahead, opened, &box)
        at += 1
    for i in range(at, w.tree_moves):
        move = w.moves + i
        if move.do == STEP:
            after_step(w, ahead, move.number, &box)
        elif move.do == COMPETE or move.do == BEST:
            after_group(w, ahead, move.number, &box)
    for i in range(w.lines):
        floored += larger(box.low[i], w.p.cart[i].floor_minor)
    return larger(larger(box.total, floored), left - w.off_left)


cdef inline void ask_group(Work* w, Ahead* ahead, i64 group, i64* gifts, bint* any) noexcept nogil:
    cdef i64 i
    for i in range(w.step_first[group], w.step_end[group]):
        ask_step(w, ahead, i, gifts, any)
    i = w.child[group]
    while i >= 0:
        ask_group(w, ahead, i, gifts, any)
        i = w.sibling[i]


cdef inline void ask_step(Work* w, Ahead* ahead, i64 step, i64* gifts, bint* any) noexcept nogil:
    gifts[0] += prospect(w, ahead, step).gift_minor
    if w.p.steps[step].credential:
        any[0] = True


cdef inline Key lowest(Work* w, i64 at, const Opened* opened, const Key* best) noexcept nogil:
    """No end is better than this that the moves from `at` on can lead to.

    Where the best cannot be reached without a further credential, one more is counted.
    """
    cdef Mark here = mark(&w.space.stack)
    cdef Ahead ahead
    cdef Key key
    cdef i64 i, gifts = w.gift_minor, first = at
    cdef bint credentials = False
    ahead.at = <Prospect*>stacked(w, <size_t>w.p.step_count * sizeof(Prospect))
    ahead.known = <char*>stacked(w, <size_t>w.p.step_count)
    memset(ahead.known, 0, <size_t>w.p.step_count)
    ahead.credentials = True
    if opened != NULL:
        first += 1
        for i in range(opened.bids.n):
            if w.p.groups[opened.group].scope == SCOPE_LINE or opened.gone[i] == 0:
                ask_step(w, &ahead, opened.bids.first + i, &gifts, &credentials)
    for i in range(first, w.tree_moves):
        if w.moves[i].do == STEP:
            ask_step(w, &ahead, w.moves[i].number, &gifts, &credentials)
        elif w.moves[i].do == COMPETE or w.moves[i].do == BEST:
            ask_group(w, &ahead, w.moves[i].number, &gifts, &credentials)
    key.payable = payable_at_least(w, &ahead, at, opened)
    key.minus_worth = key.payable - w.original_minor - gifts
    key.credentials = w.credentials
    ahead.credentials = False
    if credentials:
        i = payable_at_least(w, &ahead, at, opened)
    else:
        i = key.payable
    if i > best.payable:
        key.credentials += 1
    give_back(&w.space.stack, here)
    return key
