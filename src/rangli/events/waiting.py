"""Readers who wait for the next event: one look at the outbox for all of them, now and then."""

from __future__ import annotations

import asyncio
import time

from rangli.core.errors import Exhausted, Reason, Unavailable
from rangli.events import store
from rangli.events.model import Position
from rangli.storage import detached
from rangli.storage.postgres import Pool

LOOK_EVERY_S = 0.05
# Each is a call in flight: they must leave room for those that have something to do.
WAITING_MAX = 128
_RETRY_AFTER_S = 1.0


class Waiting:
    """A process's waiting readers. However many they are, they hold no connection meanwhile."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[asyncio.Future[bool], tuple[str, Position]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looking = False
        self._closed = False

    async def behind(self, tenant: str, after: Position, *, until: float) -> bool:
        """Waits until the tenant may have events behind `after`: True.

        False if it is `until`, a `time.monotonic()`, or the process takes no more calls.
        Raises Exhausted (OVERLOADED) if `WAITING_MAX` wait already.
        """
        left_s = until - time.monotonic()
        if self._closed or left_s <= 0:
            return False
        if len(self._waiting) >= WAITING_MAX:
            raise Exhausted(
                Reason.OVERLOADED,
                f"{WAITING_MAX} readers wait for events, which is all this process takes",
                metadata={"limit": WAITING_MAX},
                retry_after_s=_RETRY_AFTER_S,
            )
        stirred: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[stirred] = (tenant, after)
        self._set_timer()
        try:
            done, _ = await asyncio.wait({stirred}, timeout=left_s)
            return bool(done) and stirred.result()
        finally:
            self._waiting.pop(stirred, None)
            if not self._waiting and self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def close(self) -> None:
        """Whoever waits, waits no longer; nor does anybody who comes."""
        self._closed = True
        self._tell(list(self._waiting), False)

    def _set_timer(self) -> None:
        if self._waiting and self._timer is None and not self._looking:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._looking = True
        detached.start(self._look())

    async def _look(self) -> None:
        waiting = dict(self._waiting)
        futures = list(waiting)
        try:
            async with store.reading(self._pool) as conn:
                places = await store.stirred(conn, list(waiting.values()))
            self._tell([futures[place] for place in places], True)
        except Unavailable:
            self._tell(futures, True)  # and let them find out for themselves
        finally:
            self._looking = False
            self._set_timer()

    def _tell(self, futures: list[asyncio.Future[bool]], look_again: bool) -> None:
        for future in futures:
            self._waiting.pop(future, None)
            if not future.done():
                future.set_result(look_again)
