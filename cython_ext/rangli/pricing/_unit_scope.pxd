# cython: language_level=3, cdivision=True
"""Groups whose winners differ by unit. `rangli/pricing/stacking/lines.py` says the same."""

from libc.string cimport memset

from rangli.pricing._conditions cimport acting_lines
from rangli.pricing._effects cimport cap_of_effect
from rangli.pricing._judge cimport (
    act_effects, approach, clear_result, drop, finish, forbidden_by, judge, narrow_again,
    set_limits, share_limits,
)
from rangli.pricing._lines cimport act_unrivalled
from rangli.pricing._money cimport i64, larger, u128
from rangli.pricing._rows cimport (
    APPLIED, BEATEN, EXCLUDED, MODE_FIRST, MODE_SMALLEST, Effect, GrantRow, Group, Head, ResultRow,
    TakeRow,
)
from rangli.pricing._state cimport close, count_applied, lose, put_in_force, spend_shared
from rangli.pricing._work cimport Judgement, Rows, Term, Work, stacked


cdef struct UnitBid:
    # What a step takes when alone, and how far it has got since. minor, units: by line.
    # excluded_by: the step that excluded it first, -1.
    ResultRow row
    Term* terms
    i64* minor
    i64* units
    i64 first_line, excluded_by
    Judgement j


cdef inline void compete_by_unit(Work* w, i64 group) noexcept nogil:
    """Line by line, the bidders act one after the other on units that fewer than `most` steps of
    the group have taken anything off, up to their limits.
    """
    cdef const Group* row = w.p.groups + group
    cdef i64 first = w.step_first[group], n = w.step_end[group] - first, i, line, k, count
    cdef UnitBid* bids = <UnitBid*>stacked(w, <size_t>n * sizeof(UnitBid))
    cdef i64* order = <i64*>stacked(w, <size_t>n * sizeof(i64))
    cdef char* only = <char*>stacked(w, <size_t>w.lines)
    cdef size_t begin = w.space.takes.size
    w.unit_winners = larger(1, row.most)
    for i in range(n):
        bid_by_unit(w, bids + i, first + i)
    memset(only, 0, <size_t>w.lines)
    w.won = only
    w.again = True
    for line in range(w.lines):
        count = rank_by_unit(bids, n, line, row.mode, order)
        only[line] = 1
        for k in range(count):
            act_on_line(w, bids + order[k], first + order[k])
        only[line] = 0
    w.won = NULL
    w.again = False
    w.terms = NULL
    for i in range(n):
        if bids[i].row.off_minor == 0:
            act_unrivalled(w, first + i, &bids[i].row)
        else:
            settle_by_unit(w, bids, n, i, first, begin, row.mode)
    w.unit_winners = 0
    w.unsorted = True


cdef inline void bid_by_unit(Work* w, UnitBid* bid, i64 step) noexcept nogil:
    cdef const Head* head = w.p.heads + w.p.steps[step].program
    cdef const TakeRow* row
    bid.terms = <Term*>stacked(w, <size_t>head.effect_count * sizeof(Term))
    memset(bid.terms, 0, <size_t>head.effect_count * sizeof(Term))
    bid.minor = <i64*>stacked(w, 2 * <size_t>w.lines * sizeof(i64))
    bid.units = bid.minor + w.lines
    memset(bid.minor, 0, 2 * <size_t>w.lines * sizeof(i64))
    bid.excluded_by = -1
    bid.first_line = w.lines
    w.terms = bid.terms
    judge(w, &w.now, step)
    w.terms = NULL
    bid.row = w.results[step]
    if bid.row.status != APPLIED:
        return
    row = <const TakeRow*>(w.space.takes.data + w.j.take_first)
    while <const char*>row < w.space.takes.data + w.space.takes.size:
        bid.minor[row.line] += row.off_minor
        bid.units[row.line] += row.units
        if row.line < bid.first_line:
            bid.first_line = row.line
        row += 1
    drop(w, &w.now)
    if bid.row.off_minor > 0:
        begin_by_unit(w, bid, head)


