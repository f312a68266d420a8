"""Some first weeks of the retailer's year: published at a server, and as baskets to ask for."""

from __future__ import annotations

from dataclasses import replace

from loadtests import calling
from rangli.cli.demo import book, coupons, data
from rangli.cli.demo.baskets import Baskets
from rangli.cli.demo.data import Journey
from rangli.cli.demo.publish import publish
from rangli.v1.pricing_service_pb2 import BatchQuoteRequest


async def prepare(
    journey: Journey, *, address: str, tenant: str, weeks: int, connections: int
) -> BatchQuoteRequest:
    """Publish the weeks' chain-wide prices and coupons; the weeks' baskets, in time order.

    The tenant must be new. connections: each is asked until it answers with the new prices; several
    for each process of the server. Raises PublishFailed and CallRefused.
    """
    part = replace(journey, lines=data.first_weeks(journey.lines, weeks))
    traced = coupons.trace(part.redemptions, part.coupons, part.lines)
    worth = coupons.derive(traced, part.lines)
    presented = coupons.presented(traced, worth, part.lines)
    async with calling.client(address, tenant=tenant, connections=connections) as client:
        await publish(
            client,
            part,
            scope="chain",
            prices=book.derive(part.lines, "chain"),
            worth=worth,
            presented=presented,
            connections=connections,
        )
    baskets = Baskets(part.lines, part.products, presented)
    return BatchQuoteRequest(quotes=(baskets.request(n) for n in range(len(baskets))))
