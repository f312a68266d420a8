# cython: language_level=3, cdivision=True
"""Off units in the order in which an effect picks them, where a limit may fall between them."""

from libc.stdlib cimport qsort
from libc.string cimport memset

from rangli.pricing._conditions cimport Lines, acting_lines
from rangli.pricing._effects cimport (
    Allowance, Doing, allowance, base_of_line, base_of_run, cap_of_effect, entry_of, is_converted,
    note, off_one_line, off_units, spend, times_value, value_on,
)
from rangli.pricing._money cimport BPS, i64, rounded, scaled, smaller, u128
from rangli.pricing._rows cimport (
    EARN_RATE, ENTRY, GIFT_ADD, GIFT_FREE, LAST, NO_LIMIT, PERCENT, QUANTITY, SCALE_VALUE,
    EntryRow, GrantRow, TakeRow, Tier,
)
from rangli.pricing._units cimport (
    Place, find_places, first_run, head_of, room_for_places, sort_places, split, take_from_run,
)
from rangli.pricing._work cimport VALUE_MAX, Rows, State, Work, grown, scratch


cdef inline int by_line_and_unit(const void* one, const void* other) noexcept nogil:
    cdef const TakeRow* a = <const TakeRow*>one
    cdef const TakeRow* b = <const TakeRow*>other
    if a.application != b.application:
        return -1 if a.application < b.application else 1
    if a.line != b.line:
        return -1 if a.line < b.line else 1
    return -1 if a.unit_first < b.unit_first else 1


