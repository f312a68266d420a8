"""A step at work: what it may act on, what limits leave it, what it has taken so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from rangli.activities.program import ELIGIBLE, EffectOp, Kind, OtherPrice, Used
from rangli.pricing.plan import GrantRow, Money, TakeRow
from rangli.pricing.stacking.basis import cap, in_cart_prices, units_of
from rangli.pricing.stacking.conditions import Missed
from rangli.pricing.stacking.problem import UNLIMITED, Problem, Step
from rangli.pricing.stacking.state import Action, State
from rangli.pricing.stacking.units import Run, left_on


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be taken of what was wanted, and what was kept back: by floors and the most that may
    be given away (clamped), by limits (cut). What caps keep back nobody is told.
    """

    minor: int
    clamped: int = 0
    cut: int = 0
    refused: bool = False


@dataclass
class Work:
    """One step acting on a state that belongs to it for the time being.

    eligible: its lines, less closed and reduced ones. only: the lines it may act on, None: all.
    unit_winners: in a group of scope UNIT, how many steps may take something off a unit; else 0.
    given: units by effect (and line). spent: minor units by effect and tier.
    """

    problem: Problem
    state: State
    step: Step
    eligible: Sequence[int]
    only: frozenset[int] | None = None
    unit_winners: int = 0
    takes: list[TakeRow] = field(default_factory=list)
    grants: list[GrantRow] = field(default_factory=list)
    gift_minor: int = 0
    given: dict[tuple[int, int], int] = field(default_factory=dict)
    spent: dict[tuple[int, int], int] = field(default_factory=dict)
    clamped: int = 0
    cut: int = 0
    refused: bool = False
    sets: int = 0
    tier: int = -1
    missed: Missed | None = None
    actions: dict[int, Action] = field(default_factory=dict)
    off_minor: int = 0
    units_given: int = 0

    @cached_property
    def base(self) -> int:
        """The amount that discounts are computed on."""
        group = self.problem.groups[self.step.row.group]
        return self.step.program.base or group.base

    @cached_property
    def groups(self) -> list[int]:
        """The step's group and those it stands in."""
        found, group = [], self.step.row.group
        while group >= 0:
            found.append(group)
            group = self.problem.groups[group].parent
        return found

    @property
    def units_left(self) -> int:
        """How many more units the step's limits allow."""
        limit = self.step.row.units_left
        return limit - self.units_given if limit >= 0 else UNLIMITED

    def effect(self, number: int) -> EffectOp:
        """An effect of the step's program."""
        return self.step.program.effects[number]

    def rule(self, number: int) -> Money:
        """The roundings of an effect: its own, else the policy's."""
        effect, money = self.effect(number), self.problem.money
        return Money(
            effect.rounding or money.rounding,
            effect.rounding_of or money.rounding_of,
            effect.weight or money.weight,
            effect.share_rounding or money.share_rounding,
            effect.leftover or money.leftover,
            money.share_again,
        )

    @cached_property
    def cap_minor(self) -> int:
        """The most that all effects of the step may take, by its program."""
        program, money = self.step.program, self.problem.money
        rounding = money.rounding if program.cap_other_price else None
        return cap(self.problem, self.step, program.cap_minor, ELIGIBLE, rounding)

    def action(self, number: int, kind: int, value: int, cap_minor: int, tier: int = -1) -> Action:
        """What an effect does: a value of its own or of a tier, with the cap that goes with it."""
        effect, rounding = self.effect(number), self.rule(number).rounding
        by_other = rounding if effect.other_price & OtherPrice.CAP else None
        most = cap(self.problem, self.step, cap_minor, effect.lines, by_other)
        converts = effect.other_price & OtherPrice.VALUE and kind in {Kind.PRICE, Kind.OFF}
        return Action(kind, value, effect.per, most, tier, bool(converts))

    def stated(self, number: int, action: Action, units: Iterable[tuple[int, int]]) -> Action:
        """The same in the cart's prices, for these units of lines; what is not known is nothing."""
        if not action.converts:
            return action
        rounding = self.rule(number).rounding
        value = in_cart_prices(self.problem, action.value, units, rounding)
        if value is None:
            return replace(action, kind=Kind.OFF, value=0)
        return replace(action, value=value)

    def stated_for_pool(self, number: int, action: Action) -> Action:
        """The same for all that the effect is for."""
        lines = self.effect(number).lines
        return self.stated(number, action, units_of(self.problem, self.step, lines))

    def lines_of(self, number: int) -> list[int]:
        """The lines that a number stands for, as effects read it: less closed ones."""
        lines = self.problem.lines_of(self.step, number, self.eligible)
        open_lines = [line for line in lines if line not in self.state.closed]
        if self.only is None:
            return open_lines
        return [line for line in open_lines if line in self.only]

    def runs(self, line: int) -> list[Run]:
        """The runs of a line that the step may act on."""
        runs = self.state.runs[line]
        if not self.unit_winners:
            return runs
        me = self.step.index
        return [run for run in runs if run.taker == me or run.taken < self.unit_winners]

    def runs_of(self, lines: Iterable[int]) -> list[Run]:
        """The same, of several lines."""
        return [run for line in lines for run in self.runs(line)]

    def capacity(self, line: int) -> int:
        """What may be taken off a line until it costs its floor."""
        return left_on(self.state.runs[line]) - self.problem.cart[line].floor_minor

    def allow(self, number: int, action: Action, wanted: int, capacity: int) -> Allowance:
        """What may be taken of `wanted`, which is no more than is left. Nothing is noted yet.

        In this order: what floors allow; caps of effect and program; what is left of the step's
        amount, of its groups' limits, of what the cart may be given.
        """
        floored = min(wanted, capacity)
        capped = min(
            floored,
            action.cap_minor - self.spent.get((number, action.tier), 0),
            self.cap_minor - self.off_minor,
        )
        amount_left = self.step.row.amount_left
        left = amount_left - self.off_minor if amount_left >= 0 else UNLIMITED
        refused = capped > left and not self.step.row.cut
        cut = min(capped, left, *(self.state.group_left[group] for group in self.groups))
        minor = min(cut, self.state.off_left)
        return Allowance(
            minor,
            clamped=wanted - floored + cut - minor,
            cut=capped - cut,
            refused=refused,
        )

    def note(self, allowance: Allowance) -> None:
        """Tell what was kept back."""
        self.clamped += allowance.clamped
        self.cut += allowance.cut
        self.refused = self.refused or allowance.refused

    def take(self, number: int, tier: int, run: Run, minor: int, application: int = 0) -> None:
        """Take an amount above 0 off a run."""
        run.left -= minor
        if run.taker != self.step.index:
            run.taken, run.taker = run.taken + 1, self.step.index
        self.takes.append(
            TakeRow(self.step.index, number, application, run.line, run.first, run.units, minor)
        )
        self.spent[number, tier] = self.spent.get((number, tier), 0) + minor
        self.off_minor += minor
        self.state.off_left -= minor
        for group in self.groups:
            self.state.group_left[group] -= minor
        effect = self.effect(number)
        if effect.mark and not effect.pattern:
            run.used |= Used.REWARD

    def miss(self, missed: Missed) -> None:
        """Keep the first thing that was not reached."""
        self.missed = self.missed or missed
