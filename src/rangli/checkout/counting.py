"""What limits count, and what a priced cart counts on them. Pure.

A limit counts what its activity gave, by what it measures, for whom or what it is: everybody, the
shopper, their device or phone; or each store, each product by itself. An activity that gave nothing
counts nothing. Where it acts several times, as with two coupons of it, all of that counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rangli.activities.catalogue import Catalogue
from rangli.activities.effects.gift import Gift
from rangli.activities.limits import Measure, UsageLimit, limit_id
from rangli.activities.live import LiveActivity
from rangli.activities.matching import ProductFacts, matches
from rangli.activities.scope import Products
from rangli.counters.model import Subject
from rangli.pricing.answer import Quote
from rangli.pricing.cart import Cart, Line

# limit_id, subject_id.
Key = tuple[str, str]
# What limits count each by itself.
OF_LINES = (Subject.STORE, Subject.SKU)


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a checkout counts for. "" is not told."""

    user_id: str
    device_id: str
    phone: str


@dataclass(frozen=True, slots=True)
class Limited:
    """An activity with limits, and the lines of the cart that it may act on; none if no limit is of
    stores or products."""

    activity: LiveActivity
    lines: tuple[Line, ...]

    @property
    def limits(self) -> tuple[UsageLimit, ...]:
        """Its limits."""
        return self.activity.spec.limits

    def limit_id(self, limit: UsageLimit) -> str:
        """As `counters` knows it."""
        return limit_id(self.activity.activity_id, limit)


def limited(catalogue: Catalogue, cart: Cart) -> list[Limited]:
    """What has limits, is not over and may act on the cart, whatever it takes to have it; by id."""
    found: dict[str, LiveActivity] = {}
    facts: list[ProductFacts] = []
    if catalogue.limited.open_by_term or catalogue.limited.credential_by_term:
        facts = [_facts(catalogue, line) for line in cart.lines]
        for of_line in facts:
            for activity in catalogue.limited.touching(of_line):
                found[activity.activity_id] = activity
    for activity in catalogue.deliverers if cart.deliveries else ():
        if activity.spec.limits:
            found[activity.activity_id] = activity
    return [
        Limited(activity, _lines(activity, cart, facts))
        for _, activity in sorted(found.items())
        if activity.until_us > cart.at_us
    ]


def _lines(activity: LiveActivity, cart: Cart, facts: Sequence[ProductFacts]) -> tuple[Line, ...]:
    """The lines it may act on, if any of its limits asks for that."""
    if all(limit.subject not in OF_LINES for limit in activity.spec.limits):
        return ()
    # Some effects name products of their own; conditions do too, and do no harm here.
    targets = [
        target
        for stated in activity.variants
        for target in (stated.products, *stated.lists)
        if isinstance(target, Products)
    ]
    return tuple(
        line
        for line, of_line in zip(cart.lines, facts, strict=False)
        if any(matches(target, of_line) for target in targets)
    )


def keys_of(limited: Iterable[Limited], cart: Cart, who: Who) -> list[Key]:
    """What limits must be asked for, each once; whom nobody tells nothing is left for."""
    subjects = Subjects(cart, who)
    return [
        (one.limit_id(limit), subject_id)
        for one in limited
        for limit in one.limits
        for subject_id in subjects.of(one, limit)
        if subject_id or limit.subject is Subject.ACTIVITY
    ]


def _facts(catalogue: Catalogue, line: Line) -> ProductFacts:
    return catalogue.index.facts(
        line.sku, line.category_path, line.brand, line.tags, line.list_minor
    )


@dataclass(frozen=True, slots=True)
class Act:
    """What an activity gave once.

    units, minor: by line_id, what it acted on and took off.  delivery_minor: off deliveries.
    gifts: units by sku.  line_ids: of lines that it acted on or, if it took nothing off any, could.
    """

    times: int
    units: Mapping[str, int]
    minor: Mapping[str, int]
    delivery_minor: int
    gifts: Mapping[str, int]
    line_ids: frozenset[str]


def given_by(quote: Quote) -> dict[str, list[Act]]:
    """What the activities that have limits gave, each time that one acted."""
    acts: dict[str, list[Act]] = {}
    for place, applied in enumerate(quote.applied):
        if applied.activity.spec.limits and gave(quote, place):
            acts.setdefault(applied.activity.activity_id, []).append(_act(quote, place))
    return acts


def gave(quote: Quote, place: int) -> bool:
    """Whether what applied at that place gave anything: money, a gift, an earning."""
    return (
        quote.applied[place].result.off_minor > 0
        or any(gift.applied == place for gift in quote.added)
        or any(earning.applied == place for earning in quote.earned)
    )


