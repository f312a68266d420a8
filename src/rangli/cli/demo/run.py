"""The demo, top to bottom: derive, publish, replay, settle, compare."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd
from tqdm import tqdm

from rangli.cli.demo import book, compare, coupons, data
from rangli.cli.demo.baskets import Answers, Baskets
from rangli.cli.demo.book import Scope
from rangli.cli.demo.compare import Fit
from rangli.cli.demo.data import Journey
from rangli.cli.demo.flash import CLAIMANTS, flash_sale
from rangli.cli.demo.orders import order
from rangli.cli.demo.outcome import Outcome
from rangli.cli.demo.publish import publish
from rangli.cli.demo.replay import replay
from rangli.cli.demo.settle import settle
from rangli.cli.demo.week import busiest_week
from rangli.cli.server import Server
from rangli.client import RangliClient


@dataclass(frozen=True, slots=True)
class Derived:
    """What is known before the service is asked.

    prices: the book to publish; worth: the coupons' faces; traced, presented: the redemptions with
    their lines, and as credentials; wanted, orders: the independent calculation's amounts of all
    lines, and of all baskets by activity and funder.
    """

    journey: Journey
    scope: Scope
    prices: pd.DataFrame
    traced: pd.DataFrame
    worth: pd.DataFrame
    presented: pd.DataFrame
    wanted: pd.DataFrame
    orders: pd.DataFrame
    fit: Fit


def derive(journey: Journey, scope: Scope) -> Derived:
    """Work everything out that needs no service."""
    with _steps("Deriving", 4) as step:
        books = {each: book.derive(journey.lines, each) for each in book.KEYS}
        next(step)
        traced = coupons.trace(journey.redemptions, journey.coupons, journey.lines)
        worth = coupons.derive(traced, journey.lines)
        presented = coupons.presented(traced, worth, journey.lines)
        next(step)
        wanted = compare.expected(journey, books[scope], worth, presented)
        next(step)
        fit = compare.fit(journey.lines, books["chain"], books["store"])
        next(step)
    return Derived(
        journey=journey,
        scope=scope,
        prices=books[scope],
        traced=traced,
        worth=worth,
        presented=presented,
        wanted=wanted.lines,
        orders=wanted.orders,
        fit=fit,
    )


async def price(
    derived: Derived,
    server: Server,
    *,
    weeks: int,
    connections: int,
    workers: int,
    claimants: int = CLAIMANTS,
) -> Outcome:
    """Publish at the server, replay the first weeks there and compare.

    The demo works under tenants of its own, new each time, so that it meets nothing and leaves
    other tenants alone. workers: 0 if unknown, for the report only. claimants: of the flash
    sale.
    Raises PublishFailed, ReplayFailed, SettleFailed, FlashFailed and CallRefused.
    """
    journey = derived.journey
    lines = data.first_weeks(journey.lines, weeks)
    baskets = Baskets(lines, journey.products, derived.presented)
    answers = Answers(baskets)
    tenant = f"demo-{secrets.token_hex(4)}"

    def as_tenant(name: str) -> RangliClient:
        return server.client(tenant=name, actor="demo", connections=connections)

    async with as_tenant(tenant) as client:
        published = await publish(
            client,
            journey,
            scope=derived.scope,
            prices=derived.prices,
            worth=derived.worth,
            presented=derived.presented,
            connections=connections,
        )
        replay_s = await replay(client, baskets, answers, connections=connections)
        request = baskets.request(_worth_showing(baskets, derived.wanted), explain=True)
        shown = (request, await client.pricing.quote(request))
        settled = await settle(client, answers, _of_baskets(derived.orders, lines), weeks=weeks)
    week = busiest_week(
        journey,
        weeks=weeks,
        prices=derived.prices,
        worth=derived.worth,
        presented=derived.presented,
    )
    async with as_tenant(f"{tenant}-now") as client:
        ordered = await order(client, week, journey, connections=connections)
        sold = await flash_sale(client, claimants=claimants)
    answered = answers.lines()
    return Outcome(
        journey=journey,
        published=published,
        weeks=weeks,
        lines=lines,
        answered=answered,
        wanted=derived.wanted,
        differing=compare.differing(lines, answered, derived.wanted),
        traced=derived.traced,
        redeemed=compare.redemptions(
            derived.presented, answers.coupons(), answers.refused(), lines
        ),
        fit=derived.fit,
        baskets=len(baskets),
        replay_s=replay_s,
        connections=connections,
        workers=workers,
        shown=shown,
        settled=settled,
        ordered=ordered,
        sold=sold,
    )


def _of_baskets(orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The orders among the baskets that were replayed, each with its week."""
    weeks = lines[["basket_id", "week"]].drop_duplicates("basket_id")
    return orders.merge(weeks, on="basket_id")


def _worth_showing(baskets: Baskets, wanted: pd.DataFrame) -> int:
    """The basket to explain: the first short one with a promotion price and a coupon in it."""
    numbers = range(len(baskets))
    amounts = wanted.loc[baskets.lines.index]
    given = (amounts["book_minor"] > 0).to_numpy(), (amounts["manufacturer_minor"] > 0).to_numpy()

    def fits(number: int) -> bool:
        span = slice(baskets.first[number], baskets.first[number + 1])
        return span.stop - span.start <= 8 and all(column[span].any() for column in given)

    return next((number for number in numbers if fits(number)), 0)


@contextmanager
def _steps(title: str, count: int) -> Iterator[Iterator[None]]:
    with tqdm(desc=title, total=count, unit=" steps") as bar:

        def steps() -> Iterator[None]:
            while True:
                bar.update()
                yield

        yield steps()
