"""Until when a product's price holds if nothing is published meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rangli.activities.catalogue import Catalogue
from rangli.activities.live import LiveActivity
from rangli.core.clock import instant, micros
from rangli.pricing.cart import Line

# A window opens every week, but for one a year that the clocks may jump over.
_DAYS = 15
_MINUTE_US = 60_000_000


class Validity:
    """What touches products after an instant; activities are asked once each."""

    def __init__(self, catalogue: Catalogue, at_us: int) -> None:
        self._catalogue = catalogue
        self._at_us = at_us
        self._changes: dict[str, int | None] = {}

    def until_us(self, line: Line) -> int | None:
        """The next instant at which anything that touches the product and needs no credential
        starts or ends, enters or leaves a weekly window, or goes on with the next day's budget.
        None: there is none.

        No price of the product alone changes before. Who the shopper is, and where, is not asked:
        it may be something that does not concern them.
        """
        index = self._catalogue.index
        facts = index.facts(line.sku, line.category_path, line.brand, line.tags, line.list_minor)
        instants = [self._change_us(activity) for activity in index.acting(facts, self._at_us)]
        store_sets = self._catalogue.entry_store_sets(line.store_id)
        for book in self._catalogue.price_books:
            entries = self._catalogue.books.get(book.activity_id)
            if book.held or entries is None or not entries.knows(line.sku, store_sets):
                continue
            instants.append(self._change_us(book))
            instants.append(entries.next_change_us(line.sku, store_sets, self._at_us))
        return min((each for each in instants if each is not None), default=None)

    def _change_us(self, activity: LiveActivity) -> int | None:
        key = activity.activity_id
        if key not in self._changes:
            change_us = next_change_us(activity, self._at_us)
            funding = self._catalogue.funding.get(key)
            if change_us is not None and funding is not None:
                goes_on_us = funding.paused_until_us
                if goes_on_us is not None and self._at_us < goes_on_us:
                    change_us = min(change_us, goes_on_us)
            self._changes[key] = change_us
        return self._changes[key]


def next_change_us(activity: LiveActivity, at_us: int) -> int | None:
    """The first instant after that one at which the activity begins or ceases to run.

    Before its start that is its start, whether a window is open then or not.
    """
    if activity.held or at_us >= activity.ends_us:
        return None
    if at_us < activity.starts_us:
        return activity.starts_us
    runs = activity.dormant(at_us) is None
    if activity.weekly_windows:
        for edge_us in sorted({*_edges(activity, at_us)}):
            if at_us < edge_us and (activity.dormant(edge_us) is None) != runs:
                return min(edge_us, activity.ends_us)
    return activity.ends_us


def _edges(activity: LiveActivity, at_us: int) -> Iterator[int]:
    """All instants of the days to come at which a window may open or close."""
    zone = activity.time_zone
    today = instant(at_us).astimezone(zone).date()
    for number in range(-1, _DAYS):
        midnight = datetime.combine(today + timedelta(days=number), time())
        yield from _jumps(zone, midnight)
        for window in activity.weekly_windows:
            if midnight.isoweekday() in window.days:
                for minute in (window.from_minute, window.to_minute):
                    wall = midnight + timedelta(minutes=minute)
                    # What the clocks show twice opens or closes twice.
                    for fold in (0, 1):
                        yield _at(zone, wall.replace(fold=fold))


def _jumps(zone: ZoneInfo, midnight: datetime) -> Iterator[int]:
    """When clocks jump on that day, if they do: to the minute."""
    low, high = (_at(zone, midnight + timedelta(days=days)) for days in (0, 1))
    before = _offset(zone, low)
    if _offset(zone, high) == before:
        return
    while high - low > _MINUTE_US:
        middle = low + (high - low) // _MINUTE_US // 2 * _MINUTE_US
        if middle == low:
            break
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    yield high


def _at(zone: ZoneInfo, wall: datetime) -> int:
    return micros(wall.replace(tzinfo=zone).astimezone(UTC))


def _offset(zone: ZoneInfo, at_us: int) -> timedelta | None:
    return instant(at_us).astimezone(zone).utcoffset()
