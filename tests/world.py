"""The services on real stores, called as a transport calls them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from time import monotonic
from typing import Any

from rangli.activities import rpc as activities
from rangli.activities.catalogue import Catalogue
from rangli.activities.feed import CatalogueFeed
from rangli.activities.policies import rpc as policies
from rangli.activities.service import is_activity
from rangli.checkout import rpc as checkout
from rangli.core.call import CallContext, Method, Shape
from rangli.counters import rpc as counters
from rangli.counters.filter import Filter
from rangli.coupons import rpc as coupons
from rangli.events import rpc as events
from rangli.funds import rpc as funds
from rangli.pricing import rpc as pricing
from rangli.selection import rpc as selection
from rangli.storage.batcher import Batching
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from rangli.v1 import pricing_service_pb2 as qb
from rangli.v1 import selection_service_pb2 as sb
from rangli.wallet import rpc as wallet

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
_request_numbers = count()
_tenant_numbers = count()


def request_id() -> str:
    """A fresh one."""
    return f"r{next(_request_numbers)}"


def new_tenant() -> str:
    """A fresh one."""
    return f"tenant-{next(_tenant_numbers)}"


class World:
    """What one server process holds, without a transport in front, as one tenant sees it."""

    def __init__(
        self,
        stores: Stores,
        feed: CatalogueFeed,
        tenant: str = "default",
        batching: Batching | None = None,
        filter_: Filter | None = None,
    ) -> None:
        self.stores = stores
        self.feed = feed
        self.batching = batching = batching or Batching(stores.pg)
        self.filter = filter_
        self.tenant = tenant
        services = (
            selection.expose(stores),
            activities.expose(stores),
            policies.expose(stores),
            pricing.expose(feed, stores),
            funds.expose(stores, batching, is_activity=is_activity),
            wallet.expose(stores, batching),
            counters.expose(stores, batching),
            coupons.expose(stores, batching, feed, filter=filter_),
            checkout.expose(stores, batching, feed),
            events.expose(stores),
        )
        self._methods: dict[str, tuple[str, Method]] = {
            name: (service.name, method)
            for service in services
            for method in service.methods
            # Two services may have a method of one name; the service then goes before it.
            for name in (method.name, f"{service.name.rpartition('.')[2]}/{method.name}")
        }

    def of(self, tenant: str) -> World:
        """The same process, as another tenant sees it."""
        return World(self.stores, self.feed, tenant, self.batching, self.filter)

    @property
    def catalogue(self) -> Catalogue:
        """What the tenant's carts are priced with at the moment."""
        return self.feed.catalogue(self.tenant)

    async def rows(self, query: str, *args: Any) -> list[Any]:
        """What a query finds; $1 is the tenant."""
        async with self.stores.pg.acquire() as conn:
            return await conn.fetch(query, self.tenant, *args)

    async def call(
        self, name: str, request: Any, *, actor: str = "olga", at: datetime = NOW
    ) -> Any:
        """The method's answer; a list or an async iterator is a stream.

        What a method answers by a stream is an async iterator.
        """
        service, method = self._methods[name]
        context = CallContext(self.tenant, actor, f"{service}/{method.name}", at, monotonic() + 60)
        if method.shape is Shape.SERVER_STREAM:
            return method.handler(context, request)
        if method.shape is Shape.INLINE:
            answer = method.handler(context, request)
            return await answer if isinstance(answer, Awaitable) else answer
        if method.shape is Shape.CLIENT_STREAM:
            stream = request if isinstance(request, AsyncIterator) else _stream(request)
            return await method.handler(context, stream)
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

    async def update(
        self, activity_id: str, spec: ab.ActivitySpec, *, at: datetime = NOW, **fields: Any
    ) -> ab.Activity:
        fields.setdefault("request_id", request_id())
        request = pb.UpdateActivityRequest(activity_id=activity_id, spec=spec, **fields)
        return await self.call("UpdateActivity", request, at=at)

    async def get(self, activity_id: str, *, at: datetime = NOW, version: int = 0) -> ab.Activity:
        request = pb.GetActivityRequest(activity_id=activity_id, version=version)
        return await self.call("GetActivity", request, at=at)

    async def launch(self, activity_id: str, spec: ab.ActivitySpec) -> ab.Activity:
        """Created, reviewed and published."""
        await self.create(activity_id, spec)
        return await self.publish(activity_id)

    async def publish(self, activity_id: str) -> ab.Activity:
        """The version in preparation, carried through review to publication."""
        for verb in ("Submit", "Approve"):
            await self.verb(verb, activity_id)
        return await self.verb("Publish", activity_id)

    async def import_set(
        self, set_id: str, kind: str, members: Iterable[str], **header: Any
    ) -> sb.Set:
        header.setdefault("request_id", request_id())
        head = sb.ImportSetRequest.Header(set_id=set_id, kind=f"SET_KIND_{kind}", **header)
        return (
            await self.call("ImportSet", [sb.ImportSetRequest(header=head, members=members)])
        ).set

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

    async def caught_up(self) -> None:
        """Until the feed has seen what is committed."""
        heads = await self.rows("SELECT version FROM catalogue_heads WHERE tenant = $1")
        version = heads[0]["version"] if heads else 0
        await until(lambda: self.catalogue.version >= version)


async def until(holds: Callable[[], bool], *, within_s: float = 60) -> None:
    """Waits for something that other tasks bring about; TimeoutError if they do not."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.005)


@asynccontextmanager
async def world_on(stores: Stores) -> AsyncIterator[World]:
    """A world whose catalogue follows the stores until the end."""
    feed = CatalogueFeed(stores.pg)
    batching = Batching(stores.pg)
    await feed.start()
    try:
        yield World(stores, feed, batching=batching)
    finally:
        await batching.close()
        await feed.stop()


@asynccontextmanager
async def shared_world(
    new_database: Callable[..., AbstractContextManager[str]], redis_url: str
) -> AsyncIterator[World]:
    """A world for many tests, each of which is a tenant of its own."""
    with new_database() as dsn:
        settings = StorageSettings(
            postgres_dsn=dsn, redis_url=redis_url, acquire_timeout_s=20, redis_timeout_s=10
        )
        stores = await Stores.open(settings)
        try:
            async with world_on(stores) as world:
                yield world
        finally:
            await stores.close()


async def _stream(messages: Iterable[Any]) -> AsyncIterator[Any]:
    for message in messages:
        yield message


def spec(template_id: str, **fields: Any) -> ab.ActivitySpec:
    """A spec that runs all of 2026, in dollars, paid by the retailer, for all products.

    An effect is given by name: `spec("item_discount", percent_off={"off_bps": 1000})`.
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
    if template_id not in ("price_book", "shipping_discount", "shipping_coupon"):
        fields.setdefault("products", {"all": True})
    return ab.ActivitySpec(
        template_id=template_id,
        display_name=fields.pop("display_name", template_id),
        currency=fields.pop("currency", "USD"),
        schedule=ab.Schedule(**schedule),
        effect=ab.Effect(**{name: _effect(name, value) for name, value in effects.items()}),
        funding=fields.pop("funding", [{"funder": "retailer", "share_bps": 10_000}]),
        **fields,
    )


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


def entry(sku: str, **fields: Any) -> pb.PriceEntry:
    """A price entry for all of 2026, unless said otherwise."""
    fields.setdefault("starts_at", datetime(2026, 1, 1, tzinfo=UTC))
    fields.setdefault("ends_at", datetime(2027, 1, 1, tzinfo=UTC))
    return pb.PriceEntry(sku=sku, **fields)
