"""Connections and transactions of Postgres, whose failures are our own errors.

Loss of the server, a full pool, a shutdown and the like become `Unavailable`; what the driver said
goes to the log and stays in the exception's cause. All other errors pass as they are.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import asyncpg
import structlog

from rangli.core.errors import Unavailable
from rangli.storage.in_time import in_time

# What a pool lends is a proxy of one, with the same methods.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Record: TypeAlias = asyncpg.Record
# The rows would break a constraint of the schema.
ConstraintBroken: TypeAlias = asyncpg.IntegrityConstraintViolationError
# Whatever the server refused.
PostgresError: TypeAlias = asyncpg.PostgresError
# The schema is older than the code.
NOT_MIGRATED = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)

# The server has ended the connection, or cannot work.
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,  # shutdown, crash, still starting, cancelled
    asyncpg.InsufficientResourcesError,  # connections, memory, disk
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # a former primary
)
# The server answers, but this it does not do.
_REFUSES = (asyncpg.InsufficientResourcesError, asyncpg.ReadOnlySQLTransactionError)
# Another transaction was in the way; the same request may succeed in a moment.
_BUSY = (
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
# What the driver says of a lost connection, but of wrong arguments and others' I/O too.
_MAYBE_AWAY = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

# Rows are found by key: a plan that was made while a table was small, and kept, would go on reading
# all of it. And what everybody takes from is locked by one transaction after the other: they wait
# in turn, for longer than a reader would.
CHANGING = "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL lock_timeout = '2s'"

_WARNINGS_EVERY_S = 1.0
_log = structlog.get_logger(__name__)

_SERVER_SETTINGS = {
    "application_name": "rangli",
    "timezone": "UTC",
    "default_transaction_isolation": "read committed",
    # Nobody holds locks while doing something else, nor waits long for those who do.
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "500ms",
}


class Busy(Unavailable):
    """Another transaction was in the way, so this one was rolled back: it has changed nothing."""


class Pool(asyncpg.Pool):
    """A pool on which nobody waits for a connection without bound."""

    __slots__ = ("acquire_timeout_s",)

    def __init__(self, *args: Any, acquire_timeout_s: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.acquire_timeout_s = acquire_timeout_s

    def acquire(self, *, timeout: float | None = None) -> Any:
        """As asyncpg's, with the pool's own timeout unless another is given."""
        return super().acquire(timeout=self.acquire_timeout_s if timeout is None else timeout)


async def open_pool(
    dsn: str,
    *,
    size_min: int,
    size_max: int,
    acquire_timeout_s: float,
    connect_timeout_s: float,
) -> Pool:
    """A pool with `size_min` open connections; it replaces those it loses by itself.

    No command timeout: asyncpg would send a cancel request, which at a commit leaves everybody in
    doubt. Whoever waits for an answer bounds his own waiting. Unavailable if the server is away.
    """
    pool = Pool(
        dsn,
        acquire_timeout_s=acquire_timeout_s,
        min_size=size_min,
        max_size=size_max,
        max_queries=50_000,
        max_inactive_connection_lifetime=300.0,
        loop=asyncio.get_running_loop(),
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        timeout=connect_timeout_s,
        server_settings=_SERVER_SETTINGS,
        reset=_reset,
    )
    try:
        await pool
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise _away(error) from error
    return pool


async def _reset(_conn: Connection) -> None:
    """Nothing: asyncpg has ended an open transaction, and nothing else outlives one here.

    Settings are only SET LOCAL, advisory locks a transaction's, cursors and LISTEN are not used.
    What asyncpg would ask the server to reset costs every borrower a round trip.
    """


@asynccontextmanager
async def connection(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the pool, for single statements; Unavailable when there is none.

    Busy, which is Unavailable, if rows stayed locked by others.
    """
    conn = await _acquire(pool)
    try:
        yield conn
    except _BUSY as error:
        raise Busy(
            "postgres", "the rows are in use by another request; try again", retry_after_s=0.1
        ) from error
    except _AWAY as error:
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
            await pool.expire_connections()  # new ones may find the new primary
        raise _away(error) from error
    except _MAYBE_AWAY as error:
        if not (_is_torn(error) or _is_lost(conn)):
            raise
        raise _away(error) from error
    finally:
        await _release(pool, conn)


@asynccontextmanager
async def moment(pool: Pool) -> AsyncIterator[Connection]:
    """A connection that reads one moment, and cannot write. Unavailable as `connection`."""
    async with (
        connection(pool) as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield conn


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction of its own: committed at the end of the block, rolled back by an exception.

    Read committed. Unavailable as in `connection`; if that happens at the commit, the outcome is
    unknown, so changes that callers ask for belong into `idempotency.once`.
    """
    async with connection(pool) as conn, conn.transaction():
        yield conn


@asynccontextmanager
async def changing(pool: Pool) -> AsyncIterator[Connection]:
    """A transaction for changes of many rows that others change too; waits for them up to 2 s.

    As `transaction` otherwise.
    """
    async with transaction(pool) as conn:
        await conn.execute(CHANGING)
        yield conn


class _Warnings:
    """Warns of failures, at most once a second: while the server is away, every request fails.

    Of the driver's error only what cannot hold anybody's data: no detail, no statement, no values.
    """

    def __init__(self) -> None:
        self._quiet_until = 0.0
        self._unsaid = 0

    def warn(self, error: BaseException) -> None:
        now = time.monotonic()
        if now < self._quiet_until:
            self._unsaid += 1
            return
        self._quiet_until = now + _WARNINGS_EVERY_S
        first = _first(error)
        facts: dict[str, object] = {"error": type(first).__name__}
        if isinstance(first, asyncpg.PostgresError):
            facts["sqlstate"] = first.sqlstate
            if first.message:  # only of errors that the server sent
                facts["message"] = first.message
        _log.warning("postgres unavailable", **facts, unsaid=self._unsaid)
        self._unsaid = 0


def _first(error: BaseException) -> BaseException:
    """What ended the connection, where `error` is but the rollback that then failed."""
    before = error.__context__
    return before if isinstance(before, _AWAY) else error


_warnings = _Warnings()


def _away(error: BaseException) -> Unavailable:
    _warnings.warn(error)
    if isinstance(error, _REFUSES):
        return Unavailable("postgres", "the database cannot take work at the moment")
    return Unavailable("postgres", "the database is not reachable at the moment")


def _is_torn(error: BaseException) -> bool:
    """Whether the server's last words came between two statements, before the connection's end.

    The driver then takes the next statement, or the rollback after it, for one too many at a time.
    """
    return any(isinstance(one, asyncpg.InternalClientError) for one in (error, error.__context__))


def _is_lost(conn: Connection) -> bool:
    try:
        return bool(conn.is_closed())
    except asyncpg.InterfaceError:
        return True  # the pool has taken a broken connection back already


async def _acquire(pool: Pool) -> Connection:
    try:
        # Not by asyncpg's own timeout, by which a process that stood still would find itself late.
        async with in_time(pool.acquire_timeout_s):
            conn: Connection = await asyncpg.Pool.acquire(pool)  # type: ignore[assignment]
    except TimeoutError as error:
        _warnings.warn(error)
        raise Unavailable(
            "postgres", "no database connection became free in time", retry_after_s=0.2
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise _away(error) from error
    return conn


async def _release(pool: Pool, conn: Connection) -> None:
    """Give the connection back; asyncpg drops one that broke, which is no failure of the caller."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await pool.release(conn, timeout=pool.acquire_timeout_s)  # type: ignore[arg-type]  # a proxy
