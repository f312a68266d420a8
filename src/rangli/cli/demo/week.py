"""One week of the data set as if it were this one: what checkouts need to be of today.

Coupons are claimed, and orders priced, at the present instant; so the week's prices and its
campaigns are published once more, in a tenant of their own, running now.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import pandas as pd
from google.protobuf.timestamp_pb2 import Timestamp

from rangli.cli.demo import compare, offers
from rangli.cli.demo.budgets import Budget, budgets
from rangli.cli.demo.data import TIME_ZONE, Journey
from rangli.cli.demo.offers import NamedSet, Offer
from rangli.v1.activity_pb2 import Schedule
from rangli.v1.activity_service_pb2 import PriceEntry

# As long as the demo can possibly take, and long enough before for clocks that disagree.
_BEFORE_S, _AFTER_S = 3_600, 7 * 86_400


@dataclass(frozen=True, slots=True)
class Week:
    """A week that runs now.

    number: which of the data set.  lines: of its baskets, as `Journey.lines`, index from 0.
    wanted: the independent calculation's amounts for them.  presented: the credentials of its
    baskets; audiences: by activity_id the set of households that may have its coupons.
    """

    number: int
    lines: pd.DataFrame
    wanted: pd.DataFrame
    presented: pd.DataFrame
    pools: list[Budget]
    sets: list[NamedSet]
    coupons: list[Offer]
    book: Offer
    entries: list[PriceEntry]
    audiences: dict[str, str]


def busiest_week(
    journey: Journey,
    *,
    weeks: int,
    prices: pd.DataFrame,
    worth: pd.DataFrame,
    presented: pd.DataFrame,
) -> Week:
    """Of the first weeks, the one in whose baskets most coupons are presented."""
    week_of = journey.lines.drop_duplicates("basket_id").set_index("basket_id")["week"]
    redeemed = presented["basket_id"].map(week_of)
    number = int(redeemed[redeemed <= weeks].value_counts().sort_index().idxmax())
    lines = journey.lines[journey.lines["week"] == number].reset_index(drop=True)
    own = presented[redeemed == number].merge(worth[["activity_id", "campaign_id"]])
    own = own.merge(lines.drop_duplicates("basket_id")[["basket_id", "household_id"]])
    # Only who was sent a campaign may claim its coupons.
    own = own.merge(journey.audiences)[presented.columns]
    own_worth = worth[worth["activity_id"].isin(own["activity_id"])]
    products, coupons = offers.coupon_offers(own_worth, journey.coupons, journey.campaigns)
    schedule = running_now()
    for offer in coupons:
        offer.spec.schedule.CopyFrom(schedule)
    book = offers.book_offer("chain" if "store_id" not in prices else "store")
    book.spec.schedule.CopyFrom(schedule)
    own_prices = prices[prices["week"] == number]
    entries = list(offers.price_entries(own_prices))
    for entry in entries:
        entry.starts_at.CopyFrom(schedule.starts_at)
        entry.ends_at.CopyFrom(schedule.ends_at)
    campaigns = own_worth["campaign_id"].unique()
    audiences = journey.audiences[journey.audiences["campaign_id"].isin(campaigns)]
    # All of these campaigns run now, whenever they did.
    running = journey.campaigns.assign(
        starts_on=journey.campaigns["starts_on"].min(), ends_on=journey.campaigns["ends_on"].max()
    )
    then = replace(journey, lines=lines, campaigns=running)
    return Week(
        number=number,
        lines=lines,
        wanted=compare.expected(then, own_prices, own_worth, own).lines,
        presented=own.reset_index(drop=True),
        pools=budgets(journey.lines, own, own_worth),
        sets=[
            *offers.audience_sets(audiences),
            *products,
            *offers.store_sets(own_prices),
        ],
        coupons=coupons,
        book=book,
        entries=entries,
        audiences={offer.activity_id: next(iter(offer.spec.users.set_ids)) for offer in coupons},
    )


def running_now() -> Schedule:
    """From an hour ago until in a week."""
    now = int(time.time())
    return Schedule(
        starts_at=Timestamp(seconds=now - _BEFORE_S),
        ends_at=Timestamp(seconds=now + _AFTER_S),
        time_zone=TIME_ZONE,
    )
