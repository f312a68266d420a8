"""Whether the Redis that we reach may be believed: under which epoch, and as which server.

What a Redis says is believed while it is the primary of the replication id for which the epoch was
raised, in PostgreSQL. Whenever that is in doubt it is bypassed at once, and a task of this process
raises the epoch anew: keys of the old one then count for nothing. One process does so; the others
find its epoch and take it over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum

import structlog

from rangli.core.errors import RangliError
from rangli.counters.scripts import LostError, Server, Standing
from rangli.storage import detached
from rangli.storage.lua import REDIS_AWAY
from rangli.storage.postgres import Connection, PostgresError, transaction
from rangli.storage.stores import Stores

NAME = "main"  # there is one for each Redis; so far there is one Redis
# Written with each epoch: shows that the server takes writes. And an epoch that PostgreSQL has
# forgotten, because a backup was restored, must not be used a second time.
_MARK = "rangli:filter:epoch"
_LOCK_SHARD = "SELECT pg_advisory_xact_lock(hashtextextended('redis/' || $1, 0))"
_RAISE = """
INSERT INTO redis_shards (shard, epoch, replid) VALUES ($1, $2, $3)
ON CONFLICT (shard) DO UPDATE
SET epoch = excluded.epoch, replid = excluded.replid, raised_at = now()
"""
_PAUSE_FIRST_S, _PAUSE_MAX_S = 0.02, 1.0
# After so long it was no failure of the rebuilding.
_LASTED_S = 5.0
# What a rebuilding may meet; the next attempt may do better.
_PASSING = (*REDIS_AWAY, RangliError, PostgresError)
_log = structlog.get_logger(__name__)


class Mode(StrEnum):
    """Whether Redis is asked."""

    FILTER = "filter"
    BYPASS = "bypass"


class _NotPrimary(RuntimeError):
    """A replica answers, or another server than a moment ago."""


class Shard:
    """The Redis of a process, as it stands.

    server: as it is believed, or was last.
    on_lost: called when it is bypassed from now on.
    """

    def __init__(self, stores: Stores, *, timeout_s: float, on_lost: Callable[[], None]) -> None:
        self.mode = Mode.BYPASS
        self.server = Server(stores.redis, Standing(0, ""), timeout_s)
        self._pg = stores.pg
        self._on_lost = on_lost
        self._rebuilding: asyncio.Task[None] | None = None
        self._failures = 0
        self._since = time.monotonic()

    async def start(self) -> None:
        """Try once; afterwards in the background."""
        if not await self._attempt():
            self._rebuild()

    async def close(self) -> None:
        """Bypassed for good."""
        self.mode = Mode.BYPASS
        if self._rebuilding is not None:
            await detached.end(self._rebuilding)

    def lose(self, server: Server, why: LostError) -> None:
        """Bypass the server at once, and begin to rebuild. Again, or late, is harmless."""
        if self.mode is Mode.BYPASS or server != self.server:
            return
        self.mode = Mode.BYPASS
        if time.monotonic() - self._since > _LASTED_S:
            self._failures = 0
        _log.warning("redis is bypassed", why=str(why), epoch=server.standing.epoch)
        self._rebuild()
        self._on_lost()

    def _rebuild(self) -> None:
        self._rebuilding = asyncio.create_task(self._until_rebuilt(), name="redis shard")

    async def _until_rebuilt(self) -> None:
        while True:
            # At once the first time; a server that fails whatever it is asked must not cost more.
            pause_s = _PAUSE_FIRST_S * 2 ** min(self._failures, 10) if self._failures else 0
            await asyncio.sleep(min(pause_s, _PAUSE_MAX_S))
            self._failures += 1
            if await self._attempt():
                return

    async def _attempt(self) -> bool:
        """Whether Redis may be asked from now on."""
        try:
            replid = await self._primary()  # while it is away, PostgreSQL need not be asked
            async with transaction(self._pg) as conn:
                epoch = await self._raised(conn, replid)
                if await self._primary() != replid:
                    raise _NotPrimary
        except (*_PASSING, _NotPrimary) as error:
            _log.debug("redis is not yet to be believed", error=type(error).__name__)
            return False
        except Exception:
            # Nobody waits for the task: it must be seen, and must not end the rebuilding.
            _log.exception("rebuilding the filter failed")
            return False
        self.server = self.server._replace(standing=Standing(epoch, replid))
        self.mode = Mode.FILTER
        self._since = time.monotonic()
        _log.info("redis filters", epoch=epoch)
        return True

    async def _raised(self, conn: Connection, replid: str) -> int:
        """A new epoch for the server, or the one that another process has raised for it."""
        redis = self.server.redis
        await conn.execute(_LOCK_SHARD, NAME)
        marked = int(await redis.get(_MARK) or 0)
        stored = await newest(conn)
        ours = stored.replid == replid and stored.epoch >= marked
        if ours and stored.epoch > self.server.standing.epoch:
            epoch = stored.epoch
        else:
            epoch = max(stored.epoch, marked) + 1
            await conn.execute(_RAISE, NAME, epoch, replid)
        await redis.set(_MARK, epoch)
        return epoch

    async def _primary(self) -> str:
        """The replication id of the server, which is a primary."""
        info = await self.server.redis.info("replication")
        if info["role"] != "master":
            raise _NotPrimary
        return str(info["master_replid"])


async def newest(conn: Connection) -> Standing:
    """As which server, and under which epoch, Redis was rebuilt last by anybody."""
    row = await conn.fetchrow("SELECT epoch, replid FROM redis_shards WHERE shard = $1", NAME)
    return Standing(0, "") if row is None else Standing(row["epoch"], row["replid"])
