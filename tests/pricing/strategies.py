"""Small programs and plans: by hand for examples, by chance for everything else."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from random import Random

import pytest

from rangli.activities.program import ConditionBase, Measure, Op, Programs
from rangli.core.money import BPS, CART_MINOR_MAX, LINE_MINOR_MAX, LINES_MAX, QUANTITY_MAX
from rangli.pricing import _stacking, stacking
from rangli.pricing.plan import VALUE_MAX, GroupBase, Mode, Outcome, Plan, Scope

# Whoever asks for `price` is run on both kernels.
both_kernels = pytest.mark.parametrize(
    "price", [_stacking.price, stacking.price], ids=["compiled", "reference"]
)


@dataclass(frozen=True, slots=True)
class Tier:
    op: Op
    value: int = 0
    min: int = 0
    per: int = 1
    cap: int = 0
    limit: int = 0
    every: int = 0


@dataclass(frozen=True, slots=True)
class Cond:
    """lines: None for those of the step."""

    required: int
    measure: Measure = Measure.AMOUNT
    base: ConditionBase = ConditionBase.RUNNING
    lines: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    op: Op
    value: int
    per: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """lines: None for all. entries: as many as lines, with a tier of ENTRY."""

    tiers: Sequence[Tier]
    lines: Sequence[int] | None = None
    conds: Sequence[Cond] = ()
    funders: Sequence[int] = (BPS,)
    entries: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class Group:
    steps: Sequence[Step]
    mode: Mode = Mode.ALL
    scope: Scope = Scope.CART
    base: GroupBase = GroupBase.RUNNING


@dataclass(slots=True)
class _Columns:
    """Lists under the names of a dataclass's fields, to become its arrays."""

    of: type
    lists: dict[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.lists = {each.name: [] for each in fields(self.of)}

    def add(self, **values: int) -> None:
        for name, value in values.items():
            self.lists[name].append(value)

    def size(self, name: str) -> int:
        return len(self.lists[name])

    def build(self):
        return self.of(**{name: array("q", values) for name, values in self.lists.items()})


def build(lines: Sequence[tuple[int, int]], groups: Sequence[Group]) -> tuple[Programs, Plan]:
    """The arrays of a cart of (unit_minor, quantity) lines; each step has a program of its own."""
    programs, plan = _Columns(Programs), _Columns(Plan)
    for unit_minor, quantity in lines:
        plan.add(unit_minor=unit_minor, quantity=quantity)
    for index, group in enumerate(groups):
        plan.add(group_mode=group.mode, group_scope=group.scope, group_base=group.base)
        for step in group.steps:
            plan.add(step_group=index, step_program=programs.size("prog_tiers"))
            _add_program(programs, step)
            _add_step(plan, step, len(lines))
    _close(programs, plan)
    return programs.build(), plan.build()


def _add_program(programs: _Columns, step: Step) -> None:
    programs.add(
        prog_conds=programs.size("cond_measure"),
        prog_tiers=programs.size("tier_min"),
        prog_funders=programs.size("funder_bps"),
    )
    for cond in step.conds:
        programs.add(cond_measure=cond.measure, cond_base=cond.base)
        programs.add(cond_required=cond.required, cond_own=int(cond.lines is not None))
    for tier in step.tiers:
        programs.add(tier_min=tier.min, tier_op=tier.op, tier_value=tier.value, tier_per=tier.per)
        programs.add(tier_cap=tier.cap, tier_limit=tier.limit, tier_every=tier.every)
    for bps in step.funders:
        programs.add(funder_bps=bps)


def _add_step(plan: _Columns, step: Step, lines: int) -> None:
    plan.add(step_pairs=plan.size("pair_line"), step_own=plan.size("own_lines"))
    for place, line in enumerate(range(lines) if step.lines is None else step.lines):
        entry = step.entries[place] if step.entries else Entry(0, 0, 0)
        plan.add(pair_line=line, pair_op=entry.op, pair_value=entry.value, pair_per=entry.per)
    for cond in step.conds:
        if cond.lines is not None:
            plan.add(own_lines=plan.size("own_line"))
            for line in cond.lines:
                plan.add(own_line=line)


def _close(programs: _Columns, plan: _Columns) -> None:
    programs.add(
        prog_conds=programs.size("cond_measure"),
        prog_tiers=programs.size("tier_min"),
        prog_funders=programs.size("funder_bps"),
    )
    plan.add(step_pairs=plan.size("pair_line"), step_own=plan.size("own_lines"))
    plan.add(own_lines=plan.size("own_line"))


# --- by chance --------------------------------------------------------------------------------

# Draws from a `Random`, so that one generator serves Hypothesis (`st.randoms()`, which shrinks what
# fails) and quick sweeps over many thousand seeds.
_LINE_OPS = [Op.UNIT_PRICE, Op.UNIT_OFF, Op.LINE_OFF, Op.LINE_PERCENT]
_RATES = [0, 1, 333, 500, 1_000, 3_333, 5_000, 9_999, BPS]


def problem(chance: Random) -> tuple[Programs, Plan]:
    """A cart with up to 4 groups of up to 5 steps, all within the documented bounds."""
    # Small numbers make ties, roundings and clamps; large ones reach for overflow.
    most = chance.choice([12, 2_000, VALUE_MAX])
    lines = [_line(chance, most) for _ in range(chance.randint(0, 8))]
    groups = [
        Group(
            [_step(chance, len(lines), most) for _ in range(chance.randint(0, 5))],
            mode=chance.choice(list(Mode)),
            scope=chance.choice(list(Scope)),
            base=chance.choice(list(GroupBase)),
        )
        for _ in range(chance.randint(0, 4))
    ]
    return build(lines, groups)


def _line(chance: Random, most: int) -> tuple[int, int]:
    quantity = chance.choice([1, chance.randint(1, 5), chance.randint(1, min(most, QUANTITY_MAX))])
    unit_max = min(most, LINE_MINOR_MAX // quantity)
    return chance.choice([unit_max, chance.randint(0, unit_max)]), quantity


def _value(chance: Random, op: Op, most: int) -> int:
    if op in {Op.LINE_PERCENT, Op.POOL_PERCENT}:
        return chance.choice([chance.choice(_RATES), chance.randint(0, BPS)])
    return chance.choice([most, chance.randint(0, most), chance.randint(0, 5)])


def _tier(chance: Random, op: Op, at_least: int, most: int) -> Tier:
    return Tier(
        op,
        _value(chance, op, most),
        min=chance.choice([at_least, chance.randint(at_least, max(at_least, most))]),
        per=chance.choice([1, chance.randint(1, 7), chance.randint(1, most)]),
        cap=chance.choice([0, 0, chance.randint(0, most)]),
        limit=chance.choice([0, chance.randint(0, 9), chance.randint(0, most)]),
        every=chance.randint(0, 1),
    )


def _step(chance: Random, lines: int, most: int) -> Step:
    touched = _some(chance, lines)
    conds = [
        Cond(
            chance.choice([chance.randint(0, 5), chance.randint(0, most)]),
            chance.choice(list(Measure)),
            chance.choice(list(ConditionBase)),
            chance.choice([None, _some(chance, lines)]),
        )
        for _ in range(chance.choice([0, 0, 1, 2]))
    ]
    rising: list[Tier] = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        at_least = min(VALUE_MAX, rising[-1].min + chance.randint(1, 9)) if rising else 0
        rising.append(_tier(chance, chance.choice(list(Op)), at_least, most))
    entries = []
    if any(tier.op == Op.ENTRY for tier in rising):
        ops = [chance.choice(_LINE_OPS) for _ in touched]
        entries = [Entry(op, _value(chance, op, most), chance.randint(1, 4)) for op in ops]
    cuts = sorted(chance.sample(range(1, BPS), chance.randint(0, 3)))
    funders = [end - start for start, end in pairwise([0, *cuts, BPS])]
    return Step(rising, touched, conds, funders, entries)


def _some(chance: Random, lines: int) -> list[int]:
    share = chance.choice([0.5, 1.0])
    return [line for line in range(lines) if chance.random() < share]


def mutilate(chance: Random, programs: Programs, plan: Plan) -> None:
    """Change, add or take out one number of a problem, which mostly puts it out of bounds."""
    owner = chance.choice([programs, plan])
    numbers: array[int] = getattr(owner, chance.choice([each.name for each in fields(owner)]))
    strange = chance.choice(
        [
            chance.randint(-3, 12),
            LINES_MAX + 1,
            QUANTITY_MAX + 1,
            LINE_MINOR_MAX + 1,
            CART_MINOR_MAX + 1,
            2**62,
            2**63 - 1,
            -(2**63),
        ]
    )
    way = chance.randint(0, 4)
    if way == 0 or not numbers:
        numbers.append(strange)
    elif way == 1:
        numbers.pop()
    else:
        numbers[chance.randrange(len(numbers))] = strange


# --- by hand: shorthands ----------------------------------------------------------------------


def each(*list_minor: int) -> list[tuple[int, int]]:
    """Lines of one unit."""
    return [(minor, 1) for minor in list_minor]


def does(op: Op, value: int, *, lines: Sequence[int] | None = None, **tier: int) -> Step:
    """A step without conditions and with one tier that is always reached, unless told."""
    return Step([Tier(op, value, **tier)], lines)


def rows(programs: Programs, plan: Plan, outcome: Outcome, step: int) -> list[list[int]]:
    """What each funder pays of each pair of a step."""
    program = plan.step_program[step]
    funders = programs.prog_funders[program + 1] - programs.prog_funders[program]
    start, end = outcome.step_shares[step], outcome.step_shares[step + 1]
    return [list(outcome.share_off[at : at + funders]) for at in range(start, end, funders)]
