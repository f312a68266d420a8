# cython: language_level=3, cdivision=True
"""What an effect wants off units, lines and pools, and what limits leave of that."""

from rangli.pricing._conditions cimport Lines, planned_lines
from rangli.pricing._money cimport (
    i64, in_cart_prices, larger, percent_off, share_half_up, smaller, u128,
)
from rangli.pricing._rows cimport (
    BASE_GROUP_START, BASE_LIST, BASE_ORIGINAL, EARN, ELIGIBLE, ENTRY, GIFT, LINE, OFF, OTHER_CAP,
    OTHER_VALUE, PERCENT, PRICE, SCALE_UNIT_LIMIT, UNIT, CartRow, Effect, EntryRow, TakeRow,
)
from rangli.pricing._units cimport head_of, take_from_line
from rangli.pricing._work cimport ENDLESS, VALUE_MAX, Rows, Run, State, Work, grown


cdef struct Doing:
    # An effect with its tier, multiplier and the policy's roundings filled in. converts: the value
    # is stated in the other price basis.
    const Effect* effect
    i64 kind, value, per, unit_limit, rounding, rounding_of, weight, share_rounding, leftover
    bint converts


cdef struct Allowance:
    # What may be taken of what was wanted, and what was kept back: by floors and the most that may
    # be given away (clamped), by limits (cut). What caps keep back nobody is told.
    i64 minor, clamped, cut, refused


cdef inline i64 times_value(i64 value, i64 kind, i64 times) noexcept nogil:
    """A value so many times, if it is one that multiplies; at most VALUE_MAX."""
    cdef u128 product
    if times == 1 or kind != OFF and kind != GIFT and kind != EARN:
        return value
    product = <u128>value * <u128>times
    return VALUE_MAX if product > <u128>VALUE_MAX else <i64>product


cdef inline i64 limit_of_units(Work* w, const Effect* e) noexcept nogil:
    """The most units that the effect allows."""
    if e.unit_limit == 0:
        return ENDLESS
    return times_value(e.unit_limit, OFF, w.j.times if e.scale & SCALE_UNIT_LIMIT else 1)


cdef inline const i64* bases_of_lines(Work* w, const State* state) noexcept nogil:
    if w.j.base == BASE_LIST:
        return w.list_minor
    if w.j.base == BASE_GROUP_START:
        return state.start
    return w.original if w.j.base == BASE_ORIGINAL else state.left


cdef inline i64 base_of_line(Work* w, const State* state, i64 line) noexcept nogil:
    return bases_of_lines(w, state)[line]


cdef inline i64 base_of_run(Work* w, const Run* run) noexcept nogil:
    if w.j.base == BASE_LIST:
        return run.list
    if w.j.base == BASE_GROUP_START:
        return run.start
    return run.original if w.j.base == BASE_ORIGINAL else run.left


# --- amounts in the other price basis: `pricing/stacking/basis.py` -----------------------------


cdef inline bint is_converted(const Effect* e, i64 kind) noexcept nogil:
    return e.other_price & OTHER_VALUE and (kind == PRICE or kind == OFF)


cdef inline i64 for_pool(Work* w, i64 minor, i64 selector, i64 rounding) noexcept nogil:
    """An amount for all units of the lines, in the cart's prices; -1: it is not known."""
    cdef Lines lines = planned_lines(w, selector)
    cdef const CartRow* row
    cdef i64 i, list_minor = 0, other_minor = 0
    for i in range(lines.count):
        row = w.p.cart + lines.at[i]
        if row.other_minor < 0:
            return -1
        list_minor += w.list_minor[lines.at[i]]
        other_minor += row.other_minor * row.quantity
    return in_cart_prices(minor, list_minor, other_minor, rounding)


cdef inline i64 cap_of(
    Work* w, i64 minor, i64 selector, bint converts, i64 rounding
) noexcept nogil:
    """The most that a cap allows; 0 is none. One that cannot be converted allows nothing."""
    if minor == 0:
        return ENDLESS
    return larger(0, for_pool(w, minor, selector, rounding)) if converts else minor


cdef inline i64 cap_of_effect(Work* w, const Effect* e, i64 minor) noexcept nogil:
    cdef i64 rounding = e.rounding if e.rounding else w.p.money.rounding
    return cap_of(w, minor, e.lines, e.other_price & OTHER_CAP, rounding)