def _act(quote: Quote, place: int) -> Act:
    quantities = {line.line_id: line.quantity for line in quote.cart.lines}
    units: dict[str, int] = {}
    minor: dict[str, int] = {}
    gifts: dict[str, int] = {}
    for line in quote.lines:
        for taken in line.adjustments:
            if taken.applied == place:
                name = line.line_id
                units[name] = units.get(name, 0) + (taken.units or quantities[name])
                minor[name] = minor.get(name, 0) + taken.amount_minor
    for added in quote.added:
        if added.applied == place:
            gifts[added.gift.sku] = gifts.get(added.gift.sku, 0) + added.quantity
    applied = quote.applied[place]
    return Act(
        times=applied.result.times,
        units=units,
        minor=minor,
        delivery_minor=applied.result.off_minor - sum(minor.values()),
        gifts=gifts,
        line_ids=frozenset(units) or _could(quote, place),
    )


def _could(quote: Quote, place: int) -> frozenset[str]:
    """The lines that an activity was for."""
    applied, lines = quote.applied[place], len(quote.lines)
    for _, candidate in quote.steps:
        if candidate.activity is applied.activity and candidate.shown is applied.shown:
            return frozenset(quote.row_ids[row] for row in candidate.lines if row < lines)
    return frozenset()


class Subjects:
    """Whom or what limits count on one cart. "": nobody said."""

    def __init__(self, cart: Cart, who: Who) -> None:
        self._of_cart = {
            Subject.ACTIVITY: "",
            Subject.USER: who.user_id,
            Subject.DEVICE: who.device_id,
            Subject.PHONE: who.phone,
        }
        self._lines = {line.line_id: line for line in cart.lines}
        self._store_id = cart.store_id

    def of(self, one: Limited, limit: UsageLimit) -> list[str]:
        """All that the limit may count, sorted."""
        if limit.subject not in OF_LINES:
            return [self._of_cart[limit.subject]]
        found = {self.of_line(limit, line) for line in one.lines}
        if limit.subject is Subject.SKU:
            found |= {e.sku for e in one.activity.spec.effects if isinstance(e, Gift)}
        else:
            found.add(self._home(one))
        return sorted(found)

    def of_line(self, limit: UsageLimit, line: Line) -> str:
        """What a limit on stores or products counts a line for."""
        return line.sku if limit.subject is Subject.SKU else line.store_id

    def gone(self, one: Limited, limit: UsageLimit, closed: Collection[str]) -> set[str]:
        """Stores or products all of whose lines are closed."""
        if limit.subject not in OF_LINES:
            return set()
        lines = {False: set[str](), True: set[str]()}
        for line in one.lines:
            lines[line.line_id in closed].add(self.of_line(limit, line))
        return lines[True] - lines[False]

    def _home(self, one: Limited) -> str:
        """The store of what stands in no line: the cart's, or else that of all its lines."""
        stores = {line.store_id for line in one.lines}
        return self._store_id or (stores.pop() if len(stores) == 1 else "")

    def counted(self, one: Limited, limit: UsageLimit, act: Act) -> Iterator[tuple[str, int]]:
        """What of an act a limit counts, and for whom; the same one may come several times."""
        if limit.subject not in OF_LINES:
            yield self._of_cart[limit.subject], _in_all(limit.measure, act)
        elif limit.measure is Measure.USES:
            yield from ((subject_id, act.times) for subject_id in self._used(one, limit, act))
        else:
            by_line = act.units if limit.measure is Measure.UNITS else act.minor
            for line_id, quantity in by_line.items():
                yield self.of_line(limit, self._lines[line_id]), quantity
            by_sku = act.gifts if limit.measure is Measure.UNITS else {}
            for sku, quantity in by_sku.items():
                yield (sku if limit.subject is Subject.SKU else self._home(one)), quantity
            if limit.measure is Measure.AMOUNT and limit.subject is Subject.STORE:
                yield self._home(one), act.delivery_minor

    def _used(self, one: Limited, limit: UsageLimit, act: Act) -> list[str]:
        """The stores or products that an act used the activity for."""
        found = {self.of_line(limit, self._lines[line_id]) for line_id in act.line_ids}
        if limit.subject is Subject.SKU:
            found |= act.gifts.keys()
        elif not found:
            found.add(self._home(one))
        return sorted(found)


def _in_all(measure: Measure, act: Act) -> int:
    if measure is Measure.USES:
        return act.times
    if measure is Measure.UNITS:
        return sum(act.units.values()) + sum(act.gifts.values())
    return sum(act.minor.values()) + act.delivery_minor
