"""Rounding at the end: a cart computed with further decimal digits, and rounded once per line.

With d digits every amount is 10^d times as large while the kernel works, so that each step rounds
to parts of a minor unit. Then what all steps take off a line (or a delivery group) is rounded to
minor units, as the policy rounds, and apportioned to the takes on the line by largest remainder,
ties to the earlier.

Nothing gains a whole unit by that: no effect, activity, group, nor the whole cart gives more than
its exact amount rounded up, so that caps, limits and guards hold; lines are rounded in order, and
where one would exceed that, or what its units cost, it is rounded down. What is rounded away
altogether has had no effect.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from rangli.activities.program import (
    Kind,
    Measure,
    Program,
    Programs,
    Rounding,
    RoundingOf,
)
from rangli.pricing.enlarging import enlarged, flat
from rangli.pricing.plan import (
    CartRow,
    GrantRow,
    Group,
    LeafRow,
    Money,
    Outcome,
    Plan,
    ResultRow,
    Status,
    StepRow,
    TakeRow,
    Tree,
    rows,
)
from rangli.pricing.stacking.answer import split_among_funders
from rangli.pricing.stacking.money import by_left, rounded
from rangli.pricing.stacking.units import Run, halves, left_on, runs_of

Price = Callable[[Programs, Tree, Plan], Outcome]
# An effect, a step, a group or the cart: whatever gives no more than its exact amount rounded up.
_Account = tuple[str, int, int]


def price_finely(
    programs: Programs, tree: Tree, plan: Plan, *, digits: int, price: Price
) -> Outcome:
    """What `price` makes of the plan with so many further digits, rounded at the end."""
    scale = 10**digits
    fine = price(*enlarged(programs, tree, plan, scale))
    used = [programs.programs[step.program] for step in rows(plan.steps, StepRow)]
    return _Rounding(fine, plan, tree, used, scale).outcome()


class _Rounding:
    """An outcome of larger amounts on its way back. programs: by step."""

    def __init__(
        self, fine: Outcome, plan: Plan, tree: Tree, programs: Sequence[Program], scale: int
    ) -> None:
        self._fine = fine
        self._cart = rows(plan.cart, CartRow)
        self._money = rows(tree.money, Money)[0]
        self._programs = programs
        self._scale = scale
        parents = [group.parent for group in rows(tree.groups, Group)]
        self._accounts_of = [_accounts(step.group, parents) for step in rows(plan.steps, StepRow)]

    def outcome(self) -> Outcome:
        takes = self._takes()
        grants = self._grants()
        results = self._results(takes, grants)
        shares: list[int] = []
        for step, program in enumerate(self._programs):
            amounts = [take.off_minor for take in takes if take.step == step]
            for row in split_among_funders(amounts, program.funder_bps):
                shares += row
        payable = [row.unit_minor * row.quantity - row.outside_minor for row in self._cart]
        for take in takes:
            payable[take.line] -= take.off_minor
        applied = {n for n, result in enumerate(results) if result.status == Status.APPLIED}
        return Outcome(
            payable=array("q", payable),
            results=flat(results),
            takes=flat(takes),
            shares=array("q", shares),
            grants=flat(grants),
            leaves=flat(self._leaves()),
            nodes=self._fine.nodes,
            proven=self._fine.proven,
            gap_minor=-(-self._fine.gap_minor // self._scale),
            order=array("q", [step for step in self._fine.order if step in applied]),
        )

    def _takes(self) -> list[TakeRow]:
        """What is left of the takes once their lines are rounded."""
        takes = rows(self._fine.takes, TakeRow)
        parts = [take.off_minor // self._scale for take in takes]
        room = self._room(takes, parts)
        by_line: dict[int, list[int]] = {}
        for number, take in enumerate(takes):
            by_line.setdefault(take.line, []).append(number)
        for line, numbers in sorted(by_line.items()):
            fine = sum(takes[number].off_minor for number in numbers)
            more = self._rounded_off(self._cart[line], fine) - sum(
                parts[number] for number in numbers
            )
            rests = {number: takes[number].off_minor % self._scale for number in numbers}
            for number in sorted(numbers, key=lambda number: -rests[number]):
                accounts = self._accounts(takes[number])
                if more and rests[number] and all(room[account] for account in accounts):
                    parts[number] += 1
                    more -= 1
                    for account in accounts:
                        room[account] -= 1
            self._fit(self._cart[line], [(takes[number], number) for number in numbers], parts)
        return [
            replace(take, off_minor=part) for take, part in zip(takes, parts, strict=True) if part
        ]

    def _rounded_off(self, row: CartRow, fine: int) -> int:
        """What is taken off a line, as the policy rounds."""
        if self._money.rounding_of == RoundingOf.DISCOUNT:
            return rounded(fine, self._scale, self._money.rounding)
        due = row.unit_minor * row.quantity - row.outside_minor
        return due - rounded(due * self._scale - fine, self._scale, self._money.rounding)

    def _accounts(self, take: TakeRow) -> list[_Account]:
        shared = self._accounts_of[take.step]
        return [("effect", take.step, take.effect), ("step", take.step, 0), *shared]

    def _room(self, takes: Sequence[TakeRow], parts: Sequence[int]) -> dict[_Account, int]:
        """How many units each account may still give, rounded down as all parts are."""
        fine: dict[_Account, int] = {}
        given: dict[_Account, int] = {}
        for take, part in zip(takes, parts, strict=True):
            for account in self._accounts(take):
                fine[account] = fine.get(account, 0) + take.off_minor
                given[account] = given.get(account, 0) + part
        return {account: -(-fine[account] // self._scale) - given[account] for account in fine}

    def _fit(self, row: CartRow, takes: Sequence[tuple[TakeRow, int]], parts: list[int]) -> None:
        """Take the parts off the units they are of, none more than is left on these."""
        (runs,) = runs_of([row])
        for take, number in takes:
            runs = _cut(_cut(runs, take.unit_first), take.unit_first + take.units)
            end = take.unit_first + take.units
            hit = [run for run in runs if take.unit_first <= run.first < end]
            parts[number] = min(parts[number], left_on(hit))
            for run, minor in zip(
                hit, by_left(parts[number], [run.left for run in hit]), strict=True
            ):
                run.left -= minor

    def _grants(self) -> list[GrantRow]:
        """Of what is earned at a rate, whole units."""
        found = []
        for grant in rows(self._fine.grants, GrantRow):
            effect = self._programs[grant.step].effects[grant.effect]
            if Kind.EARN_RATE in {effect.kind, *(tier.kind for tier in effect.tiers)}:
                rounding = effect.rounding or self._money.rounding
                grant.amount = rounded(grant.amount, self._scale, rounding)
            if grant.amount:
                found.append(grant)
        return found

    def _results(self, takes: Iterable[TakeRow], grants: Iterable[GrantRow]) -> list[ResultRow]:
        off = [0] * len(self._programs)
        for take in takes:
            off[take.step] += take.off_minor
        gives = {grant.step for grant in grants}
        found = rows(self._fine.results, ResultRow)
        for step, row in enumerate(found):
            worth_minor = (row.worth_minor - row.off_minor) // self._scale + off[step]
            row.off_minor, row.worth_minor = off[step], worth_minor
            if row.status == Status.APPLIED and not (off[step] or step in gives):
                row.status, row.worth_minor = Status.NO_EFFECT, 0
                row.tier = row.times = 0
            for name in ("base_minor", "beaten_minor", "clamped_minor", "cut_minor"):
                minor = rounded(getattr(row, name), self._scale, Rounding.HALF_UP)
                setattr(row, name, minor)
            if row.measure == Measure.AMOUNT:
                row.required //= self._scale
                row.actual //= self._scale
        return found

    def _leaves(self) -> list[LeafRow]:
        found = rows(self._fine.leaves, LeafRow)
        for leaf in found:
            if self._programs[leaf.step].conds[leaf.cond].measure == Measure.AMOUNT:
                leaf.actual //= self._scale
        return found


def _accounts(group: int, parents: Sequence[int]) -> list[_Account]:
    """The groups around a step, and the cart."""
    found: list[_Account] = []
    while group >= 0:
        found.append(("group", group, 0))
        group = parents[group]
    return [*found, ("cart", 0, 0)]


def _cut(runs: Sequence[Run], at: int) -> list[Run]:
    """The runs, the one that begins before a unit and ends behind it split there."""
    found: list[Run] = []
    for run in runs:
        inside = run.first < at < run.first + run.units
        found += halves(run, at - run.first) if inside else (run,)
    return found
