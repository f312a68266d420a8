"""The most that steps could still do from a state on, whatever happens in between.

Amounts only fall, so what is left now bounds from above what may be read later. Not looked at: what
excludes whom among the steps to come, unit limits, reduced lines, `first_only`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from rangli.activities.program import (
    TRUE,
    Base,
    Compare,
    EffectOp,
    GiftMode,
    Kind,
    Node,
    Place,
    Role,
    Scale,
)
from rangli.core.money import BPS, share_half_up
from rangli.pricing.plan import VALUE_MAX, Money
from rangli.pricing.stacking.amounts import off_whole, scaled
from rangli.pricing.stacking.conditions import leaf, measured
from rangli.pricing.stacking.problem import UNLIMITED, Problem, Step
from rangli.pricing.stacking.state import Action, State, forbidden_by
from rangli.pricing.stacking.units import left_on
from rangli.pricing.stacking.work import Work

# What would be taken of an amount that is rounded once.
Once = Callable[[int], int]


@dataclass(slots=True)
class Reach:
    """What one action could take: off single lines, or off a pool.

    most: by line. once: by line, where what is taken is known for each amount that is left. pool:
    what is left on its lines; pool_most, pool_once: likewise, of the pool. rates: of a percentage
    off a pool, by line what that is in 1/10,000 of a minor unit. cap: most in all.
    """

    cap: int = UNLIMITED
    most: dict[int, int] = field(default_factory=dict)
    once: dict[int, Once] = field(default_factory=dict)
    pool: dict[int, int] = field(default_factory=dict)
    pool_most: int = 0
    pool_once: Once | None = None
    rates: dict[int, int] = field(default_factory=dict)

    def line_low(self, line: int, low: int) -> int:
        """What is left of a line on which at least `low` is left."""
        if line in self.once:
            return low - min(low, self.once[line](low))
        if line in self.pool:
            return low - min(low, self.pool_most)
        return low - min(low, self.most.get(line, 0))

    def off(self, total: int) -> int:
        """What could be taken off a cart on which at least `total` is left."""
        pool = self.pool_most
        if self.pool_once:
            pool = self.pool_once(min(total, sum(self.pool.values())))
        return min(pool + sum(self.most.values()), self.cap)


@dataclass(slots=True)
class Prospect:
    """What steps could do from a state on. credentials: False: as if none with one could act.
    known: what was asked before.
    """

    problem: Problem
    state: State
    credentials: bool = True
    known: dict[int, list[list[Reach]]] = field(default_factory=dict)

    def reaches(self, number: int) -> list[list[Reach]]:
        """What a step could do: one thing of each of the lists, after the other; none: nothing."""
        if number not in self.known:
            self.known[number] = self._reaches(self.problem.steps[number])
        return self.known[number]

    def _reaches(self, step: Step) -> list[list[Reach]]:
        times = self.times(step)
        found = []
        for effect in step.program.effects if times else ():
            reaches = [
                self._reach(step, effect, action) for action in self._actions(step, effect, times)
            ]
            found += [[reach] for reach in reaches] if effect.graduated else [reaches]
        return found

    def times(self, step: Step) -> int:
        """How often a step could be given at most; 0: it cannot act."""
        row, program = step.row, step.program
        if row.credential and not self.credentials:
            return 0
        if 0 in {row.uses_left, row.amount_left, row.units_left}:
            return 0
        if forbidden_by(self.problem, self.state, step) >= 0 or not self._could_be_met(step):
            return 0
        times = 1
        if program.times_measure:
            times = self._measured(
                step, program.times_measure, program.times_base, program.times_lines
            )
            times //= program.times_every
            times = min(times, program.times_max) if program.times_max else times
        return min(times, row.uses_left) if row.uses_left > 0 else times

    def _could_be_met(self, step: Step) -> bool:
        """Whether nothing is out of reach that must hold: facts, and measures that should be large.
        Where leaves are joined by ANY or NOT, that is not looked at.
        """
        conds = step.program.conds
        if any(cond.node in {Node.ANY, Node.NOT} for cond in conds):
            return True
        eligible = self._open(step.lines)
        return all(
            leaf(self.problem, self.state.runs, step, cond, eligible)[1] == TRUE
            for cond in conds
            if cond.node == Node.LEAF and cond.compare in {Compare.AT_LEAST, Compare.ABOVE}
        )

    def _open(self, lines: Iterable[int]) -> list[int]:
        return [line for line in lines if line not in self.state.closed]

    def _measured(self, step: Step, measure: int, base: int, lines: int) -> int:
        read = self.problem.lines_of(step, lines, self._open(step.lines))
        return measured(self.problem, self.state.runs, read, measure, base)

    def cap(self, number: int) -> int:
        """The most that limits let a step take."""
        step = self.problem.steps[number]
        work = Work(self.problem, self.state, step, ())
        caps = [self.state.group_left[group] for group in work.groups]
        caps.append(work.cap_minor)
        if step.row.amount_left >= 0:
            caps.append(step.row.amount_left)
        return min(caps)

    def gift_minor(self, number: int) -> int:
        """The most that gifts of a step could be worth."""
        step = self.problem.steps[number]
        times = self.times(step)
        return sum(
            min(VALUE_MAX, effect.per * action.value)
            for effect in step.program.effects
            if times and effect.gift_mode != GiftMode.FREE
            for action in self._actions(step, effect, times)
            if action.kind == Kind.GIFT
        )

    def _actions(self, step: Step, effect: EffectOp, times: int) -> list[Action]:
        """All that an effect could do: its own, or that of the tiers that could be reached."""
        scale = times if effect.scale & Scale.VALUE else 1
        number = step.program.effects.index(effect)
        work = Work(self.problem, self.state, step, ())
        if not effect.tiers:
            value = scaled(effect.value, effect.kind, scale)
            return [work.action(number, effect.kind, value, effect.cap_minor)]
        actual = VALUE_MAX
        if not effect.graduated:
            actual = self._measured(step, effect.tier_measure, effect.tier_base, effect.tier_lines)
        found = []
        for tier in effect.tiers:
            if actual >= tier.minimum:
                every = actual // tier.minimum if effect.tier_every else 1
                value = scaled(scaled(tier.value, tier.kind, every), tier.kind, scale)
                found.append(work.action(number, tier.kind, value, tier.cap_minor))
        return found

    def _reach(self, step: Step, effect: EffectOp, action: Action) -> Reach:
        reach = Reach(action.cap_minor)
        work = Work(self.problem, self.state, step, self._open(step.lines))
        rule = work.rule(step.program.effects.index(effect))
        if action.kind in {Kind.EARN, Kind.EARN_RATE}:
            return reach
        if action.kind == Kind.GIFT:
            if effect.gift_mode != GiftMode.ADD:
                _any_amount(reach, work, work.lines_of(effect.lines))
        elif effect.pattern:
            _pattern(reach, work, effect, action)
        elif action.converts:
            _any_amount(reach, work, work.lines_of(effect.lines))
        elif action.kind == Kind.ENTRY:
            units = effect.unit_limit > 0 or step.row.units_left >= 0
            for line in work.lines_of(effect.lines):
                if line in step.entries:
                    entry = step.entries[line]
                    does = Action(entry.kind, entry.value, entry.per, UNLIMITED)
                    by_unit = entry.kind != Kind.PERCENT or units
                    _line(reach, work, line, does, rule, by_unit=by_unit)
        elif effect.place == Place.POOL:
            _pool(reach, work, work.lines_of(effect.lines), action, rule)
        else:
            for line in work.lines_of(effect.lines):
                _line(reach, work, line, action, rule, by_unit=effect.place == Place.UNIT)
        return reach


def _base(work: Work, line: int) -> int:
    return sum(run.base(work.base) for run in work.state.runs[line])


def _any_amount(reach: Reach, work: Work, lines: Iterable[int]) -> None:
    """All that is left on the lines, as one."""
    reach.pool = {line: left_on(work.state.runs[line]) for line in lines}
    reach.pool_most = sum(reach.pool.values())


def _pattern(reach: Reach, work: Work, effect: EffectOp, action: Action) -> None:
    """Sets are not formed: PRICE could take all, and so could amounts that are converted; rates are
    rounded up unit by unit; so many off is taken for every rewarded unit.
    """
    rewards = {
        line
        for part in effect.pattern
        if part.role == Role.REWARD
        for line in work.lines_of(part.lines)
    }
    booked = rewards | {
        line for part in effect.pattern if effect.spread for line in work.lines_of(part.lines)
    }
    _any_amount(reach, work, sorted(booked))
    most = sum(left_on(work.state.runs[line]) for line in rewards)
    units = sum(work.problem.cart[line].quantity for line in rewards)
    if action.kind == Kind.OFF and not action.converts:
        most = min(most, action.value * units)
    elif action.kind == Kind.PERCENT:
        base = sum(_base(work, line) for line in rewards)
        most = min(most, base * action.value // BPS + units)
    reach.pool_most = most


def _pool(reach: Reach, work: Work, lines: Sequence[int], action: Action, rule: Money) -> None:
    _any_amount(reach, work, lines)
    once = partial(off_whole, action, rule=rule)
    base = sum(_base(work, line) for line in lines)
    reach.pool_most = min(reach.pool_most, once(base))
    if work.base == Base.RUNNING:
        reach.pool_once = partial(_at_most, once)
    if action.kind == Kind.PERCENT:
        reach.rates = {
            line: min(_base(work, line) * action.value, reach.pool[line] * BPS) for line in lines
        }


def _at_most(once: Once, amount: int) -> int:
    return min(amount, once(amount))


def _line(
    reach: Reach, work: Work, line: int, action: Action, rule: Money, *, by_unit: bool
) -> None:
    """What an action could take off one line.

    A single unit, or a line as a whole, is rounded once. Units are rounded one by one, up at worst;
    so is what is for several units and may come to be cut into runs.
    """
    runs = work.state.runs[line]
    units = sum(run.units for run in runs)
    once = partial(off_whole, action, rule=rule)
    if by_unit and action.kind == Kind.OFF:
        off = share_half_up(action.value, units, action.per)
        if units > 1 and action.per > 1:
            off = action.value * units // action.per + units
    elif not by_unit or units == 1:
        off = once(_base(work, line))
        if work.base == Base.RUNNING:
            reach.once[line] = partial(_at_most, once)
    elif action.kind == Kind.PRICE:
        off = sum(max(0, run.base(work.base) - action.value * run.units) for run in runs)
    else:
        off = _base(work, line) * action.value // BPS + units
    reach.most[line] = min(off, left_on(runs))
