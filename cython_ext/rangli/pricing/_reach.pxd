# cython: language_level=3, cdivision=True
"""The most that a step could still do from a state on: `rangli/pricing/stacking/reach.py` in C.

All of it stands on the stack of the workspace until the bound has been computed.
"""

from libc.string cimport memset

from rangli.pricing._conditions cimport Lines, acting_lines, measured, read_lines, truth_of_leaf
from rangli.pricing._effects cimport (
    Doing, base_of_line, base_of_run, cap_of_effect, cap_of_program, entry_of, is_converted,
    off_whole, times_value,
)
from rangli.pricing._judge cimport forbidden_by
from rangli.pricing._money cimport BPS, i64, larger, share_half_up, smaller, u128
from rangli.pricing._rows cimport (
    ABOVE, AT_LEAST, BASE_RUNNING, EARN, EARN_RATE, ENTRY, GIFT, GIFT_ADD, GIFT_FREE, LEAF,
    NODE_ANY, NODE_NOT, NO_LIMIT, OFF, PERCENT, POOL, PRICE, REWARD, SCALE_VALUE, UNIT, Component,
    Cond, Effect, EntryRow, Head, StepRow, Tier,
)
from rangli.pricing._units cimport head_of
from rangli.pricing._work cimport ENDLESS, VALUE_MAX, Work, stacked, sweep


cdef struct ReachLine:
    # Of one line: most that is taken; once_kind: if above 0, what is taken is known for each amount
    # that is left; rate: of a percentage off a pool, in 1/10,000 of a minor unit; pooled: 1 if it
    # belongs to the pool.
    i64 most, once_kind, once_value, rate, pooled


cdef struct Reach:
    # What one action could take: off single lines, or off a pool. cap: most in all.
    i64 cap, line_most, pool_left, pool_most, has_rates
    Doing once           # what is rounded once: off a pool if pool_once
    bint pool_once
    ReachLine* at
    Reach* next          # of the same effect, of which one thing is done


cdef struct Choice:
    Reach* first
    Choice* next


cdef struct Prospect:
    # What a step could do: one thing of each of the choices, after the other.
    Choice* choices
    i64 cap, gift_minor


cdef inline void approach_open(Work* w, i64 step) noexcept nogil:
    """Turn to a step and the lines that are open to it."""
    cdef const i64* lines = w.p.lines + w.at[step].lines
    cdef i64 i, n = 0
    sweep(&w.space.scratch)
    w.j.step = step
    w.j.row = w.p.steps + step
    w.j.head = w.p.heads + w.j.row.program
    w.j.base = w.j.head.base if w.j.head.base else w.p.groups[w.j.row.group].base
    w.j.eligible = lines
    w.j.eligible_count = w.j.row.lines
    if not w.any_closed:
        return
    for i in range(w.j.row.lines):
        if not w.closed[lines[i]]:
            w.eligible[n] = lines[i]
            n += 1
    w.j.eligible = w.eligible
    w.j.eligible_count = n


cdef inline bint could_be_met(Work* w) noexcept nogil:
    """Whether nothing is out of reach that must hold. ANY and NOT are not looked at."""
    cdef const Cond* conds = w.p.conds + w.j.head.cond_first
    cdef i64 i, actual
    for i in range(w.j.head.cond_count):
        if conds[i].node == NODE_ANY or conds[i].node == NODE_NOT:
            return True
    for i in range(w.j.head.cond_count):
        if conds[i].node == LEAF and (
            conds[i].compare == AT_LEAST or conds[i].compare == ABOVE
        ) and truth_of_leaf(w, &w.now, conds + i, &actual) != 2:
            return False
    return True


cdef inline i64 times_at_most(Work* w) noexcept nogil:
    """How often the step could be given at most; 0: it cannot act."""
    cdef const StepRow* row = w.j.row
    cdef const Head* head = w.j.head
    cdef i64 times = 1
    cdef bint known = True
    if row.uses_left == 0 or row.amount_left == 0 or row.units_left == 0:
        return 0
    if forbidden_by(w, row) >= 0 or not could_be_met(w):
        return 0
    if head.times_measure:
        times = measured(
            w, &w.now, head.times_measure, head.times_base, read_lines(w, head.times_lines), &known
        ) // head.times_every
        if head.times_max > 0:
            times = smaller(times, head.times_max)
    return smaller(times, row.uses_left) if row.uses_left > 0 else times


