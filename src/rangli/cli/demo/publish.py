"""The way of the book and the coupons into a running server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import pandas as pd
from tqdm import tqdm

from rangli.cli.demo import offers
from rangli.cli.demo.book import Scope
from rangli.cli.demo.budgets import Budget, budgets
from rangli.cli.demo.data import TIME_ZONE, Journey, week_bounds
from rangli.cli.demo.offers import NamedSet, Offer
from rangli.cli.demo.outcome import Published
from rangli.cli.demo.week import Week
from rangli.client import RangliClient
from rangli.v1.fund_service_pb2 import CreatePoolRequest
from rangli.v1.pricing_service_pb2 import CartLine, QuoteRequest

Item = TypeVar("Item")

# Enough to keep the server's workers busy, few enough for its in-flight limit.
_AT_ONCE = 16
_LIVE_WITHIN_S = 60.0


class PublishFailed(Exception):
    """The server did not take the catalogue, or did not bring it live; the message says which."""


async def publish(
    client: RangliClient,
    journey: Journey,
    *,
    scope: Scope,
    prices: pd.DataFrame,
    worth: pd.DataFrame,
    presented: pd.DataFrame,
    connections: int,
) -> Published:
    """Make the budgets, import sets and book, publish coupons and book, and wait until all is live.

    client: with `connections` connections, each of which is asked; its tenant must be new.
    Raises PublishFailed and CallRefused.
    """
    began = time.perf_counter()
    audiences = offers.audience_sets(journey.audiences)
    stores = offers.store_sets(prices)
    products, coupons = offers.coupon_offers(worth, journey.coupons, journey.campaigns)
    pools = budgets(journey.lines, presented, worth)

    await _prepare(client, pools, [*audiences, *products, *stores], coupons)
    import_s = await _import_book(client, scope, prices)
    # Last, so that whoever sees the book sees the coupons too.
    await client.activities.publish(offers.BOOK_ID)
    answered = time.perf_counter()
    await _live(client, _probe(prices), connections)
    live = time.perf_counter()
    redeemed = journey.redemptions[["coupon_upc", "campaign_id"]].drop_duplicates()
    return Published(
        scope=scope,
        price_entries=len(prices),
        audiences=len(audiences),
        coupons=len(coupons),
        coupons_without_face=len(redeemed) - len(coupons),
        budgets=len(pools),
        product_sets=len(products),
        store_sets=len(stores),
        import_s=import_s,
        publish_s=live - began,
        live_s=live - answered,
    )


async def launch_week(client: RangliClient, week: Week, *, connections: int) -> None:
    """The same for a week that runs now. Raises as `publish`."""
    await _prepare(client, week.pools, week.sets, week.coupons)
    await client.activities.create(week.book.spec, activity_id=week.book.activity_id)
    answer = await client.activities.import_price_entries(
        week.book.activity_id, week.entries, all_or_nothing=True
    )
    if answer.rejected:
        raise PublishFailed(f"{answer.rejected} price entries were refused: {answer.bad_rows[:1]}")
    await client.activities.submit(week.book.activity_id)
    await client.activities.approve(week.book.activity_id)
    await client.activities.publish(week.book.activity_id)
    # One that even a single unit is cheaper by.
    entry = next(each for each in week.entries if each.amount_off_minor >= each.per_quantity)
    stores = {named.set_id: named.members[0] for named in week.sets}
    store_id = stores[entry.store_set_id] if entry.store_set_id else ""
    await _live(client, _cart(entry.sku, store_id), connections)


async def _prepare(
    client: RangliClient,
    pools: Iterable[Budget],
    sets: Iterable[NamedSet],
    coupons: Iterable[Offer],
) -> None:
    async def import_set(named: NamedSet) -> None:
        await client.selection.import_set(named.set_id, named.kind, named.members)

    async def launch(offer: Offer) -> None:
        await client.activities.launch(offer.spec, activity_id=offer.activity_id)

    for pool in pools:  # parents first: their money is passed on
        await client.funds.create_pool(
            CreatePoolRequest(
                pool_id=pool.pool_id,
                parent_id=pool.parent_id,
                display_name=pool.display_name,
                funder=pool.funder,
                currency=offers.CURRENCY,
                time_zone=TIME_ZONE,
                budget_minor=pool.amount_minor,
            )
        )
    await _each(sets, import_set, title="Importing sets")
    await _each(coupons, launch, title="Publishing coupons")


async def _import_book(client: RangliClient, scope: Scope, prices: pd.DataFrame) -> float:
    book = offers.book_offer(scope)
    await client.activities.create(book.spec, activity_id=book.activity_id)
    began = time.perf_counter()
    with tqdm(
        offers.price_entries(prices),
        desc="Importing price entries",
        total=len(prices),
        unit=" entries",
        unit_scale=True,
    ) as entries:
        answer = await client.activities.import_price_entries(
            book.activity_id, entries, all_or_nothing=True
        )
    if answer.accepted != len(prices):
        raise PublishFailed(
            f"{answer.rejected} of {answer.received} price entries were refused, first: "
            f"{answer.bad_rows[:1]}"
        )
    await client.activities.submit(book.activity_id)
    await client.activities.approve(book.activity_id)
    return time.perf_counter() - began


async def _live(client: RangliClient, probe: QuoteRequest, connections: int) -> None:
    """Wait until each connection's process answers the probe with the book's prices."""
    until = time.monotonic() + _LIVE_WITHIN_S
    while True:
        # The client uses its connections in turn: so many calls ask each of them once.
        answers = [await client.pricing.quote(probe) for _ in range(connections)]
        if all(answer.discount_minor > 0 for answer in answers):
            return
        if time.monotonic() > until:
            versions = [answer.catalogue_version for answer in answers]
            raise PublishFailed(
                f"the price book was not live after {_LIVE_WITHIN_S:.0f} s: "
                f"the connections see the catalogue versions {versions}"
            )
        await asyncio.sleep(0.02)


def _probe(prices: pd.DataFrame) -> QuoteRequest:
    """A cart that the book certainly makes cheaper."""
    entry = prices[prices["off_minor"] >= prices["per_quantity"]].iloc[0]
    store_id = str(entry["store_id"]) if "store_id" in prices else ""
    request = _cart(str(entry["product_id"]), store_id)
    request.priced_at.seconds = int(week_bounds(int(entry["week"]))[0].timestamp())
    return request


def _cart(sku: str, store_id: str) -> QuoteRequest:
    return QuoteRequest(
        currency=offers.CURRENCY,
        store_id=store_id,
        lines=[CartLine(line_id="0", sku=sku, quantity=1, list_minor=100_000)],
    )


async def _each(
    items: Iterable[Item], do: Callable[[Item], Awaitable[None]], *, title: str
) -> None:
    """`do` for each item, some at once, with a progress bar; the first failure ends it."""
    todo = list(items)
    left = iter(todo)
    with tqdm(desc=title, total=len(todo)) as bar:

        async def some() -> None:
            for item in left:
                await do(item)
                bar.update()

        await asyncio.gather(*(some() for _ in range(_AT_ONCE)))
