# cython: language_level=3, cdivision=True
"""Judging a step: may it act, does its condition hold, and what does it take?"""

from libc.string cimport memset

from rangli.pricing._conditions cimport (
    Lines, acting_lines, amount_of, holds, measured, read_lines,
)
from rangli.pricing._effects cimport (
    Doing, cap_of_effect, cap_of_program, is_converted, limit_of_units, off_all_lines,
    off_lines_in_turn, times_value,
)
from rangli.pricing._money cimport i64, smaller
from rangli.pricing._patterns cimport form_sets
from rangli.pricing._picked cimport (
    earn, give, miss, off_entries, off_graduated, off_units_of, sort_takes,
)
from rangli.pricing._pools cimport off_pool
from rangli.pricing._rows cimport (
    APPLIED, BASE_RUNNING, CLAMPED, CONDITION_NOT_MET, EARN, EARN_RATE, ELIGIBLE, ENTRY, EXCLUDED,
    GIFT, LIMIT_REACHED, LINE, NO_EFFECT, NO_LIMIT, SCALE_VALUE, STOP_ALL, STOP_GROUP, UNIT, Cond,
    Effect, Head, Money, ResultRow, StepRow, TakeRow, Tier,
)
from rangli.pricing._units cimport copy_state, head_of
from rangli.pricing._work cimport ENDLESS, Judgement, Rows, State, Term, Work, sweep


# --- may it act? ------------------------------------------------------------------------------


cdef inline bint forbids(const StepRow* other, const StepRow* row, bint applied) noexcept nogil:
    """Whether a step in force does not let another act."""
    if other.stop == STOP_ALL or other.stop == STOP_GROUP and other.group == row.group:
        return True
    if not applied:
        return False
    if row.exclusion > 0 and row.exclusion == other.exclusion or row.exclusive or other.exclusive:
        return True
    if row.allows != -1 and not row.allows & other.labels:
        return True
    return other.allows != -1 and not other.allows & row.labels


cdef inline i64 forbidden_by(Work* w, const StepRow* row) noexcept nogil:
    """The first step in force that does not let this one act, -1 if none does."""
    cdef i64 i
    if not w.forbidding and row.exclusion == 0 and not row.exclusive and row.allows == -1:
        return -1
    for i in range(w.in_force_count):
        if forbids(w.p.steps + w.in_force[i].step, row, w.in_force[i].applied):
            return w.in_force[i].step
    return -1


cdef inline void clear_result(Work* w, i64 step) noexcept nogil:
    memset(w.results + step, 0, sizeof(ResultRow))
    w.results[step].cond = -1
    w.results[step].beaten_by = -1


cdef inline bint excluded(Work* w, i64 step) noexcept nogil:
    cdef i64 by = forbidden_by(w, w.p.steps + step)
    if by < 0:
        return False
    clear_result(w, step)
    w.results[step].status = EXCLUDED
    w.results[step].beaten_by = by
    w.leaf_count[step] = 0
    return True


cdef inline void approach(Work* w, const State* state, i64 step) noexcept nogil:
    """Turn to a step."""
    cdef Judgement* j = &w.j
    sweep(&w.space.scratch)
    j.step = step
    j.row = w.p.steps + step
    j.head = w.p.heads + j.row.program
    j.take_first = w.space.takes.size
    j.grant_first = w.space.grants.size
    j.given = NULL
    j.plain_before = state.plain
    j.may_split = w.unit_winners > 0 or may_split(w)
    if not state.plain and j.may_split:
        copy_state(w, &w.before, state)


cdef inline bint may_split(Work* w) noexcept nogil:
    """Whether an effect of the step may split runs, or mark them."""
    cdef const Effect* e = w.p.effects + w.j.head.effect_first
    cdef i64 i, k
    if w.j.row.units_left != NO_LIMIT:
        return True
    for i in range(w.j.head.effect_count):
        if e.unit_limit > 0 or e.part_count > 0 or e.graduated or e.mark or e.kind == GIFT:
            return True
        for k in range(e.tier_first, e.tier_first + e.tier_count):
            if w.p.tiers[k].kind == GIFT:
                return True
        e += 1
    return False