cdef inline i64 cap_of_step(Work* w) noexcept nogil:
    """The most that limits let the step take."""
    cdef i64 cap = ENDLESS, group = w.j.row.group
    while group >= 0:
        cap = smaller(cap, w.limit_left[group])
        group = w.p.groups[group].parent
    cap = smaller(cap, cap_of_program(w))
    return cap if w.j.row.amount_left == NO_LIMIT else smaller(cap, w.j.row.amount_left)


cdef inline void look_ahead(Work* w, i64 step, Prospect* found) noexcept nogil:
    """What the step could do from the present state on."""
    cdef i64 i, k, times, scale, actual, value, every
    cdef const Effect* e
    cdef const Tier* tier
    cdef Choice* last = NULL
    cdef bint known = True
    approach_open(w, step)
    found.choices = NULL
    found.gift_minor = 0
    found.cap = cap_of_step(w)
    times = times_at_most(w)
    if times == 0:
        return
    for i in range(w.j.head.effect_count):
        w.j.effect = i
        e = w.p.effects + w.j.head.effect_first + i
        scale = times if e.scale & SCALE_VALUE else 1
        if e.tier_count == 0:
            last = add_choice(w, found, last)
            value = times_value(e.value, e.kind, scale)
            add_reach(w, found, last, e, e.kind, value, e.cap_minor)
            continue
        actual = VALUE_MAX
        if not e.graduated:
            last = add_choice(w, found, last)
            actual = measured(
                w, &w.now, e.tier_measure, e.tier_base, read_lines(w, e.tier_lines), &known
            )
        for k in range(e.tier_count):
            tier = w.p.tiers + e.tier_first + k
            if actual < tier.minimum:
                break
            every = actual // tier.minimum if e.tier_every else 1
            value = times_value(times_value(tier.value, tier.kind, every), tier.kind, scale)
            if e.graduated:
                last = add_choice(w, found, last)
            add_reach(w, found, last, e, tier.kind, value, tier.cap_minor)


cdef inline Choice* add_choice(Work* w, Prospect* found, Choice* last) noexcept nogil:
    cdef Choice* choice = <Choice*>stacked(w, sizeof(Choice))
    choice.first = NULL
    choice.next = NULL
    if last == NULL:
        found.choices = choice
    else:
        last.next = choice
    return choice


cdef inline void add_reach(
    Work* w, Prospect* found, Choice* choice, const Effect* e, i64 kind, i64 value, i64 cap
) noexcept nogil:
    cdef Reach* reach = <Reach*>stacked(w, sizeof(Reach))
    cdef size_t size = <size_t>w.lines * sizeof(ReachLine)
    cdef u128 worth
    memset(reach, 0, sizeof(Reach))
    reach.at = <ReachLine*>stacked(w, size)
    memset(reach.at, 0, size)
    reach.cap = cap_of_effect(w, e, cap)
    reach.next = choice.first
    choice.first = reach
    reach.once.kind = kind
    reach.once.converts = is_converted(e, kind)
    reach.once.value = value
    reach.once.rounding = e.rounding if e.rounding else w.p.money.rounding
    reach.once.rounding_of = e.rounding_of if e.rounding_of else w.p.money.rounding_of
    fill_reach(w, reach, e)
    if kind == GIFT and e.gift_mode != GIFT_FREE:
        worth = <u128>e.per * <u128>value
        found.gift_minor += VALUE_MAX if worth > <u128>VALUE_MAX else <i64>worth


cdef inline void fill_reach(Work* w, Reach* reach, const Effect* e) noexcept nogil:
    cdef i64 kind = reach.once.kind, i
    cdef Lines lines
    cdef const EntryRow* entry
    cdef bint units
    if kind == EARN or kind == EARN_RATE or kind == GIFT and e.gift_mode == GIFT_ADD:
        return
    if kind != GIFT and e.part_count > 0:
        reach_pattern(w, reach, e)
        return
    lines = acting_lines(w, e.lines, w.listed)
    if kind == GIFT or reach.once.converts:
        pool_all(w, reach, lines)
    elif kind == ENTRY:
        units = e.unit_limit > 0 or w.j.row.units_left != NO_LIMIT
        for i in range(lines.count):
            entry = entry_of(w, lines.at[i])
            if entry != NULL:
                reach_line(
                    w, reach, lines.at[i], entry.kind, entry.value, entry.per,
                    entry.kind != PERCENT or units,
                )
    elif e.place == POOL:
        reach_pool(w, reach, lines)
    else:
        for i in range(lines.count):
            reach_line(w, reach, lines.at[i], kind, reach.once.value, e.per, e.place == UNIT)


cdef inline void pool_all(Work* w, Reach* reach, Lines lines) noexcept nogil:
    """All that is left on the lines, as one."""
    cdef i64 i
    for i in range(lines.count):
        if not reach.at[lines.at[i]].pooled:
            reach.at[lines.at[i]].pooled = 1
            reach.pool_left += w.now.left[lines.at[i]]
    reach.pool_most = reach.pool_left


