# cython: language_level=3, cdivision=True
"""An amount off several lines together: how much, and who bears what of it."""

from libc.stdlib cimport qsort

from rangli.pricing._conditions cimport Lines
from rangli.pricing._effects cimport (
    Allowance, Doing, allowance, bases_of_lines, book, for_pool, note, off_whole,
)
from rangli.pricing._money cimport DOWN, apportion, i64, larger, rounded, smaller, u128
from rangli.pricing._rows cimport (
    BY_LIST, BY_OTHER, BY_QUANTITY, BY_RUNNING, TO_CARRY, TO_DEAREST, TO_FIRST, TO_LARGEST_ERROR,
    TO_LAST, CartRow,
)
from rangli.pricing._work cimport State, Work, scratch


cdef struct Ranked:
    i64 key, at


cdef inline void off_pool(Work* w, State* state, const Doing* d, Lines lines) noexcept nogil:
    """Off the lines together. Those that have room above their floor share it."""
    cdef i64 i, line, room, value, wanted, n = 0, left = 0, base = 0, capacity = 0, lost
    cdef i64 floors = 0
    cdef const i64* left_of = state.left
    cdef const i64* base_of = bases_of_lines(w, state)
    cdef const CartRow* cart = w.p.cart
    cdef i64* sharers = w.s.sharers
    cdef i64* rooms = w.s.rooms
    cdef Allowance found
    for i in range(lines.count):
        line = lines.at[i]
        left += left_of[line]
        base += base_of[line]
        room = left_of[line] - cart[line].floor_minor
        if room > 0:
            floors |= cart[line].floor_minor
            sharers[n] = line
            rooms[n] = room
            capacity += room
            n += 1
    value = for_pool(w, d.value, d.effect.lines, d.rounding) if d.converts else d.value
    wanted = off_whole(d, d.kind, value, base, left)
    found = allowance(w, wanted, capacity)
    note(w, &found)
    if found.minor == 0:
        return
    if floors == 0 and d.weight == BY_RUNNING and d.share_rounding == DOWN and (
        d.leftover == TO_LARGEST_ERROR
    ):
        apportion(found.minor, capacity, w.s.rooms, n, w.s.parts, w.s.errors, w.s.spare)
    else:
        weigh(w, state, d.weight, n)
        lost = share_out(w, d, found.minor, n)
        w.j.clamped += lost
    book(w, state, w.s.sharers, w.s.parts, n)


cdef inline i64 share_out(Work* w, const Doing* d, i64 total, i64 n) noexcept nogil:
    """Split total over `weights` into `parts`, none above its room, as the effect or policy says.

    What does not fit is shared again among those that have room left, or lost: which is returned.
    """
    cdef i64 i, k, room
    for i in range(n):
        w.s.parts[i] = 0
    while total > 0:
        k = 0
        for i in range(n):
            if w.s.parts[i] < w.s.rooms[i]:
                w.s.still[k] = i
                w.s.open_weights[k] = w.s.weights[i]
                k += 1
        if k == 0:
            return total
        shares(w, total, w.s.open_weights, k, d.share_rounding, d.leftover, w.s.wants)
        for i in range(k):
            room = w.s.rooms[w.s.still[i]] - w.s.parts[w.s.still[i]]
            room = smaller(room, w.s.wants[i])
            w.s.parts[w.s.still[i]] += room
            total -= room
        if not w.p.money.share_again:
            return total
    return 0


cdef inline void shares(
    Work* w, i64 total, i64* weights, i64 n, i64 rounding, i64 leftover, i64* parts
) noexcept nogil:
    """Split total by weights (equally if all are 0) into parts, which sum to it."""
    cdef i64 i, whole = 0, rest = total, so_far = 0, placed = 0, change
    cdef u128 product
    for i in range(n):
        whole += weights[i]
    if whole == 0:
        whole = n
        for i in range(n):
            weights[i] = 1
    if leftover == TO_LARGEST_ERROR and rounding == DOWN:
        apportion(total, whole, weights, n, parts, w.s.errors, w.s.spare)
        return
    for i in range(n):
        so_far += weights[i]
        product = <u128>total * <u128>(so_far if leftover == TO_CARRY else weights[i])
        parts[i] = <i64>(product // <u128>whole)
        w.s.errors[i] = <i64>(product - <u128>parts[i] * <u128>whole)
        change = rounded(parts[i], w.s.errors[i], whole, rounding) - parts[i]
        parts[i] += change
        w.s.errors[i] -= change * whole
        if leftover == TO_CARRY:
            change = parts[i]
            parts[i] -= placed
            placed = change
        rest -= parts[i]
    if leftover == TO_LAST:
        for i in range(n - 1, -1, -1):
            change = larger(rest, -parts[i])
            parts[i] += change
            rest -= change
    elif rest != 0:
        one_each(w, rest, weights, n, leftover, parts)


cdef inline void one_each(
    Work* w, i64 rest, const i64* weights, i64 n, i64 leftover, i64* parts
) noexcept nogil:
    """Give one each (rest below 0: take back) in the order of the leftover rule."""
    cdef i64 sign = 1 if rest > 0 else -1, i, k
    cdef Ranked* order = <Ranked*>scratch(w, <size_t>n * sizeof(Ranked))
    for i in range(n):
        order[i].at = i
        order[i].key = 0
        if leftover == TO_LARGEST_ERROR:
            order[i].key = sign * w.s.errors[i]
        elif leftover == TO_DEAREST:
            order[i].key = weights[i]
    if leftover != TO_FIRST:
        qsort(order, <size_t>n, sizeof(Ranked), by_key_falling)
    while rest != 0:
        for k in range(n):
            i = order[k].at
            if rest != 0 and parts[i] + sign >= 0:
                parts[i] += sign
                rest -= sign


cdef inline int by_key_falling(const void* one, const void* other) noexcept nogil:
    cdef const Ranked* a = <const Ranked*>one
    cdef const Ranked* b = <const Ranked*>other
    if a.key != b.key:
        return -1 if a.key > b.key else 1
    return -1 if a.at < b.at else 1


cdef inline void weigh(Work* w, const State* state, i64 weight, i64 n) noexcept nogil:
    """The sharers' weights."""
    cdef i64 i, line
    if weight == BY_OTHER:
        for i in range(n):
            if w.p.cart[w.s.sharers[i]].other_minor < 0:
                weight = BY_LIST
    for i in range(n):
        line = w.s.sharers[i]
        if weight == BY_RUNNING:
            w.s.weights[i] = state.left[line]
        elif weight == BY_LIST:
            w.s.weights[i] = w.list_minor[line]
        elif weight == BY_QUANTITY:
            w.s.weights[i] = w.p.cart[line].quantity
        elif weight == BY_OTHER:
            w.s.weights[i] = w.p.cart[line].other_minor * w.p.cart[line].quantity
        else:
            w.s.weights[i] = 1
