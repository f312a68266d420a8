"""The services, and what they stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rangli.core.call import Service
from rangli.selection import rpc as selection
from rangli.server.health import Check
from rangli.storage.postgres import connection
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores

POSTGRES = "rangli.postgres"
REDIS = "rangli.redis"
CATALOGUE = "rangli.catalogue"


@dataclass(frozen=True, slots=True)
class App:
    """What one worker serves.

    checks: components and whether they work, for health.
    needs: service name -> the components without which it cannot answer; "" is the whole.
    """

    services: tuple[Service, ...]
    checks: Mapping[str, Check]
    needs: Mapping[str, tuple[str, ...]]


@asynccontextmanager
async def opened(settings: StorageSettings) -> AsyncIterator[App]:
    """The application on its open stores, its catalogue loaded; closed at the end."""
    stores = await Stores.open(settings)
    try:
        yield _wired(stores)
    finally:
        await stores.close()


def _wired(stores: Stores) -> App:
    async def postgres() -> bool:
        async with connection(stores.pg) as conn:
            # A standby answers, but takes no changes.
            return not await conn.fetchval("SELECT pg_is_in_recovery()")

    async def redis() -> bool:
        return bool(await stores.redis.ping())

    return App(
        services=(selection.expose(stores),),
        checks={POSTGRES: postgres, REDIS: redis},
        needs={"": (), selection.NAME: (POSTGRES,)},
    )
