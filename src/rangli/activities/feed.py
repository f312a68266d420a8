"""Keeps a process's catalogues as new as Postgres is.

A connection of its own listens for changes; a poll every half second finds what a lost
notification hides. While Postgres is away the last catalogues stay and quotes go on.
"""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic

import asyncpg
import structlog

from rangli.activities import loader
from rangli.activities.catalogue import Catalogue
from rangli.core.errors import Unavailable
from rangli.storage.changes import CHANNEL
from rangli.storage.postgres import Connection, Pool

_log = structlog.get_logger(__name__)

POLL_S = 0.5
_RETRY_S = 0.25
_RETRY_S_MAX = 5.0
# A dead peer is noticed by these, since a listening connection may have nothing to say for hours.
_ANSWER_S = 10.0
_LOAD_S = 300.0  # millions of entries and members
_FRESH_S = 5.0
_REREAD_S = 3.0  # reading all of a large catalogue is not for every poll
_LOST = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)


class CatalogueFeed:
    """The catalogues of all tenants, followed from `start` to `stop`.

    Reading one is a dictionary look-up; quotes hold on to the one they began with.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._catalogues: dict[str, Catalogue] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        # Tenants whose rows cannot be read: at which version, and when to try again.
        self._unreadable: dict[str, tuple[int, float]] = {}
        self._seen_at = float("-inf")
        self.ready = False  # whether catalogues are loaded, new or not

    @property
    def fresh(self) -> bool:
        """Whether, within the last seconds, every tenant's catalogue was the newest there is."""
        return monotonic() - self._seen_at < _FRESH_S

    def catalogue(self, tenant: str) -> Catalogue:
        """The tenant's newest known catalogue; an empty one if it has published nothing.

        Raises Unavailable if it has and this process never could read it: a price without its
        promotions would be a wrong one.
        """
        known = self._catalogues.get(tenant)
        if known is None and tenant in self._unreadable:
            raise Unavailable("catalogue", "this tenant's catalogue cannot be read at the moment")
        return known or Catalogue(tenant)

    async def start(self) -> None:
        """Loads every tenant's catalogue and begins to follow. Raises if Postgres is away."""
        conn = await self._open()
        try:
            await self._catch_up(conn)
        except BaseException:
            await self._drop(conn)
            raise
        self._task = asyncio.create_task(self._follow(conn), name="catalogue-feed")
        # Cancelled before its first step, it would never give the connection back.
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """Ends the following; the catalogues stay."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _open(self) -> Connection:
        conn: Connection = await self._pool.acquire(timeout=_ANSWER_S)
        try:
            async with asyncio.timeout(_ANSWER_S):
                await conn.add_listener(CHANNEL, self._wake)
        except BaseException:
            await self._drop(conn)
            raise
        return conn

    def _wake(self, *_: object) -> None:
        self._woken.set()

    async def _follow(self, conn: Connection | None) -> None:
        pause_s = _RETRY_S
        while True:
            try:
                if conn is None or conn.is_closed():
                    conn = await self._open()
                await self._catch_up(conn)
                pause_s = _RETRY_S
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), POLL_S)
                self._woken.clear()
            except asyncio.CancelledError:
                if conn is not None:
                    await self._drop(conn)
                raise
            except Exception as error:
                # Whatever it is, quotes go on from the last catalogues, and following must not
                # end for good because of it.
                lost = isinstance(error, _LOST)
                _log.warning("catalogue_feed_lost", error=type(error).__name__, exc_info=not lost)
                if conn is not None:
                    await self._drop(conn)
                    conn = None
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _RETRY_S_MAX)

    async def _catch_up(self, conn: Connection) -> None:
        asked_at = monotonic()
        async with asyncio.timeout(_ANSWER_S):
            heads = await loader.heads(conn)
        for tenant, version in heads.items():
            known = self._catalogues.get(tenant)
            if known is not None and known.version == version:
                self._unreadable.pop(tenant, None)
                continue
            at_version, again_at = self._unreadable.get(tenant, (0, 0.0))
            if at_version == version and asked_at < again_at:
                continue
            try:
                await self._renew(conn, tenant, known)
                self._unreadable.pop(tenant, None)
            except _LOST:
                raise
            except Exception:
                # Say, an effect that only a newer release knows. It must keep nobody else from
                # following, nor from starting.
                _log.exception("catalogue_unreadable", tenant=tenant, version=version)
                self._unreadable[tenant] = (version, monotonic() + _REREAD_S)
        self.ready = True
        if not self._unreadable:
            self._seen_at = asked_at

    async def _renew(self, conn: Connection, tenant: str, known: Catalogue | None) -> None:
        async with asyncio.timeout(_LOAD_S):
            if known is None:
                newest = await loader.load(conn, tenant)
            else:
                newest = await loader.refresh(conn, known)
        self._catalogues[tenant] = newest
        _log.info(
            "catalogue_loaded",
            tenant=tenant,
            version=newest.version,
            activities=len(newest.activities),
        )

    async def _drop(self, conn: Connection) -> None:
        """Gives up the connection, dead or alive; the pool makes another when it is needed."""
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            conn.terminate()
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self._pool.release(conn)  # type: ignore[arg-type]  # acquire() gave a proxy
