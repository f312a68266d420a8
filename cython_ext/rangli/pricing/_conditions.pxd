# cython: language_level=3, cdivision=True
"""Which lines something reads, what a measure is over them, and whether conditions hold."""

from rangli.pricing._money cimport i64
from rangli.pricing._rows cimport (
    ABOVE, ALL_PRODUCTS, ALL_WITH_DELIVERY, AMOUNT, AT_LEAST, AT_MOST, BASE_GROUP_START, BASE_LIST,
    BASE_ORIGINAL, BASE_RUNNING, BELOW, DISTINCT, ELIGIBLE, EQUAL, FACT, LEAF, LINE_QUANTITY,
    NODE_ALL, NODE_ANY, QUANTITY, CartRow, Cond, LeafRow,
)
from rangli.pricing._work cimport State, Work, scratch


cdef struct Lines:
    const i64* at
    i64 count


cdef inline Lines read_lines(Work* w, i64 selector) noexcept nogil:
    """The lines that a condition reads: lists as the plan has them, ELIGIBLE as now narrowed."""
    cdef Lines found
    cdef i64 list
    if selector == ELIGIBLE:
        found.at = w.j.eligible
        found.count = w.j.eligible_count
    elif selector == ALL_PRODUCTS:
        found.at = w.products
        found.count = w.product_count
    elif selector == ALL_WITH_DELIVERY:
        found.at = w.every_line
        found.count = w.lines
    else:
        list = w.at[w.j.step].lists + selector - 1
        found.at = w.p.list_lines + (w.p.list_ends[list - 1] if list > 0 else 0)
        found.count = w.p.list_lines + w.p.list_ends[list] - found.at
    return found


cdef inline Lines planned_lines(Work* w, i64 selector) noexcept nogil:
    """The same, but ELIGIBLE as the plan has it, whatever has happened since."""
    cdef Lines found
    if selector != ELIGIBLE:
        return read_lines(w, selector)
    found.at = w.p.lines + w.at[w.j.step].lines
    found.count = w.j.row.lines
    return found


cdef inline Lines acting_lines(Work* w, i64 selector, i64* room) noexcept nogil:
    """The lines that an effect acts on: not those closed to it, nor those that others have won.

    room: for as many as there are lines of the cart.
    """
    cdef Lines found = read_lines(w, selector)
    cdef i64 i, line, n = 0
    if w.won == NULL and (not w.any_closed or selector == ELIGIBLE):
        return found
    for i in range(found.count):
        line = found.at[i]
        if not w.closed[line] and (w.won == NULL or w.won[line]):
            room[n] = line
            n += 1
    found.at = room
    found.count = n
    return found


cdef inline i64 distinct(Work* w, Lines lines) noexcept nogil:
    """How many different products stand on the lines."""
    cdef i64 i, k, n = 0
    cdef const CartRow* cart = w.p.cart
    if not w.twins_found:
        find_twins(w)
    for i in range(lines.count):
        w.s.spare[w.twin[lines.at[i]]] = 0
    for i in range(lines.count):
        k = w.twin[lines.at[i]]
        if w.s.spare[k] == 0 and not cart[lines.at[i]].delivery:
            w.s.spare[k] = 1
            n += 1
    return n


cdef inline void find_twins(Work* w) noexcept nogil:
    """Fill `twin`: by a table of twice as many places as lines, at the product's hash or after."""
    cdef i64 size = 16, slot, line
    cdef i64* table
    while size < 2 * w.lines:
        size *= 2
    w.twins_found = 1
    table = <i64*>scratch(w, <size_t>size * sizeof(i64))
    for slot in range(size):
        table[slot] = -1
    for line in range(w.lines):
        slot = w.p.cart[line].product & (size - 1)
        while table[slot] >= 0 and w.p.cart[table[slot]].product != w.p.cart[line].product:
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = line
        w.twin[line] = table[slot]


