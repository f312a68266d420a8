# cython: language_level=3, cdivision=True
"""What the price kernel refuses of a program: `rangli/pricing/bounds.py`, second half, in C."""

from rangli.pricing._money cimport BPS, HALF_UP, UP, i64, larger
from rangli.pricing._rows cimport (
    ALL_WITH_DELIVERY, AMOUNT, AT_LEAST, BASE_ORIGINAL, BASE_OTHER, BASE_RUNNING, BELOW, BY_OTHER,
    DISTINCT, EARN_RATE, ENTRY, FACT, GIFT, GIFT_ADD, GIFT_TOP_UP, LAST, LEAF, LINE, NODE_NOT, OFF,
    OF_PRICE, PERCENT, POOL, POSITION, PRICE, REWARD, TO_CARRY, TRIGGER, UNIT, Component, Cond,
    Effect, Head, StepRow, Tier,
)
from rangli.pricing._work cimport VALUE_MAX, Needs, Problem

cdef enum:
    EFFECTS_MAX = 20
    COUNT_MAX = 1_000_000


cdef inline bint is_bit(i64 flag) noexcept nogil:
    return 0 <= flag <= 1


cdef inline bint is_limit(i64 value) noexcept nogil:
    return 0 <= value <= VALUE_MAX


cdef inline bint is_value(i64 kind, i64 value) noexcept nogil:
    return 0 <= value <= (BPS if kind == PERCENT or kind == EARN_RATE else VALUE_MAX)


cdef inline bint is_list(i64 number, const StepRow* step) noexcept nogil:
    return ALL_WITH_DELIVERY <= number <= step.lists


cdef inline bint spans(i64 first, i64 count, i64 rows) noexcept nogil:
    return 0 <= first <= rows and 0 <= count <= rows - first


cdef inline const char* flaw_of_program(const Problem* p, const StepRow* step) noexcept nogil:
    cdef const Head* head = p.heads + step.program
    cdef i64 i, total = 0
    cdef const char* found
    if not (
        spans(head.cond_first, head.cond_count, p.cond_count)
        and spans(head.effect_first, head.effect_count, p.effect_count)
        and spans(head.funder_first, head.funder_count, p.bps_count)
    ):
        return b"rows of a program"
    found = flaw_of_conds(p.conds + head.cond_first, head.cond_count, step)
    if found != NULL:
        return found
    if not 1 <= head.effect_count <= EFFECTS_MAX:
        return b"number of effects"
    for i in range(head.effect_count):
        found = flaw_of_effect(p, p.effects + head.effect_first + i, step)
        if found != NULL:
            return found
    for i in range(head.funder_first, head.funder_first + head.funder_count):
        if not 1 <= p.funder_bps[i] <= BPS:
            return b"funder_bps"
        total += p.funder_bps[i]
        if total > BPS:
            break
    if total != BPS:
        return b"shares of funders"
    if not 0 <= head.remainder_funder <= head.funder_count:
        return b"remainder_funder"
    if not (
        is_bit(head.first_only) and is_bit(head.skip_reduced) and is_limit(head.cap_minor)
        and is_bit(head.cap_other_price)
        and is_limit(head.times_max) and 0 <= head.base <= BASE_ORIGINAL
    ):
        return b"a program"
    if head.times_measure and not (
        AMOUNT <= head.times_measure <= DISTINCT
        and BASE_RUNNING <= head.times_base <= BASE_OTHER and is_list(head.times_lines, step)
        and 1 <= head.times_every <= VALUE_MAX
    ):
        return b"a multiplier"
    return NULL


cdef inline const char* flaw_of_conds(
    const Cond* cond, i64 count, const StepRow* step
) noexcept nogil:
    """Postfix: no row joins more rows than stand before it."""
    cdef i64 i, depth = 0
    for i in range(count):
        if not LEAF <= cond.node <= NODE_NOT:
            return b"node"
        if cond.node != LEAF:
            if not 1 <= cond.arity <= depth or cond.node == NODE_NOT and cond.arity != 1:
                return b"arity"
            depth -= cond.arity - 1
        elif not is_leaf(cond, step):
            return b"a leaf"
        else:
            depth += 1
        cond += 1
    return NULL


cdef inline bint is_leaf(const Cond* cond, const StepRow* step) noexcept nogil:
    if cond.arity != 0 or not (
        AMOUNT <= cond.measure <= FACT and AT_LEAST <= cond.compare <= BELOW
    ):
        return False
    if cond.measure == FACT:
        return cond.compare == AT_LEAST and cond.required == 2 and 0 <= cond.fact < step.facts
    return (
        (cond.measure != AMOUNT or BASE_RUNNING <= cond.base <= BASE_OTHER)
        and is_limit(cond.required) and is_list(cond.lines, step)
    )


