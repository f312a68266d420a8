"""Which activities act on which lines of a cart, and why the others don't."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rangli.activities.catalogue import Catalogue
from rangli.activities.conditions import Known, truth
from rangli.activities.funding import has_it_slowed
from rangli.activities.live import LiveActivity
from rangli.activities.matching import matches
from rangli.activities.pricebook import Book, Offered
from rangli.activities.program import Kind
from rangli.activities.scope import Deliveries, Products
from rangli.core.money import BPS, share_half_up
from rangli.pricing.cart import Cart, Credential, Delivery, Line
from rangli.pricing.matched import NOTHING, Candidate, NotMatched, Shown, WhyNot
from rangli.pricing.rule_names import rule_names
from rangli.rules.expression import Names

_Found = Candidate | NotMatched


class Matcher:
    """One cart against one catalogue. Rows stand in the order that decides ties."""

    def __init__(
        self,
        catalogue: Catalogue,
        cart: Cart,
        lines: Sequence[Line],
        deliveries: Sequence[Delivery] = (),
    ) -> None:
        self._catalogue = catalogue
        self._cart = cart
        self._lines = lines
        self._deliveries = deliveries
        self._stores = [line.store_id for line in lines] + [cart.store_id] * len(deliveries)
        index = catalogue.index
        self._facts = [
            index.facts(x.sku, x.category_path, x.brand, x.tags, x.list_minor) for x in lines
        ]
        self._touched = self._touching()
        # By activity and store, since most lines are of one store.
        self._in_stores: dict[tuple[str, str], bool] = {}
        self._known: Known | None = None

    def match(self) -> tuple[list[Candidate], list[NotMatched]]:
        """What is to act, in no order, and what is not: what was shown first, then by activity."""
        candidates: list[Candidate] = []
        not_matched: list[NotMatched] = []
        cart = self._cart
        shown: set[str] = set()
        for place, credential in enumerate(cart.credentials):
            shown.add(credential.activity_id)
            _sort([self._presented(credential, place)], candidates, not_matched)
        for place, code in enumerate(cart.codes, len(cart.credentials)):
            found = self._coded(Shown(code=code, place=place))
            if found.activity is not None:
                shown.add(found.activity.activity_id)
            _sort([found], candidates, not_matched)
        quiet: list[NotMatched] = []
        for activity, lines in self._touched.values():
            if not (activity.credential and activity.activity_id in shown):
                _sort([self._unasked(activity, lines)], candidates, quiet)
        for book in self._catalogue.price_books:
            if book.until_us <= cart.at_us and not cart.explain:
                break  # so are all behind it
            _sort(self._booked(book), candidates, quiet)
        if cart.explain:
            not_matched += sorted(quiet, key=lambda n: n.activity_id)
        return candidates, not_matched

    def _touching(self) -> dict[str, tuple[LiveActivity, list[int]]]:
        """The activities whose products, or deliveries, are in the cart, with their lines."""
        index, cart = self._catalogue.index, self._cart
        touched: dict[str, tuple[LiveActivity, list[int]]] = {}
        for number, facts in enumerate(self._facts):
            # What cannot act is looked at only if somebody wants to know why.
            touching = index.touching(facts) if cart.explain else index.acting(facts, cart.at_us)
            for activity in touching:
                known = touched.get(activity.activity_id)
                if known is None:
                    touched[activity.activity_id] = (activity, [number])
                else:
                    known[1].append(number)
        if self._deliveries:
            for activity in self._catalogue.deliverers:
                if activity.until_us <= cart.at_us and not cart.explain:
                    break  # so are all behind it
                if rows := self._own_lines(activity):
                    touched[activity.activity_id] = (activity, rows)
        return touched

    def _presented(self, credential: Credential, place: int) -> _Found:
        name, expires_us = credential.activity_id, credential.expires_us
        shown = Shown(credential.credential_id, place=place)
        activity = self._catalogue.activities.get(name)
        if activity is None:
            return NotMatched(name, shown, WhyNot.UNKNOWN_ACTIVITY)
        if not activity.credential:
            return NotMatched(name, shown, WhyNot.NO_CREDENTIAL_NEEDED, activity)
        if expires_us is not None:
            shown.expires_us = expires_us
            if self._cart.at_us >= expires_us:
                return NotMatched(name, shown, WhyNot.CREDENTIAL_EXPIRED, activity)
        return self._candidate(activity, self._own_lines(activity), shown)

    def _coded(self, shown: Shown) -> _Found:
        """The running activity that has the code: the first that can act, else the first."""
        refused: NotMatched | None = None
        for activity in self._running(shown.code):
            found = self._candidate(activity, self._own_lines(activity), shown)
            if isinstance(found, Candidate):
                return found
            refused = refused or found
        return refused or NotMatched("", shown, WhyNot.UNKNOWN_CODE)

    def _running(self, code: str) -> list[LiveActivity]:
        """The running activities that have the public code, by id."""
        activities = self._catalogue.activities
        named = self._catalogue.by_code.get(code.casefold(), ())
        at_us = self._cart.at_us
        return [activities[name] for name in named if activities[name].dormant(at_us) is None]

    def _unasked(self, activity: LiveActivity, lines: list[int]) -> _Found:
        found = self._candidate(activity, lines, NOTHING)
        if activity.credential and isinstance(found, Candidate):
            return NotMatched(activity.activity_id, NOTHING, WhyNot.NO_CREDENTIAL, activity)
        return found

    def _candidate(self, activity: LiveActivity, lines: list[int], shown: Shown) -> _Found:
        if activity.further:
            # Found was what is within the list prices of any of its amounts.
            activity = self._stated(activity)
            lines = self._own_lines(activity)
        elif activity.by_basis:
            activity = self._stated(activity)
        why = self._why_not(activity)
        if why is None and activity.stores is not None:
            here = [n for n in lines if self._in_store(activity, n)]
            if not here and not any(self._in_store(activity, n) for n in range(len(self._stores))):
                why = WhyNot.OTHER_STORE
            lines = here
        if why is None and not lines:
            why = WhyNot.NO_ELIGIBLE_LINE
        limit = self._cart.limits_left.get(activity.activity_id)
        if why is None and limit is not None and limit.closed:
            lines = [n for n in lines if not self._is_closed(limit.closed, n)]
            why = None if lines else WhyNot.LIMIT_REACHED
        if why is not None:
            return NotMatched(activity.activity_id, shown, why, activity)
        lists = [
            [number for number in self._listed(target) if self._in_store(activity, number)]
            for target in activity.lists
        ]
        facts = [truth(fact, self._told()) for fact in activity.facts]
        return Candidate(activity, shown, lines, lists, facts)

    def _stated(self, activity: LiveActivity) -> LiveActivity:
        """The activity with its amounts for this cart."""
        cart = self._cart
        return activity.for_cart(cart.currency, cart.channel, cart.price_basis)

    def _booked(self, book: LiveActivity) -> list[_Found]:
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
        if not (self._cart.explain and self._known_to(entries)):
            return []
        return [NotMatched(book.activity_id, NOTHING, why, book)]

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
        return Candidate(book, NOTHING, lines, offered=offered)

    def _known_to(self, entries: Book) -> bool:
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
        must_be_known = bool(activity.by_basis)  # which it is not, or there were one for it
        if must_be_known or activity.price_basis not in (None, cart.price_basis):
            return WhyNot.OTHER_PRICE_BASIS
        if activity.channels and cart.channel not in activity.channels:
            return WhyNot.OTHER_CHANNEL
        if not self._catalogue.in_audience(activity, cart.user_id, cart.user_groups):
            return WhyNot.NOT_IN_AUDIENCE
        return self._unfunded(activity)

    def _unfunded(self, activity: LiveActivity) -> WhyNot | None:
        """Why the pools that pay for it do not let this shopper have it now; None if they do."""
        funding = self._catalogue.funding.get(activity.activity_id)
        if funding is None:
            return None
        cart = self._cart
        if cart.at_us < funding.from_us:
            return WhyNot.FUNDS_PAUSED
        line_ids = (line.line_id for line in self._lines)
        if funding.slowed and not has_it_slowed(activity, cart.user_id, line_ids):
            return WhyNot.FUNDS_SLOWED
        return None

    def _in_store(self, activity: LiveActivity, number: int) -> bool:
        if activity.stores is None:
            return True
        key = (activity.activity_id, self._stores[number])
        known = self._in_stores.get(key)
        if known is None:
            known = self._in_stores[key] = self._catalogue.in_store(activity, key[1])
        return known

    def _is_closed(self, line_ids: frozenset[str], number: int) -> bool:
        return number < len(self._lines) and self._lines[number].line_id in line_ids

    def _own_lines(self, activity: LiveActivity) -> list[int]:
        """The rows the activity is for, wherever they are: of a shipping offer, deliveries."""
        if activity.products is not None:
            return self._listed(activity.products)
        lists = [self._listed(each) for each in activity.lists if isinstance(each, Deliveries)]
        return sorted(set().union(*lists))

    def _listed(self, target: Products | Deliveries) -> list[int]:
        if isinstance(target, Deliveries):
            return [
                number
                for number, delivery in enumerate(self._deliveries, len(self._lines))
                if not target.methods or delivery.method in target.methods
            ]
        return [number for number, facts in enumerate(self._facts) if matches(target, facts)]

    def _told(self) -> Known:
        """What the request says that conditions may ask for."""
        if self._known is None:
            cart = self._cart
            methods = frozenset(delivery.method for delivery in cart.deliveries)
            presented = {
                credential.activity_id
                for credential in cart.credentials
                if credential.expires_us is None or cart.at_us < credential.expires_us
            }
            for code in cart.codes:
                presented.update(activity.activity_id for activity in self._running(code))
            self._known = Known(
                values=cart.facts,
                methods=methods or None,
                presented=frozenset(presented),
                names=Names(lambda: rule_names(cart, self._lines, presented)),
            )
        return self._known


def _sort(
    found: Iterable[_Found], candidates: list[Candidate], not_matched: list[NotMatched]
) -> None:
    for item in found:
        if isinstance(item, Candidate):
            candidates.append(item)
        else:
            not_matched.append(item)


def _lowest(offered: Sequence[Offered], line: Line) -> Offered:
    """The entry with the lowest price; of equal ones the first."""
    return max(offered, key=lambda entry: _off(entry, line))


def _off(entry: Offered, line: Line) -> int:
    """What an entry takes off the line's list price, as the kernel will."""
    if entry.kind == Kind.PRICE:
        return (line.list_minor - entry.value) * line.quantity
    if entry.kind == Kind.OFF:
        return share_half_up(entry.value, line.quantity, entry.per_quantity)
    return share_half_up(line.list_minor * line.quantity, entry.value, BPS)
