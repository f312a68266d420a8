# cython: language_level=3, cdivision=True
"""One cart from beginning to end: lay out, carry out the tree, write the answer."""

from libc.stdlib cimport qsort
from libc.string cimport memcpy, memmove, memset

from rangli.pricing._groups cimport make_moves, push_frame
from rangli.pricing._judge cimport clear_result
from rangli.pricing._money cimport i64, split_between_two, split_row, split_with_remainder
from rangli.pricing._rows cimport APPLIED, LEAF, NO_LIMIT, GrantRow, LeafRow, ResultRow, TakeRow
from rangli.pricing._search cimport search
from rangli.pricing._units cimport make_state
from rangli.pricing._work cimport (
    ENDLESS, Frame, InForce, Rows, StepAt, Work, Workspace, fit_sharing, grown, kept, sweep,
)


cdef inline i64* numbers(Work* w, i64 count) noexcept nogil:
    return <i64*>kept(w, <size_t>count * sizeof(i64))


cdef inline void run(void* work) noexcept nogil:
    cdef Work* w = <Work*>work
    begin_call(w.space)
    read_lines_of_cart(w)
    read_groups(w)
    read_leaves(w)
    push_frame(w, 0, -1, False)
    search(w)
    w.space.proven = w.space.gap_minor == 0
    answer(w)


cdef inline void begin_call(Workspace* space) noexcept nogil:
    sweep(&space.kept)
    sweep(&space.stack)
    sweep(&space.scratch)
    space.takes.size = 0
    space.grants.size = 0
    space.leaves.size = 0
    space.shares.size = 0
    space.results.size = 0
    space.payable.size = 0
    space.order.size = 0


# --- laying out -------------------------------------------------------------------------------


cdef inline void read_lines_of_cart(Work* w) noexcept nogil:
    cdef i64 n = w.p.cart_count, i
    w.lines = n
    w.every_line = numbers(w, 8 * n)
    w.products = w.every_line + n
    w.list_minor = w.every_line + 2 * n
    w.original = w.every_line + 3 * n
    w.closed = w.every_line + 4 * n
    w.eligible = w.every_line + 5 * n
    w.listed = w.every_line + 6 * n
    w.twin = w.every_line + 7 * n
    fit_sharing(w, n)
    make_state(w, &w.now)
    make_state(w, &w.before)
    for i in range(n):
        w.every_line[i] = i
        w.list_minor[i] = w.p.cart[i].unit_minor * w.p.cart[i].quantity
        w.original[i] = w.list_minor[i] - w.p.cart[i].outside_minor
        w.now.left[i] = w.original[i]
        w.original_minor += w.original[i]
        w.now.start[i] = w.original[i]
        w.closed[i] = 0
        if not w.p.cart[i].delivery:
            w.products[w.product_count] = i
            w.product_count += 1
    w.left_out = <char*>kept(w, <size_t>w.p.line_count)
    memset(w.left_out, 0, <size_t>w.p.line_count)
    w.off_left = ENDLESS if w.p.off_max_minor == NO_LIMIT else w.p.off_max_minor


cdef inline void read_groups(Work* w) noexcept nogil:
    """The tree, and where the entries of each step begin."""
    cdef i64 n = w.p.group_count, step = 0, group, parent, root = -1
    cdef StepAt at
    memset(&at, 0, sizeof(StepAt))
    w.at = <StepAt*>kept(w, <size_t>w.p.step_count * sizeof(StepAt))
    w.step_first = numbers(w, 7 * n)
    w.step_end = w.step_first + n
    w.child = w.step_first + 2 * n
    w.sibling = w.step_first + 3 * n
    w.limit_left = w.step_first + 4 * n
    w.moves_first = w.step_first + 5 * n
    w.moves_end = w.step_first + 6 * n
    w.group_shots = <void**>kept(w, <size_t>n * sizeof(void*))
    memset(w.group_shots, 0, <size_t>n * sizeof(void*))
    w.frames = <Frame*>kept(w, <size_t>(2 * n + 2) * sizeof(Frame))
    w.in_force = <InForce*>kept(w, <size_t>w.p.step_count * sizeof(InForce))
    for group in range(n):
        w.step_first[group] = step
        while step < w.p.step_count and w.p.steps[step].group == group:
            w.at[step] = at
            at.lines += w.p.steps[step].lines
            at.entries += w.p.steps[step].lines if w.p.steps[step].entries else 0
            at.lists += w.p.steps[step].lists
            at.facts += w.p.steps[step].facts
            step += 1
        w.step_end[group] = step
        w.limit_left[group] = w.p.groups[group].limit_minor
        if w.limit_left[group] == 0:
            w.limit_left[group] = ENDLESS
        w.child[group] = -1
    # From the last on, so that each goes before the siblings that are known already.
    for group in range(n - 1, -1, -1):
        parent = w.p.groups[group].parent
        if parent < 0:
            w.sibling[group] = root
            root = group
        else:
            w.sibling[group] = w.child[parent]
            w.child[parent] = group
    make_moves(w, root)