cdef inline i64 amount_of(
    Work* w, const State* state, Lines lines, i64 base, bint* known
) noexcept nogil:
    """What the lines cost on a base; 0, and known cleared, if one's OTHER amount is not known."""
    cdef const i64* amounts = state.left
    cdef i64 i, total = 0
    if base == BASE_GROUP_START:
        amounts = state.start
    elif base == BASE_LIST:
        amounts = w.list_minor
    elif base == BASE_ORIGINAL:
        amounts = w.original
    elif base != BASE_RUNNING:
        for i in range(lines.count):
            if w.p.cart[lines.at[i]].other_minor < 0:
                known[0] = False
                return 0
            total += w.p.cart[lines.at[i]].other_minor * w.p.cart[lines.at[i]].quantity
        return total
    for i in range(lines.count):
        total += amounts[lines.at[i]]
    return total


cdef inline i64 measured(
    Work* w, const State* state, i64 measure, i64 base, Lines lines, bint* known
) noexcept nogil:
    cdef i64 i, total = 0
    cdef const CartRow* row
    if measure == AMOUNT:
        return amount_of(w, state, lines, base, known)
    if measure == DISTINCT:
        return distinct(w, lines)
    for i in range(lines.count):
        row = w.p.cart + lines.at[i]
        if row.delivery:
            continue
        if measure == QUANTITY:
            total += row.quantity
        elif row.quantity > total:
            total = row.quantity
    return total


cdef inline bint compares(i64 actual, i64 compare, i64 required) noexcept nogil:
    if compare == AT_LEAST:
        return actual >= required
    if compare == ABOVE:
        return actual > required
    if compare == EQUAL:
        return actual == required
    if compare == AT_MOST:
        return actual <= required
    return actual < required


cdef inline i64 truth_of_leaf(
    Work* w, const State* state, const Cond* cond, i64* actual
) noexcept nogil:
    """0 false, 1 unknown, 2 true."""
    cdef bint known = True
    if cond.measure == FACT:
        actual[0] = w.p.facts[w.at[w.j.step].facts + cond.fact]
        return actual[0]
    actual[0] = measured(w, state, cond.measure, cond.base, read_lines(w, cond.lines), &known)
    if not known:
        return 1
    return 2 if compares(actual[0], cond.compare, cond.required) else 0


cdef inline i64 holds(Work* w, const State* state, i64* failed, i64* failed_actual) noexcept nogil:
    """Whether the conditions of the step being judged all hold.

    If not: `failed` is the first leaf that is not true, else the first leaf, and what it read.
    """
    cdef i64 first = w.j.head.cond_first, n = w.j.head.cond_count, i, k, top = 0, actual, truth
    cdef i64 first_leaf = -1, first_actual = 0
    cdef const Cond* cond
    cdef i64* stack
    cdef i64 small[32]
    cdef i64 verdict = 2
    failed[0] = -1
    if n == 0:
        return 1
    stack = small
    if n > 32:
        stack = <i64*>scratch(w, <size_t>n * sizeof(i64))
    for i in range(n):
        cond = w.p.conds + first + i
        if cond.node == LEAF:
            truth = truth_of_leaf(w, state, cond, &actual)
            if w.p.trace:
                tell_leaf(w, i, actual, truth)
            if first_leaf < 0:
                first_leaf = i
                first_actual = actual
            if truth != 2 and failed[0] < 0:
                failed[0] = i
                failed_actual[0] = actual
            stack[top] = truth
            top += 1
            continue
        top -= cond.arity
        truth = stack[top]
        for k in range(1, cond.arity):
            if cond.node == NODE_ALL:
                truth = truth if truth < stack[top + k] else stack[top + k]
            elif cond.node == NODE_ANY:
                truth = truth if truth > stack[top + k] else stack[top + k]
        if cond.node != NODE_ALL and cond.node != NODE_ANY:
            truth = 2 - truth
        stack[top] = truth
        top += 1
    for k in range(top):
        verdict = verdict if verdict < stack[k] else stack[k]
    if verdict == 2:
        return 1
    if failed[0] < 0:
        failed[0] = first_leaf
        failed_actual[0] = first_actual
    return 0


cdef inline void tell_leaf(Work* w, i64 cond, i64 actual, i64 truth) noexcept nogil:
    cdef i64 step = w.j.step
    cdef LeafRow* row = w.leaves + w.leaf_first[step] + w.leaf_count[step]
    w.leaf_count[step] += 1
    row.step = step
    row.cond = cond
    row.actual = actual
    row.truth = truth
