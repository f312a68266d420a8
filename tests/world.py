"""The services on real stores, called as a transport calls them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from time import monotonic
from typing import Any

from rangli.activities import rpc as activities
from rangli.activities.feed import CatalogueFeed
from rangli.core.call import CallContext, Method, Shape
from rangli.pricing import rpc as pricing
from rangli.selection import rpc as selection
from rangli.storage.stores import Stores
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from rangli.v1 import pricing_service_pb2 as qb
from rangli.v1 import selection_service_pb2 as sb

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
_request_numbers = count()


def request_id() -> str:
    """A fresh one."""
    return f"r{next(_request_numbers)}"


class World:
    """What one server process holds, without a transport in front."""

    def __init__(self, stores: Stores, feed: CatalogueFeed) -> None:
        self.stores = stores
        self.feed = feed
        services = (selection.expose(stores), activities.expose(stores), pricing.expose(feed))
        self._methods: dict[str, tuple[str, Method]] = {
            method.name: (service.name, method)
            for service in services
            for method in service.methods
        }

    async def call(
        self,
        name: str,
        request: Any,
        *,
        tenant: str = "default",
        actor: str = "olga",
        at: datetime = NOW,
    ) -> Any:
        """The method's answer; a list is a stream."""
        service, method = self._methods[name]
        context = CallContext(tenant, actor, f"{service}/{name}", at, monotonic() + 60)
        if method.shape is Shape.INLINE:
            return method.handler(context, request)
        if method.shape is Shape.CLIENT_STREAM:
            return await method.handler(context, _stream(request))
        return await method.handler(context, request)

    async def verb(self, verb: str, activity_id: str, **fields: Any) -> ab.Activity:
        """An activity's next step: `verb("Publish", "a1")`."""
        fields.setdefault("request_id", request_id())
        at = fields.pop("at", NOW)
        request = pb.ActivityVerbRequest(activity_id=activity_id, **fields)
        return await self.call(f"{verb}Activity", request, at=at)

    async def create(self, activity_id: str, spec: ab.ActivitySpec) -> ab.Activity:
        request = pb.CreateActivityRequest(
            request_id=request_id(), activity_id=activity_id, spec=spec
        )
        return await self.call("CreateActivity", request)

    async def launch(self, activity_id: str, spec: ab.ActivitySpec) -> ab.Activity:
        """Created, reviewed and published."""
        await self.create(activity_id, spec)
        return await self.publish(activity_id)

    async def publish(self, activity_id: str) -> ab.Activity:
        """The version in preparation, carried through review to publication."""
        for verb in ("Submit", "Approve"):
            await self.verb(verb, activity_id)
        return await self.verb("Publish", activity_id)

    async def import_set(self, set_id: str, kind: str, members: Iterable[str]) -> sb.Set:
        header = sb.ImportSetRequest.Header(
            request_id=request_id(), set_id=set_id, kind=f"SET_KIND_{kind}"
        )
        stream = [sb.ImportSetRequest(header=header, members=members)]
        return (await self.call("ImportSet", stream)).set

    async def import_entries(
        self, activity_id: str, entries: Iterable[pb.PriceEntry], **header: Any
    ) -> pb.ImportPriceEntriesResponse:
        header.setdefault("request_id", request_id())
        head = pb.ImportPriceEntriesRequest.Header(activity_id=activity_id, **header)
        return await self.call(
            "ImportPriceEntries", [pb.ImportPriceEntriesRequest(header=head, entries=entries)]
        )

    async def quote(self, request: qb.QuoteRequest, *, at: datetime = NOW) -> qb.QuoteResponse:
        """A quote on the newest catalogue."""
        await self.caught_up()
        return await self.call("Quote", request, at=at)

    async def caught_up(self, tenant: str = "default") -> None:
        """Until the feed has seen what is committed."""
        async with self.stores.pg.acquire() as conn:
            version = await conn.fetchval(
                "SELECT coalesce(max(version), 0) FROM catalogue_heads WHERE tenant = $1", tenant
            )
        async with asyncio.timeout(20):
            while self.feed.catalogue(tenant).version < version:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def world_on(stores: Stores) -> AsyncIterator[World]:
    """A world whose catalogue follows the stores until the end."""
    feed = CatalogueFeed(stores.pg)
    await feed.start()
    try:
        yield World(stores, feed)
    finally:
        await feed.stop()


async def _stream(messages: Iterable[Any]) -> AsyncIterator[Any]:
    for message in messages:
        yield message


def spec(template_id: str, **fields: Any) -> ab.ActivitySpec:
    """A spec that runs all of 2026, in dollars, paid by the retailer, for all products.

    Effects and conditions are given by name: `spec("item_discount", percent_off={"off_bps": 1000})`.
    """
    schedule = {
        "starts_at": datetime(2026, 1, 1, tzinfo=UTC),
        "ends_at": datetime(2027, 1, 1, tzinfo=UTC),
        "time_zone": "UTC",
        **fields.pop("schedule", {}),
    }
    effects = {
        name: fields.pop(name)
        for name in list(fields)
        if name in ab.Effect.DESCRIPTOR.fields_by_name
    }
    if template_id != "price_book":
        fields.setdefault("products", {"all": True})
    given = ab.ActivitySpec(
        template_id=template_id,
        display_name=fields.pop("display_name", template_id),
        currency=fields.pop("currency", "USD"),
        schedule=ab.Schedule(**schedule),
        effect=ab.Effect(**{name: _effect(name, value) for name, value in effects.items()}),
        funding=fields.pop("funding", [{"funder": "retailer", "share_bps": 10_000}]),
        **fields,
    )
    return given


def _effect(name: str, value: dict[str, Any]) -> Any:
    kind = ab.Effect.DESCRIPTOR.fields_by_name[name].message_type.name
    return getattr(ab, kind)(**value)


def line(line_id: str, list_minor: int, quantity: int = 1, **fields: Any) -> qb.CartLine:
    """A cart line whose sku is its id, unless said otherwise."""
    fields.setdefault("sku", line_id)
    return qb.CartLine(line_id=line_id, list_minor=list_minor, quantity=quantity, **fields)


def cart(*lines: qb.CartLine, **fields: Any) -> qb.QuoteRequest:
    """A cart in dollars."""
    fields.setdefault("currency", "USD")
    return qb.QuoteRequest(lines=lines, **fields)


def coupon(activity_id: str, credential_id: str = "c1", **fields: Any) -> qb.Credential:
    """A credential for an activity."""
    return qb.Credential(credential_id=credential_id, activity_id=activity_id, **fields)