cdef inline void judge(Work* w, State* state, i64 step) noexcept nogil:
    """Judge a step and take what it takes: off the state and onto the end of the takes.

    What became of it goes to its result. `undo` takes it back.
    """
    cdef ResultRow* result = w.results + step
    cdef i64 cond = 0, actual = 0
    cdef const Cond* failed
    cdef bint known = True
    approach(w, state, step)
    if excluded(w, step):
        return
    clear_result(w, step)
    w.leaf_count[step] = 0
    narrow(w, state)
    result.base_minor = amount_of(w, state, read_lines(w, ELIGIBLE), BASE_RUNNING, &known)
    result.status = CONDITION_NOT_MET
    if not holds(w, state, &cond, &actual):
        failed = w.p.conds + w.j.head.cond_first + cond
        result.cond = cond
        result.measure = failed.measure
        result.required = failed.required
        result.actual = actual
        return
    if w.j.row.uses_left == 0 or w.j.row.amount_left == 0 or w.j.row.units_left == 0:
        result.status = LIMIT_REACHED
        return
    if not multiplied(w, state, result):
        return
    set_limits(w)
    w.j.tier = -1
    act_effects(w, state)
    finish(w, result)
    if result.status != APPLIED:
        drop(w, state)


cdef inline void judge_again(
    Work* w, State* state, i64 step, const ResultRow* bid, i64 times
) noexcept nogil:
    """Let a step act on the lines it has won, on the terms of its bid.

    Condition, multiplier and tiers are not judged again, but steps in force may exclude it.
    """
    cdef ResultRow* result = w.results + step
    approach(w, state, step)
    if excluded(w, step):
        return
    clear_result(w, step)
    result.base_minor = bid.base_minor
    narrow_again(w)
    set_limits(w)
    w.j.times = times
    w.j.tier = bid.tier
    act_effects(w, state)
    finish(w, result)
    if result.status != APPLIED:
        drop(w, state)


cdef inline void narrow_again(Work* w) noexcept nogil:
    """The lines of the step's bid; closed ones are left to `acting_lines`."""
    cdef const i64* lines = w.p.lines + w.at[w.j.step].lines
    cdef i64 i, n = 0
    w.j.eligible = lines
    w.j.eligible_count = w.j.row.lines
    if not w.j.head.skip_reduced:
        return
    for i in range(w.j.row.lines):
        if not w.left_out[lines - w.p.lines + i]:
            w.eligible[n] = lines[i]
            n += 1
    w.j.eligible = w.eligible
    w.j.eligible_count = n


cdef inline void narrow(Work* w, const State* state) noexcept nogil:
    """The lines that the step being judged may act on now."""
    cdef const i64* lines = w.p.lines + w.at[w.j.step].lines
    cdef i64 i, line, n = 0
    if not w.any_closed and not w.j.head.skip_reduced:
        w.j.eligible = lines
        w.j.eligible_count = w.j.row.lines
        return
    for i in range(w.j.row.lines):
        line = lines[i]
        if w.j.head.skip_reduced:
            w.left_out[lines - w.p.lines + i] = state.left[line] < w.list_minor[line]
        if not w.closed[line] and not w.left_out[lines - w.p.lines + i]:
            w.eligible[n] = line
            n += 1
    w.j.eligible = w.eligible
    w.j.eligible_count = n


cdef inline bint multiplied(Work* w, const State* state, ResultRow* result) noexcept nogil:
    """Find how many times the step is given; False if not once."""
    cdef const Head* head = w.j.head
    cdef i64 times = 1, actual
    cdef bint known = True
    if head.times_measure:
        actual = measured(
            w, state, head.times_measure, head.times_base, read_lines(w, head.times_lines), &known
        )
        times = actual // head.times_every
        if head.times_max > 0 and times > head.times_max:
            times = head.times_max
        if times == 0:
            result.measure = head.times_measure
            result.required = head.times_every
            result.actual = actual
            return False
    if w.j.row.uses_left != NO_LIMIT and times > w.j.row.uses_left:
        if not w.j.row.cut:
            result.status = LIMIT_REACHED
            return False
        times = w.j.row.uses_left
    w.j.times = times
    return True


cdef inline void set_limits(Work* w) noexcept nogil:
    """What is left of the limits, with nothing taken yet."""
    cdef const StepRow* row = w.j.row
    cdef i64 group = row.group
    w.j.program_cap = cap_of_program(w)
    w.j.amount_left = row.amount_left if row.amount_left != NO_LIMIT else ENDLESS
    w.j.units_left = row.units_left if row.units_left != NO_LIMIT else ENDLESS
    w.j.uses_left = row.uses_left if row.uses_left != NO_LIMIT else ENDLESS
    w.j.base = w.j.head.base if w.j.head.base else w.p.groups[group].base
    w.j.clamped = 0
    w.j.cut = 0
    w.j.refused = 0
    w.j.sets = 0
    w.j.off = 0
    w.j.gift_minor = 0
    w.j.grants = 0
    w.j.missed_measure = 0
    share_limits(w)


