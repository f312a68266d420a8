"""GetPrices: many products, each quoted as a cart of one line."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial

from rangli.activities.feed import CatalogueFeed
from rangli.core.call import KIB, CallContext, Method
from rangli.core.clock import instant
from rangli.core.errors import Invalid, Violation
from rangli.core.money import LINES_MAX
from rangli.pricing.asked import asked
from rangli.pricing.cart import Cart
from rangli.pricing.cart_rpc import VIOLATIONS_MAX, Reader
from rangli.pricing.estimates import Estimate, assumptions, estimated
from rangli.pricing.quote import priced, quoted
from rangli.pricing.threads import Threads
from rangli.pricing.validity import Validity
from rangli.v1 import pricing_service_pb2 as pb
from rangli.wire.convert import enum_number, set_timestamp


def methods(feed: CatalogueFeed, threads: Threads) -> tuple[Method, ...]:
    """GetPrices."""
    return (
        Method(
            "GetPrices",
            pb.GetPricesRequest,
            _Prices(feed, threads).get,
            limit_bytes=1024 * KIB,
            deadline_s_max=10.0,
        ),
    )


class _Prices:
    def __init__(self, feed: CatalogueFeed, threads: Threads) -> None:
        self._feed = feed
        self._threads = threads

    async def get(self, call: CallContext, request: pb.GetPricesRequest) -> pb.GetPricesResponse:
        carts = carts_of(request, call.received_at)
        catalogue = self._feed.catalogue(call.tenant)
        at_us = carts[0].at_us
        response = pb.GetPricesResponse(
            currency=request.currency,
            catalogue_version=catalogue.version,
            assumptions=[
                enum_number(pb.Assumption.DESCRIPTOR, each.name) for each in assumptions(carts)
            ],
        )
        set_timestamp(response.priced_at, instant(at_us))
        validity = Validity(catalogue, at_us)
        for cart in carts:
            made = asked(catalogue, cart)
            if made.takes_long:
                outcome = await self._threads.run(partial(priced, made))
            else:
                outcome = priced(made)
            _fill(response.prices.add(), estimated(quoted(made, outcome), validity))
            await asyncio.sleep(0)  # others' calls go between; a deadline ends it
        return response


def carts_of(request: pb.GetPricesRequest, now: datetime) -> list[Cart]:
    """A cart for each product. Raises Invalid with the first violations found."""
    if not 1 <= len(request.products) <= LINES_MAX:
        words = f"must be 1 to {LINES_MAX}, not {len(request.products)}"
        raise Invalid.fields(Violation("products", words))
    asked_alone = pb.QuoteRequest(
        currency=request.currency,
        lines=[pb.CartLine(line_id="one", sku="one", quantity=1, list_minor=0)],
        user_id=request.user_id,
        user_groups=request.user_groups,
        store_id=request.store_id,
        channel=request.channel,
        facts=request.facts,
        price_basis=request.price_basis,
    )
    if request.HasField("priced_at"):
        asked_alone.priced_at.CopyFrom(request.priced_at)
    of_all, of_each = Reader(), Reader()
    shared = of_all.cart(asked_alone, now)
    lines = of_each.lines(
        pb.QuoteRequest(
            currency=request.currency, store_id=request.store_id, lines=request.products
        )
    )
    violations = of_all.violations + [
        Violation("products" + each.field.removeprefix("lines"), each.description)
        for each in of_each.violations
    ]
    if violations:
        raise Invalid.fields(*violations[:VIOLATIONS_MAX])
    return [replace(shared, lines=[line]) for line in lines]


def _fill(message: pb.EstimatedPrice, estimate: Estimate) -> None:
    message.line_id = estimate.line_id
    message.list_minor = estimate.list_minor
    message.price_minor = estimate.price_minor
    message.activity_ids.extend(estimate.activity_ids)
    if estimate.valid_until_us is not None:
        set_timestamp(message.valid_until, instant(estimate.valid_until_us))
