"""What conditions, tiers and multipliers read, and whether a condition holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rangli.activities.program import (
    FALSE,
    TRUE,
    UNKNOWN,
    Base,
    Compare,
    Cond,
    Measure,
    Node,
)
from rangli.pricing.plan import LeafRow
from rangli.pricing.stacking.problem import Problem, Step
from rangli.pricing.stacking.units import Runs


@dataclass(frozen=True, slots=True)
class Missed:
    """What was not reached. cond: number of the leaf in its program, -1: no leaf."""

    measure: int
    required: int
    actual: int
    cond: int = -1


def measured(problem: Problem, runs: Runs, lines: Sequence[int], measure: int, base: int) -> int:
    """A `Measure` (but FACT) over lines. An OTHER amount that is not known is 0."""
    if measure == Measure.AMOUNT and base == Base.OTHER:
        return _other(problem, lines) or 0
    if measure == Measure.AMOUNT:
        return sum(run.base(base) for line in lines for run in runs[line])
    products = [problem.cart[line] for line in lines if not problem.cart[line].delivery]
    if measure == Measure.QUANTITY:
        return sum(row.quantity for row in products)
    if measure == Measure.LINE_QUANTITY:
        return max((row.quantity for row in products), default=0)
    return len({row.product for row in products})


def _other(problem: Problem, lines: Sequence[int]) -> int | None:
    """The list amount in the other price basis; None if that of a line is not known."""
    read = [problem.cart[line] for line in lines]
    if any(row.other_minor < 0 for row in read):
        return None
    return sum(row.other_minor * row.quantity for row in read)


def compared(actual: int, compare: int, required: int) -> bool:
    """Whether a measure is what it should be."""
    return {
        Compare.AT_LEAST: actual >= required,
        Compare.ABOVE: actual > required,
        Compare.EQUAL: actual == required,
        Compare.AT_MOST: actual <= required,
        Compare.BELOW: actual < required,
    }[Compare(compare)]


def leaf(
    problem: Problem, runs: Runs, step: Step, cond: Cond, eligible: Sequence[int]
) -> tuple[int, int]:
    """What a leaf reads, and whether it holds: (actual, truth).

    A fact is its own truth. An amount in the other price basis is unknown, actual 0, if that of any
    line is.
    """
    if cond.measure == Measure.FACT:
        return step.facts[cond.fact], step.facts[cond.fact]
    lines = problem.lines_of(step, cond.lines, eligible)
    if cond.measure == Measure.AMOUNT and cond.base == Base.OTHER:
        other = _other(problem, lines)
        if other is None:
            return 0, UNKNOWN
        actual = other
    else:
        actual = measured(problem, runs, lines, cond.measure, cond.base)
    return actual, TRUE if compared(actual, cond.compare, cond.required) else FALSE


def judge_conditions(
    problem: Problem, runs: Runs, step: Step, eligible: Sequence[int]
) -> tuple[Missed | None, list[LeafRow]]:
    """What was missed, None if the condition holds; and all its leaves.

    ALL is as true as the least true of its parts, ANY as the most true, NOT the opposite; unknown
    lies between. What is missed is the first leaf that is not true, or (under NOT) if all are, the
    first leaf.
    """
    leaves: list[LeafRow] = []
    stack: list[int] = []
    for number, cond in enumerate(step.program.conds):
        if cond.node == Node.LEAF:
            actual, truth = leaf(problem, runs, step, cond, eligible)
            leaves.append(LeafRow(step.index, number, actual, truth))
            stack.append(truth)
            continue
        parts = stack[-cond.arity :]
        del stack[-cond.arity :]
        if cond.node == Node.NOT:
            stack.append(TRUE - parts[0])
        else:
            stack.append(min(parts) if cond.node == Node.ALL else max(parts))
    if all(truth == TRUE for truth in stack):
        return None, leaves
    first = next((row for row in leaves if row.truth != TRUE), leaves[0])
    cond = step.program.conds[first.cond]
    return Missed(cond.measure, cond.required, first.actual, first.cond), leaves
