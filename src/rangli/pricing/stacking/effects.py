"""What an effect takes off units, lines and pools."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.activities.program import EffectOp, Kind, Measure, Place, Scale, Weight
from rangli.pricing.plan import EntryRow
from rangli.pricing.stacking.amounts import off_units, off_whole, scaled, unit_limit
from rangli.pricing.stacking.conditions import Missed, measured
from rangli.pricing.stacking.gifts import earn, give
from rangli.pricing.stacking.money import by_left, shared
from rangli.pricing.stacking.patterns import form_sets
from rangli.pricing.stacking.state import Action, Terms
from rangli.pricing.stacking.units import Run, in_order, left_on, part, split
from rangli.pricing.stacking.work import Work


def act(work: Work, number: int, times: int, terms: Terms | None) -> None:
    """Let one effect act. terms: those of the step's bid, if it acts a second time.

    In a group of scope UNIT only effects at UNIT without a pattern, and ENTRY, do anything.
    """
    effect = work.effect(number)
    action = terms.actions.get(number) if terms else resolve(work, number, times)
    if action is None:
        return
    work.actions[number] = action
    if action.kind == Kind.ENTRY:
        _entries(work, number, action, times)
    elif work.unit_winners and (effect.place != Place.UNIT or effect.pattern):
        return
    elif action.kind == Kind.GIFT:
        give(work, number, action)
    elif action.kind in {Kind.EARN, Kind.EARN_RATE}:
        earn(work, number, action)
    elif effect.pattern:
        form_sets(work, number, times)
    elif effect.graduated:
        _graduated(work, number, times)
    elif effect.place == Place.UNIT:
        runs = work.runs_of(work.lines_of(effect.lines))
        _units(work, number, [(1, action)], runs, times)
    elif effect.place == Place.LINE:
        for line in work.lines_of(effect.lines):
            _line(work, number, action, line, times)
    else:
        _pool(work, number, action)


def resolve(work: Work, number: int, times: int) -> Action | None:
    """What the effect does, by its tiers and the multiplier; None if no tier is reached.

    The last tier counts whose minimum is reached. The tier that is told is 1 for the first, and 0
    if there is but one, with minimum 0. Of a graduated effect see `_graduated`.
    """
    effect = work.effect(number)
    if not effect.tiers or effect.graduated:
        value = scaled(effect.value, effect.kind, times if effect.scale & Scale.VALUE else 1)
        return work.action(number, effect.kind, value, effect.cap_minor)
    lines = work.problem.lines_of(work.step, effect.tier_lines, work.eligible)
    actual = measured(work.problem, work.state.runs, lines, effect.tier_measure, effect.tier_base)
    reached = [i for i, tier in enumerate(effect.tiers) if actual >= tier.minimum]
    if not reached:
        work.miss(Missed(effect.tier_measure, effect.tiers[0].minimum, actual))
        return None
    index = reached[-1]
    tier = effect.tiers[index]
    if work.tier < 0:
        work.tier = _told(effect, index)
    value = tier.value
    if effect.tier_every:
        value = scaled(value, tier.kind, actual // tier.minimum)
    if effect.scale & Scale.VALUE:
        value = scaled(value, tier.kind, times)
    return work.action(number, tier.kind, value, tier.cap_minor, index)


def _told(effect: EffectOp, index: int) -> int:
    """The number that is told of a tier."""
    return 0 if len(effect.tiers) == 1 and effect.tiers[0].minimum == 0 else index + 1


def _graduated(work: Work, number: int, times: int) -> None:
    """Tiers by unit position. If there are too few units for the first, it is not reached."""
    effect = work.effect(number)
    runs = work.runs_of(work.lines_of(effect.lines))
    by_line: dict[int, int] = {}
    for run in runs:
        place = run.line if effect.limit_per_line else -1
        by_line[place] = by_line.get(place, 0) + (run.units if run.left else 0)
    actual = max(by_line.values(), default=0)
    reached = [i for i, tier in enumerate(effect.tiers) if actual >= tier.minimum]
    if not reached:
        work.miss(Missed(Measure.QUANTITY, effect.tiers[0].minimum, actual))
        return
    if work.tier < 0:
        work.tier = _told(effect, reached[-1])
    scale = times if effect.scale & Scale.VALUE else 1
    bands = [
        (
            tier.minimum,
            work.action(number, tier.kind, scaled(tier.value, tier.kind, scale), tier.cap_minor, i),
        )
        for i, tier in enumerate(effect.tiers)
    ]
    _units(work, number, bands, runs, times)


def _units(
    work: Work,
    number: int,
    bands: Sequence[tuple[int, Action]],
    runs: Sequence[Run],
    times: int,
    *,
    per_line: bool = False,
) -> None:
    """Act on the units of the runs, in pick order, each run as far as limits allow.

    Runs with nothing left, or used as a reward where such are skipped, are passed over. bands: from
    which unit position on an action counts.
    """
    effect = work.effect(number)
    per_line = per_line or bool(effect.limit_per_line)
    position: dict[int, int] = {}
    for run in in_order(runs, effect.pick):
        if run.left == 0 or run.used & effect.skip_reward:
            continue
        place = run.line if per_line else -1
        for piece, action in _by_band(work, run, bands, position.get(place, 0), effect.pick):
            position[place] = position.get(place, 0) + piece.units
            if action is not None and not work.refused:
                _piece(work, action, piece, (number, place), times)


def _by_band(
    work: Work, run: Run, bands: Sequence[tuple[int, Action]], position: int, pick: int
) -> list[tuple[Run, Action | None]]:
    """The run, split where bands meet; before the first band there is nothing to do."""
    pieces: list[tuple[Run, Action | None]] = []
    rest: Run | None = run
    while rest is not None:
        here = [action for at, action in bands if at <= position + 1]
        ahead = [at for at, _ in bands if at > position + 1]
        units = min([rest.units, *(at - position - 1 for at in ahead)])
        piece, rest = split(work.state.runs, rest, units, pick)
        pieces.append((piece, here[-1] if here else None))
        position += units
    return pieces


def _piece(work: Work, action: Action, run: Run, counter: tuple[int, int], times: int) -> None:
    """Act on a run, or on as many of its units as limits leave. counter: the effect and, if units
    are counted by line, the line; else -1.

    Units count only if something is taken off them. If the step's limit leaves fewer than wanted
    and may not cut, the step is refused.
    """
    number = counter[0]
    effect, rule = work.effect(number), work.rule(number)
    action = work.stated(number, action, [(run.line, 1)])
    limit = unit_limit(work, number, times)
    units = min(run.units, limit - work.given.get(counter, 0))
    if units > work.units_left:
        wanting = part(run, units, effect.pick)
        if not work.step.row.cut:
            wanted = off_units(action, wanting.base(work.base), units, rule)
            work.refused = min(wanted, wanting.left) > 0
            return
        units = work.units_left
    if units == 0:
        return
    wanting = part(run, units, effect.pick)
    wanted = min(wanting.left, off_units(action, wanting.base(work.base), units, rule))
    allowance = work.allow(number, action, wanted, work.capacity(run.line))
    work.note(allowance)
    if allowance.minor == 0:
        return
    taken, _ = split(work.state.runs, run, units, effect.pick)
    work.take(number, action.tier, taken, allowance.minor)
    work.given[counter] = work.given.get(counter, 0) + units
    work.units_given += units


def _entries(work: Work, number: int, action: Action, times: int) -> None:
    """Each line by its price entry, line by line; unit limits count per line."""
    effect = work.effect(number)
    limited = effect.unit_limit > 0 or work.step.row.units_left >= 0 or work.unit_winners > 0
    for line in work.lines_of(effect.lines):
        entry: EntryRow | None = work.step.entries.get(line)
        if entry is None:
            continue
        does = Action(entry.kind, entry.value, entry.per, action.cap_minor, action.tier)
        if entry.kind == Kind.PERCENT and not limited:
            _line(work, number, does, line, times)
        else:
            _units(work, number, [(1, does)], work.runs(line), times, per_line=True)


def _line(work: Work, number: int, action: Action, line: int, times: int) -> None:
    runs = work.runs(line)
    base = sum(run.base(work.base) for run in runs)
    if action.kind == Kind.PERCENT:
        row = work.problem.cart[line]
        beyond = max(0, row.quantity - unit_limit(work, number, times))
        base = max(0, base - beyond * row.unit_minor)
    wanted = off_whole(work.stated(number, action, [(line, 1)]), base, work.rule(number))
    allowance = work.allow(number, action, min(wanted, left_on(runs)), work.capacity(line))
    work.note(allowance)
    _spread(work, number, action, line, allowance.minor)


def _spread(work: Work, number: int, action: Action, line: int, minor: int) -> None:
    """Take an amount off a line's runs: by what is left on them."""
    runs = list(work.runs(line))
    for run, share in zip(runs, by_left(minor, [run.left for run in runs]), strict=True):
        if share:
            work.take(number, action.tier, run, share)