cdef inline i64 cap_of_program(Work* w) noexcept nogil:
    return cap_of(
        w, w.j.head.cap_minor, ELIGIBLE, w.j.head.cap_other_price, w.p.money.rounding
    )


cdef inline i64 value_on(Work* w, const Doing* d, i64 line) noexcept nogil:
    """The value for units of a line, or the line, in the cart's prices; -1: it is not known."""
    cdef const CartRow* row = w.p.cart + line
    if not d.converts:
        return d.value
    return in_cart_prices(d.value, row.unit_minor, row.other_minor, d.rounding)


# --- how much is wanted -----------------------------------------------------------------------


cdef inline i64 off_units(
    const Doing* d, i64 kind, i64 value, i64 per, i64 base, i64 units, i64 left
) noexcept nogil:
    """What so many units that cost `base` should lose, each rounded on its own.

    value: below 0: not known, then nothing.
    """
    cdef i64 each, more
    cdef u128 price
    if value < 0:
        return 0
    if kind == PRICE:
        price = <u128>value * <u128>units
        return 0 if price >= <u128>base else smaller(base - <i64>price, left)
    if kind == OFF:
        return share_half_up(<u128>value, units, per, left)
    if units == 1:
        return smaller(percent_off(base, value, d.rounding, d.rounding_of), left)
    each = base // units
    more = base % units
    base = (units - more) * percent_off(each, value, d.rounding, d.rounding_of)
    if more > 0:
        base += more * percent_off(each + 1, value, d.rounding, d.rounding_of)
    return smaller(base, left)


cdef inline i64 off_whole(const Doing* d, i64 kind, i64 value, i64 base, i64 left) noexcept nogil:
    """What a line or a pool that costs `base` should lose; if the value is not known, nothing."""
    if value < 0:
        return 0
    if kind == PRICE:
        return smaller(larger(base - value, 0), left)
    if kind == OFF:
        return smaller(value, left)
    return smaller(percent_off(base, value, d.rounding, d.rounding_of), left)


# --- limits -----------------------------------------------------------------------------------


cdef inline i64 budget(Work* w) noexcept nogil:
    """The most that the effect may still take, whatever keeps it."""
    cdef i64 least = smaller(w.j.effect_cap, w.j.program_cap)
    least = smaller(least, w.j.amount_left)
    return smaller(smaller(least, w.j.group_left), w.j.off_left)


cdef inline void spend(Work* w, i64 amount) noexcept nogil:
    w.j.effect_cap -= amount
    w.j.program_cap -= amount
    w.j.amount_left -= amount
    w.j.group_left -= amount
    w.j.off_left -= amount
    w.j.off += amount


cdef inline Allowance allowance(Work* w, i64 wanted, i64 capacity) noexcept nogil:
    """What may be taken of `wanted`, which is no more than is left. Nothing is noted yet.

    In this order: what floors allow; caps of effect and program; what is left of the step's amount
    and its groups' limits; of what the cart may be given.
    """
    cdef Allowance found
    cdef i64 floored = smaller(wanted, capacity), cut
    cdef i64 capped = smaller(floored, smaller(w.j.effect_cap, w.j.program_cap))
    found.refused = capped > w.j.amount_left and not w.j.row.cut
    cut = smaller(capped, smaller(w.j.amount_left, w.j.group_left))
    found.minor = smaller(cut, w.j.off_left)
    found.clamped = wanted - floored + cut - found.minor
    found.cut = capped - cut
    return found


cdef inline void note(Work* w, const Allowance* found) noexcept nogil:
    """Tell what was kept back."""
    w.j.clamped += found.clamped
    w.j.cut += found.cut
    w.j.refused |= found.refused


# --- lines ------------------------------------------------------------------------------------


cdef inline const EntryRow* entry_of(Work* w, i64 line) noexcept nogil:
    """The price entry of a line of the step being judged, NULL if it has none."""
    cdef const i64* lines = w.p.lines + w.at[w.j.step].lines
    cdef i64 low = 0, high = w.j.row.lines, middle
    if not w.j.row.entries:
        return NULL
    while high - low > 1:
        middle = (low + high) // 2
        if lines[middle] <= line:
            low = middle
        else:
            high = middle
    if low >= high or lines[low] != line:
        return NULL
    return w.p.entries + w.at[w.j.step].entries + low