cdef inline void share_limits(Work* w) noexcept nogil:
    """What is left of the limits that the step shares with others."""
    cdef i64 group = w.j.row.group
    w.j.off_left = w.off_left
    w.j.group_left = ENDLESS
    while group >= 0:
        w.j.group_left = smaller(w.j.group_left, w.limit_left[group])
        group = w.p.groups[group].parent


# --- what does it do? -------------------------------------------------------------------------


cdef inline void act_effects(Work* w, State* state) noexcept nogil:
    """Let the effects act in turn. With `again` on the terms of the bid, else these are written."""
    cdef i64 i, k
    cdef size_t size, granted
    cdef Rows* takes = &w.space.takes
    cdef Doing d
    for i in range(w.j.head.effect_count):
        w.j.effect = i
        d.effect = w.p.effects + w.j.head.effect_first + i
        size = takes.size
        granted = w.space.grants.size
        if w.again:
            if not w.terms[i].acts:
                continue
            recall(w, &d)
        elif not resolve(w, state, &d):
            if w.terms != NULL:
                w.terms[i].acts = 0
            continue
        perform(w, state, &d)
        if w.j.given != NULL:
            w.j.caps[i] = w.j.effect_cap
        if w.j.refused:
            return
        if w.j.head.first_only and (takes.size > size or w.space.grants.size > granted):
            if w.terms != NULL and not w.again:
                for k in range(w.j.head.effect_count):
                    w.terms[k].acts = k == i
            return


