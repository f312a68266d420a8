"""SimulateActivities: carts priced as they come, twice each; none of them is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace

from rangli.activities.catalogue import Catalogue
from rangli.activities.drafts import with_drafts
from rangli.activities.feed import CatalogueFeed
from rangli.activities.past import at_version
from rangli.activities.policies.spec import PolicySpec
from rangli.core.call import KIB, CallContext, Method, Shape
from rangli.core.errors import Invalid, RangliError, Violation
from rangli.pricing.answer import Quote
from rangli.pricing.asked import asked
from rangli.pricing.cart import Cart
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.drafts_rpc import drafts_of
from rangli.pricing.quote import priced, quoted
from rangli.pricing.simulate import Difference, Moved, Simulation, Sums
from rangli.storage.postgres import connection
from rangli.storage.stores import Stores
from rangli.v1 import pricing_service_pb2 as pb
from rangli.v1 import simulation_pb2 as sb
from rangli.wire.convert import micros_of, to_struct

CARTS_MAX = 200_000
CARTS_PER_MESSAGE_MAX = 1_000
_NAMED_MAX = 100
_NAMED_DEFAULT = 10


def methods(feed: CatalogueFeed, stores: Stores) -> tuple[Method, ...]:
    """SimulateActivities."""
    return (
        Method(
            "SimulateActivities",
            sb.SimulateActivitiesRequest,
            _Simulations(feed, stores).simulate,
            Shape.CLIENT_STREAM,
            limit_bytes=1024 * KIB,
            deadline_s_max=600.0,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Setting:
    """What carts are priced with. priced_us: in place of their own instants."""

    before: Catalogue
    after: Catalogue
    priced_us: int | None
    named: int


class _Simulations:
    def __init__(self, feed: CatalogueFeed, stores: Stores) -> None:
        self._feed = feed
        self._pg = stores.pg

    async def simulate(
        self, call: CallContext, requests: AsyncIterator[sb.SimulateActivitiesRequest]
    ) -> sb.SimulateActivitiesResponse:
        setting: _Setting | None = None
        simulation = Simulation(named=0)
        async for request in requests:
            if request.HasField("header") == (setting is not None):
                raise Invalid.fields(
                    Violation("header", "goes in the first message, and only there")
                )
            _refuse_too_many(simulation, request)
            if setting is None:
                setting = await self._setting(call, request.header)
                simulation = Simulation(named=setting.named)
            for cart in request.carts:
                await _take(simulation, setting, call, cart)
        if setting is None:
            raise Invalid.fields(Violation("header", "is required in the first message"))
        return _message(simulation, setting.before.version)

    async def _setting(
        self, call: CallContext, header: sb.SimulateActivitiesRequest.Header
    ) -> _Setting:
        if not 0 <= header.named <= _NAMED_MAX:
            raise Invalid.fields(Violation("header.named", f"must be 0 to {_NAMED_MAX}"))
        drafts = drafts_of(header.drafts, "header.drafts")
        policy = _policy(header)
        before = self._feed.catalogue(call.tenant)
        async with connection(self._pg) as conn:
            if header.catalogue_version:
                before = await at_version(conn, before, header.catalogue_version)
            after = await with_drafts(
                conn, before, drafts, now=call.received_at, path="header.drafts"
            )
        if policy is not None:
            after = replace(after, assignments={"": policy})
        return _Setting(
            before,
            after,
            priced_us=micros_of(header.priced_at, "header.priced_at")
            if header.HasField("priced_at")
            else None,
            named=header.named or _NAMED_DEFAULT,
        )


def _policy(header: sb.SimulateActivitiesRequest.Header) -> PolicySpec | None:
    if not header.HasField("policy"):
        return None
    spec = to_struct(header.policy, PolicySpec, "header.policy")
    violations = spec.violations("header.policy")
    if violations:
        raise Invalid.fields(*violations)
    return spec


def _refuse_too_many(simulation: Simulation, request: sb.SimulateActivitiesRequest) -> None:
    if len(request.carts) > CARTS_PER_MESSAGE_MAX:
        raise Invalid.fields(Violation("carts", f"at most {CARTS_PER_MESSAGE_MAX} a message"))
    if simulation.carts + len(request.carts) > CARTS_MAX:
        raise Invalid.fields(Violation("carts", f"at most {CARTS_MAX} a stream"))


async def _take(
    simulation: Simulation, setting: _Setting, call: CallContext, request: pb.QuoteRequest
) -> None:
    """Prices a cart twice; one that is refused is counted."""
    # Others' calls go between two carts, and a deadline ends the simulation.
    await asyncio.sleep(0)
    try:
        cart = _cart(setting, call, request)
        before = await _quote(setting.before, cart)
        await asyncio.sleep(0)
        after = await _quote(setting.after, cart)
    except RangliError as error:
        simulation.refuse(error.message)
    else:
        simulation.add(before, after)


def _cart(setting: _Setting, call: CallContext, request: pb.QuoteRequest) -> Cart:
    if setting.priced_us is None and not request.HasField("priced_at"):
        raise Invalid.fields(Violation("priced_at", "is required, here or in the header"))
    cart = cart_of(request, call.received_at)
    if setting.priced_us is not None:
        cart.at_us = setting.priced_us
    # What costs time and is not counted.
    cart.explain = cart.snapshot = False
    cart.hints = 0
    return cart


async def _quote(catalogue: Catalogue, cart: Cart) -> Quote:
    made = asked(catalogue, cart)
    outcome = await asyncio.to_thread(priced, made) if made.takes_long else priced(made)
    return quoted(made, outcome)


def _message(simulation: Simulation, version: int) -> sb.SimulateActivitiesResponse:
    return sb.SimulateActivitiesResponse(
        catalogue_version=version,
        carts=simulation.carts,
        refused=simulation.refused,
        first_refusal=simulation.first_refusal,
        differences=[_difference(*item) for item in simulation.differences()],
    )


def _difference(currency: str, difference: Difference) -> sb.CurrencyDifference:
    return sb.CurrencyDifference(
        currency=currency,
        carts=difference.carts,
        before=_totals(difference.before),
        after=_totals(difference.after),
        cheaper=difference.cheaper,
        dearer=difference.dearer,
        same=difference.same,
        activities=[
            sb.SimulatedActivity(
                activity_id=activity_id,
                before_minor=given.before_minor,
                after_minor=given.after_minor,
                carts_before=given.carts_before,
                carts_after=given.carts_after,
            )
            for activity_id, given in difference.activities()
        ],
        winners=_carts(difference.winners.named()),
        losers=_carts(difference.losers.named()),
    )


def _totals(sums: Sums) -> sb.SimulatedTotals:
    return sb.SimulatedTotals(
        list_minor=sums.list_minor,
        discount_minor=sums.discount_minor,
        payable_minor=sums.payable_minor,
        funders=[
            pb.FunderAmount(funder=funder, amount_minor=amount_minor)
            for funder, amount_minor in sorted(sums.funders.items())
        ],
    )


def _carts(moved: Iterable[Moved]) -> list[sb.SimulatedCart]:
    return [
        sb.SimulatedCart(
            number=-cart.place,
            user_id=cart.user_id,
            before_minor=cart.before_minor,
            after_minor=cart.after_minor,
        )
        for cart in moved
    ]