def _pool(work: Work, number: int, action: Action) -> None:
    """Off the lines together, shared out among those that floors allow to take something."""
    rule = work.rule(number)
    lines = work.lines_of(work.effect(number).lines)
    runs = work.runs_of(lines)
    stated = work.stated_for_pool(number, action)
    wanted = off_whole(stated, sum(run.base(work.base) for run in runs), rule)
    takers = [line for line in lines if work.capacity(line) > 0]
    most = [work.capacity(line) for line in takers]
    allowance = work.allow(number, action, min(wanted, left_on(runs)), sum(most))
    work.note(allowance)
    by = rule.weight
    if by == Weight.OTHER and any(work.problem.cart[line].other_minor < 0 for line in takers):
        by = Weight.LIST
    weights = [_weight(work, line, by) for line in takers]
    parts = shared(
        allowance.minor, weights, most, (rule.share_rounding, rule.leftover, rule.share_again)
    )
    work.clamped += allowance.minor - sum(parts)
    for line, minor in zip(takers, parts, strict=True):
        _spread(work, number, action, line, minor)


def _weight(work: Work, line: int, weight: int) -> int:
    """What a line weighs when an amount is shared out."""
    runs = work.runs(line)
    return {
        Weight.RUNNING: left_on(runs),
        Weight.LIST: sum(run.list_minor for run in runs),
        Weight.QUANTITY: sum(run.units for run in runs),
        Weight.EQUAL: 1,
        Weight.OTHER: work.problem.cart[line].other_minor * work.problem.cart[line].quantity,
    }[Weight(weight)]
