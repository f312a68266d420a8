"""Both stores of a process, opened, checked and closed together."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from rangli.core.errors import Unavailable
from rangli.storage import detached
from rangli.storage.in_time import in_time
from rangli.storage.keys import Keys
from rangli.storage.postgres import Pool, connection, open_pool
from rangli.storage.settings import StorageSettings

_POSTGRES_MAJOR_MIN, _POSTGRES_MAJOR_TESTED = 15, 18
_VALKEY_MIN = (7, 2)
_REDIS_MIN = (7, 0)
_SETTLE_TIMEOUT_S = 30.0
_log = structlog.get_logger(__name__)


class UnsupportedServerError(RuntimeError):
    """A given server is too old; the message says which and what is needed."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores, as every domain gets them.

    pg: the truth. Use it through `postgres.transaction` and `postgres.connection`.
    redis: advice. Replies are bytes; commands are never repeated by the client, because a command
        whose answer was late may have been carried out; they fail after `redis_timeout_s`.
    keys: the service's own secrets.
    """

    pg: Pool
    redis: Redis
    keys: Keys

    @classmethod
    async def open(cls, settings: StorageSettings) -> Stores:
        """Connect to both servers of the settings and check their versions.

        Unavailable if one is away: a process doesn't start without them. Once open, both reconnect
        by themselves whenever they are used again.
        """
        if settings.postgres_dsn is None or settings.redis_url is None:
            raise ValueError("the settings name no servers; start EmbeddedStores first")
        pg = await open_pool(
            settings.postgres_dsn,
            size_min=settings.postgres_pool_size_min,
            size_max=settings.postgres_pool_size_max,
            acquire_timeout_s=settings.acquire_timeout_s,
            connect_timeout_s=settings.connect_timeout_s,
        )
        stores = cls(pg, _open_redis(settings.redis_url, settings), Keys.load(settings))
        try:
            await _check_postgres(pg)
            await _check_redis(stores.redis, settings.connect_timeout_s)
        except BaseException:
            await stores.close()
            raise
        return stores

    async def close(self) -> None:
        """Finish detached work, then disconnect. No call may be under way any more."""
        if await detached.settle(_SETTLE_TIMEOUT_S):
            _log.error("stores closed while work was under way")
            self.pg.terminate()
        else:
            await self.pg.close()
        await self.redis.aclose()


def _open_redis(url: str, settings: StorageSettings) -> Redis:
    """A client that waits for a free connection, and for an answer, only so long."""
    pool = BlockingConnectionPool.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=None,  # as `_InTime` has it
        socket_connect_timeout=settings.redis_timeout_s,
        max_connections=settings.redis_pool_size_max,
        timeout=settings.redis_timeout_s,
        decode_responses=False,
    )
    usual = pool.connection_class  # by the URL's scheme
    pool.connection_class = type(
        "ConnectionInTime", (_InTime, usual), {"timeout_s": settings.redis_timeout_s}
    )
    return Redis.from_pool(pool)


class _InTime:
    """A connection that takes and answers in time, as far as this process ran meanwhile.

    redis-py's own limits would take a Redis that works for one that does not. Of a connection that
    is late nothing more is read.
    """

    timeout_s: float

    async def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        """As redis-py's; RedisError if the server takes nothing."""
        async with self._limit():
            await super().send_packed_command(*args, **kwargs)  # type: ignore[misc]

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """As redis-py's; RedisError if there is no answer."""
        async with self._limit():
            return await super().read_response(*args, **kwargs)  # type: ignore[misc]

    @asynccontextmanager
    async def _limit(self) -> AsyncIterator[None]:
        try:
            async with in_time(self.timeout_s):
                yield
        except TimeoutError as error:
            raise RedisTimeoutError("Redis is late") from error


async def _check_postgres(pg: Pool) -> None:
    async with connection(pg) as conn:
        major = conn.get_server_version().major
    if major < _POSTGRES_MAJOR_MIN:
        raise UnsupportedServerError(
            f"PostgreSQL {major} is too old: rangli needs {_POSTGRES_MAJOR_MIN} or newer"
        )
    if major > _POSTGRES_MAJOR_TESTED:
        _log.warning("PostgreSQL is newer than tested", major=major, tested=_POSTGRES_MAJOR_TESTED)


async def _check_redis(redis: Redis, timeout_s: float) -> None:
    # A command's own time is short; a start, on a machine that is busy starting others, has more.
    patient_until = time.monotonic() + timeout_s
    while True:
        try:
            info = await redis.info("server")
            break
        except (RedisError, OSError) as error:
            refused = isinstance(error.__cause__, ConnectionRefusedError)
            if refused or time.monotonic() >= patient_until:
                raise Unavailable("redis", "Redis is not reachable at the moment") from error
    refuse_old_redis(info)


def refuse_old_redis(info: dict[str, object]) -> None:
    """UnsupportedServerError if `INFO server` tells of a Valkey or Redis that is too old."""
    # Valkey also reports the Redis version it is compatible with, so it is asked first.
    for field, name, needed in (
        ("valkey_version", "Valkey", _VALKEY_MIN),
        ("redis_version", "Redis", _REDIS_MIN),
    ):
        if field in info:
            version = tuple(map(int, re.findall(r"\d+", str(info[field]))[:2]))
            if version < needed:
                raise UnsupportedServerError(
                    f"{name} {info[field]} is too old: rangli needs "
                    f"{'.'.join(map(str, needed))} or newer"
                )
            return
    raise UnsupportedServerError("the Redis server does not tell its version")
