"""The arrays of programs, tree and plan, read into rows with names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rangli.activities.program import ALL_PRODUCTS, ELIGIBLE, Program, Programs
from rangli.pricing.plan import CartRow, EntryRow, Group, Money, Plan, StepRow, Tree, rows

# Stands for no limit; above anything that can be wanted, and fits an int64.
UNLIMITED = 2**62


@dataclass(frozen=True, slots=True)
class Step:
    """An activity at work on lines of this cart. entries: by line."""

    index: int
    row: StepRow
    program: Program
    lines: tuple[int, ...]
    lists: tuple[tuple[int, ...], ...]
    facts: tuple[int, ...]
    entries: dict[int, EntryRow]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be priced. members: the steps of each group; children: its child groups."""

    cart: list[CartRow]
    groups: list[Group]
    money: Money
    steps: list[Step]
    members: list[list[int]]
    children: list[list[int]]
    roots: list[int]
    off_max_minor: int
    node_limit: int
    trace: bool

    def lines_of(self, step: Step, number: int, eligible: Sequence[int]) -> Sequence[int]:
        """The lines that a number in a program stands for. `eligible` stands for `ELIGIBLE`."""
        if number == ELIGIBLE:
            return eligible
        if number > 0:
            return step.lists[number - 1]
        products = number == ALL_PRODUCTS
        return [i for i, row in enumerate(self.cart) if not (products and row.delivery)]


def read(programs: Programs, tree: Tree, plan: Plan) -> Problem:
    """Read what `bounds.check` has found in order."""
    groups = rows(tree.groups, Group)
    steps = _steps(programs, plan)
    members: list[list[int]] = [[] for _ in groups]
    for step in steps:
        members[step.row.group].append(step.index)
    children: list[list[int]] = [[] for _ in groups]
    for number, group in enumerate(groups):
        if group.parent >= 0:
            children[group.parent].append(number)
    return Problem(
        cart=rows(plan.cart, CartRow),
        groups=groups,
        money=rows(tree.money, Money)[0],
        steps=steps,
        members=members,
        children=children,
        roots=[number for number, group in enumerate(groups) if group.parent < 0],
        off_max_minor=plan.off_max_minor if plan.off_max_minor >= 0 else UNLIMITED,
        node_limit=plan.node_limit or tree.node_limit,
        trace=bool(plan.trace),
    )


def _steps(programs: Programs, plan: Plan) -> list[Step]:
    steps = []
    lines, facts, entries = iter(plan.lines), iter(plan.facts), iter(rows(plan.entries, EntryRow))
    ends, begin = iter(plan.list_ends), 0
    for index, row in enumerate(rows(plan.steps, StepRow)):
        own = tuple(next(lines) for _ in range(row.lines))
        lists = []
        for _ in range(row.lists):
            end = next(ends)
            lists.append(tuple(plan.list_lines[begin:end]))
            begin = end
        steps.append(
            Step(
                index,
                row,
                programs.programs[row.program],
                own,
                tuple(lists),
                tuple(next(facts) for _ in range(row.facts)),
                {line: next(entries) for line in own} if row.entries else {},
            )
        )
    return steps
