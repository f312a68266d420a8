"""Keeps a process's catalogues as new as Postgres is.

A connection of its own listens for changes; a poll every half second finds what a lost
notification hides. Tenants are renewed apart from each other, so that one's million price entries
keep nobody else waiting. While Postgres is away the last catalogues stay and quotes go on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Coroutine
from time import monotonic

import asyncpg
import structlog

from rangli.activities import loader
from rangli.activities.catalogue import Catalogue, evolve
from rangli.activities.kept import Kept
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
# Connections that renewing takes from the pool at once; the others are for calls.
_AT_ONCE = 3
_LOST = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)


class CatalogueFeed:
    """The catalogues of all tenants, followed from `start` to `stop`.

    Reading one is a dictionary look-up; quotes hold on to the one they began with.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._catalogues: dict[str, Catalogue] = {}
        self._kept: defaultdict[str, Kept] = defaultdict(Kept)  # older ones, by tenant
        # By tenant, when its catalogue last was the newest there was.
        self._newest_at: dict[str, float] = {}
        # Tenants whose rows cannot be read: at which version, and when to try again.
        self._unreadable: dict[str, tuple[int, float]] = {}
        self._polled_at = float("-inf")
        self._woken = asyncio.Event()
        self._renewed = asyncio.Event()  # another one for each renewal
        self._task: asyncio.Task[None] | None = None
        # Renewals by tenant, new bases by tenant and book.
        self.under_way: dict[tuple[str, ...], asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)
        self.ready = False  # whether catalogues are loaded, new or not

    @property
    def fresh(self) -> bool:
        """Whether, within the last seconds, every tenant's catalogue was the newest there is."""
        since = min([self._polled_at, *self._newest_at.values()])
        return monotonic() - since < _FRESH_S

    def catalogue(self, tenant: str) -> Catalogue:
        """The tenant's newest known catalogue; an empty one if it has published nothing.

        Raises Unavailable if it has and this process never could read it: a price without its
        promotions would be a wrong one.
        """
        known = self._catalogues.get(tenant)
        if known is None and tenant in self._unreadable:
            raise Unavailable("catalogue", "this tenant's catalogue cannot be read at the moment")
        return known or Catalogue(tenant)

    def catalogue_at(self, tenant: str, version: int) -> Catalogue | None:
        """The tenant's catalogue at that version, if it is the newest or was within the last hour.

        None: this process never saw it (it came and went between two looks), or saw more since
        than it keeps.
        """
        newest = self.catalogue(tenant)
        if newest.version == version:
            return newest
        return self._kept[tenant].find(version) if tenant in self._kept else None

    async def reach(self, tenant: str, version: int, *, until: float) -> Catalogue:
        """The tenant's newest known catalogue, once it is of that version or a newer one.

        Other processes may know a version first. until: by `time.monotonic()`; raises Unavailable.
        """
        while (newest := self.catalogue(tenant)).version < version:
            self.wake()
            try:
                async with asyncio.timeout(max(0.0, until - monotonic())):
                    await self._renewed.wait()
            except TimeoutError:
                words = f"this process does not know version {version} of the catalogue yet"
                raise Unavailable("catalogue", words, retry_after_s=POLL_S) from None
        return newest

    async def start(self) -> None:
        """Loads every tenant's catalogue and begins to follow. Raises if Postgres is away."""
        conn = await self._open()
        try:
            async with asyncio.TaskGroup() as tasks:
                for tenant, version in (await self._behind(conn)).items():
                    tasks.create_task(self._read(tenant, version))
        except BaseException as error:
            await self._drop(conn)
            if isinstance(error, BaseExceptionGroup):
                raise error.exceptions[0] from None
            raise
        self.ready = True
        self._task = asyncio.create_task(self._follow(conn), name="catalogue-feed")
        # Cancelled before its first step, it would never give the connection back.
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """Ends the following; the catalogues stay."""
        tasks = [*self.under_way.values(), *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self) -> Connection:
        conn: Connection = await self._pool.acquire(timeout=_ANSWER_S)
        try:
            async with asyncio.timeout(_ANSWER_S):
                await conn.add_listener(CHANNEL, self.wake)
        except BaseException:
            await self._drop(conn)
            raise
        return conn

    def wake(self, *_: object) -> None:
        """Looks for changes now rather than at the next poll."""
        self._woken.set()

    async def _follow(self, conn: Connection | None) -> None:
        pause_s = _RETRY_S
        while True:
            try:
                if conn is None or conn.is_closed():
                    conn = await self._open()
                for tenant, version in (await self._behind(conn)).items():
                    self._begin((tenant,), self._renew(tenant, version))
                pause_s = _RETRY_S
                # Not asyncio.wait_for: until Python 3.12 it loses a cancellation that comes as the
                # event does, and the feed would never stop.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._woken.wait()
                self._woken.clear()
            except asyncio.CancelledError:
                if conn is not None:
                    await self._drop(conn)
                raise
            except Exception as error:
                # Whatever it is, quotes go on from the last catalogues, and following must not
                # end for good because of it.
                _tell_lost(error)
                if conn is not None:
                    await self._drop(conn)
                    conn = None
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _RETRY_S_MAX)

    async def _behind(self, conn: Connection) -> dict[str, int]:
        """The tenants whose catalogue is not the newest, with the version that is."""
        asked_at = monotonic()
        async with asyncio.timeout(_ANSWER_S):
            heads = await loader.heads(conn)
        self._polled_at = asked_at
        for gone in self._newest_at.keys() - heads.keys():  # Postgres went back to an older state
            del self._newest_at[gone]
            self._catalogues.pop(gone, None)
            self._kept.pop(gone, None)
        for kept in self._kept.values():
            kept.forget_old()
        behind = {}
        for tenant, version in heads.items():
            known = self._catalogues.get(tenant)
            at_version, again_at = self._unreadable.get(tenant, (0, 0.0))
            self._newest_at.setdefault(tenant, float("-inf"))
            if known is not None and known.version == version:
                self._newest_at[tenant] = asked_at
                self._unreadable.pop(tenant, None)
            elif at_version != version or asked_at >= again_at:
                behind[tenant] = version
        return behind

    def _begin(self, name: tuple[str, ...], work: Coroutine[None, None, None]) -> None:
        """Does the work in a task, unless that of the same name is under way."""
        if name in self.under_way:
            work.close()
            return
        task = asyncio.create_task(work, name=f"catalogue-{'/'.join(name)}")
        self.under_way[name] = task

        def ended(_task: asyncio.Task[None]) -> None:
            del self.under_way[name]

        task.add_done_callback(ended)

    async def _renew(self, tenant: str, version: int) -> None:
        try:
            await self._read(tenant, version)
        except _LOST as error:
            _tell_lost(error)  # the next poll tries again
            return
        self.wake()  # there may be something newer by now
        catalogue = self._catalogues.get(tenant)
        for book_id in loader.due(catalogue) if catalogue else ():
            self._begin((tenant, book_id), self._rebase(tenant, book_id))

    async def _read(self, tenant: str, version: int) -> None:
        """Loads or renews a tenant's catalogue. Raises what says that Postgres is away."""
        try:
            async with self._room, self._pool.acquire(timeout=_ANSWER_S) as conn:
                asked_at = monotonic()
                known = self._catalogues.get(tenant)
                async with asyncio.timeout(_LOAD_S):
                    if known is None:
                        newest = await loader.load(conn, tenant)
                    else:
                        newest = await loader.refresh(conn, known)
        except _LOST:
            raise
        except Exception:
            # Say, an effect that only a newer release knows. It must keep nobody else from
            # following, nor from starting.
            _log.exception("catalogue_unreadable", tenant=tenant, version=version)
            self._unreadable[tenant] = (version, monotonic() + _REREAD_S)
            return
        self._unreadable.pop(tenant, None)
        # A new base may have come meanwhile; the one of the renewal is as good, the next is due.
        self._catalogues[tenant] = newest
        self._renewed.set()
        self._renewed = asyncio.Event()
        if known is not None:
            self._kept[tenant].follow(known, newest)
        self._newest_at[tenant] = asked_at
        _log.info(
            "catalogue_loaded",
            tenant=tenant,
            version=newest.version,
            activities=len(newest.activities),
        )

    async def _rebase(self, tenant: str, book_id: str) -> None:
        """Puts a new base under a price book that has much on top. The prices stay as they are."""
        book = self._catalogues[tenant].books[book_id]
        try:
            async with self._room, self._pool.acquire(timeout=_ANSWER_S) as conn:
                async with asyncio.timeout(_LOAD_S):
                    base = await loader.new_base(conn, tenant, book_id, book)
        except Exception as error:
            _tell_lost(error)  # it stays due
            return
        catalogue = self._catalogues[tenant]
        now = catalogue.books[book_id]
        if now.base is book.base:  # else it was loaded anew meanwhile, and holds more than ours
            now = now.rebased(base, book.newest_import)
            self._catalogues[tenant] = evolve(catalogue, catalogue.version, books={book_id: now})

    async def _drop(self, conn: Connection) -> None:
        """Gives up the connection, dead or alive; the pool makes another when it is needed."""
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            conn.terminate()
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self._pool.release(conn)  # type: ignore[arg-type]  # acquire() gave a proxy


def _tell_lost(error: Exception) -> None:
    expected = isinstance(error, _LOST)
    _log.warning("catalogue_feed_lost", error=type(error).__name__, exc_info=not expected)