cdef inline void begin_by_unit(Work* w, UnitBid* bid, const Head* head) noexcept nogil:
    """Limits, caps and uses count over all lines: set them up once."""
    cdef i64 i, k, n = head.effect_count, tiers = 0
    cdef const Effect* e
    set_limits(w)
    for i in range(n):
        tiers += w.p.effects[head.effect_first + i].tier_count
    w.j.given = <i64*>stacked(w, <size_t>(2 * n + tiers) * sizeof(i64))
    w.j.caps = w.j.given + n
    tiers = n
    for i in range(n):
        e = w.p.effects + head.effect_first + i
        w.j.given[i] = 0
        w.j.caps[i] = bid.terms[i].cap
        for k in range(e.tier_count):
            w.j.caps[tiers] = cap_of_effect(w, e, w.p.tiers[e.tier_first + k].cap_minor)
            tiers += 1
    bid.j = w.j


cdef inline bint per_unit_before(
    i64 mode, const UnitBid* one, const UnitBid* other, i64 line
) noexcept nogil:
    """Whether a bid comes before one of an earlier step: by what is taken off a unit."""
    cdef u128 mine = <u128>one.minor[line] * <u128>other.units[line]
    cdef u128 theirs = <u128>other.minor[line] * <u128>one.units[line]
    if mode == MODE_FIRST:
        return False
    return mine < theirs if mode == MODE_SMALLEST else mine > theirs


cdef inline i64 rank_by_unit(
    const UnitBid* bids, i64 n, i64 line, i64 mode, i64* order
) noexcept nogil:
    """Who bids on a line, best first; how many."""
    cdef i64 i, k, count = 0
    for i in range(n):
        if bids[i].minor[line] == 0:
            continue
        k = count
        while k > 0 and per_unit_before(mode, bids + i, bids + order[k - 1], line):
            order[k] = order[k - 1]
            k -= 1
        order[k] = i
        count += 1
    return count


cdef inline void act_on_line(Work* w, UnitBid* bid, i64 step) noexcept nogil:
    """Act on the units of a line that are open to the step; what it forbids is in force at once."""
    cdef i64 before = bid.j.off, by
    cdef const Judgement* j = &bid.j
    if before == 0:
        by = forbidden_by(w, w.p.steps + step)
        if by >= 0:
            if bid.excluded_by < 0:
                bid.excluded_by = by
            return
    approach(w, &w.now, step)
    w.j = bid.j
    w.j.refused = 0
    w.j.tier = bid.row.tier
    w.terms = bid.terms
    share_limits(w)
    narrow_again(w)
    act_effects(w, &w.now)
    spend_shared(w, w.j.row.group, w.j.off - before)
    bid.j = w.j
    if w.j.off > 0 and before == 0:
        put_in_force(w, step, True)


cdef inline void settle_by_unit(
    Work* w, const UnitBid* bids, i64 n, i64 i, i64 first, size_t begin, i64 mode
) noexcept nogil:
    cdef i64 step = first + i, other
    cdef const UnitBid* bid = bids + i
    clear_result(w, step)
    if bid.j.off == 0 and bid.excluded_by >= 0:
        drop_grants(w, step)
        w.leaf_count[step] = 0
        w.results[step].status = EXCLUDED
        w.results[step].beaten_by = bid.excluded_by
        return
    w.results[step].base_minor = bid.row.base_minor
    if bid.j.off == 0:
        other = first_rival(bids, n, i, mode)
        if other >= 0:
            drop_grants(w, step)
            lose(
                w, step, BEATEN, first + other,
                bids[other].minor[bid.first_line] - bid.minor[bid.first_line],
            )
            return
    w.j = bid.j
    w.j.refused = 0
    finish(w, w.results + step)
    if w.results[step].status == APPLIED:
        count_applied(w, step)
        close(w, step, begin)


cdef inline i64 first_rival(const UnitBid* bids, i64 n, i64 i, i64 mode) noexcept nogil:
    """The best other bidder on the first line the step bid on, -1 if there is none."""
    cdef i64 k, best = -1, line = bids[i].first_line
    for k in range(n):
        if k == i or bids[k].minor[line] == 0:
            continue
        if best < 0 or per_unit_before(mode, bids + k, bids + best, line):
            best = k
    return best


cdef inline void drop_grants(Work* w, i64 step) noexcept nogil:
    """A step that lost gives nothing."""
    cdef Rows* grants = &w.space.grants
    cdef GrantRow* row = <GrantRow*>grants.data
    cdef size_t n = grants.size // sizeof(GrantRow), i, k = 0
    for i in range(n):
        if row[i].step != step:
            row[k] = row[i]
            k += 1
    grants.size = k * sizeof(GrantRow)
