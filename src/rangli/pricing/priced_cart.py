"""A priced cart, and what conditions and tiers could read on it as a step begins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from rangli.activities.program import ALL_WITH_DELIVERY, ELIGIBLE, Base, Measure
from rangli.pricing.asked import Asked
from rangli.pricing.matched import Candidate
from rangli.pricing.plan import CartRow, Outcome, ResultRow, TakeRow, rows

# An activity as it stands in a cart: its id, and the credential or code it was presented with.
Key = tuple[str, str, str]


class Priced:
    """A cart and what the kernel made of it."""

    def __init__(self, made: Asked, outcome: Outcome) -> None:
        self.made = made
        self.cart = rows(made.plan.cart, CartRow)
        self.results = rows(outcome.results, ResultRow)
        self.nodes = outcome.nodes
        self.payable_minor = sum(outcome.payable)
        self.outside_minor = sum(row.outside_minor for row in self.cart)
        list_minor = sum(row.unit_minor * row.quantity for row in self.cart)
        self.discount_minor = list_minor - self.outside_minor - self.payable_minor
        self._takes = rows(outcome.takes, TakeRow)
        self._left: dict[tuple[int, int], list[int]] = {}

    @cached_property
    def numbers(self) -> dict[Key, int]:
        """The steps by what they are of."""
        return {self.key(number): number for number in range(len(self.results))}

    def candidate(self, step: int) -> Candidate:
        """The activity of a step and its lines."""
        return self.made.steps[step][1]

    def key(self, step: int) -> Key:
        """What the step is of."""
        candidate = self.candidate(step)
        shown = candidate.shown
        return candidate.activity.activity_id, shown.credential_id, shown.code

    def taken_from(self, step: int) -> list[int]:
        """The rows that the step took something off."""
        return sorted({take.line for take in self._takes if take.step == step})

    def left_minor(self, step: int, base: int) -> Sequence[int]:
        """What each row comes to on a base as the step begins.

        Where the search has changed the order of steps that is an estimate, as for GROUP_START
        where groups are nested.
        """
        key = (step, base)
        if key not in self._left:
            self._left[key] = self._left_minor(step, base)
        return self._left[key]

    def _left_minor(self, step: int, base: int) -> list[int]:
        if base == Base.LIST:
            return [row.unit_minor * row.quantity for row in self.cart]
        if base == Base.OTHER:
            return [max(0, row.other_minor) * row.quantity for row in self.cart]
        left = [row.unit_minor * row.quantity - row.outside_minor for row in self.cart]
        if base == Base.ORIGINAL:
            return left
        before = step
        if base == Base.GROUP_START:
            group = self.made.steps[step][0]
            before = next(n for n, (other, _) in enumerate(self.made.steps) if other == group)
        for take in self._takes:
            if take.step < before:
                left[take.line] -= take.off_minor
        return left

    def rows_of(self, step: int, lines: int) -> tuple[int, ...]:
        """The rows that a program's number of lines means."""
        candidate = self.candidate(step)
        if lines == ELIGIBLE:
            return tuple(candidate.lines)
        if lines > 0:
            return tuple(candidate.lists[lines - 1])
        count = len(self.cart) if lines == ALL_WITH_DELIVERY else len(self.made.lines)
        return tuple(range(count))

    def is_known(self, measure: int, base: int, over: Sequence[int]) -> bool:
        """Whether all rows say what the measure reads: their price in the other basis."""
        by_other = measure == Measure.AMOUNT and base == Base.OTHER
        return not by_other or all(self.cart[row].other_minor >= 0 for row in over)

    def measured(self, step: int, measure: int, base: int, over: Sequence[int]) -> int:
        """A measure (but FACT) over rows, as the step begins."""
        if measure == Measure.AMOUNT:
            left = self.left_minor(step, base)
            return sum(left[row] for row in over)
        products = [self.cart[row] for row in over if not self.cart[row].delivery]
        if measure == Measure.QUANTITY:
            return sum(row.quantity for row in products)
        if measure == Measure.LINE_QUANTITY:
            return max((row.quantity for row in products), default=0)
        return len({row.product for row in products})
