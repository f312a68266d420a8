"""Stocks in PostgreSQL, filters before them, and a Redis that tests may harm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from rangli.core.errors import Refused
from rangli.counters import store
from rangli.counters.filter import Admission, Filter, Limited, Mode
from rangli.counters.model import Counted, LimitSpec, Period, Subject, Want
from rangli.storage.postgres import transaction
from rangli.storage.stores import Stores

TENANT, OWNER, STOCK = "shop", "coupon/b1", "coupon/b1/stock"
PATIENCE_S = 60


class Stage:
    """A stock of OWNER in PostgreSQL, sold as a domain sells it."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores

    async def put(self, most: int, limit_id: str = STOCK) -> None:
        spec = LimitSpec(limit_id, Subject.ACTIVITY, Period.LIFETIME, most)
        async with transaction(self.stores.pg) as conn:
            await store.put_limits(conn, TENANT, [spec])

    async def sell(self, quantity: int = 1, limit_id: str = STOCK) -> list[Counted] | None:
        """What was counted, None if PostgreSQL has not that much left."""
        want = Want(limit_id, "", quantity)
        async with transaction(self.stores.pg) as conn:
            book = await store.locked(conn, wants=[(TENANT, want)])
            try:
                counted = book.count(TENANT, [want])
            except Refused:
                return None
            await store.write(conn, book)
            return counted

    async def take_back(self, counted: Sequence[Counted]) -> None:
        async with transaction(self.stores.pg) as conn:
            book = await store.locked(conn, counted=[(TENANT, one) for one in counted])
            book.give_back(TENANT, counted)
            await store.write(conn, book)

    async def left(self, limit_id: str = STOCK) -> int:
        item = TENANT, limit_id, ""
        async with self.stores.pg.acquire() as conn:
            return (await store.remaining(conn, [item]))[item].left

    async def epoch(self) -> int:
        async with self.stores.pg.acquire() as conn:
            return await conn.fetchval("SELECT epoch FROM redis_shards")


def key(limit_id: str = STOCK) -> str:
    """Of a stock, in Redis."""
    return f"rangli:{{{TENANT}/{OWNER}}}:s:{limit_id}"


async def ask(door: Filter, quantity: int = 1, limited: Sequence[Limited] = ()) -> Admission:
    """For the stock."""
    return await door.admit(TENANT, OWNER, Want(STOCK, "", quantity), limited)


async def asked(door: Filter, times: int) -> list[Admission]:
    """So many ask at once."""
    return await asyncio.gather(*(ask(door) for _ in range(times)))


@asynccontextmanager
async def filtering(stores: Stores, **settings: float) -> AsyncIterator[Filter]:
    """A filter that has begun, patient with a slow machine."""
    usual = {"timeout_s": 5, "fill_timeout_s": 20, "bypass_per_s": 1_000_000}
    door = Filter(stores, **usual | settings)
    await door.start()
    try:
        yield door
    finally:
        await door.close()


async def until(holds: Callable[[], object], within_s: float = PATIENCE_S) -> float:
    """Waits for what other tasks bring about; how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.002)
    return time.monotonic() - began


async def until_filtering(door: Filter) -> float:
    """Until Redis is asked again."""
    return await until(lambda: door.mode is Mode.FILTER)


async def until_asked(door: Filter, admission: Admission, within_s: float = PATIENCE_S) -> float:
    """Asks again and again until that is the answer; how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while await ask(door) is not admission:  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.002)
    return time.monotonic() - began


class Relay:
    """Between clients and a Redis: passes everything on, to where it is told, unless it is held."""

    def __init__(self, upstream: Path) -> None:
        self._upstream = upstream
        self._links: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    def hold(self) -> None:
        """Nothing passes any more; no side is told."""
        self._flowing.clear()

    def lead_to(self, upstream: Path) -> None:
        """New connections go there; the old ones end."""
        self._upstream = upstream
        for link in self._links:
            link.cancel()

    async def link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        try:
            upstream, to_server = await asyncio.open_unix_connection(self._upstream)
            try:
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(self._pass_on(reader, to_server))
                    ways.create_task(self._pass_on(upstream, writer))
            finally:
                to_server.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._links.discard(task)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def close(self) -> None:
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)
