"""Which activities act on which lines of a cart, and why the others don't."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rangli.activities.catalogue import Catalogue
from rangli.activities.live import LiveActivity
from rangli.activities.matching import matches
from rangli.activities.pricebook import Offered
from rangli.activities.program import Op
from rangli.activities.targets import ProductTarget
from rangli.core.money import BPS, share_half_up
from rangli.pricing.cart import Cart, Credential, Line


class WhyNot(StrEnum):
    """Why an activity gave nothing; of several reasons the first in this order is given."""

    UNKNOWN_ACTIVITY = "UNKNOWN_ACTIVITY"
    NO_CREDENTIAL_NEEDED = "NO_CREDENTIAL_NEEDED"
    CREDENTIAL_EXPIRED = "CREDENTIAL_EXPIRED"
    NOT_LIVE = "NOT_LIVE"
    NOT_STARTED = "NOT_STARTED"
    ENDED = "ENDED"
    OUTSIDE_WINDOW = "OUTSIDE_WINDOW"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    OTHER_CHANNEL = "OTHER_CHANNEL"
    NOT_IN_AUDIENCE = "NOT_IN_AUDIENCE"
    OTHER_STORE = "OTHER_STORE"
    NO_ELIGIBLE_LINE = "NO_ELIGIBLE_LINE"
    NO_CREDENTIAL = "NO_CREDENTIAL"
    CONDITION_NOT_MET = "CONDITION_NOT_MET"
    BEATEN = "BEATEN"
    NO_EFFECT = "NO_EFFECT"


@dataclass(slots=True)
class Candidate:
    """An activity that is to act on a cart.

    lines: indices of eligible lines, rising.
    offered: price books only: each eligible line's entry.
    own_lines: for each condition with products of its own, the lines it reads.
    """

    activity: LiveActivity
    credential_id: str
    lines: list[int]
    offered: list[Offered] | None = None
    own_lines: list[list[int]] = field(default_factory=list)


@dataclass(slots=True)
class NotMatched:
    """An activity that touches the cart, or was presented, and is not to act."""

    activity_id: str
    credential_id: str
    why: WhyNot


class Matcher:
    """One cart against one catalogue. Lines stand in the order that decides ties."""

    def __init__(self, catalogue: Catalogue, cart: Cart, lines: Sequence[Line]) -> None:
        self._catalogue = catalogue
        self._cart = cart
        self._lines = lines
        index = catalogue.index
        self._facts = [index.facts(x.sku, x.category_path, x.brand, x.tags) for x in lines]
        self._touched: dict[str, tuple[LiveActivity, list[int]]] = {}
        for number, facts in enumerate(self._facts):
            for activity in index.touching(facts):
                touched = self._touched.get(activity.activity_id)
                if touched is None:
                    self._touched[activity.activity_id] = (activity, [number])
                else:
                    touched[1].append(number)

    def match(self) -> tuple[list[Candidate], list[NotMatched]]:
        """What is to act, in no order, and what is not: credentials first, then by activity."""
        candidates: list[Candidate] = []
        not_matched: list[NotMatched] = []
        for credential in self._cart.credentials:
            self._sort(self._presented(credential), candidates, not_matched)
        unasked = [self._unasked(activity, lines) for activity, lines in self._touched.values()]
        unasked += [self._booked(book) for book in self._catalogue.open_books]
        quiet: list[NotMatched] = []
        self._sort(unasked, candidates, quiet)
        if self._cart.explain:
            presented = {c.activity_id for c in self._cart.credentials}
            not_matched += sorted(
                (n for n in quiet if n.activity_id not in presented), key=lambda n: n.activity_id
            )
        return candidates, not_matched

    @staticmethod
    def _sort(
        found: Iterable[Candidate | NotMatched],
        candidates: list[Candidate],
        not_matched: list[NotMatched],
    ) -> None:
        for item in found:
            if isinstance(item, Candidate):
                candidates.append(item)
            else:
                not_matched.append(item)

    def _presented(self, credential: Credential) -> list[Candidate | NotMatched]:
        name = credential.activity_id
        activity = self._catalogue.activities.get(name)
        why: WhyNot | None = None
        if activity is None:
            why = WhyNot.UNKNOWN_ACTIVITY
        elif not activity.credential:
            why = WhyNot.NO_CREDENTIAL_NEEDED
        elif credential.expires_us is not None and self._cart.at_us >= credential.expires_us:
            why = WhyNot.CREDENTIAL_EXPIRED
        if activity is None or why is not None:
            return [NotMatched(name, credential.credential_id, why or WhyNot.UNKNOWN_ACTIVITY)]
        touched = self._touched.get(name)
        return [self._candidate(activity, touched[1] if touched else [], credential.credential_id)]

    def _unasked(self, activity: LiveActivity, lines: list[int]) -> Candidate | NotMatched:
        candidate = self._candidate(activity, lines, "")
        if activity.credential and isinstance(candidate, Candidate):
            return NotMatched(activity.activity_id, "", WhyNot.NO_CREDENTIAL)
        return candidate

    def _candidate(
        self, activity: LiveActivity, lines: list[int], credential_id: str
    ) -> Candidate | NotMatched:
        why = self._why_not(activity)
        if why is None and activity.stores is not None:
            here = [n for n in lines if self._in_store(activity, n)]
            if not here and not any(self._in_store(activity, n) for n in range(len(self._lines))):
                why = WhyNot.OTHER_STORE
            lines = here
        if why is None and not lines:
            why = WhyNot.NO_ELIGIBLE_LINE
        if why is not None:
            return NotMatched(activity.activity_id, credential_id, why)
        own_lines = [self._matching(activity, target) for target in activity.own_products]
        return Candidate(activity, credential_id, lines, None, own_lines)

    def _booked(self, book: LiveActivity) -> Candidate | NotMatched:
        why = self._why_not(book)
        if why is not None:
            return NotMatched(book.activity_id, "", why)
        entries = self._catalogue.books.get(book.activity_id)
        lines: list[int] = []
        offered: list[Offered] = []
        if entries is not None:
            for number, line in enumerate(self._lines):
                if book.stores is not None and not self._in_store(book, number):
                    continue
                store_sets = self._catalogue.entry_store_sets(line.store_id)
                found = entries.offered(line.sku, store_sets, self._cart.at_us)
                if found:
                    lines.append(number)
                    offered.append(found[0] if len(found) == 1 else _lowest(found, line))
        if not lines:
            return NotMatched(book.activity_id, "", WhyNot.NO_ELIGIBLE_LINE)
        return Candidate(book, "", lines, offered)

    def _why_not(self, activity: LiveActivity) -> WhyNot | None:
        cart = self._cart
        dormant = activity.dormant(cart.at_us)
        if dormant is not None:
            return WhyNot(dormant.value)
        if activity.currency != cart.currency:
            return WhyNot.OTHER_CURRENCY
        if activity.channels and cart.channel not in activity.channels:
            return WhyNot.OTHER_CHANNEL
        if not self._catalogue.in_audience(activity, cart.user_id, cart.user_groups):
            return WhyNot.NOT_IN_AUDIENCE
        return None

    def _in_store(self, activity: LiveActivity, number: int) -> bool:
        return self._catalogue.in_store(activity, self._lines[number].store_id)

    def _matching(self, activity: LiveActivity, target: ProductTarget) -> list[int]:
        return [
            number
            for number, facts in enumerate(self._facts)
            if matches(target, facts) and self._in_store(activity, number)
        ]


def _lowest(offered: Sequence[Offered], line: Line) -> Offered:
    """The entry with the lowest price; of equal ones the first."""
    return max(offered, key=lambda entry: _off(entry, line))


def _off(entry: Offered, line: Line) -> int:
    """What an entry takes off the line's list price, as the kernel will."""
    if entry.op == Op.UNIT_PRICE:
        return (line.list_minor - entry.value) * line.quantity
    if entry.op == Op.UNIT_OFF:
        return share_half_up(entry.value, line.quantity, entry.per_quantity)
    return share_half_up(line.list_minor * line.quantity, entry.value, BPS)
