"""Which activities act on which lines of a cart, and why the others don't."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rangli.activities.catalogue import Catalogue
from rangli.activities.live import LiveActivity
from rangli.activities.matching import matches
from rangli.activities.pricebook import Book, Offered
from rangli.activities.program import Op
from rangli.activities.scope import Products
from rangli.core.money import BPS, share_half_up
from rangli.pricing.cart import Cart, Credential, Line

NO_END = 2**63 - 1


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

    expires_us: until when its credential is good; NO_END if that is not known.
    lines: indices of eligible lines, rising.
    offered: price books only: each eligible line's entry.
    own_lines: for each condition with products of its own, the lines it reads.
    """

    activity: LiveActivity
    credential_id: str
    expires_us: int
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
            # What cannot act is looked at only if somebody wants to know why.
            touching = index.touching(facts) if cart.explain else index.acting(facts, cart.at_us)
            for activity in touching:
                touched = self._touched.get(activity.activity_id)
                if touched is None:
                    self._touched[activity.activity_id] = (activity, [number])
                else:
                    touched[1].append(number)
        # By activity and store, since most lines are of one store.
        self._in_stores: dict[tuple[str, str], bool] = {}

    def match(self) -> tuple[list[Candidate], list[NotMatched]]:
        """What is to act, in no order, and what is not: credentials first, then by activity."""
        candidates: list[Candidate] = []
        not_matched: list[NotMatched] = []
        for credential in self._cart.credentials:
            self._sort(self._presented(credential), candidates, not_matched)
        presented = {credential.activity_id for credential in self._cart.credentials}
        quiet: list[NotMatched] = []
        for activity, lines in self._touched.values():
            if not (activity.credential and activity.activity_id in presented):
                self._sort([self._unasked(activity, lines)], candidates, quiet)
        for book in self._catalogue.price_books:
            if book.until_us <= self._cart.at_us and not self._cart.explain:
                break  # so are all behind it
            self._sort(self._booked(book), candidates, quiet)
        if self._cart.explain:
            not_matched += sorted(quiet, key=lambda n: n.activity_id)
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
        lines = self._eligible(activity.products) if activity.products is not None else []
        return [self._candidate(activity, lines, credential)]

    def _unasked(self, activity: LiveActivity, lines: list[int]) -> Candidate | NotMatched:
        candidate = self._candidate(activity, lines, None)
        if activity.credential and isinstance(candidate, Candidate):
            return NotMatched(activity.activity_id, "", WhyNot.NO_CREDENTIAL)
        return candidate

    def _candidate(
        self, activity: LiveActivity, lines: list[int], credential: Credential | None
    ) -> Candidate | NotMatched:
        credential_id = credential.credential_id if credential is not None else ""
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
        own_lines = [
            [number for number in self._eligible(target) if self._in_store(activity, number)]
            for target in activity.own_products
        ]
        expires_us = credential.expires_us if credential is not None else None
        if expires_us is None:
            expires_us = NO_END
        return Candidate(activity, credential_id, expires_us, lines, None, own_lines)

    def _booked(self, book: LiveActivity) -> list[Candidate | NotMatched]:
        """The book at work; or why not, if it knows a product of the cart."""
        entries = self._catalogue.books.get(book.activity_id)
        if entries is None:
            return []
        why = self._why_not(book)
        if why is None:
            candidate = self._priced(book, entries)
            if candidate.lines:
                return [candidate]
            anywhere = any(self._in_store(book, number) for number in range(len(self._lines)))
            why = WhyNot.NO_ELIGIBLE_LINE if anywhere else WhyNot.OTHER_STORE
        if not (self._cart.explain and self._known(entries)):
            return []
        return [NotMatched(book.activity_id, "", why)]

    def _priced(self, book: LiveActivity, entries: Book) -> Candidate:
        lines: list[int] = []
        offered: list[Offered] = []
        for number, line in enumerate(self._lines):
            if not self._in_store(book, number):
                continue
            store_sets = self._catalogue.entry_store_sets(line.store_id)
            found = entries.offered(line.sku, store_sets, self._cart.at_us)
            if found:
                lines.append(number)
                offered.append(found[0] if len(found) == 1 else _lowest(found, line))
        return Candidate(book, "", NO_END, lines, offered)

    def _known(self, entries: Book) -> bool:
        return any(
            entries.knows(line.sku, self._catalogue.entry_store_sets(line.store_id))
            for line in self._lines
        )

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
        if activity.stores is None:
            return True
        key = (activity.activity_id, self._lines[number].store_id)
        known = self._in_stores.get(key)
        if known is None:
            known = self._in_stores[key] = self._catalogue.in_store(activity, key[1])
        return known

    def _eligible(self, target: Products) -> list[int]:
        return [number for number, facts in enumerate(self._facts) if matches(target, facts)]


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
