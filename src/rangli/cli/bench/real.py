"""A real retailer's year as a catalogue, and its baskets as requests: what the demo publishes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from rangli.activities.catalogue import Catalogue, SetSnapshot, evolve
from rangli.activities.entries import EVERYWHERE, Entry
from rangli.activities.program import Kind
from rangli.activities.spec import ActivitySpec
from rangli.cli.bench.books import live, with_book
from rangli.cli.demo import book, coupons, data, offers
from rangli.cli.demo.baskets import Baskets
from rangli.core.clock import micros
from rangli.selection.model import SetKind
from rangli.v1 import pricing_service_pb2 as pb
from rangli.v1.selection_service_pb2 import SetKind as SetKindMessage
from rangli.wire.convert import to_struct


@dataclass(frozen=True, slots=True)
class RealBaskets:
    """The catalogue and some baskets, from the whole year."""

    catalogue: Catalogue
    requests: Sequence[pb.QuoteRequest]


def real_baskets(count: int) -> RealBaskets:
    """The retailer's price book and coupons, and every so-manieth of its baskets."""
    journey = data.load()
    prices = book.derive(journey.lines, "chain")
    traced = coupons.trace(journey.redemptions, journey.coupons, journey.lines)
    worth = coupons.derive(traced, journey.lines)
    sets, activities = offers.coupon_offers(worth, journey.coupons, journey.campaigns)
    sets += offers.audience_sets(journey.audiences)
    book_spec = to_struct(offers.book_offer("chain").spec, ActivitySpec, "spec")
    catalogue = with_book(
        Catalogue("default"),
        offers.BOOK_ID,
        sorted(_entries(prices)),
        schedule=book_spec.schedule,
    )
    catalogue = evolve(
        catalogue,
        catalogue.version + 1,
        activities={
            offer.activity_id: live(offer.activity_id, to_struct(offer.spec, ActivitySpec, "spec"))
            for offer in activities
        },
        sets={named.set_id: _snapshot(named) for named in sets},
    )
    presented = coupons.presented(traced, worth, journey.lines)
    baskets = Baskets(journey.lines, journey.products, presented)
    every = len(baskets) // count
    return RealBaskets(catalogue, [baskets.request(number * every) for number in range(count)])


def _entries(prices: pd.DataFrame) -> Iterator[Entry]:
    bounds = {
        week: tuple(micros(bound) for bound in data.week_bounds(week))
        for week in range(1, data.WEEKS + 1)
    }
    for sku, week, off_minor, per_quantity in zip(
        prices["product_id"].astype(str).tolist(),
        prices["week"].tolist(),
        prices["off_minor"].tolist(),
        prices["per_quantity"].tolist(),
        strict=True,
    ):
        starts_us, ends_us = bounds[week]
        yield Entry(sku, EVERYWHERE, starts_us, ends_us, int(Kind.OFF), off_minor, per_quantity)


def _snapshot(named: offers.NamedSet) -> SetSnapshot:
    name = SetKindMessage.Name(named.kind).removeprefix("SET_KIND_")
    return SetSnapshot(SetKind[name], frozenset(named.members))
