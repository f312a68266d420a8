"""What activities miss on a priced cart: so much more, or less, of a measure over some lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rangli.activities.program import (
    FALSE,
    TRUE,
    Base,
    Compare,
    Cond,
    EffectOp,
    Measure,
    Node,
    Program,
)
from rangli.pricing.plan import Status
from rangli.pricing.priced_cart import Priced

# What more goods, or fewer, do not help: limits, floors and guards.
_KEPT_BACK = {Status.LIMIT_REACHED, Status.CLAMPED}


@dataclass(frozen=True, slots=True)
class Gap:
    """What a step misses.

    source: what in its program misses it, such as ("tier", 0): the same gap of another cart.
    rows: over which rows of the cart it is measured. base: read with AMOUNT.
    missing: so much more must it be; below 0: less.
    """

    source: tuple[str, int]
    measure: int
    base: int
    rows: tuple[int, ...]
    missing: int


def gaps_of(priced: Priced, step: int) -> list[Gap]:
    """What the step misses to give something, or to give more than it does.

    Several: each may help by itself, though something else may show behind it.
    """
    result = priced.results[step]
    if result.status in _KEPT_BACK:
        return []
    program = priced.candidate(step).activity.program
    unmet = _Conditions(priced, step, program).unmet()
    if unmet is not None:
        return unmet
    if result.status == Status.CONDITION_NOT_MET and result.cond < 0:
        return [*_part(priced, step, program), *_next(priced, step, program)]
    return list(_next(priced, step, program))


class _Conditions:
    """A step's conditions, judged on what they read as it begins.

    None is said of what is as it should be; no gaps of what no change of goods can help.
    """

    def __init__(self, priced: Priced, step: int, program: Program) -> None:
        self._priced = priced
        self._step = step
        self._conds = program.conds

    def unmet(self) -> list[Gap] | None:
        """What must change for all to hold, beginning with the first that does not."""
        trees: list[_Tree] = []
        for number, cond in enumerate(self._conds):
            parts = trees[len(trees) - cond.arity :] if cond.arity else []
            del trees[len(trees) - cond.arity :]
            trees.append(_Tree(number, tuple(parts)))
        return self._each(trees, holds=True)

    def _wanted(self, tree: _Tree, *, holds: bool) -> list[Gap] | None:
        """What must change for the condition to hold, or to hold no longer."""
        cond = self._conds[tree.number]
        if cond.node == Node.LEAF:
            return self._leaf(tree.number, cond, holds=holds)
        if cond.node == Node.NOT:
            return self._wanted(tree.parts[0], holds=not holds)
        if (cond.node == Node.ALL) == holds:
            return self._each(tree.parts, holds=holds)
        wanted = [self._wanted(part, holds=holds) for part in tree.parts]
        if None in wanted:
            return None
        return [gap for gaps in wanted for gap in gaps or ()]

    def _each(self, trees: Sequence[_Tree], *, holds: bool) -> list[Gap] | None:
        wanted = [self._wanted(tree, holds=holds) for tree in trees]
        if [] in wanted:
            return []
        return next((gaps for gaps in wanted if gaps), None)

    def _leaf(self, number: int, cond: Cond, *, holds: bool) -> list[Gap] | None:
        if cond.measure == Measure.FACT:
            truth = self._priced.candidate(self._step).facts[cond.fact]
            return None if truth == (TRUE if holds else FALSE) else []
        over = self._priced.rows_of(self._step, cond.lines)
        if not self._priced.is_known(cond.measure, cond.base, over):
            return []
        actual = self._priced.measured(self._step, cond.measure, cond.base, over)
        compare, short = Compare(cond.compare), cond.required - actual
        missing = _to_meet(compare, short)
        if not holds:
            missing = _to_fail(compare, short) if missing == 0 else 0
        if missing == 0:
            return None
        return [Gap(("condition", number), cond.measure, cond.base, over, missing)]


@dataclass(frozen=True, slots=True)
class _Tree:
    """A row of a condition with those that it joins."""

    number: int
    parts: tuple[_Tree, ...]


def _to_meet(compare: Compare, short: int) -> int:
    """How much more it takes for a comparison to hold; 0 if it does. short: required - actual."""
    return {
        Compare.AT_LEAST: max(0, short),
        Compare.ABOVE: max(0, short + 1),
        Compare.EQUAL: short,
        Compare.AT_MOST: min(0, short),
        Compare.BELOW: min(0, short - 1),
    }[compare]


def _to_fail(compare: Compare, short: int) -> int:
    """How much more it takes for a comparison that holds to hold no longer."""
    return {
        Compare.AT_LEAST: short - 1,
        Compare.ABOVE: short,
        Compare.EQUAL: 1,
        Compare.AT_MOST: short + 1,
        Compare.BELOW: short,
    }[compare]


def _part(priced: Priced, step: int, program: Program) -> Iterator[Gap]:
    """The part of a set for which there were too few units, as far as the kernel tells."""
    result = priced.results[step]
    for number, effect in enumerate(program.effects):
        for part in effect.pattern:
            if (result.measure, result.required) == (Measure.QUANTITY, part.count):
                over = priced.rows_of(step, part.lines)
                missing = result.required - result.actual
                yield Gap(("set", number), Measure.QUANTITY, Base.LIST, over, missing)


def _next(priced: Priced, step: int, program: Program) -> Iterator[Gap]:
    """What it takes to the next multiple, the next tier and the next set."""
    if program.times_measure:
        over = priced.rows_of(step, program.times_lines)
        measure, base, every = program.times_measure, program.times_base, program.times_every
        actual = priced.measured(step, measure, base, over)
        more = not program.times_max or actual // every < program.times_max
        if more and priced.is_known(measure, base, over):
            yield Gap(("times", 0), measure, base, over, every - actual % every)
    for number, effect in enumerate(program.effects):
        if effect.tiers:
            yield from _next_tier(priced, step, number, effect)
        if effect.pattern:
            yield from _next_set(priced, step, number, effect)


def _next_tier(priced: Priced, step: int, number: int, effect: EffectOp) -> Iterator[Gap]:
    lines, measure = effect.tier_lines, effect.tier_measure
    if effect.graduated:
        lines = effect.lines
        measure = Measure.LINE_QUANTITY if effect.limit_per_line else Measure.QUANTITY
    over = priced.rows_of(step, lines)
    actual = priced.measured(step, measure, effect.tier_base, over)
    if not priced.is_known(measure, effect.tier_base, over):
        return
    minima = [tier.minimum for tier in effect.tiers]
    if effect.tier_every:
        minima = [minima[0] * (actual // minima[0] + 1)]
    for minimum in minima:
        if minimum > actual:
            yield Gap(("tier", number), measure, effect.tier_base, over, minimum - actual)
            return


def _next_set(priced: Priced, step: int, number: int, effect: EffectOp) -> Iterator[Gap]:
    """What each list of lines misses to the set after those that its units are enough for."""
    needs: dict[tuple[int, ...], int] = {}
    for part in effect.pattern:
        over = priced.rows_of(step, part.lines)
        needs[over] = needs.get(over, 0) + part.count
    have = {over: priced.measured(step, Measure.QUANTITY, Base.LIST, over) for over in needs}
    sets = min(have[over] // need for over, need in needs.items())
    if effect.repeat_max and sets >= effect.repeat_max:
        return
    for over, need in needs.items():
        missing = need * (sets + 1) - have[over]
        if missing > 0:
            yield Gap(("set", number), Measure.QUANTITY, Base.LIST, over, missing)
