"""The derived book and coupons as the service's own messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from google.protobuf.timestamp_pb2 import Timestamp

from rangli.cli.demo.book import Scope
from rangli.cli.demo.data import TIME_ZONE, WEEKS, midnight, week_bounds
from rangli.v1.activity_pb2 import (
    AMOUNT_PER_UNIT,
    ENTITLEMENT_CREDENTIAL,
    ENTITLEMENT_OPEN,
    LAYER_ITEM_DISCOUNT,
    LAYER_ITEM_PRICE,
    ActivitySpec,
    AmountOff,
    Effect,
    FundingShare,
    PriceBook,
    ProductTarget,
    Schedule,
    UserTarget,
)
from rangli.v1.activity_service_pb2 import PriceEntry
from rangli.v1.selection_service_pb2 import (
    SET_KIND_PRODUCT,
    SET_KIND_STORE,
    SET_KIND_USER,
    SetKind,
)

CURRENCY = "USD"
BOOK_ID = "till-prices"
RETAILER = "retailer"
MANUFACTURER = "manufacturer"
# A ProductTarget takes so many SKUs itself; longer lists become product sets.
_SKUS_MAX = 1000


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A set to import: its id, kind and members."""

    set_id: str
    kind: SetKind
    members: list[str]


@dataclass(frozen=True, slots=True)
class Offer:
    """An activity to publish."""

    activity_id: str
    spec: ActivitySpec


def audience_sets(audiences: pd.DataFrame) -> list[NamedSet]:
    """The households that each campaign was sent to."""
    return [
        NamedSet(_audience_id(campaign), SET_KIND_USER, households.astype(str).tolist())
        for campaign, households in audiences.groupby("campaign_id")["household_id"]
    ]


def store_sets(book: pd.DataFrame) -> list[NamedSet]:
    """One set for each store that the book has prices of its own for; none if it is chain-wide."""
    if "store_id" not in book:
        return []
    return [
        NamedSet(_store_set_id(store), SET_KIND_STORE, [str(store)])
        for store in sorted(book["store_id"].unique())
    ]


def coupon_offers(
    worth: pd.DataFrame, coupons: pd.DataFrame, campaigns: pd.DataFrame
) -> tuple[list[NamedSet], list[Offer]]:
    """One activity for each coupon of each campaign that is in `worth`, and the sets they need."""
    products = coupons.groupby(["coupon_upc", "campaign_id"])["product_id"]
    skus_of = {key: ids.astype(str).tolist() for key, ids in products}
    days = campaigns.set_index("campaign_id")
    sets, offers = [], []
    for row in worth.itertuples(index=False):
        skus = skus_of[(row.coupon_upc, row.campaign_id)]
        target = ProductTarget(skus=skus)
        if len(skus) > _SKUS_MAX:
            sets.append(NamedSet(row.activity_id, SET_KIND_PRODUCT, skus))
            target = ProductTarget(set_ids=[row.activity_id])
        campaign = days.loc[row.campaign_id]
        offers.append(Offer(row.activity_id, _coupon(row, target, campaign)))
    return sets, offers


def book_offer(scope: Scope) -> Offer:
    """The price book's activity: everybody has it, the retailer bears it."""
    return Offer(
        BOOK_ID,
        ActivitySpec(
            template_id="price_book",
            display_name=f"Till prices by product and week ({scope})",
            currency=CURRENCY,
            entitlement=ENTITLEMENT_OPEN,
            layer=LAYER_ITEM_PRICE,
            schedule=_schedule(week_bounds(1)[0], week_bounds(WEEKS)[1]),
            effect=Effect(price_book=PriceBook()),
            funding=[
                FundingShare(funder=RETAILER, share_bps=10_000, pool_id=pool_id(RETAILER, BOOK_ID))
            ],
        ),
    )


def pool_id(funder: str, campaign: str) -> str:
    """The pool out of which the funder pays for a campaign, or for the price book."""
    return f"{funder}:{campaign}"


def price_entries(book: pd.DataFrame) -> Iterator[PriceEntry]:
    """The book's rows as price entries, one by one."""
    weeks = {
        week: tuple(_timestamp(bound) for bound in week_bounds(week))
        for week in range(1, WEEKS + 1)
    }
    stores = [""] * len(book)
    if "store_id" in book:
        ids = {store: _store_set_id(store) for store in book["store_id"].unique()}
        stores = book["store_id"].map(ids).tolist()
    for product, week, off_minor, per_quantity, store in zip(
        book["product_id"].astype(str).tolist(),
        book["week"].tolist(),
        book["off_minor"].tolist(),
        book["per_quantity"].tolist(),
        stores,
        strict=True,
    ):
        starts_at, ends_at = weeks[week]
        yield PriceEntry(
            sku=product,
            store_set_id=store,
            starts_at=starts_at,
            ends_at=ends_at,
            amount_off_minor=off_minor,
            per_quantity=per_quantity,
        )


def _coupon(row: Any, target: ProductTarget, campaign: pd.Series) -> ActivitySpec:
    manufacturer_bps = int(row.manufacturer_bps)
    shares = {MANUFACTURER: manufacturer_bps, RETAILER: 10_000 - manufacturer_bps}
    return ActivitySpec(
        template_id="item_coupon",
        display_name=f"Coupon {row.coupon_upc} of campaign {row.campaign_id}",
        currency=CURRENCY,
        entitlement=ENTITLEMENT_CREDENTIAL,
        layer=LAYER_ITEM_DISCOUNT,
        schedule=_schedule(
            midnight(campaign["starts_on"]), midnight(campaign["ends_on"] + timedelta(days=1))
        ),
        products=target,
        users=UserTarget(set_ids=[_audience_id(row.campaign_id)]),
        effect=Effect(
            amount_off=AmountOff(
                amount_minor=int(row.face_minor),
                per=AMOUNT_PER_UNIT,
                unit_limit=1,
            )
        ),
        funding=[
            FundingShare(
                funder=funder, share_bps=bps, pool_id=pool_id(funder, f"c{row.campaign_id}")
            )
            for funder, bps in shares.items()
            if bps
        ],
    )


def _schedule(starts_at: datetime, ends_at: datetime) -> Schedule:
    return Schedule(
        starts_at=_timestamp(starts_at), ends_at=_timestamp(ends_at), time_zone=TIME_ZONE
    )


def _timestamp(at: datetime) -> Timestamp:
    return Timestamp(seconds=int(at.timestamp()))


def _audience_id(campaign_id: object) -> str:
    return f"campaign:{campaign_id}"


def _store_set_id(store_id: object) -> str:
    return f"store:{store_id}"
