"""The services, and what they stand on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rangli.activities import rpc as activities
from rangli.activities.feed import CatalogueFeed
from rangli.activities.policies import rpc as policies
from rangli.activities.service import is_activity
from rangli.checkout import rpc as checkout
from rangli.core.call import Service
from rangli.counters import rpc as counters
from rangli.counters.filter import Filter
from rangli.coupons import rpc as coupons
from rangli.events import rpc as events
from rangli.events.service import Events
from rangli.funds import rpc as funds
from rangli.pricing import rpc as pricing
from rangli.selection import rpc as selection
from rangli.server.health import Check
from rangli.server.metrics import Publisher
from rangli.server.upkeep import keep_up
from rangli.storage import detached
from rangli.storage.batcher import Batching
from rangli.storage.postgres import connection
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from rangli.wallet import rpc as wallet

POSTGRES = "rangli.postgres"
REDIS = "rangli.redis"
CATALOGUE = "rangli.catalogue"  # follows what is published
LOADED = "rangli.catalogue.loaded"  # there is one, new or not


@dataclass(frozen=True, slots=True)
class App:
    """What one worker serves.

    checks: components and whether they work, for health.
    needs: service name -> the components without which it cannot answer; "" is the whole.
    end_waits: calls that wait for something to happen are answered now, and wait no more.
    """

    services: tuple[Service, ...]
    checks: Mapping[str, Check]
    needs: Mapping[str, tuple[str, ...]]
    end_waits: Callable[[], None]


@asynccontextmanager
async def opened(settings: StorageSettings) -> AsyncIterator[App]:
    """The application on its open stores, its catalogues loaded and followed; closed at the end.

    Raises Unavailable if a store is away: a worker doesn't start without them.
    """
    stores = await Stores.open(settings)
    feed = CatalogueFeed(stores.pg)
    batching = Batching(stores.pg)
    filter_ = Filter(
        stores, bypass_per_s=settings.filter_bypass_per_s, timeout_s=settings.redis_timeout_s
    )
    tasks = [
        asyncio.create_task(keep_up(stores.pg), name="upkeep"),
        asyncio.create_task(Publisher(filter_, batching).keep(), name="metrics"),
    ]
    try:
        await filter_.start()
        await feed.start()
        yield _wired(stores, feed, batching, filter_)
    finally:
        # A sweep may be in the middle of a transaction: it ends before the pool does.
        await detached.end(*tasks)
        await batching.close()
        await filter_.close()  # what the last batches give back goes through it
        await feed.stop()
        await stores.close()


def _wired(stores: Stores, feed: CatalogueFeed, batching: Batching, filter_: Filter) -> App:
    reading = Events(stores.pg)

    async def postgres() -> bool:
        async with connection(stores.pg) as conn:
            # A standby answers, but takes no changes.
            return not await conn.fetchval("SELECT pg_is_in_recovery()")

    async def redis() -> bool:
        return bool(await stores.redis.ping())

    async def catalogue() -> bool:
        return feed.fresh

    async def loaded() -> bool:
        return feed.ready

    return App(
        services=(
            pricing.expose(feed, stores),
            activities.expose(stores),
            policies.expose(stores),
            selection.expose(stores),
            funds.expose(stores, batching, is_activity=is_activity),
            wallet.expose(stores, batching),
            counters.expose(stores, batching),
            coupons.expose(stores, batching, feed, filter=filter_),
            checkout.expose(stores, batching, feed),
            events.expose(stores, events=reading),
        ),
        checks={POSTGRES: postgres, REDIS: redis, CATALOGUE: catalogue, LOADED: loaded},
        needs={
            # A quote needs no store: it is given from the last catalogue.
            "": (LOADED,),
            pricing.NAME: (LOADED,),
            activities.NAME: (POSTGRES,),
            policies.NAME: (POSTGRES,),
            selection.NAME: (POSTGRES,),
            funds.NAME: (POSTGRES,),
            wallet.NAME: (POSTGRES,),
            counters.NAME: (POSTGRES,),
            coupons.NAME: (POSTGRES,),
            checkout.NAME: (POSTGRES, LOADED),
            events.NAME: (POSTGRES,),
        },
        end_waits=reading.close,
    )
