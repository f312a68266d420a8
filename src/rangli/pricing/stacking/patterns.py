"""Sets of units: buy some, get some; so many for a price; bundles.

Sets are formed one after the other; in each the components take their units in turn, in their pick
order. Where each component finds all its units in one run, as many sets as those runs and the
limits allow are formed at once: then each component takes its units for all of them together, and
amounts that do not divide are spread over the sets (`off_sets`, `off_units`). Where caps, limits or
the most that may be given away do not leave as much as so many sets want (floors looked at), only
as many are formed as they leave enough for, pro rata and rounded down, but at least one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rangli.activities.program import (
    Component,
    EffectOp,
    Leftover,
    Measure,
    Place,
    Role,
    Rounding,
    Used,
)
from rangli.pricing.stacking.amounts import off_sets, off_units, unit_limit
from rangli.pricing.stacking.conditions import Missed
from rangli.pricing.stacking.money import shared
from rangli.pricing.stacking.problem import UNLIMITED
from rangli.pricing.stacking.state import Action
from rangli.pricing.stacking.units import Run, copy_of, in_order, left_on, split
from rangli.pricing.stacking.work import Work


@dataclass(slots=True)
class _Part:
    """Units of a run that a component would take for one set."""

    component: Component
    run: Run
    units: int

    @property
    def reward(self) -> bool:
        return self.component.role == Role.REWARD


@dataclass(frozen=True, slots=True)
class _Draft:
    """One set, as the components would form it; at_once: how many such sets there could be.

    last: it is smaller than it should be, so there is none after it.
    """

    parts: list[_Part]
    at_once: int
    last: bool = False


def form_sets(work: Work, number: int, times: int) -> None:
    """Form as many sets as there are, at most `repeat_max` and what the step's uses allow.

    Rewarded units count for the unit limits. If uses or units of the step leave fewer sets than
    there could be, and it may not cut, it is refused.
    """
    effect, row = work.effect(number), work.step.row
    for line in work.state.runs:
        for run in line:
            run.in_set = False
    formed = 0
    while not work.refused and not (effect.repeat_max and formed == effect.repeat_max):
        draft = _draft(work, effect)
        if isinstance(draft, Missed):
            if not formed:
                work.miss(draft)
            break
        most = effect.repeat_max - formed if effect.repeat_max else UNLIMITED
        uses = row.uses_left - formed if row.uses_left >= 0 else UNLIMITED
        units = unit_limit(work, number, times) - work.given.get((number, -1), 0)
        limited = _limited(draft, effect, units)
        # What the step's own limits forbid is tried nevertheless if they may not cut.
        fits = uses > 0 and _rewarded(limited) <= work.units_left if limited else True
        if limited and not fits and row.cut:
            limited = _limited(limited, effect, work.units_left) if uses > 0 else None
        if limited is None:
            break
        sets = min(limited.at_once, most, units // _rewarded(limited))
        if fits:
            sets = min(sets, uses, work.units_left // _rewarded(limited))
        refuse = not fits and not row.cut
        made = _form(work, number, limited, sets, formed=formed, refuse=refuse)
        formed += made
        if made == 0 or limited.last:
            break
    if not work.sets:
        work.sets = formed


def _draft(work: Work, effect: EffectOp) -> _Draft | Missed:
    """The next set; what is missing if there is none."""
    parts: list[_Part] = []
    reserved: dict[int, int] = {}
    missed: Missed | None = None
    single = True
    for component in effect.pattern:
        need = component.count
        found = 0
        for run in in_order(_free_runs(work, effect, component), component.pick):
            units = min(need - found, run.units - reserved.get(id(run), 0))
            if units:
                parts.append(_Part(component, run, units))
                single = single and (units == need)
                reserved[id(run)] = reserved.get(id(run), 0) + units
                found += units
            if found == need:
                break
        if found < need:
            lacking = Missed(Measure.QUANTITY, need, found)
            if component.role == Role.TRIGGER or not effect.partial:
                return lacking
            missed = missed or lacking
    if missed and not any(part.reward for part in parts):
        return missed
    if missed or not single:
        return _Draft(parts, at_once=1, last=missed is not None)
    return _Draft(parts, min(part.run.units // reserved[id(part.run)] for part in parts))


def _free_runs(work: Work, effect: EffectOp, component: Component) -> list[Run]:
    """The runs a component may take units from."""
    reward = component.role == Role.REWARD
    skip = effect.skip_reward if reward else effect.skip_trigger
    return [
        run
        for run in work.runs_of(work.lines_of(component.lines))
        if not run.in_set and not run.used & skip and (run.left > 0 or not reward)
    ]


def _rewarded(draft: _Draft) -> int:
    """How many units of a set are rewarded."""
    return sum(part.units for part in draft.parts if part.reward)


def _limited(draft: _Draft, effect: EffectOp, units: int) -> _Draft | None:
    """The set with no more rewarded units than that: if it may be partial, less its last ones."""
    if _rewarded(draft) <= units:
        return draft
    if not effect.partial or units <= 0:
        return None
    parts = []
    for part in draft.parts:
        keep = part.units
        if part.reward:
            keep = min(part.units, units)
            units -= keep
        if keep:
            parts.append(_Part(part.component, part.run, keep))
    return _Draft(parts, at_once=1, last=True)


def _form(work: Work, number: int, draft: _Draft, sets: int, *, formed: int, refuse: bool) -> int:
    """Form so many equal sets, fewer if limits keep anything back; 0 if nothing would be taken.

    formed: how many there are already.

    refuse: the step's limits do not allow another set: if it would take anything, none is given.
    """
    action, each = work.actions[number], not _as_one(work, number)
    before, first = work.state.runs, True
    while True:
        work.state.runs = copy_of(before)
        pieces = _pieces(work, before, draft.parts, sets)
        rewards = [run for run, part in pieces if part.reward]
        wants = _wants(work, number, action, rewards, sets)
        total = sum(wants)
        if refuse and total:
            work.refused = True
        if total == 0 or work.refused:
            break
        booked = [run for run, part in pieces if part.reward or work.effect(number).spread]
        most = _capacities(work, booked)
        got = [min(want, cap) for want, cap in zip(wants, most, strict=True)] if each else most
        allowance = work.allow(number, action, total, sum(got))
        floored = min(total, sum(got))
        if first and sets > 1 and allowance.minor < floored and not allowance.refused:
            first, sets = False, max(1, sets * allowance.minor // floored)
            continue
        work.note(allowance)
        if work.refused or allowance.minor == 0:
            break
        amounts = (
            _in_turn(allowance.minor, got) if each else _booked(work, allowance.minor, booked, most)
        )
        if not any(amounts):
            break
        for run, minor in zip(booked, amounts, strict=True):
            if minor:
                work.take(number, action.tier, run, minor, formed)
        _mark(work, number, pieces)
        units = sum(run.units for run in rewards)
        work.given[number, -1] = work.given.get((number, -1), 0) + units
        work.units_given += units
        return sets
    work.state.runs = before
    return 0


def _pieces(
    work: Work, before: Sequence[Sequence[Run]], parts: Sequence[_Part], sets: int
) -> list[tuple[Run, _Part]]:
    """The units of so many sets, split off, by line and unit. `parts` name runs of `before`."""
    runs = work.state.runs
    rest: dict[int, Run | None] = {}
    for line, copies in zip(before, runs, strict=True):
        rest |= {id(run): copy for run, copy in zip(line, copies, strict=True)}
    pieces = []
    for part in parts:
        run = rest[id(part.run)]
        assert run is not None
        piece, rest[id(part.run)] = split(runs, run, part.units * sets, part.component.pick)
        pieces.append((piece, part))
    return sorted(pieces, key=lambda piece: (piece[0].line, piece[0].first))


def _as_one(work: Work, number: int) -> bool:
    """Whether what a set takes is one amount to be split, and not one for each rewarded run."""
    effect = work.effect(number)
    return effect.place == Place.POOL or bool(effect.spread)


def _wants(work: Work, number: int, action: Action, rewards: Sequence[Run], sets: int) -> list[int]:
    """What is wanted off each of the rewarded runs, or off all together; no more than is left."""
    rule = work.rule(number)
    if work.effect(number).place == Place.UNIT:
        return [
            min(
                run.left,
                off_units(
                    work.stated(number, action, [(run.line, 1)]),
                    run.base(work.base),
                    run.units,
                    rule,
                ),
            )
            for run in rewards
        ]
    action = work.stated(number, action, [(run.line, run.units) for run in rewards])
    wanted = off_sets(action, sum(run.base(work.base) for run in rewards), sets, rule)
    return [min(wanted, left_on(rewards))]


def _capacities(work: Work, runs: Sequence[Run]) -> list[int]:
    """What floors allow to be taken off each run; runs of a line share that in turn."""
    room: dict[int, int] = {}
    most = []
    for run in runs:
        left = room.get(run.line, work.capacity(run.line))
        most.append(min(run.left, left))
        room[run.line] = left - most[-1]
    return most


def _in_turn(minor: int, wants: Sequence[int]) -> list[int]:
    amounts = []
    for want in wants:
        amounts.append(min(want, minor))
        minor -= amounts[-1]
    return amounts


def _booked(work: Work, minor: int, runs: Sequence[Run], most: Sequence[int]) -> list[int]:
    """An amount split over runs by what is left on them: rounded down, largest error, ties to the
    earlier. What floors keep back is shared again, if the policy says so.
    """
    open_runs = [i for i in range(len(runs)) if most[i] > 0]
    parts = shared(
        minor,
        [runs[i].left for i in open_runs],
        [most[i] for i in open_runs],
        (Rounding.DOWN, Leftover.LARGEST_ERROR, work.problem.money.share_again),
    )
    work.clamped += minor - sum(parts)
    amounts = [0] * len(runs)
    for i, part in zip(open_runs, parts, strict=True):
        amounts[i] = part
    return amounts


def _mark(work: Work, number: int, pieces: Sequence[tuple[Run, _Part]]) -> None:
    for run, part in pieces:
        run.in_set = True
        if work.effect(number).mark:
            run.used |= Used.REWARD if part.reward else Used.TRIGGER