cdef inline i64 within_limit(Work* w, const Doing* d, i64 line, i64 base) noexcept nogil:
    """What a rate is of, where a limit of units bounds money: less what the units beyond cost."""
    cdef const CartRow* row = w.p.cart + line
    if row.quantity <= d.unit_limit:
        return base
    return larger(0, base - (row.quantity - d.unit_limit) * row.unit_minor)


cdef inline i64 off_line(Work* w, const State* state, const Doing* d, i64 line) noexcept nogil:
    """What is wanted off a line that is one run, none of whose units are limited."""
    cdef i64 base = base_of_line(w, state, line), left = state.left[line]
    cdef i64 units = w.p.cart[line].quantity
    cdef const EntryRow* entry
    if d.kind == ENTRY:
        entry = entry_of(w, line)
        if entry == NULL:
            return 0
        if entry.kind == PERCENT:
            return off_whole(d, PERCENT, entry.value, base, left)
        return off_units(d, entry.kind, entry.value, entry.per, base, units, left)
    if d.effect.place == UNIT:
        return off_units(d, d.kind, value_on(w, d, line), d.per, base, units, left)
    if d.kind == PERCENT:
        base = within_limit(w, d, line, base)
    return off_whole(d, d.kind, value_on(w, d, line), base, left)


cdef inline bint off_all_lines(
    Work* w, State* state, const Doing* d, Lines lines
) noexcept nogil:
    """Off each line by itself. Does nothing, and returns False, unless that is simple.

    Simple: no line is split, and the budgets allow all, so that it does not matter who comes first.
    """
    cdef i64 i, line, wanted, room, total = 0, clamped = 0
    cdef i64* parts = w.s.parts
    cdef const i64* left = state.left
    cdef const CartRow* cart = w.p.cart
    for i in range(lines.count):
        line = lines.at[i]
        if head_of(state, line) >= 0:
            return False
        wanted = off_line(w, state, d, line)
        room = left[line] - cart[line].floor_minor
        if wanted > room:
            clamped += wanted - room
            wanted = room
        parts[i] = wanted
        total += wanted
    if total > budget(w):
        return False
    w.j.clamped += clamped
    book(w, state, lines.at, parts, lines.count)
    return True


cdef inline void book(
    Work* w, State* state, const i64* lines, const i64* parts, i64 n
) noexcept nogil:
    """Take the parts off the lines."""
    cdef Rows* takes = &w.space.takes
    cdef i64 i, line, total = 0, step = w.j.step, effect = w.j.effect
    cdef i64* left = state.left
    cdef const CartRow* cart = w.p.cart
    cdef TakeRow* row
    if not state.plain or w.j.marks:
        for i in range(n):
            if parts[i] > 0:
                take_from_line(w, state, lines[i], parts[i])
                total += parts[i]
        spend(w, total)
        return
    row = <TakeRow*>grown(&w.unwind, takes, <size_t>n * sizeof(TakeRow))
    for i in range(n):
        if parts[i] == 0:
            continue
        line = lines[i]
        total += parts[i]
        left[line] -= parts[i]
        row.step = step
        row.effect = effect
        row.application = 0
        row.line = line
        row.unit_first = 0
        row.units = cart[line].quantity
        row.off_minor = parts[i]
        row += 1
    takes.size = <size_t>(<char*>row - takes.data)
    spend(w, total)


cdef inline void off_lines_in_turn(
    Work* w, State* state, const Doing* d, Lines lines
) noexcept nogil:
    """Off each line by itself, as far as limits go. Place is LINE."""
    cdef i64 i
    for i in range(lines.count):
        off_one_line(w, state, d, d.kind, value_on(w, d, lines.at[i]), lines.at[i])


cdef inline void off_one_line(
    Work* w, State* state, const Doing* d, i64 kind, i64 value, i64 line
) noexcept nogil:
    cdef i64 wanted, base = base_of_line(w, state, line)
    cdef Allowance found
    if kind == PERCENT:
        base = within_limit(w, d, line, base)
    wanted = off_whole(d, kind, value, base, state.left[line])
    found = allowance(w, wanted, state.left[line] - w.p.cart[line].floor_minor)
    note(w, &found)
    if found.minor > 0:
        take_from_line(w, state, line, found.minor)
        spend(w, found.minor)
