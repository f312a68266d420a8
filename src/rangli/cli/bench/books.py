"""Price books of any size, made in memory, and carts that lie in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from rangli.activities.catalogue import Catalogue, evolve
from rangli.activities.effects.price_book import PriceBook
from rangli.activities.entries import EVERYWHERE, Entry
from rangli.activities.live import LiveActivity, compile_activity
from rangli.activities.model import Activity, RunState, VersionState
from rangli.activities.pricebook import Base, Book, runs_of
from rangli.activities.program import Kind
from rangli.activities.schedule import Schedule
from rangli.activities.spec import ActivitySpec, FundingShare
from rangli.activities.templates import complete
from rangli.core.clock import micros
from rangli.v1 import pricing_service_pb2 as pb

WEEKS = 53
FIRST_WEEK_AT = datetime(2026, 1, 5, tzinfo=UTC)
_WEEK = timedelta(weeks=1)
ALL_WEEKS = Schedule(
    starts_at=FIRST_WEEK_AT, ends_at=FIRST_WEEK_AT + WEEKS * _WEEK, time_zone="UTC"
)


def live(activity_id: str, spec: ActivitySpec) -> LiveActivity:
    """The activity as if it had been published; the spec must be one that could be."""
    spec, violations = complete(spec, "spec")
    assert not violations, violations
    return compile_activity(
        Activity(
            activity_id=activity_id,
            run_state=RunState.PUBLISHED,
            live_version=1,
            latest_version=1,
            revision=1,
            price_entries=0,
            created_at=FIRST_WEEK_AT,
            updated_at=FIRST_WEEK_AT,
            version=1,
            version_state=VersionState.LIVE,
            spec=spec,
            live_starts_at=spec.schedule.starts_at,
            live_ends_at=spec.schedule.ends_at,
        )
    )


def with_book(
    catalogue: Catalogue,
    activity_id: str,
    rows: Iterable[Entry],
    *,
    schedule: Schedule = ALL_WEEKS,
) -> Catalogue:
    """The catalogue with one price book more; its entries must come sorted."""
    spec = ActivitySpec(
        template_id="price_book",
        display_name="Weekly prices",
        currency="USD",
        schedule=schedule,
        effect=PriceBook(),
        funding=(FundingShare(funder="retailer", share_bps=10_000),),
    )
    return evolve(
        catalogue,
        catalogue.version + 1,
        activities={activity_id: live(activity_id, spec)},
        books={activity_id: Book(Base((EVERYWHERE,), runs_of(rows)))},
    )


def entry(sku: str, kind: Kind, value: int, *, week: int = 0, weeks: int = WEEKS) -> Entry:
    """A price entry everywhere, from a week on for so many weeks."""
    starts_at = FIRST_WEEK_AT + week * _WEEK
    ends_at = starts_at + weeks * _WEEK
    return Entry(sku, EVERYWHERE, micros(starts_at), micros(ends_at), int(kind), value, 1)


def catalogue_of(entries: int, chance: Random) -> Catalogue:
    """A catalogue with one price book of so many entries and nothing else."""
    return with_book(Catalogue("default"), "book", weekly(entries, chance))


def weekly(entries: int, chance: Random) -> Iterable[Entry]:
    """So many entries: every sku in each of 53 weeks."""
    for number in range(entries):
        yield entry(
            sku_of(number // WEEKS),
            Kind.OFF,
            chance.randint(1, 200),
            week=number % WEEKS,
            weeks=1,
        )


def sku_of(number: int) -> str:
    """The book's skus sort as they are numbered."""
    return f"{number:08}"


def carts_for(entries: int, chance: Random, *, count: int, lines: int) -> list[pb.QuoteRequest]:
    """Carts whose skus lie uniformly over the book, at any instant of its weeks."""
    carts = []
    for _ in range(count):
        cart = pb.QuoteRequest(currency="USD", store_id="367", user_id="u1")
        at = FIRST_WEEK_AT + chance.random() * WEEKS * _WEEK
        cart.priced_at.FromDatetime(at.replace(tzinfo=None))
        for number in range(lines):
            cart.lines.add(
                line_id=str(number),
                sku=sku_of(chance.randrange(max(1, entries // WEEKS))),
                quantity=chance.choice((1, 1, 1, 2, 3)),
                list_minor=chance.randint(100, 2_000),
                category_path="grocery/bread/rye",
                brand="national",
            )
        carts.append(cart)
    return carts
