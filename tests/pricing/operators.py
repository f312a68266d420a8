"""LintActivities and SimulateActivities on real stores, called as a transport calls them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from time import monotonic
from typing import Any

from rangli.core.call import CallContext
from rangli.pricing import lint_rpc, simulation_rpc
from rangli.v1 import lint_pb2 as lb
from rangli.v1 import pricing_service_pb2 as qb
from rangli.v1 import simulation_pb2 as sb
from tests.world import NOW, World

Header = sb.SimulateActivitiesRequest.Header


async def lint(world: World, **fields: Any) -> lb.LintActivitiesResponse:
    """What there is to say of the tenant's activities."""
    await world.caught_up()
    (method,) = lint_rpc.methods(world.feed, world.stores)
    return await method.handler(_context(world), lb.LintActivitiesRequest(**fields))


async def simulate(
    world: World, carts: Iterable[qb.QuoteRequest] = (), *, at: datetime | None = NOW, **header: Any
) -> sb.SimulateActivitiesResponse:
    """What the drafts change on the carts, all as of one instant unless `at` is None."""
    if at is not None:
        header.setdefault("priced_at", at)
    return await stream(
        world,
        [
            sb.SimulateActivitiesRequest(header=Header(**header)),
            sb.SimulateActivitiesRequest(carts=carts),
        ],
    )


async def stream(
    world: World, messages: Iterable[sb.SimulateActivitiesRequest]
) -> sb.SimulateActivitiesResponse:
    """The answer to these messages."""
    await world.caught_up()
    (method,) = simulation_rpc.methods(world.feed, world.stores)

    async def sent() -> AsyncIterator[sb.SimulateActivitiesRequest]:
        for message in messages:
            yield message

    return await method.handler(_context(world), sent())


def _context(world: World) -> CallContext:
    return CallContext(world.tenant, "olga", "rangli.v1.PricingService/Any", NOW, monotonic() + 60)
