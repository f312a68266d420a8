# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, binding=False
"""The price kernel, compiled. `rangli/pricing/stacking.py` says the same in plain words.

Input is checked against the bounds of `rangli.pricing.plan` before anything is computed, so no
input makes it read outside an array or overflow. The computing functions hold no Python object and
no GIL; they share one `Work`, whose scratch memory is allocated once per call.
"""

from cpython cimport array
from libc.stdlib cimport free, malloc, qsort
from libc.string cimport memset

from rangli.pricing._bounds cimport flaw
from rangli.pricing._money cimport apportion, i64, share_half_up, smaller, split_row, u128
from rangli.pricing._work cimport (
    AMOUNT, APPLIED, BASE_GROUP_START, BASE_LIST, BEATEN, BPS, CONDITION_LIST, CONDITION_NOT_MET,
    ENTRY, LINE_OFF, LINES_MAX, MODE_ALL, NO_EFFECT, POOL_OFF, POOL_PERCENT, QUANTITY, SCOPE_CART,
    UNIT_OFF, UNIT_PRICE, Unit, Work,
)

from array import array as new_array

from rangli.pricing.plan import Outcome

cdef enum:
    # Releasing the GIL pays from about a tenth of a millisecond of work on.
    PAIRS_WITH_GIL_MAX = 4_000

cdef array.array ZERO = new_array("q", [0])


# --- one step ---------------------------------------------------------------------------------


cdef void gather(Work* w, i64 step, bint won_only) noexcept nogil:
    """Line up the pairs that a step acts on: all, or those whose lines it has won."""
    cdef i64 pair, line, n = 0, left = 0, base = 0
    cdef i64 group_base = w.group_base[w.step_group[step]]
    cdef const i64* amounts = w.line_payable
    if group_base == BASE_GROUP_START:
        amounts = w.start
    elif group_base == BASE_LIST:
        amounts = w.list_minor
    for pair in range(w.step_pairs[step], w.step_pairs[step + 1]):
        line = w.pair_line[pair]
        if won_only and w.best_step[line] != step:
            w.pair_off[pair] = 0
            continue
        w.at[n] = pair
        w.left[n] = w.line_payable[line]
        w.base[n] = amounts[line]
        left += w.left[n]
        base += w.base[n]
        n += 1
    w.n = n
    w.left_minor = left
    w.base_minor = base


cdef i64 measured(Work* w, i64 cond, const i64* pairs_or_own, i64 n) noexcept nogil:
    """What a condition reads, summed over n lines."""
    cdef const i64* by_line = w.line_payable
    cdef i64 i, total = 0
    if w.cond_measure[cond] == QUANTITY:
        by_line = w.quantity
    elif w.cond_base[cond] == CONDITION_LIST:
        by_line = w.list_minor
    for i in range(n):
        total += by_line[pairs_or_own[i]]
    return total


cdef bint missed(Work* w, i64 step, i64 measure, i64 required, i64 actual) noexcept nogil:
    """Note why a step does not act."""
    w.step_status[step] = CONDITION_NOT_MET
    w.step_measure[step] = measure
    w.step_required[step] = required
    w.step_actual[step] = actual
    return False


cdef bint judge(Work* w, i64 step) noexcept nogil:
    """Whether the gathered step may act; notes the tier reached, or what was missed."""
    cdef i64 program = w.step_program[step]
    cdef i64 first = w.prog_tiers[program], tier = w.prog_tiers[program + 1] - 1
    cdef i64 own = w.step_own[step], cond, actual, start
    w.step_base[step] = w.left_minor
    for cond in range(w.prog_conds[program], w.prog_conds[program + 1]):
        if w.cond_own[cond]:
            start = w.own_lines[own]
            actual = measured(w, cond, w.own_line + start, w.own_lines[own + 1] - start)
            own += 1
        else:
            start = w.step_pairs[step]
            actual = measured(w, cond, w.pair_line + start, w.step_pairs[step + 1] - start)
        if actual < w.cond_required[cond]:
            return missed(w, step, w.cond_measure[cond], w.cond_required[cond], actual)
    while tier >= first and w.left_minor < w.tier_min[tier]:
        tier -= 1
    if tier < first:
        return missed(w, step, AMOUNT, w.tier_min[first], w.left_minor)
    if w.prog_tiers[program + 1] - first > 1 or w.tier_min[tier] > 0:
        w.step_tier[step] = tier - first + 1
    return True