cdef inline void read_leaves(Work* w) noexcept nogil:
    """Room for the results, and if there is a trace for the leaves of each step."""
    cdef i64 step, i, first, count, leaves = 0, n = w.p.step_count
    w.results = <ResultRow*>grown(
        &w.unwind, &w.space.results, <size_t>n * sizeof(ResultRow)
    )
    w.space.results.size = <size_t>n * sizeof(ResultRow)
    w.leaf_first = numbers(w, 2 * n)
    w.leaf_count = w.leaf_first + n
    w.choices = numbers(w, n + 1)
    for step in range(n):
        w.leaf_count[step] = 0
    if not w.p.trace:
        return
    for step in range(n):
        w.leaf_first[step] = leaves
        first = w.p.heads[w.p.steps[step].program].cond_first
        count = w.p.heads[w.p.steps[step].program].cond_count
        for i in range(first, first + count):
            leaves += w.p.conds[i].node == LEAF
    w.leaf_room = <size_t>leaves * sizeof(LeafRow)
    w.leaves = <LeafRow*>kept(w, w.leaf_room)
    memset(w.leaves, 0, w.leaf_room)


# --- the answer -------------------------------------------------------------------------------


cdef inline void answer(Work* w) noexcept nogil:
    cdef size_t size = <size_t>w.lines * sizeof(i64)
    memcpy(grown(&w.unwind, &w.space.payable, size), w.now.left, size)
    w.space.payable.size = size
    if w.unsorted and w.space.takes.size > 0:
        qsort(
            w.space.takes.data, w.space.takes.size // sizeof(TakeRow), sizeof(TakeRow),
            take_by_place,
        )
    if w.unsorted:
        sort_grants(w)
    share(w)
    tell_order(w)
    if w.p.trace:
        tell_leaves(w)


cdef inline int take_by_place(const void* one, const void* other) noexcept nogil:
    """By step, effect, application, line and unit, which are the first fields."""
    cdef const i64* a = <const i64*>one
    cdef const i64* b = <const i64*>other
    cdef i64 i
    for i in range(5):
        if a[i] != b[i]:
            return -1 if a[i] < b[i] else 1
    return 0


cdef inline void sort_grants(Work* w) noexcept nogil:
    """By step; those of a step stay in their order."""
    cdef GrantRow* row = <GrantRow*>w.space.grants.data
    cdef i64 n = <i64>(w.space.grants.size // sizeof(GrantRow)), i, k
    cdef GrantRow moved
    for i in range(1, n):
        moved = row[i]
        k = i
        while k > 0 and row[k - 1].step > moved.step:
            row[k] = row[k - 1]
            k -= 1
        row[k] = moved


cdef inline void share(Work* w) noexcept nogil:
    """Split every take among the funders of its program."""
    cdef const TakeRow* row = <const TakeRow*>w.space.takes.data
    cdef const TakeRow* end = <const TakeRow*>(w.space.takes.data + w.space.takes.size)
    cdef const TakeRow* last
    cdef Rows* shares = &w.space.shares
    cdef i64 funders, so_far, program, lag, remainder_funder
    cdef const i64* bps
    cdef i64* paid
    cdef i64* target
    while row < end:
        last = row
        while last < end and last.step == row.step:
            last += 1
        program = w.p.steps[row.step].program
        bps = w.p.funder_bps + w.p.heads[program].funder_first
        funders = w.p.heads[program].funder_count
        remainder_funder = w.p.heads[program].remainder_funder
        target = <i64*>grown(
            &w.unwind, shares, <size_t>((last - row) * funders) * sizeof(i64)
        )
        shares.size += <size_t>((last - row) * funders) * sizeof(i64)
        if funders == 1:
            while row < last:
                target[0] = row.off_minor
                target += 1
                row += 1
            continue
        if remainder_funder:
            while row < last:
                split_with_remainder(row.off_minor, bps, funders, remainder_funder - 1, target)
                target += funders
                row += 1
            continue
        if funders == 2:
            lag = 0
            while row < last:
                split_between_two(row.off_minor, bps[0], &lag, target)
                target += 2
                row += 1
            continue
        paid = numbers(w, 2 * funders)
        memset(paid, 0, <size_t>funders * sizeof(i64))
        so_far = 0
        while row < last:
            so_far += row.off_minor
            split_row(row.off_minor, so_far, bps, funders, paid, paid + funders, target)
            target += funders
            row += 1


cdef inline void tell_order(Work* w) noexcept nogil:
    """The steps that applied as they acted, where the search chooses in which order they do."""
    cdef i64 i, n = 0
    cdef i64* target
    for i in range(w.p.group_count):
        if w.p.groups[i].any_order:
            break
    else:
        return
    target = <i64*>grown(
        &w.unwind, &w.space.order, <size_t>w.in_force_count * sizeof(i64)
    )
    for i in range(w.in_force_count):
        if w.results[w.in_force[i].step].status == APPLIED:
            target[n] = w.in_force[i].step
            n += 1
    w.space.order.size = <size_t>n * sizeof(i64)


cdef inline void tell_leaves(Work* w) noexcept nogil:
    cdef Rows* leaves = &w.space.leaves
    cdef i64 step
    cdef size_t size
    for step in range(w.p.step_count):
        size = <size_t>w.leaf_count[step] * sizeof(LeafRow)
        if size == 0:
            continue
        memcpy(grown(&w.unwind, leaves, size), w.leaves + w.leaf_first[step], size)
        leaves.size += size
