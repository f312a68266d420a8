"""What the price kernel costs per cart, against the same calculation in Python.

Carts of 20 lines with 5, 20, 100 and 1,000 activities that all touch the cart: 10 to 20 of its
lines each. Both kernels check, price, apportion to lines and split among funders; building the
plan is not counted.
"""

from __future__ import annotations

import hashlib
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import chain
from random import Random
from statistics import median

from rangli.activities.program import Op, Programs
from rangli.pricing import _stacking, stacking
from rangli.pricing.plan import GroupBase, Mode, Outcome, Plan, Scope, Status

LINES = 20
ROUNDS = 9
SEED = 20_260_101
# Activities, distinct carts, and how often the compiled kernel prices each of them in a round.
SIZES = ((5, 200, 25), (20, 100, 25), (100, 40, 20), (1_000, 6, 20))

Price = Callable[[Programs, Plan], Outcome]
_Problem = tuple[Programs, Plan]


@dataclass(frozen=True, slots=True)
class _Group:
    mode: Mode
    scope: Scope


# The default layers: item price, item discounts, item coupons, store, platform.
_GROUPS = (
    _Group(Mode.BEST, Scope.LINE),
    _Group(Mode.BEST, Scope.LINE),
    _Group(Mode.ALL, Scope.CART),
    _Group(Mode.BEST, Scope.CART),
    _Group(Mode.BEST, Scope.CART),
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of activity in the mix: group, ops of its tiers, most of value, thresholds."""

    group: int
    op: Op
    value_max: int
    min_minor: Sequence[int] = (0,)
    cap: int = 0
    every: int = 0
    limit: int = 0


# Drawn in this order, again and again: the first five have one of each layer, and of every twenty
# at least fifteen are not beaten by others, so that most of the work is giving something.
_COUPONS = (
    _Kind(2, Op.LINE_PERCENT, 90),
    _Kind(2, Op.POOL_PERCENT, 90, cap=5_000),
    _Kind(2, Op.UNIT_OFF, 9),
    _Kind(2, Op.POOL_OFF, 900, min_minor=(1_000,)),
    _Kind(2, Op.LINE_OFF, 20),
)
_MIX = (
    _Kind(0, Op.ENTRY, 0),
    _Kind(1, Op.LINE_PERCENT, 1_000),
    _COUPONS[1],
    _Kind(3, Op.POOL_OFF, 3_000, min_minor=(5_000, 10_000, 50_000)),
    _Kind(4, Op.POOL_PERCENT, 800, cap=10_000),
    _Kind(1, Op.UNIT_OFF, 300),
    *_COUPONS,
    *_COUPONS,
    _COUPONS[0],
    _Kind(2, Op.UNIT_OFF, 20, limit=4),
    _Kind(3, Op.POOL_OFF, 800, min_minor=(10_000,), every=1),
    _Kind(4, Op.POOL_OFF, 2_000, min_minor=(20_000,)),
)


def run() -> dict[str, float | str]:
    """Microseconds of CPU per cart, and how many times as much the reference takes.

    Medians over interleaved rounds in one process. The answers of both kernels are compared first.
    """
    figures: dict[str, float | str] = {}
    inputs, answers = hashlib.sha256(), hashlib.sha256()
    for activities, carts, repeats in SIZES:
        problems = _problems(activities, carts)
        outcomes = _compared(problems)
        _describe(activities, problems, outcomes)
        _digest(inputs, chain.from_iterable(problems))
        _digest(answers, outcomes)
        rounds = [
            (
                _us_per_cart(_stacking.price, problems, repeats),
                _us_per_cart(stacking.price, problems),
            )
            for _ in range(ROUNDS)
        ]
        kernel_us = median(compiled for compiled, _ in rounds)
        ratio = median(reference / compiled for compiled, reference in rounds)
        figures[f"kernel_us_{LINES}x{activities}"] = round(kernel_us, 2)
        figures[f"kernel_vs_reference_{LINES}x{activities}"] = round(ratio, 1)
        print(
            f"  {kernel_us:.1f} us a cart, the reference takes {ratio:.0f} times as long",
            flush=True,
        )
    return figures | {
        "kernel_inputs_sha256": inputs.hexdigest()[:16],
        "kernel_answers_sha256": answers.hexdigest()[:16],
    }


def _us_per_cart(price: Price, problems: Sequence[_Problem], repeats: int = 1) -> float:
    started_ns = time.process_time_ns()
    for _ in range(repeats):
        for programs, plan in problems:
            price(programs, plan)
    return (time.process_time_ns() - started_ns) / (1_000 * repeats * len(problems))


def _compared(problems: Sequence[_Problem]) -> list[Outcome]:
    """The answers, on which both kernels agree."""
    outcomes = [_stacking.price(programs, plan) for programs, plan in problems]
    if outcomes != [stacking.price(programs, plan) for programs, plan in problems]:
        raise AssertionError("the kernels disagree")
    return outcomes


def _digest(digest: hashlib._Hash, tables: Iterable[Programs | Plan | Outcome]) -> None:
    for table in tables:
        for numbers in astuple(table):
            digest.update(len(numbers).to_bytes(4, "big"))
            digest.update(numbers.tobytes())


def _describe(activities: int, problems: Sequence[_Problem], outcomes: Sequence[Outcome]) -> None:
    """Say what is measured."""
    applied = wide = 0
    for (_, plan), outcome in zip(problems, outcomes, strict=True):
        applied += sum(status == Status.APPLIED for status in outcome.step_status)
        wide += sum(
            sum(off > 0 for off in outcome.pair_off[start:end]) >= LINES // 2
            for start, end in zip(plan.step_pairs, plan.step_pairs[1:], strict=False)
        )
    print(
        f"{LINES} lines x {activities} activities: {len(problems)} distinct carts, {ROUNDS} rounds;"
        f" of a cart's activities {applied / len(problems):.1f} apply,"
        f" {wide / len(problems):.1f} to {LINES // 2} lines or more;"
        " equal answers",
        flush=True,
    )


def _problems(activities: int, carts: int) -> list[_Problem]:
    """As many carts, the same ones in each run."""
    return [_problem(Random(f"{SEED}/{activities}/{i}"), activities) for i in range(carts)]


def _problem(chance: Random, activities: int) -> _Problem:
    programs = Programs(*(array("q") for _ in Programs.__slots__))
    plan = Plan(*(array("q") for _ in Plan.__slots__))
    for _ in range(LINES):
        plan.unit_minor.append(chance.randint(500, 50_000))
        plan.quantity.append(chance.choice((1, 1, 1, 2, 3, 6)))
    for group in _GROUPS:
        plan.group_mode.append(group.mode)
        plan.group_scope.append(group.scope)
        plan.group_base.append(GroupBase.RUNNING)
    kinds = [_MIX[i % len(_MIX)] for i in range(activities)]
    for program, kind in enumerate(sorted(kinds, key=lambda kind: kind.group)):
        _add_program(chance, programs, kind)
        plan.step_group.append(kind.group)
        plan.step_program.append(program)
        _add_pairs(chance, plan, kind)
    _close(programs, plan)
    return programs, plan


def _add_program(chance: Random, programs: Programs, kind: _Kind) -> None:
    programs.prog_conds.append(len(programs.cond_measure))
    programs.prog_tiers.append(len(programs.tier_min))
    programs.prog_funders.append(len(programs.funder_bps))
    for number, min_minor in enumerate(kind.min_minor, start=1):
        value = chance.randint(kind.value_max // 2, kind.value_max) * number
        programs.tier_min.append(min_minor)
        programs.tier_op.append(kind.op)
        programs.tier_value.append(value)
        programs.tier_per.append(1)
        programs.tier_cap.append(kind.cap)
        programs.tier_limit.append(kind.limit)
        programs.tier_every.append(kind.every)
    programs.funder_bps.extend(chance.choice(((10_000,), (5_000, 5_000), (3_333, 6_667))))


def _add_pairs(chance: Random, plan: Plan, kind: _Kind) -> None:
    plan.step_pairs.append(len(plan.pair_line))
    plan.step_own.append(0)
    for line in sorted(chance.sample(range(LINES), chance.randint(LINES // 2, LINES))):
        plan.pair_line.append(line)
        entry = kind.op == Op.ENTRY
        plan.pair_op.append(Op.UNIT_PRICE if entry else 0)
        plan.pair_value.append(
            plan.unit_minor[line] * chance.randint(80, 99) // 100 if entry else 0
        )
        plan.pair_per.append(0)


def _close(programs: Programs, plan: Plan) -> None:
    programs.prog_conds.append(len(programs.cond_measure))
    programs.prog_tiers.append(len(programs.tier_min))
    programs.prog_funders.append(len(programs.funder_bps))
    plan.step_pairs.append(len(plan.pair_line))
    plan.step_own.append(0)
    plan.own_lines.append(0)
