"""What carts come to before and after a change: sums, activity by activity, winners and losers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from heapq import heappush, heappushpop

from rangli.pricing.answer import Quote


@dataclass(slots=True)
class Sums:
    """What carts come to. funders: by name."""

    list_minor: int = 0
    discount_minor: int = 0
    payable_minor: int = 0
    funders: Counter[str] = field(default_factory=Counter)

    def add(self, quote: Quote) -> None:
        """Another cart's."""
        for line in (*quote.lines, *quote.deliveries):
            self.list_minor += line.list_minor
            self.discount_minor += line.discount_minor
            self.payable_minor += line.payable_minor
        for funder, amount_minor in quote.funders():
            self.funders[funder] += amount_minor


@dataclass(slots=True)
class Given:
    """What one activity gave, and on how many carts it acted."""

    before_minor: int = 0
    after_minor: int = 0
    carts_before: int = 0
    carts_after: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Moved:
    """A cart whose price differs. Sorts by how much, what is larger later; ties: later carts first.

    by_minor: above 0. place: the negative of its number.
    """

    by_minor: int
    place: int
    user_id: str
    before_minor: int
    after_minor: int


class Extremes:
    """The carts that move most; of equal ones the earlier. Keeps no more than it is to name."""

    def __init__(self, named: int) -> None:
        self._named = named
        self._heap: list[Moved] = []

    def add(self, moved: Moved) -> None:
        """Another cart, if it is among them."""
        if len(self._heap) < self._named:
            heappush(self._heap, moved)
        elif self._heap:
            heappushpop(self._heap, moved)

    def named(self) -> list[Moved]:
        """From the one that moves most."""
        return sorted(self._heap, reverse=True)


class Difference:
    """Before and after, in one currency."""

    def __init__(self, named: int) -> None:
        self.carts = self.cheaper = self.dearer = 0
        self.before, self.after = Sums(), Sums()
        self.winners, self.losers = Extremes(named), Extremes(named)
        self._activities: dict[str, Given] = {}

    @property
    def same(self) -> int:
        """Carts whose price stays."""
        return self.carts - self.cheaper - self.dearer

    def add(self, number: int, before: Quote, after: Quote) -> None:
        """Another cart, priced twice; number: its place among all."""
        self.carts += 1
        self.before.add(before)
        self.after.add(after)
        for activity_id, off_minor in _given(before).items():
            given = self._activities.setdefault(activity_id, Given())
            given.before_minor += off_minor
            given.carts_before += 1
        for activity_id, off_minor in _given(after).items():
            given = self._activities.setdefault(activity_id, Given())
            given.after_minor += off_minor
            given.carts_after += 1
        was_minor, is_minor = _payable(before), _payable(after)
        if was_minor == is_minor:
            return
        moved = Moved(abs(was_minor - is_minor), -number, after.cart.user_id, was_minor, is_minor)
        if is_minor < was_minor:
            self.cheaper += 1
            self.winners.add(moved)
        else:
            self.dearer += 1
            self.losers.add(moved)

    def activities(self) -> list[tuple[str, Given]]:
        """Whose discount differs most first; of equal ones by activity_id."""
        return sorted(
            self._activities.items(),
            key=lambda item: (-abs(item[1].after_minor - item[1].before_minor), item[0]),
        )


class Simulation:
    """All carts, by currency. Its size does not grow with their number.

    refused: carts that were, and count nowhere else; first_refusal: the first one's number and why.
    """

    def __init__(self, *, named: int) -> None:
        self._named = named
        self._differences: dict[str, Difference] = {}
        self.carts = self.refused = 0
        self.first_refusal = ""

    def add(self, before: Quote, after: Quote) -> None:
        """The next cart, priced twice."""
        currency = after.cart.currency
        if currency not in self._differences:
            self._differences[currency] = Difference(self._named)
        self._differences[currency].add(self.carts, before, after)
        self.carts += 1

    def refuse(self, why: str) -> None:
        """The next cart, which could not be priced."""
        if not self.refused:
            self.first_refusal = f"carts[{self.carts}]: {why}"
        self.refused += 1
        self.carts += 1

    def differences(self) -> list[tuple[str, Difference]]:
        """By currency."""
        return sorted(self._differences.items())


def _given(quote: Quote) -> dict[str, int]:
    """What each activity gave; several credentials may be for the same one."""
    given: dict[str, int] = {}
    for applied in quote.applied:
        activity_id = applied.activity.activity_id
        given[activity_id] = given.get(activity_id, 0) + applied.result.off_minor
    return given


def _payable(quote: Quote) -> int:
    return sum(line.payable_minor for line in (*quote.lines, *quote.deliveries))