cdef inline bint resolve(Work* w, const State* state, Doing* d) noexcept nogil:
    """Find what the effect does, by its tiers and the multiplier. False if no tier is reached."""
    cdef const Effect* e = d.effect
    cdef const Tier* tiers = w.p.tiers + e.tier_first
    cdef i64 tier = -1, actual = 0, cap = e.cap_minor
    cdef bint known = True
    d.kind = e.kind
    d.value = e.value
    if e.tier_count > 0 and not e.graduated:
        actual = measured(
            w, state, e.tier_measure, e.tier_base, read_lines(w, e.tier_lines), &known
        )
        tier = e.tier_count - 1
        while tier >= 0 and actual < tiers[tier].minimum:
            tier -= 1
        if tier < 0:
            miss(w, e.tier_measure, tiers[0].minimum, actual)
            return False
        if w.j.tier < 0:
            w.j.tier = tier + 1 if e.tier_count > 1 or tiers[0].minimum > 0 else 0
        d.kind = tiers[tier].kind
        d.value = tiers[tier].value
        cap = tiers[tier].cap_minor
        if e.tier_every:
            d.value = times_value(d.value, d.kind, actual // tiers[tier].minimum)
    if e.scale & SCALE_VALUE:
        d.value = times_value(d.value, d.kind, w.j.times)
    w.j.effect_cap = cap_of_effect(w, e, cap)
    if w.terms != NULL:
        w.terms[w.j.effect].acts = 1
        w.terms[w.j.effect].kind = d.kind
        w.terms[w.j.effect].value = d.value
        w.terms[w.j.effect].cap = w.j.effect_cap
    fill_in(w, d)
    return True


cdef inline void recall(Work* w, Doing* d) noexcept nogil:
    """What the effect did in the step's bid."""
    cdef const Term* term = w.terms + w.j.effect
    d.kind = term.kind
    d.value = term.value
    w.j.effect_cap = term.cap if w.j.given == NULL else w.j.caps[w.j.effect]
    fill_in(w, d)


cdef inline void fill_in(Work* w, Doing* d) noexcept nogil:
    cdef const Effect* e = d.effect
    cdef const Money* money = w.p.money
    d.per = e.per
    d.converts = is_converted(e, d.kind)
    d.unit_limit = limit_of_units(w, e)
    d.rounding = e.rounding if e.rounding else money.rounding
    d.rounding_of = e.rounding_of if e.rounding_of else money.rounding_of
    d.weight = e.weight if e.weight else money.weight
    d.share_rounding = e.share_rounding if e.share_rounding else money.share_rounding
    d.leftover = e.leftover if e.leftover else money.leftover
    w.j.pick = e.pick
    w.j.marks = e.mark and e.part_count == 0


cdef inline void perform(Work* w, State* state, const Doing* d) noexcept nogil:
    """In a group of scope UNIT only effects at UNIT without a pattern, and ENTRY, do anything."""
    cdef const Effect* e = d.effect
    cdef Lines lines
    cdef size_t begin = w.space.takes.size
    cdef bint simple
    if d.kind != ENTRY and w.unit_winners > 0 and (e.place != UNIT or e.part_count > 0):
        return
    lines = acting_lines(w, e.lines, w.listed)
    # Nothing asks which units come first, unless limits bite.
    simple = (
        e.unit_limit == 0 and w.j.row.units_left == NO_LIMIT and w.unit_winners == 0
        and not w.j.marks and not e.graduated
    )
    if d.kind == GIFT:
        give(w, state, d, lines)
    elif d.kind == EARN or d.kind == EARN_RATE:
        earn(w, state, d, lines)
    elif d.kind == ENTRY:
        if not simple or not off_all_lines(w, state, d, lines):
            off_entries(w, state, d, lines)
    elif e.part_count > 0:
        form_sets(w, state, d)
    elif e.graduated:
        off_graduated(w, state, d, lines)
    elif e.place == UNIT:
        if not simple or not off_all_lines(w, state, d, lines):
            off_units_of(w, state, d, lines)
    elif e.place == LINE:
        if w.j.marks or not off_all_lines(w, state, d, lines):
            off_lines_in_turn(w, state, d, lines)
    else:
        off_pool(w, state, d, lines)
        return
    sort_takes(w, begin)


cdef inline void finish(Work* w, ResultRow* result) noexcept nogil:
    """What the step has come to."""
    result.clamped_minor = w.j.clamped
    result.cut_minor = w.j.cut
    if w.j.refused:
        result.status = LIMIT_REACHED
        result.cut_minor += w.j.off
    elif w.j.off > 0 or w.j.grants > 0:
        result.status = APPLIED
        result.off_minor = w.j.off
        result.worth_minor = w.j.off + w.j.gift_minor
        result.tier = w.j.tier if w.j.tier > 0 else 0
        result.times = w.j.sets if w.j.sets > 0 else w.j.times
    elif w.j.missed_measure > 0:
        result.status = CONDITION_NOT_MET
        result.measure = w.j.missed_measure
        result.required = w.j.missed_required
        result.actual = w.j.missed_actual
    elif w.j.cut > 0:
        result.status = LIMIT_REACHED
    elif w.j.clamped > 0:
        result.status = CLAMPED
    else:
        result.status = NO_EFFECT


cdef inline void undo(Work* w, State* state) noexcept nogil:
    """Take back what the step judged last did to the state; its takes stay told."""
    cdef const TakeRow* row = <const TakeRow*>(w.space.takes.data + w.j.take_first)
    cdef const TakeRow* end = <const TakeRow*>(w.space.takes.data + w.space.takes.size)
    cdef i64 run
    if not w.j.plain_before and w.j.may_split:
        copy_state(w, state, &w.before)
        return
    state.plain = w.j.plain_before
    while row < end:
        add_to_run(state, row, row.off_minor)
        row += 1


cdef inline void add_to_run(State* state, const TakeRow* row, i64 minor) noexcept nogil:
    """Change what is left on the run that a take names."""
    cdef i64 run = head_of(state, row.line)
    state.left[row.line] += minor
    while run >= 0:
        if state.runs[run].first == row.unit_first:
            state.runs[run].left += minor
            return
        run = state.runs[run].next


cdef inline void redo(Work* w, State* state) noexcept nogil:
    """Take once more what a step that splits nothing has told it takes."""
    cdef const TakeRow* row = <const TakeRow*>(w.space.takes.data + w.j.take_first)
    cdef const TakeRow* end = <const TakeRow*>(w.space.takes.data + w.space.takes.size)
    while row < end:
        add_to_run(state, row, -row.off_minor)
        row += 1


cdef inline void drop(Work* w, State* state) noexcept nogil:
    """Take back all that the step judged last did."""
    undo(w, state)
    w.space.takes.size = w.j.take_first
    w.space.grants.size = w.j.grant_first