cdef i64 act(Work* w, i64 step) noexcept nogil:
    """Compute what the judged step takes off the gathered lines; its sum. Pays nothing."""
    cdef i64 tier = w.prog_tiers[w.step_program[step]], op, i, pair, total = 0
    cdef u128 value
    if w.step_tier[step] > 0:
        tier += w.step_tier[step] - 1
    op = w.tier_op[tier]
    value = <u128>w.tier_value[tier]
    if w.tier_every[tier] and w.tier_min[tier] > 0:
        if op == UNIT_OFF or op == LINE_OFF or op == POOL_OFF:
            value = value * <u128>(w.step_base[step] // w.tier_min[tier])
    if op == POOL_OFF or op == POOL_PERCENT:
        off_pool(w, op, value, w.tier_cap[tier])
    elif op == UNIT_OFF and w.tier_limit[tier] > 0:
        off_dearest_units(w, value, w.tier_per[tier], w.tier_limit[tier])
    elif op == ENTRY:
        for i in range(w.n):
            pair = w.at[i]
            w.take[i] = off_line(w, i, w.pair_op[pair], <u128>w.pair_value[pair], w.pair_per[pair])
    else:
        for i in range(w.n):
            w.take[i] = off_line(w, i, op, value, w.tier_per[tier])
    for i in range(w.n):
        w.pair_off[w.at[i]] = w.take[i]
        total += w.take[i]
    return total


cdef inline i64 off_line(Work* w, i64 i, i64 op, u128 value, i64 per) noexcept nogil:
    cdef i64 quantity = w.quantity[w.pair_line[w.at[i]]]
    cdef u128 price
    if op == UNIT_PRICE:
        price = value * <u128>quantity
        if price >= <u128>w.base[i]:
            return 0
        return smaller(w.base[i] - <i64>price, w.left[i])
    if op == UNIT_OFF:
        return share_half_up(value, quantity, per, w.left[i])
    if op == LINE_OFF:
        return w.left[i] if value > <u128>w.left[i] else <i64>value
    return share_half_up(<u128>w.base[i], <i64>value, BPS, w.left[i])


cdef void off_pool(Work* w, i64 op, u128 value, i64 cap) noexcept nogil:
    cdef i64 total = w.left_minor
    if op == POOL_PERCENT:
        total = share_half_up(<u128>w.base_minor, <i64>value, BPS, total)
    elif value < <u128>total:
        total = <i64>value
    if cap > 0:
        total = smaller(total, cap)
    apportion(total, w.left_minor, w.left, w.n, w.take, w.errors, w.spare)


cdef int dearer(const void* one, const void* other) noexcept nogil:
    """Order by what is left on a unit, falling, then by place. A product is at most 10^18."""
    cdef const Unit* a = <const Unit*>one
    cdef const Unit* b = <const Unit*>other
    cdef i64 mine = a.left * b.quantity, theirs = b.left * a.quantity
    if mine != theirs:
        return -1 if mine > theirs else 1
    return -1 if a.at < b.at else 1


cdef void off_dearest_units(Work* w, u128 value, i64 per, i64 limit) noexcept nogil:
    cdef i64 i, at, units, wanted = 0
    for i in range(w.n):
        w.units[i].left = w.left[i]
        w.units[i].quantity = w.quantity[w.pair_line[w.at[i]]]
        w.units[i].at = i
        wanted += w.units[i].quantity
    if wanted > limit:
        qsort(w.units, <size_t>w.n, sizeof(Unit), dearer)
    for i in range(w.n):
        at = w.units[i].at
        units = smaller(limit, w.units[i].quantity)
        limit -= units
        w.take[at] = share_half_up(value, units, per, w.left[at] * units // w.units[i].quantity)


cdef i64 evaluate(Work* w, i64 step) noexcept nogil:
    """Judge one step on what is left now and compute what it takes, into pair_off. Pays nothing.

    Returns the sum. Sets step_status to APPLIED, CONDITION_NOT_MET or NO_EFFECT.
    """
    cdef i64 total = 0
    gather(w, step, False)
    if judge(w, step):
        total = act(w, step)
        w.step_status[step] = APPLIED if total > 0 else NO_EFFECT
    w.step_off[step] = total
    return total


# --- groups -----------------------------------------------------------------------------------


cdef void pay(Work* w, i64 step) noexcept nogil:
    cdef i64 pair
    for pair in range(w.step_pairs[step], w.step_pairs[step + 1]):
        w.line_payable[w.pair_line[pair]] -= w.pair_off[pair]


cdef void beat(Work* w, i64 step, i64 by, i64 minor) noexcept nogil:
    cdef i64 pair
    for pair in range(w.step_pairs[step], w.step_pairs[step + 1]):
        w.pair_off[pair] = 0
    w.step_off[step] = 0
    w.step_status[step] = BEATEN
    w.step_beaten_by[step] = by
    w.step_beaten_minor[step] = minor


cdef void all_in_order(Work* w, i64 first, i64 end) noexcept nogil:
    cdef i64 step
    for step in range(first, end):
        if evaluate(w, step) > 0:
            pay(w, step)


cdef void best_of_cart(Work* w, i64 first, i64 end) noexcept nogil:
    cdef i64 step, total, best = 0, winner = -1
    for step in range(first, end):
        total = evaluate(w, step)
        if total > best:
            best = total
            winner = step
    if winner < 0:
        return
    for step in range(first, end):
        if step != winner and w.step_off[step] > 0:
            beat(w, step, winner, best - w.step_off[step])
    pay(w, winner)


cdef void best_of_each_line(Work* w, i64 first, i64 end) noexcept nogil:
    cdef i64 step, pair, line
    for line in range(w.lines):
        w.best[line] = 0
        w.best_step[line] = -1
    for step in range(first, end):
        if evaluate(w, step) == 0:
            continue
        for pair in range(w.step_pairs[step], w.step_pairs[step + 1]):
            line = w.pair_line[pair]
            if w.best_step[line] < 0 or w.pair_off[pair] > w.best[line]:
                w.best[line] = w.pair_off[pair]
                w.best_step[line] = step
    for step in range(first, end):
        if w.step_off[step] > 0:
            settle(w, step)


cdef void settle(Work* w, i64 step) noexcept nogil:
    """Let a bidder act again on the lines it won. They are nobody else's, so it may pay at once."""
    cdef i64 pair, line, missed_minor = 0, first_lost = -1
    for pair in range(w.step_pairs[step], w.step_pairs[step + 1]):
        line = w.pair_line[pair]
        if w.best_step[line] != step:
            missed_minor += w.best[line] - w.pair_off[pair]
            if first_lost < 0:
                first_lost = line
    if first_lost >= 0:
        gather(w, step, True)
        w.step_off[step] = act(w, step)
    if w.step_off[step] > 0:
        pay(w, step)
    else:
        beat(w, step, w.best_step[first_lost], missed_minor)


cdef void share(Work* w, i64 step) noexcept nogil:
    """Split what an applied step took among its program's funders."""
    cdef i64 program = w.step_program[step], so_far = 0, f, pair, amount
    cdef const i64* bps = w.funder_bps + w.prog_funders[program]
    cdef i64 funders = w.prog_funders[program + 1] - w.prog_funders[program]
    cdef i64* row = w.share_off + w.step_shares[step]
    for f in range(funders):
        w.paid[f] = 0
    for pair in range(w.step_pairs[step], w.step_pairs[step + 1]):
        amount = w.pair_off[pair]
        if funders == 1:
            row[0] = amount
        elif amount > 0:
            so_far += amount
            split_row(amount, so_far, bps, funders, w.paid, w.lag, row)
        row += funders


cdef inline void copy_lines(Work* w, const i64* source, i64* target) noexcept nogil:
    cdef i64 line
    for line in range(w.lines):
        target[line] = source[line]


cdef void run(Work* w) noexcept nogil:
    cdef i64 group, first, end = 0, step, line
    for line in range(w.lines):
        w.list_minor[line] = w.unit_minor[line] * w.quantity[line]
    copy_lines(w, w.list_minor, w.line_payable)
    for group in range(w.groups):
        first = end
        while end < w.steps and w.step_group[end] == group:
            end += 1
        if first == end:
            continue
        copy_lines(w, w.line_payable, w.start)
        if w.group_mode[group] == MODE_ALL:
            all_in_order(w, first, end)
        elif w.group_scope[group] == SCOPE_CART:
            best_of_cart(w, first, end)
        else:
            best_of_each_line(w, first, end)
    for step in range(w.steps):
        if w.step_status[step] == APPLIED:
            share(w, step)


# --- Python's side ----------------------------------------------------------------------------


cdef i64 NOTHING = 0


cdef i64* ints(object values, i64 count) except NULL:
    """The numbers of an array('q'), of which there must be `count`."""
    cdef array.array found = <array.array?>values
    if found.ob_descr.typecode_char != c"q":
        raise TypeError("every array must be an array('q')")
    if len(found) != count:
        raise ValueError("number of entries of an array")
    # An empty array has no memory of its own.
    return found.data.as_longlongs if count else &NOTHING


cdef int load_programs(Work* w, programs) except -1:
    w.programs = <i64>len(programs.prog_tiers) - 1
    w.conds = len(programs.cond_measure)
    w.tiers = len(programs.tier_min)
    w.funders = len(programs.funder_bps)
    w.prog_conds = ints(programs.prog_conds, w.programs + 1)
    w.cond_measure = ints(programs.cond_measure, w.conds)
    w.cond_base = ints(programs.cond_base, w.conds)
    w.cond_required = ints(programs.cond_required, w.conds)
    w.cond_own = ints(programs.cond_own, w.conds)
    w.prog_tiers = ints(programs.prog_tiers, w.programs + 1)
    w.tier_min = ints(programs.tier_min, w.tiers)
    w.tier_op = ints(programs.tier_op, w.tiers)
    w.tier_value = ints(programs.tier_value, w.tiers)
    w.tier_per = ints(programs.tier_per, w.tiers)
    w.tier_cap = ints(programs.tier_cap, w.tiers)
    w.tier_limit = ints(programs.tier_limit, w.tiers)
    w.tier_every = ints(programs.tier_every, w.tiers)
    w.prog_funders = ints(programs.prog_funders, w.programs + 1)
    w.funder_bps = ints(programs.funder_bps, w.funders)
    if w.programs < 0:
        raise ValueError("prog_tiers is empty")
    return 0


cdef int load_plan(Work* w, plan) except -1:
    w.lines = len(plan.unit_minor)
    w.groups = len(plan.group_mode)
    w.steps = len(plan.step_group)
    w.pairs = len(plan.pair_line)
    w.owns = <i64>len(plan.own_lines) - 1
    w.own_entries = len(plan.own_line)
    w.unit_minor = ints(plan.unit_minor, w.lines)
    w.quantity = ints(plan.quantity, w.lines)
    w.group_mode = ints(plan.group_mode, w.groups)
    w.group_scope = ints(plan.group_scope, w.groups)
    w.group_base = ints(plan.group_base, w.groups)
    w.step_group = ints(plan.step_group, w.steps)
    w.step_program = ints(plan.step_program, w.steps)
    w.step_pairs = ints(plan.step_pairs, w.steps + 1)
    w.pair_line = ints(plan.pair_line, w.pairs)
    w.pair_op = ints(plan.pair_op, w.pairs)
    w.pair_value = ints(plan.pair_value, w.pairs)
    w.pair_per = ints(plan.pair_per, w.pairs)
    w.step_own = ints(plan.step_own, w.steps + 1)
    w.own_lines = ints(plan.own_lines, w.owns + 1)
    w.own_line = ints(plan.own_line, w.own_entries)
    if w.lines > LINES_MAX or w.owns < 0:
        raise ValueError("number of lines or of offsets")
    return 0


cdef array.array zeros(i64 count):
    return array.clone(ZERO, count, zero=count > 0)


cdef int allocate(Work* w, i64 funders_max) except -1:
    """Scratch for all of the call, in one piece that starts at list_minor."""
    cdef size_t n = <size_t>w.lines
    cdef i64* memory = <i64*>malloc(
        (10 * n + 2 * <size_t>funders_max + 1) * sizeof(i64) + n * sizeof(Unit)
    )
    if memory == NULL:
        raise MemoryError
    w.list_minor = memory
    w.start = memory + n
    w.best = memory + 2 * n
    w.best_step = memory + 3 * n
    w.at = memory + 4 * n
    w.left = memory + 5 * n
    w.base = memory + 6 * n
    w.take = memory + 7 * n
    w.errors = memory + 8 * n
    w.spare = memory + 9 * n
    w.paid = memory + 10 * n
    w.lag = w.paid + funders_max
    w.units = <Unit*>(w.lag + funders_max)
    return 0


cdef i64 count_shares(Work* w) noexcept nogil:
    """Fill step_shares; the most funders that a program in use has."""
    cdef i64 step, program, funders, most = 0, count = 0
    for step in range(w.steps):
        program = w.step_program[step]
        funders = w.prog_funders[program + 1] - w.prog_funders[program]
        most = funders if funders > most else most
        w.step_shares[step] = count
        count += funders * (w.step_pairs[step + 1] - w.step_pairs[step])
    w.step_shares[w.steps] = count
    return most


def price(programs, plan):
    """Price one cart. Raises ValueError if the input breaks the bounds stated in `plan.py`."""
    cdef Work w
    cdef const char* found
    cdef i64 step
    memset(&w, 0, sizeof(Work))
    load_programs(&w, programs)
    load_plan(&w, plan)
    found = flaw(&w)
    if found != NULL:
        raise ValueError(found.decode())
    outcome = Outcome(  # in the order of its fields
        zeros(w.lines),
        zeros(w.steps),
        zeros(w.steps),
        zeros(w.steps),
        zeros(w.steps),
        zeros(w.steps),
        zeros(w.steps),
        zeros(w.steps),
        zeros(w.steps),
        zeros(w.steps),
        zeros(w.pairs),
        zeros(w.steps + 1),
        ZERO,
    )
    w.line_payable = ints(outcome.line_payable, w.lines)
    w.step_status = ints(outcome.step_status, w.steps)
    w.step_base = ints(outcome.step_base, w.steps)
    w.step_off = ints(outcome.step_off, w.steps)
    w.step_tier = ints(outcome.step_tier, w.steps)
    w.step_measure = ints(outcome.step_measure, w.steps)
    w.step_required = ints(outcome.step_required, w.steps)
    w.step_actual = ints(outcome.step_actual, w.steps)
    w.step_beaten_by = ints(outcome.step_beaten_by, w.steps)
    w.step_beaten_minor = ints(outcome.step_beaten_minor, w.steps)
    w.pair_off = ints(outcome.pair_off, w.pairs)
    w.step_shares = ints(outcome.step_shares, w.steps + 1)
    for step in range(w.steps):
        w.step_beaten_by[step] = -1
    allocate(&w, count_shares(&w))
    try:
        outcome.share_off = zeros(w.step_shares[w.steps])
        w.share_off = ints(outcome.share_off, w.step_shares[w.steps])
        if w.pairs <= PAIRS_WITH_GIL_MAX:
            run(&w)
        else:
            with nogil:
                run(&w)
    finally:
        free(w.list_minor)
    return outcome
