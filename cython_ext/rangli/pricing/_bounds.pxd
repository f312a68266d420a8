# cython: language_level=3, cdivision=True
"""What the price kernel refuses: `rangli/pricing/bounds.py` in C. Only programs in use are read."""

from rangli.pricing._money cimport i64
from rangli.pricing._work cimport (
    AMOUNT, BASE_LIST, BASE_RUNNING, BPS, CONDITION_LIST, ENTRY, LINE_MINOR_MAX, LINE_PERCENT,
    MODE_ALL, MODE_BEST, POOL_PERCENT, QUANTITY, QUANTITY_MAX, SCOPE_CART, SCOPE_LINE, UNIT_OFF,
    UNIT_PRICE, VALUE_MAX, Work,
)


cdef inline const char* flaw(Work* w) noexcept nogil:
    """What breaks the bounds, NULL if nothing does. Counts step_shares and the most funders."""
    cdef const char* found = flaw_of_lines(w)
    cdef i64 step, program, last_group = 0
    if found == NULL:
        found = flaw_of_groups(w)
    if found == NULL:
        found = flaw_of_offsets(w)
    for step in range(w.steps):
        if found != NULL:
            return found
        if not last_group <= w.step_group[step] < w.groups:
            return b"step_group falls or names no group"
        last_group = w.step_group[step]
        program = w.step_program[step]
        if not 0 <= program < w.programs:
            return b"step_program names no program"
        found = flaw_of_program(w, program, w.step_own[step + 1] - w.step_own[step])
        if found == NULL:
            found = flaw_of_pairs(w, step)
    return found


cdef inline const char* flaw_of_lines(Work* w) noexcept nogil:
    cdef i64 line, unit_minor, quantity, cart_minor = 0
    for line in range(w.lines):
        unit_minor = w.unit_minor[line]
        quantity = w.quantity[line]
        if unit_minor < 0 or quantity < 1 or quantity > QUANTITY_MAX:
            return b"unit_minor or quantity"
        if unit_minor > LINE_MINOR_MAX // quantity:
            return b"list amount of a line"
        cart_minor += unit_minor * quantity
    if cart_minor > VALUE_MAX:
        return b"list amount of the cart"
    return NULL


cdef inline const char* flaw_of_groups(Work* w) noexcept nogil:
    cdef i64 group
    for group in range(w.groups):
        if not MODE_ALL <= w.group_mode[group] <= MODE_BEST:
            return b"group_mode"
        if not SCOPE_CART <= w.group_scope[group] <= SCOPE_LINE:
            return b"group_scope"
        if not BASE_RUNNING <= w.group_base[group] <= BASE_LIST:
            return b"group_base"
    return NULL


cdef inline const char* flaw_of_offsets(Work* w) noexcept nogil:
    cdef i64 own
    if not (
        covers(w.step_pairs, w.steps, w.pairs)
        and covers(w.step_own, w.steps, w.owns)
        and covers(w.own_lines, w.owns, w.own_entries)
    ):
        return b"offsets fall or do not cover their entries"
    for own in range(w.owns):
        if not rises(w.own_line, w.own_lines[own], w.own_lines[own + 1], w.lines):
            return b"lines do not rise or name no line"
    return NULL


cdef inline bint covers(const i64* offsets, i64 owners, i64 entries) noexcept nogil:
    cdef i64 i
    for i in range(owners):
        if offsets[i] > offsets[i + 1]:
            return False
    return offsets[0] == 0 and offsets[owners] == entries


cdef inline bint rises(const i64* indices, i64 first, i64 end, i64 count) noexcept nogil:
    cdef i64 i, last = -1
    for i in range(first, end):
        if indices[i] <= last:
            return False
        last = indices[i]
    return last < count


cdef inline const char* flaw_of_program(Work* w, i64 program, i64 own) noexcept nogil:
    cdef i64 i, total = 0
    if not (
        spans(w.prog_conds, program, w.conds)
        and spans(w.prog_tiers, program, w.tiers)
        and spans(w.prog_funders, program, w.funders)
    ):
        return b"offsets of a program"
    for i in range(w.prog_conds[program], w.prog_conds[program + 1]):
        if not AMOUNT <= w.cond_measure[i] <= QUANTITY:
            return b"cond_measure"
        if w.cond_measure[i] == AMOUNT and not 1 <= w.cond_base[i] <= CONDITION_LIST:
            return b"cond_base"
        if not 0 <= w.cond_own[i] <= 1:
            return b"cond_own"
        own -= w.cond_own[i]
    if own != 0:
        return b"own lines do not fit"
    if w.prog_tiers[program] == w.prog_tiers[program + 1]:
        return b"a program without a tier"
    for i in range(w.prog_tiers[program], w.prog_tiers[program + 1]):
        if not (
            UNIT_PRICE <= w.tier_op[i] <= ENTRY
            and 0 <= w.tier_min[i] <= VALUE_MAX
            and 0 <= w.tier_cap[i] <= VALUE_MAX
            and 0 <= w.tier_limit[i] <= VALUE_MAX
            and 0 <= w.tier_every[i] <= 1
            and (w.tier_op[i] == ENTRY or fits(w.tier_op[i], w.tier_value[i], w.tier_per[i]))
        ):
            return b"a tier"
    for i in range(w.prog_funders[program], w.prog_funders[program + 1]):
        if not 1 <= w.funder_bps[i] <= BPS:
            return b"funder_bps"
        total += w.funder_bps[i]
        if total > BPS:
            break
    if total != BPS:
        return b"shares of funders"
    return NULL


cdef inline bint spans(const i64* offsets, i64 owner, i64 entries) noexcept nogil:
    return 0 <= offsets[owner] <= offsets[owner + 1] <= entries


cdef inline bint fits(i64 op, i64 value, i64 per) noexcept nogil:
    if op == UNIT_OFF and not 1 <= per <= VALUE_MAX:
        return False
    return 0 <= value <= (BPS if op == LINE_PERCENT or op == POOL_PERCENT else VALUE_MAX)


cdef inline const char* flaw_of_pairs(Work* w, i64 step) noexcept nogil:
    cdef i64 program = w.step_program[step], first = w.step_pairs[step], end, tier, pair
    end = w.step_pairs[step + 1]
    if not rises(w.pair_line, first, end, w.lines):
        return b"lines do not rise or name no line"
    for tier in range(w.prog_tiers[program], w.prog_tiers[program + 1]):
        if w.tier_op[tier] == ENTRY:
            for pair in range(first, end):
                if not UNIT_PRICE <= w.pair_op[pair] <= LINE_PERCENT:
                    return b"pair_op is none of the first four"
                if not fits(w.pair_op[pair], w.pair_value[pair], w.pair_per[pair]):
                    return b"pair_value or pair_per"
            break
    return NULL
