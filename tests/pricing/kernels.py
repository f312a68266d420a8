"""Small carts, policies and activities by hand, priced by either kernel.

outcome = run([line(100)], group(step(percent(1000)), step(percent(2000))))
assert outcome.payable == [72]
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field, replace

from rangli.activities.program import (
    Component,
    Cond,
    EffectOp,
    Kind,
    Place,
    Program,
    Programs,
    Role,
    assemble,
)
from rangli.pricing.plan import (
    CartRow,
    EntryRow,
    GrantRow,
    Group,
    LeafRow,
    Mode,
    Money,
    Outcome,
    Plan,
    ResultRow,
    StepRow,
    TakeRow,
    Tree,
    rows,
)
from rangli.pricing.stacking import price as reference

Kernel = Callable[[Programs, Tree, Plan], Outcome]


# --- what goes in -----------------------------------------------------------------------------


def line(unit_minor: int, quantity: int = 1, **more: int) -> CartRow:
    return CartRow(unit_minor, quantity, **more)


def lines(*unit_minor: int) -> list[CartRow]:
    """Lines of one unit, each of another product."""
    return [CartRow(minor, product=number) for number, minor in enumerate(unit_minor)]


@dataclass(frozen=True)
class Step:
    """An activity at work. lines: None for all products. more: other fields of `StepRow`."""

    program: Program
    lines: Sequence[int] | None = None
    lists: Sequence[Sequence[int]] = ()
    facts: Sequence[int] = ()
    entries: Sequence[EntryRow] = ()
    more: dict[str, int] = field(default_factory=dict)


_PROGRAM = {
    "first_only", "cap_minor", "base", "times_measure", "times_base", "times_lines", "times_every",
    "times_max", "skip_reduced", "cap_other_price",
}  # fmt: skip


def step(
    *effects: EffectOp,
    on: Sequence[int] | None = None,
    conds: Sequence[Cond] = (),
    funders: Sequence[int] = (10_000,),
    lists: Sequence[Sequence[int]] = (),
    facts: Sequence[int] = (),
    entries: Sequence[EntryRow] = (),
    **more: int,
) -> Step:
    """more: fields of `Program` or `StepRow`."""
    own = {name: value for name, value in more.items() if name in _PROGRAM}
    program = Program(tuple(conds), tuple(effects), tuple(funders), **own)
    rest = {name: value for name, value in more.items() if name not in _PROGRAM}
    return Step(program, on, lists, facts, entries, rest)


def off(value: int, place: Place = Place.POOL, **more: object) -> EffectOp:
    return EffectOp(Kind.OFF, place, value=value, **more)


def percent(bps: int, place: Place = Place.POOL, **more: object) -> EffectOp:
    return EffectOp(Kind.PERCENT, place, value=bps, **more)


def costs(value: int, place: Place = Place.UNIT, **more: object) -> EffectOp:
    return EffectOp(Kind.PRICE, place, value=value, **more)


def trigger(count: int, on: int = 0, **more: int) -> Component:
    return Component(on, count, Role.TRIGGER, **more)


def reward(count: int, on: int = 0, **more: int) -> Component:
    return Component(on, count, Role.REWARD, **more)


@dataclass(frozen=True)
class Node:
    """A group with its members: steps, or groups."""

    row: Group
    members: Sequence[Step | Node]


def group(*members: Step | Node, mode: Mode = Mode.ALL, **more: int) -> Node:
    """more: fields of `Group`."""
    return Node(Group(mode=mode, **more), members)


def built(
    cart: Sequence[CartRow],
    *groups: Node,
    money: Money | None = None,
    node_limit: int = 1000,
    **plan: int,
) -> tuple[Programs, Tree, Plan]:
    """The arrays. Groups act in the order given, steps are numbered in that order too."""
    tree: list[Group] = []
    steps: list[tuple[int, Step]] = []

    def add(node: Node, parent: int) -> None:
        number = len(tree)
        tree.append(replace(node.row, parent=parent))
        for member in node.members:
            if isinstance(member, Node):
                add(member, number)
            else:
                steps.append((number, member))

    for root in groups:
        add(root, -1)
    products = [number for number, row in enumerate(cart) if not row.delivery]
    step_rows, on, entries, ends, listed, facts = [], [], [], [], [], []
    for index, (number, each) in enumerate(steps):
        own = products if each.lines is None else each.lines
        on += own
        entries += each.entries
        for one in each.lists:
            listed += one
            ends.append(len(listed))
        facts += each.facts
        counts = len(own), len(each.lists), len(each.facts), int(bool(each.entries))
        step_rows.append(StepRow(number, index, *counts, **each.more))
    return (
        assemble([each.program for _, each in steps]),
        Tree(_flat(tree), _flat([money or Money()]), node_limit),
        Plan(
            _flat(cart), _flat(step_rows), array("q", on), _flat(entries), array("q", ends),
            array("q", listed), array("q", facts), **plan,
        ),
    )  # fmt: skip


def _flat(rows_of_a_class: Sequence[object]) -> array[int]:
    return array("q", [number for row in rows_of_a_class for number in astuple(row)])


# --- what comes out ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """An outcome as rows."""

    outcome: Outcome

    @property
    def payable(self) -> list[int]:
        return list(self.outcome.payable)

    @property
    def total(self) -> int:
        return sum(self.outcome.payable)

    @property
    def results(self) -> list[ResultRow]:
        return rows(self.outcome.results, ResultRow)

    @property
    def statuses(self) -> list[int]:
        return [row.status for row in self.results]

    @property
    def offs(self) -> list[int]:
        """What each step takes."""
        return [row.off_minor for row in self.results]

    @property
    def takes(self) -> list[TakeRow]:
        return rows(self.outcome.takes, TakeRow)

    def taken(self, number: int) -> list[tuple[int, int, int, int]]:
        """What a step takes: (line, first unit, units, amount)."""
        return [
            (take.line, take.unit_first, take.units, take.off_minor)
            for take in self.takes
            if take.step == number
        ]

    @property
    def grants(self) -> list[GrantRow]:
        return rows(self.outcome.grants, GrantRow)

    @property
    def leaves(self) -> list[LeafRow]:
        return rows(self.outcome.leaves, LeafRow)

    @property
    def shares(self) -> list[int]:
        return list(self.outcome.shares)


def run(
    cart: Sequence[CartRow],
    *groups: Node,
    kernel: Kernel = reference,
    money: Money | None = None,
    node_limit: int = 1000,
    **plan: int,
) -> Answer:
    """Price a cart by hand. plan: fields of `Plan` beside the arrays."""
    arrays = built(cart, *groups, money=money, node_limit=node_limit, **plan)
    return Answer(kernel(*arrays))
