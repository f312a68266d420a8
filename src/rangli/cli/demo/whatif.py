"""What if, on the demo's baskets: publish as the demo does, then simulate instead of replaying."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pandas as pd
from tqdm import tqdm

from rangli.cli.demo import book, coupons, data
from rangli.cli.demo.baskets import Baskets
from rangli.cli.demo.data import Journey
from rangli.cli.demo.publish import PublishFailed, publish
from rangli.cli.demo.serving import OwnServer, ServerFailed
from rangli.cli.drafts import BadFile, Header
from rangli.cli.server import Server
from rangli.v1.quote_pb2 import QuoteRequest
from rangli.v1.simulation_pb2 import SimulateActivitiesResponse

_WORKERS = 2
_CONNECTIONS = 2 * _WORKERS


@dataclass(frozen=True, slots=True)
class Known:
    """The demo's data and what is derived from it."""

    journey: Journey
    prices: pd.DataFrame
    worth: pd.DataFrame
    presented: pd.DataFrame


def what_if(
    header: Header, server: Server, *, weeks: int, campaign: int
) -> SimulateActivitiesResponse:
    """The difference that the header's drafts make on the baskets of the first weeks.

    server: without an address: one of our own. campaign: its coupons are left out, 0: none.
    Raises BadFile (the campaign has no coupons, or the server failed) and CallRefused.
    """
    with ExitStack() as stack:
        own = None if server.address else stack.enter_context(OwnServer(_WORKERS))
        print("Reading the Complete Journey data set", file=sys.stderr)
        known = derive(data.load())
        leave_out(header, known, campaign)
        try:
            return asyncio.run(
                simulate(known, Server(own.ready()) if own else server, header, weeks=weeks)
            )
        except (ServerFailed, PublishFailed) as error:
            raise BadFile("\n".join([str(error), *([own.said()] if own else [])])) from error


def derive(journey: Journey) -> Known:
    """The price book, the coupons and who presented them, as the demo derives them."""
    traced = coupons.trace(journey.redemptions, journey.coupons, journey.lines)
    worth = coupons.derive(traced, journey.lines)
    return Known(
        journey=journey,
        prices=book.derive(journey.lines, "chain"),
        worth=worth,
        presented=coupons.presented(traced, worth, journey.lines),
    )


def leave_out(header: Header, known: Known, campaign: int) -> None:
    """Adds to the drafts that a campaign's coupons are off. Raises BadFile if it has none."""
    if not campaign:
        return
    of_campaign = known.worth[known.worth["campaign_id"].astype(str) == str(campaign)]
    if of_campaign.empty:
        raise BadFile(f"campaign {campaign} has no coupons that anybody presented")
    for activity_id in of_campaign["activity_id"]:
        header.drafts.add(activity_id=activity_id, absent=True)


async def simulate(
    known: Known, server: Server, header: Header, *, weeks: int
) -> SimulateActivitiesResponse:
    """Publishes under a tenant of its own and prices the baskets, before and after.

    Raises PublishFailed and CallRefused.
    """
    lines = data.first_weeks(known.journey.lines, weeks)
    baskets = Baskets(lines, known.journey.products, known.presented)
    async with server.client(
        tenant=f"demo-{secrets.token_hex(4)}",
        actor="demo",
        connections=_CONNECTIONS,
    ) as client:
        await publish(
            client,
            known.journey,
            scope="chain",
            prices=known.prices,
            worth=known.worth,
            presented=known.presented,
            connections=_CONNECTIONS,
        )
        return await client.simulation.run(_requests(baskets), header)


def _requests(baskets: Baskets) -> Iterator[QuoteRequest]:
    numbers = range(len(baskets))
    for number in tqdm(numbers, desc="Pricing baskets, before and after", unit=" baskets"):
        yield baskets.request(number)
