"""The price kernel, readable: what `_stacking.pyx` computes, in plain Python.

Groups act in order on what the groups before left to pay. Inside a group each step (an activity
at work on some lines) is judged, and what it gives is computed, by `evaluate`. In an ALL group the
next step sees what the one before left; in a BEST group all see the values at group start and one
wins, for the cart or line by line. Finally what each step gave is split among its funders.

Pure: the same programs and plan give the same outcome.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from rangli.activities.program import ConditionBase, Measure, Op, Programs
from rangli.core.money import BPS, apportion_largest_remainder, share_half_up
from rangli.pricing.bounds import check
from rangli.pricing.plan import GroupBase, Mode, Outcome, Plan, Scope, Status


@dataclass(frozen=True, slots=True)
class _Action:
    """An op with its numbers, as `Programs` describes them."""

    op: int
    value: int
    per: int
    cap: int = 0
    limit: int = 0


@dataclass(frozen=True, slots=True)
class _Tier:
    min_minor: int
    action: _Action
    every: bool


@dataclass(frozen=True, slots=True)
class _Condition:
    measure: int
    base: int
    required: int
    lines: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Step:
    """A program at work on lines of this cart. entries: per line, what ENTRY does to it."""

    index: int
    lines: Sequence[int]
    entries: dict[int, _Action]
    conditions: Sequence[_Condition]
    tiers: Sequence[_Tier]
    funder_bps: Sequence[int]


@dataclass(slots=True)
class _Values:
    """The cart's lines while they are priced. left: still to pay; start: left at group start."""

    quantity: Sequence[int]
    list_minor: Sequence[int]
    left: list[int]
    start: list[int]

    def base(self, line: int, group_base: int) -> int:
        """The amount that discounts of a group are computed on."""
        if group_base == GroupBase.LIST:
            return self.list_minor[line]
        return self.start[line] if group_base == GroupBase.GROUP_START else self.left[line]


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of a step. takes: by line, for all its lines; all 0 unless it APPLIED."""

    status: Status
    base_minor: int
    takes: dict[int, int]
    tier: int = 0
    action: _Action | None = None
    measure: int = 0
    required: int = 0
    actual: int = 0
    beaten_by: int = -1
    beaten_minor: int = 0
    off_minor: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "off_minor", sum(self.takes.values()))


def price(programs: Programs, plan: Plan) -> Outcome:
    """Price one cart. Raises ValueError if the input breaks the bounds stated in `plan.py`."""
    check(programs, plan)
    list_minor = [unit * units for unit, units in zip(plan.unit_minor, plan.quantity, strict=True)]
    values = _Values(plan.quantity, list_minor, left=list(list_minor), start=[])
    steps = [_read_step(programs, plan, index) for index in range(len(plan.step_program))]
    results: list[_Result] = []
    for group, mode in enumerate(plan.group_mode):
        values.start = list(values.left)
        members = [step for step in steps if plan.step_group[step.index] == group]
        base = plan.group_base[group]
        if mode == Mode.ALL:
            results += _all_in_order(members, values, base)
        elif plan.group_scope[group] == Scope.CART:
            results += _best_of_cart(members, values, base)
        else:
            results += _best_of_each_line(members, values, base)
    return _outcome(values, steps, results)


def _all_in_order(steps: Iterable[_Step], values: _Values, base: int) -> list[_Result]:
    """Each step in order, judged and computed on what the ones before left."""
    results = []
    for step in steps:
        result = evaluate(step, values, base)
        _pay(values, result)
        results.append(result)
    return results


def _best_of_cart(steps: Iterable[_Step], values: _Values, base: int) -> list[_Result]:
    """The step that gives most acts alone; of equals the earlier one."""
    results = [evaluate(step, values, base) for step in steps]
    if not any(result.off_minor for result in results):
        return results
    # max() keeps the first of equals.
    best = max(range(len(results)), key=lambda i: results[i].off_minor)
    winner, winner_step = results[best], list(steps)[best]
    _pay(values, winner)
    return [
        _beaten(result, winner_step, winner.off_minor - result.off_minor)
        if result.status == Status.APPLIED and result is not winner
        else result
        for result in results
    ]


def _best_of_each_line(steps: Sequence[_Step], values: _Values, base: int) -> list[_Result]:
    """Per line the step that takes most of it wins it; then each acts again on what it won.

    Steps bid with what they take when alone on all their lines. Of equal bids, 0 included, the
    earlier step's wins; a step that would give nothing at all does not bid. The second time the
    tier of the first counts, so that losing lines never costs a step its threshold.
    """
    bids = [evaluate(step, values, base) for step in steps]
    bidders = [i for i, bid in enumerate(bids) if bid.off_minor > 0]
    winners: dict[int, int] = {}
    for line in range(len(values.left)):
        rivals = [i for i in bidders if line in bids[i].takes]
        if rivals:
            winners[line] = max(rivals, key=lambda i: bids[i].takes[line])
    results = list(bids)
    for i in bidders:
        won = [line for line in steps[i].lines if winners[line] == i]
        lost = [line for line in steps[i].lines if winners[line] != i]
        takes = dict.fromkeys(steps[i].lines, 0) | _act(steps[i], bids[i].action, won, values, base)
        if any(takes.values()):
            results[i] = replace(bids[i], takes=takes)
        else:
            missed = sum(bids[winners[line]].takes[line] - bids[i].takes[line] for line in lost)
            results[i] = _beaten(bids[i], steps[winners[lost[0]]], missed)
    for result in results:
        _pay(values, result)
    return results


def _beaten(result: _Result, by: _Step, minor: int) -> _Result:
    return replace(
        result,
        status=Status.BEATEN,
        takes=dict.fromkeys(result.takes, 0),
        beaten_by=by.index,
        beaten_minor=minor,
    )


def _pay(values: _Values, result: _Result) -> None:
    for line, take in result.takes.items():
        values.left[line] -= take


def evaluate(step: _Step, values: _Values, base: int) -> _Result:
    """Judge one step on the given values and compute what it would take. Changes nothing.

    All its conditions must hold, the first that fails is reported. Then the last tier counts whose
    threshold is reached by what is left to pay on the step's lines; if none, the first is reported.
    """
    nothing = dict.fromkeys(step.lines, 0)
    left_minor = sum(values.left[line] for line in step.lines)
    missed = _Result(Status.CONDITION_NOT_MET, left_minor, nothing)
    for condition in step.conditions:
        actual = _measure(condition, values)
        if actual < condition.required:
            required = condition.required
            return replace(missed, measure=condition.measure, required=required, actual=actual)
    reached = [i for i, tier in enumerate(step.tiers) if left_minor >= tier.min_minor]
    if not reached:
        required = step.tiers[0].min_minor
        return replace(missed, measure=Measure.AMOUNT, required=required, actual=left_minor)
    tier = step.tiers[reached[-1]]
    action = tier.action
    if tier.every and tier.min_minor > 0 and action.op in {Op.UNIT_OFF, Op.LINE_OFF, Op.POOL_OFF}:
        action = replace(action, value=action.value * (left_minor // tier.min_minor))
    takes = nothing | _act(step, action, step.lines, values, base)
    return _Result(
        Status.APPLIED if any(takes.values()) else Status.NO_EFFECT,
        left_minor,
        takes,
        tier=0 if len(step.tiers) == 1 and tier.min_minor == 0 else reached[-1] + 1,
        action=action,
    )


def _measure(condition: _Condition, values: _Values) -> int:
    if condition.measure == Measure.QUANTITY:
        return sum(values.quantity[line] for line in condition.lines)
    amounts = values.list_minor if condition.base == ConditionBase.LIST else values.left
    return sum(amounts[line] for line in condition.lines)


def _act(
    step: _Step, action: _Action | None, lines: Sequence[int], values: _Values, base: int
) -> dict[int, int]:
    """What the step takes off each of `lines`; never more than is left on it."""
    assert action is not None
    if action.op in {Op.POOL_OFF, Op.POOL_PERCENT}:
        return _off_pool(action, lines, values, base)
    if action.op == Op.UNIT_OFF and action.limit:
        return _off_dearest_units(action, lines, values)
    return {
        line: _off_line(step.entries[line] if action.op == Op.ENTRY else action, line, values, base)
        for line in lines
    }


def _off_line(action: _Action, line: int, values: _Values, base: int) -> int:
    base_minor, quantity = values.base(line, base), values.quantity[line]
    if action.op == Op.UNIT_PRICE:
        wanted = max(0, base_minor - action.value * quantity)
    elif action.op == Op.UNIT_OFF:
        wanted = share_half_up(action.value, quantity, action.per)
    elif action.op == Op.LINE_OFF:
        wanted = action.value
    else:
        wanted = share_half_up(base_minor, action.value, BPS)
    return min(wanted, values.left[line])


def _off_dearest_units(action: _Action, lines: Sequence[int], values: _Values) -> dict[int, int]:
    """Off at most `limit` units, dearest first by what is left on one, ties to the earlier line.

    So many units of a line can take no more than their part of what is left on it, rounded down.
    """
    takes, units_left = {}, action.limit
    for line in sorted(lines, key=lambda i: (-Fraction(values.left[i], values.quantity[i]), i)):
        units = min(units_left, values.quantity[line])
        units_left -= units
        most = values.left[line] * units // values.quantity[line]
        takes[line] = min(share_half_up(action.value, units, action.per), most)
    return takes


def _off_pool(action: _Action, lines: Sequence[int], values: _Values, base: int) -> dict[int, int]:
    """An amount off the lines together, capped, shared out by what is left on each."""
    weights = [values.left[line] for line in lines]
    wanted = action.value
    if action.op == Op.POOL_PERCENT:
        base_minor = sum(values.base(line, base) for line in lines)
        wanted = share_half_up(base_minor, action.value, BPS)
    if action.cap:
        wanted = min(wanted, action.cap)
    parts = apportion_largest_remainder(min(wanted, sum(weights)), weights)
    return dict(zip(lines, parts, strict=True))


def split_among_funders(takes: Iterable[int], funder_bps: Sequence[int]) -> list[list[int]]:
    """Who pays what a step took: a row per line, an amount per funder; a row sums to its line.

    Each funder bears its exact share of the line rounded down. The units left over go one each to
    the funders that lag most behind their exact share of all lines so far, these rounded shares
    counted in; ties to the earlier funder. So roundings cancel out over the lines.
    """
    rows: list[list[int]] = []
    paid = [0] * len(funder_bps)
    so_far = 0
    for take in takes:
        so_far += take
        row = [take * bps // BPS for bps in funder_bps]
        units_left = take - sum(row)
        if units_left:
            # In 1/10,000 of a minor unit, to stay exact.
            lag = [
                so_far * bps - (before + now) * BPS
                for bps, before, now in zip(funder_bps, paid, row, strict=True)
            ]
            by_lag = sorted(range(len(row)), key=lambda funder: -lag[funder])  # stable
            for funder in by_lag[:units_left]:
                row[funder] += 1
        paid = [before + now for before, now in zip(paid, row, strict=True)]
        rows.append(row)
    return rows


def _read_step(programs: Programs, plan: Plan, index: int) -> _Step:
    program = plan.step_program[index]
    pairs = _span(plan.step_pairs, index)
    lines = [plan.pair_line[pair] for pair in pairs]
    actions = (_Action(plan.pair_op[i], plan.pair_value[i], plan.pair_per[i]) for i in pairs)
    own_lists = iter(_span(plan.step_own, index))
    conditions = []
    for i in _span(programs.prog_conds, program):
        read = lines
        if programs.cond_own[i]:
            read = [plan.own_line[j] for j in _span(plan.own_lines, next(own_lists))]
        conditions.append(
            _Condition(
                programs.cond_measure[i], programs.cond_base[i], programs.cond_required[i], read
            )
        )
    return _Step(
        index,
        lines,
        dict(zip(lines, actions, strict=True)),
        conditions,
        [_read_tier(programs, i) for i in _span(programs.prog_tiers, program)],
        [programs.funder_bps[i] for i in _span(programs.prog_funders, program)],
    )


def _read_tier(programs: Programs, index: int) -> _Tier:
    action = _Action(
        programs.tier_op[index],
        programs.tier_value[index],
        programs.tier_per[index],
        programs.tier_cap[index],
        programs.tier_limit[index],
    )
    return _Tier(programs.tier_min[index], action, every=bool(programs.tier_every[index]))


def _span(offsets: array[int], owner: int) -> range:
    return range(offsets[owner], offsets[owner + 1])


def _outcome(values: _Values, steps: Sequence[_Step], results: Sequence[_Result]) -> Outcome:
    shares, share_off = [0], []
    for step, result in zip(steps, results, strict=True):
        for row in split_among_funders(result.takes.values(), step.funder_bps):
            share_off += row
        shares.append(len(share_off))
    return Outcome(
        line_payable=array("q", values.left),
        step_status=array("q", [result.status for result in results]),
        step_base=array("q", [result.base_minor for result in results]),
        step_off=array("q", [result.off_minor for result in results]),
        step_tier=array("q", [result.tier for result in results]),
        step_measure=array("q", [result.measure for result in results]),
        step_required=array("q", [result.required for result in results]),
        step_actual=array("q", [result.actual for result in results]),
        step_beaten_by=array("q", [result.beaten_by for result in results]),
        step_beaten_minor=array("q", [result.beaten_minor for result in results]),
        pair_off=array("q", [take for result in results for take in result.takes.values()]),
        step_shares=array("q", shares),
        share_off=array("q", share_off),
    )