cdef inline void reach_pattern(Work* w, Reach* reach, const Effect* e) noexcept nogil:
    """PRICE could take all, and so could amounts that are converted; rates are rounded up unit by
    unit; so many off is for every unit."""
    cdef const Component* part = w.p.components + e.part_first
    cdef i64 i, line, left = 0, units = 0, base = 0
    cdef u128 product
    for i in range(e.part_count):
        if part[i].role == REWARD:
            pool_all(w, reach, acting_lines(w, part[i].lines, w.listed))
    for line in range(w.lines):
        if reach.at[line].pooled:
            left += w.now.left[line]
            units += w.p.cart[line].quantity
            base += base_of_line(w, &w.now, line)
    if e.spread:
        for i in range(e.part_count):
            pool_all(w, reach, acting_lines(w, part[i].lines, w.listed))
    if reach.once.kind == OFF and not reach.once.converts:
        product = <u128>reach.once.value * <u128>units
        left = left if product > <u128>left else <i64>product
    elif reach.once.kind == PERCENT:
        left = smaller(left, base * reach.once.value // BPS + units)
    reach.pool_most = left


cdef inline void reach_pool(Work* w, Reach* reach, Lines lines) noexcept nogil:
    cdef i64 i, line, base = 0
    pool_all(w, reach, lines)
    for i in range(lines.count):
        base += base_of_line(w, &w.now, lines.at[i])
    reach.pool_most = off_whole(
        &reach.once, reach.once.kind, reach.once.value, base, reach.pool_left
    )
    reach.pool_once = w.j.base == BASE_RUNNING
    if reach.once.kind != PERCENT:
        return
    reach.has_rates = lines.count > 0
    for i in range(lines.count):
        line = lines.at[i]
        reach.at[line].rate = smaller(
            base_of_line(w, &w.now, line) * reach.once.value, w.now.left[line] * BPS
        )


cdef inline void reach_line(
    Work* w, Reach* reach, i64 line, i64 kind, i64 value, i64 per, bint by_unit
) noexcept nogil:
    """What an action could take off one line."""
    cdef i64 units = w.p.cart[line].quantity, left = w.now.left[line], off
    cdef i64 base = base_of_line(w, &w.now, line)
    cdef u128 product
    if by_unit and kind == OFF:
        if units > 1 and per > 1:
            product = <u128>value * <u128>units // <u128>per + <u128>units
            off = left if product > <u128>left else <i64>product
        else:
            off = share_half_up(<u128>value, units, per, left)
    elif not by_unit or units == 1:
        off = off_whole(&reach.once, kind, value, base, left)
        if w.j.base == BASE_RUNNING:
            reach.at[line].once_kind = kind
            reach.at[line].once_value = value
    elif kind == PRICE:
        off = off_runs_to(w, line, value)
    else:
        off = base * value // BPS + units
    reach.at[line].most = smaller(off, left)
    reach.line_most += reach.at[line].most


cdef inline i64 off_runs_to(Work* w, i64 line, i64 value) noexcept nogil:
    """What is above a price on the units of each run."""
    cdef i64 number = head_of(&w.now, line), off = 0
    if number < 0:
        return above(base_of_line(w, &w.now, line), value, w.p.cart[line].quantity)
    while number >= 0:
        off += above(base_of_run(w, w.now.runs + number), value, w.now.runs[number].units)
        number = w.now.runs[number].next
    return off


cdef inline i64 above(i64 base, i64 value, i64 units) noexcept nogil:
    cdef u128 price = <u128>value * <u128>units
    return 0 if price > <u128>base else base - <i64>price


# --- what is left then ------------------------------------------------------------------------


cdef inline i64 line_low(const Reach* reach, i64 line, i64 low) noexcept nogil:
    """What is left of a line on which at least `low` is left."""
    cdef const ReachLine* at = reach.at + line
    if at.once_kind > 0:
        return low - off_whole(&reach.once, at.once_kind, at.once_value, low, low)
    return low - smaller(low, reach.pool_most if at.pooled else at.most)


cdef inline i64 off_cart(const Reach* reach, i64 total) noexcept nogil:
    """What could be taken off a cart on which at least `total` is left."""
    cdef i64 pool = reach.pool_most
    if reach.pool_once:
        total = smaller(total, reach.pool_left)
        pool = off_whole(&reach.once, reach.once.kind, reach.once.value, total, total)
    return smaller(pool + reach.line_most, reach.cap)