cdef inline void sort_takes(Work* w, size_t begin) noexcept nogil:
    """Bring the takes of an effect, which begin there, into their order."""
    cdef Rows* takes = &w.space.takes
    cdef TakeRow* row = <TakeRow*>(takes.data + begin)
    cdef i64 n = <i64>((takes.size - begin) // sizeof(TakeRow)), i, k
    cdef TakeRow moved
    for i in range(1, n):
        if by_line_and_unit(row + i - 1, row + i) < 0:
            continue
        if n > 24:
            qsort(row, <size_t>n, sizeof(TakeRow), by_line_and_unit)
            return
        moved = row[i]
        k = i
        while k > 0 and by_line_and_unit(&moved, row + k - 1) < 0:
            row[k] = row[k - 1]
            k -= 1
        row[k] = moved


cdef inline void cut_off(
    Work* w, State* state, Place* place, i64 units, Place* rest
) noexcept nogil:
    """Split the first picked `units`, fewer than all, off a place; rest: the others."""
    cdef i64 run = place.run, other, at
    cdef bint last = w.j.pick == LAST
    if run < 0:
        run = first_run(w, state, place.line)
    at = place.units - units if last else units
    other = split(w, state, run, at)
    fill_place(state, rest, place.line, run if last else other)
    fill_place(state, place, place.line, other if last else run)


cdef inline void fill_place(const State* state, Place* place, i64 line, i64 run) noexcept nogil:
    place.left = state.runs[run].left
    place.units = state.runs[run].units
    place.line = line
    place.first = state.runs[run].first
    place.run = run


cdef inline i64 first_picked(Work* w, i64 amount, i64 units, i64 of) noexcept nogil:
    """What the first picked `units` of so many bear of an amount."""
    if units == of:
        return amount
    if w.j.pick == LAST:
        return amount - scaled(amount, of - units, of)
    return scaled(amount, units, of)


cdef inline i64 wanted_off(
    Work* w, const State* state, const Doing* d, const Place* place, i64 units
) noexcept nogil:
    """What is wanted off the first picked `units` of a place."""
    cdef i64 base
    if place.run < 0:
        base = base_of_line(w, state, place.line)
    else:
        base = base_of_run(w, state.runs + place.run)
    return off_units(
        d, d.kind, value_on(w, d, place.line), d.per,
        first_picked(w, base, units, place.units), units,
        first_picked(w, place.left, units, place.units),
    )


cdef inline void act_on_place(
    Work* w, State* state, const Doing* d, Place* place, i64* given
) noexcept nogil:
    """Act on a place, or on as many of its units as limits leave.

    Units count, into `given`, only if something is taken off them.
    """
    cdef i64 units = smaller(place.units, d.unit_limit - given[0])
    cdef Allowance found
    cdef Place rest
    if units > w.j.units_left:
        if not w.j.row.cut:
            w.j.refused = wanted_off(w, state, d, place, units) > 0
            return
        units = w.j.units_left
    if units == 0:
        return
    found = allowance(
        w, wanted_off(w, state, d, place, units),
        state.left[place.line] - w.p.cart[place.line].floor_minor,
    )
    note(w, &found)
    if found.minor == 0:
        return
    if units < place.units:
        cut_off(w, state, place, units, &rest)
    take_from_run(w, state, 0, place.line, place.run, found.minor)
    spend(w, found.minor)
    given[0] += units
    w.j.units_left -= units


cdef inline void off_picked(
    Work* w, State* state, const Doing* d, Lines lines, i64* given
) noexcept nogil:
    """Act on the units of the lines, in pick order, each run as far as limits allow.

    given: counts units over all lines, NULL: each line has a count of its own.
    """
    cdef Place* places = room_for_places(w, state, lines.count)
    cdef i64 n, i
    cdef bint per_line = given == NULL
    n = find_places(w, state, lines.at, lines.count, d.effect.skip_reward, places)
    sort_places(places, n, w.j.pick)
    if per_line:
        given = <i64*>scratch(w, <size_t>w.lines * sizeof(i64))
        memset(given, 0, <size_t>w.lines * sizeof(i64))
    for i in range(n):
        if w.j.refused:
            return
        act_on_place(w, state, d, places + i, given + (places[i].line if per_line else 0))


cdef inline void off_units_of(Work* w, State* state, const Doing* d, Lines lines) noexcept nogil:
    """Off the units of the lines, which are limited by line, or together."""
    cdef i64 given = 0
    if d.effect.limit_per_line:
        off_picked(w, state, d, lines, NULL)
    elif w.j.given != NULL:
        off_picked(w, state, d, lines, w.j.given + w.j.effect)
    else:
        off_picked(w, state, d, lines, &given)


cdef inline void off_entries(Work* w, State* state, const Doing* d, Lines lines) noexcept nogil:
    """Each line by its price entry, line by line; unit limits count per line."""
    cdef bint limited = (
        d.effect.unit_limit > 0 or w.j.row.units_left != NO_LIMIT or w.unit_winners > 0
    )
    cdef Doing by_entry = d[0]
    cdef const EntryRow* entry
    cdef Lines one
    cdef i64 i, given
    one.count = 1
    for i in range(lines.count):
        entry = entry_of(w, lines.at[i])
        if entry == NULL:
            continue
        if entry.kind == PERCENT and not limited:
            off_one_line(w, state, d, PERCENT, entry.value, lines.at[i])
            continue
        by_entry.kind = entry.kind
        by_entry.value = entry.value
        by_entry.per = entry.per
        by_entry.converts = False
        one.at = lines.at + i
        given = 0
        off_picked(w, state, &by_entry, one, &given)


# --- graduated tiers --------------------------------------------------------------------------


cdef inline void off_graduated(Work* w, State* state, const Doing* d, Lines lines) noexcept nogil:
    """Tiers by unit position. If there are too few units for the first, it is not reached."""
    cdef const Tier* tiers = w.p.tiers + d.effect.tier_first
    cdef i64 count = d.effect.tier_count, n, i, at = 0, reached
    cdef bint per_line = d.effect.limit_per_line
    cdef Place* places = room_for_places(w, state, lines.count)
    cdef i64* memory = <i64*>scratch(w, <size_t>(2 * w.lines + count) * sizeof(i64))
    cdef i64* given = memory
    cdef i64* position = memory + w.lines
    cdef i64* caps = memory + 2 * w.lines
    memset(memory, 0, 2 * <size_t>w.lines * sizeof(i64))
    if w.j.given != NULL:
        caps = w.j.caps + w.j.head.effect_count + tiers_before(w)
        if not per_line:
            given = w.j.given + w.j.effect
    n = find_places(w, state, lines.at, lines.count, 0, places)
    reached = 0
    for i in range(n):
        if per_line:
            at = places[i].line
        position[at] += places[i].units
        reached = position[at] if position[at] > reached else reached
    memset(position, 0, <size_t>w.lines * sizeof(i64))
    if reached < tiers[0].minimum:
        miss(w, QUANTITY, tiers[0].minimum, reached)
        return
    if w.j.tier < 0:
        w.j.tier = count
        while reached < tiers[w.j.tier - 1].minimum:
            w.j.tier -= 1
    if w.j.given == NULL:
        for i in range(count):
            caps[i] = cap_of_effect(w, d.effect, tiers[i].cap_minor)
    n = find_places(w, state, lines.at, lines.count, d.effect.skip_reward, places)
    sort_places(places, n, w.j.pick)
    for i in range(n):
        if w.j.refused:
            return
        if per_line:
            at = places[i].line
        act_by_position(w, state, d, places[i], given + at, position + at, caps)


cdef inline i64 tiers_before(Work* w) noexcept nogil:
    """How many tiers the effects before the one that acts have."""
    cdef i64 i, count = 0
    for i in range(w.j.effect):
        count += w.p.effects[w.j.head.effect_first + i].tier_count
    return count


cdef inline void act_by_position(
    Work* w, State* state, const Doing* d, Place place, i64* given, i64* position, i64* caps
) noexcept nogil:
    """Act on a place, split where tiers meet."""
    cdef const Tier* tiers = w.p.tiers + d.effect.tier_first
    cdef Doing by_tier = d[0]
    cdef Place rest
    cdef i64 tier, units
    rest.units = 1
    while rest.units > 0:
        tier = d.effect.tier_count - 1
        units = place.units
        while tier >= 0 and tiers[tier].minimum > position[0] + 1:
            units = smaller(units, tiers[tier].minimum - position[0] - 1)
            tier -= 1
        rest.units = 0
        if units < place.units:
            cut_off(w, state, &place, units, &rest)
        position[0] += units
        if tier >= 0 and not w.j.refused:
            by_tier.kind = tiers[tier].kind
            by_tier.converts = is_converted(d.effect, by_tier.kind)
            by_tier.value = times_value(
                tiers[tier].value, by_tier.kind, w.j.times if d.effect.scale & SCALE_VALUE else 1
            )
            w.j.effect_cap = caps[tier]
            act_on_place(w, state, &by_tier, &place, given)
            caps[tier] = w.j.effect_cap
        place = rest


cdef inline void miss(Work* w, i64 measure, i64 required, i64 actual) noexcept nogil:
    """Keep the first thing that was not reached."""
    if w.j.missed_measure == 0:
        w.j.missed_measure = measure
        w.j.missed_required = required
        w.j.missed_actual = actual


# --- gifts and earnings -----------------------------------------------------------------------


cdef inline void grant(Work* w, i64 amount) noexcept nogil:
    cdef Rows* grants = &w.space.grants
    cdef GrantRow* row = <GrantRow*>grown(&w.unwind, grants, sizeof(GrantRow))
    grants.size += sizeof(GrantRow)
    w.j.grants += 1
    row.step = w.j.step
    row.effect = w.j.effect
    row.amount = amount


cdef inline void give(Work* w, State* state, const Doing* d, Lines lines) noexcept nogil:
    """Give so many units: free ones of the cart, added ones, or first those, then these."""
    cdef i64 wanted = d.value, freed = 0, added
    cdef u128 worth
    if wanted > w.j.units_left:
        w.j.refused |= not w.j.row.cut
        wanted = w.j.units_left
    if w.j.refused or wanted == 0:
        return
    if d.effect.gift_mode != GIFT_ADD:
        freed = set_free(w, state, lines, wanted)
    if d.effect.gift_mode == GIFT_FREE or wanted == freed:
        return
    added = wanted - freed
    grant(w, added)
    worth = <u128>d.effect.per * <u128>added
    w.j.gift_minor += VALUE_MAX if worth > <u128>VALUE_MAX else <i64>worth
    w.j.units_left -= added


cdef inline i64 set_free(Work* w, State* state, Lines lines, i64 wanted) noexcept nogil:
    """Take off units, in pick order, all that is left on them, as far as limits allow."""
    cdef Place* places = room_for_places(w, state, lines.count)
    cdef i64 n, i, units, freed = 0, line
    cdef Allowance found
    cdef Place rest
    n = find_places(w, state, lines.at, lines.count, 0, places)
    sort_places(places, n, w.j.pick)
    for i in range(n):
        units = smaller(places[i].units, wanted - freed)
        if units == 0:
            break
        line = places[i].line
        found = allowance(
            w, first_picked(w, places[i].left, units, places[i].units),
            state.left[line] - w.p.cart[line].floor_minor,
        )
        note(w, &found)
        if found.minor == 0 or w.j.refused:
            continue
        if units < places[i].units:
            cut_off(w, state, places + i, units, &rest)
        take_from_run(w, state, 0, line, places[i].run, found.minor)
        spend(w, found.minor)
        freed += units
        w.j.units_left -= units
    return freed


cdef inline void earn(Work* w, const State* state, const Doing* d, Lines lines) noexcept nogil:
    """What is earned: a value, or a rate of what the lines come to."""
    cdef i64 amount = d.value, base = 0, i
    if d.kind == EARN_RATE:
        for i in range(lines.count):
            base += base_to_earn_on(w, state, lines.at[i])
        base *= d.value
        amount = rounded(base // BPS, base % BPS, BPS, d.rounding)
    if amount > 0:
        grant(w, amount)


cdef inline i64 base_to_earn_on(Work* w, const State* state, i64 line) noexcept nogil:
    """What a line costs; in a group of scope UNIT only units that others leave to the step."""
    cdef i64 number = head_of(state, line), base = 0
    if number < 0 or w.unit_winners == 0:
        return base_of_line(w, state, line)
    while number >= 0:
        if state.runs[number].taken < w.unit_winners or state.runs[number].taker == w.j.step:
            base += base_of_run(w, state.runs + number)
        number = state.runs[number].next
    return base