cdef inline const char* flaw_of_effect(
    const Problem* p, const Effect* e, const StepRow* step
) noexcept nogil:
    if not (
        spans(e.tier_first, e.tier_count, p.tier_count)
        and spans(e.part_first, e.part_count, p.component_count)
    ):
        return b"rows of an effect"
    if not (
        PRICE <= e.kind <= EARN_RATE and UNIT <= e.place <= POOL
        and (e.kind != ENTRY or step.entries) and is_list(e.lines, step)
        and is_value(e.kind, e.value)
        and (1 <= e.per <= VALUE_MAX or e.kind == GIFT and e.per == 0)
        and is_limit(e.cap_minor) and is_limit(e.unit_limit) and is_limit(e.repeat_max)
    ):
        return b"an effect"
    if not (
        POSITION <= e.pick <= LAST and 0 <= e.scale <= 3 and 0 <= e.skip_trigger <= 3
        and 0 <= e.skip_reward <= 3 and is_bit(e.limit_per_line) and is_bit(e.partial)
        and is_bit(e.spread) and is_bit(e.mark) and is_bit(e.graduated) and is_bit(e.tier_every)
        and 0 <= e.rounding <= UP and 0 <= e.rounding_of <= OF_PRICE
        and 0 <= e.weight <= BY_OTHER and 0 <= e.other_price <= 3 and 0 <= e.share_rounding <= UP
        and 0 <= e.leftover <= TO_CARRY
        and (e.kind != GIFT or GIFT_ADD <= e.gift_mode <= GIFT_TOP_UP)
    ):
        return b"an effect's choices"
    if not (e.tier_count > 0 or not e.graduated and not e.tier_every):
        return b"no tiers"
    if e.tier_count > 0 and not are_tiers(p.tiers + e.tier_first, e, step):
        return b"tiers"
    if e.part_count > 0 and not is_pattern(p, e, step):
        return b"a pattern"
    return NULL


cdef inline bint takes_off(i64 kind) noexcept nogil:
    return PRICE <= kind <= PERCENT


cdef inline bint are_tiers(const Tier* tiers, const Effect* e, const StepRow* step) noexcept nogil:
    cdef i64 i, last = -1
    cdef const Tier* tier
    if not (
        AMOUNT <= e.tier_measure <= DISTINCT and BASE_RUNNING <= e.tier_base <= BASE_OTHER
        and is_list(e.tier_lines, step)
    ):
        return False
    for i in range(e.tier_count):
        tier = tiers + i
        if not last < tier.minimum <= VALUE_MAX:
            return False
        last = tier.minimum
        if not (
            PRICE <= tier.kind <= EARN_RATE and (tier.kind != ENTRY or step.entries)
            and (tier.kind != GIFT or GIFT_ADD <= e.gift_mode <= GIFT_TOP_UP)
            and (tier.kind == GIFT or e.per >= 1)
            and is_value(tier.kind, tier.value) and is_limit(tier.cap_minor)
            and (not e.graduated or takes_off(tier.kind))
        ):
            return False
    if e.graduated and not (
        e.place == UNIT and e.part_count == 0 and takes_off(e.kind) and tiers[0].minimum >= 1
    ):
        return False
    return not e.tier_every or (
        e.tier_count == 1 and not e.graduated and tiers[0].kind == OFF and tiers[0].minimum >= 1
    )


cdef inline bint is_pattern(const Problem* p, const Effect* e, const StepRow* step) noexcept nogil:
    """What kinds it may have, and its components."""
    cdef i64 i
    cdef bint rewards = False
    cdef const Component* part
    if e.tier_count == 0 and not takes_off(e.kind) or e.place == LINE:
        return False
    for i in range(e.tier_first, e.tier_first + e.tier_count):
        if not takes_off(p.tiers[i].kind):
            return False
    for i in range(e.part_first, e.part_first + e.part_count):
        part = p.components + i
        if not (
            is_list(part.lines, step) and 1 <= part.count <= COUNT_MAX
            and TRIGGER <= part.role <= REWARD and POSITION <= part.pick <= LAST
        ):
            return False
        rewards = rewards or part.role == REWARD
    return rewards


# --- what a sound program reads of its step ---------------------------------------------------


cdef inline Needs needs_of(const Problem* p, const Head* head) noexcept nogil:
    """So that another step with the program need only be compared with this."""
    cdef Needs needs = Needs(1, 0, 0, 0)
    cdef const Cond* cond
    cdef const Effect* e
    cdef i64 i, k
    for i in range(head.cond_first, head.cond_first + head.cond_count):
        cond = p.conds + i
        if cond.node == LEAF and cond.measure == FACT:
            needs.facts = larger(needs.facts, cond.fact + 1)
        elif cond.node == LEAF:
            needs.lists = larger(needs.lists, cond.lines)
    for i in range(head.effect_first, head.effect_first + head.effect_count):
        e = p.effects + i
        needs.lists = larger(needs.lists, e.lines)
        needs.entries |= e.kind == ENTRY
        if e.tier_count > 0:
            needs.lists = larger(needs.lists, e.tier_lines)
        for k in range(e.tier_first, e.tier_first + e.tier_count):
            needs.entries |= p.tiers[k].kind == ENTRY
        for k in range(e.part_first, e.part_first + e.part_count):
            needs.lists = larger(needs.lists, p.components[k].lines)
    if head.times_measure:
        needs.lists = larger(needs.lists, head.times_lines)
    return needs
