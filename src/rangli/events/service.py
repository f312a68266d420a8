"""Reading events, and waiting for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rangli.core.errors import Invalid, Violation
from rangli.events import store
from rangli.events.model import START, Page, Position
from rangli.events.waiting import Waiting
from rangli.storage.postgres import Pool

# Whoever waits for some kinds reads again whenever others have happened: however many do, most of
# the process's connections are left to those who change something.
READS_MAX = 2


class Events:
    """A process's way to read the outbox."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting = Waiting(pool)
        self._reads = asyncio.Semaphore(READS_MAX)

    async def pull(
        self,
        tenant: str,
        after: Position | None,
        *,
        kinds: Sequence[str],
        size: int,
        until: float,
        from_now: bool = False,
    ) -> Page:
        """The next page behind `after`, None for the first one.

        kinds: of subjects; empty for all.  from_now: `after` is where the order ends at present;
        what has just been committed while an older transaction is open may come all the same.
        until: `time.monotonic()` until which an empty page waits for an event.
        Raises Invalid if `after` lies ahead of all that happened here, and Exhausted (OVERLOADED)
        if too many wait.
        """
        while True:  # ends at `until` at the latest
            async with self._reads, store.reading(self._pool) as conn:
                before = await store.horizon(conn)
                if after is None:
                    after = store.all_before(before) if from_now else START
                if after.turn >= before:
                    raise Invalid.fields(Violation("cursor", "is none of this database"))
                page = await store.page(conn, tenant, after, before=before, kinds=kinds, size=size)
            if page.events or page.more:
                return page
            after = page.next
            if not await self._waiting.behind(tenant, after, until=until):
                return page

    def close(self) -> None:
        """Nobody waits any longer; pages are still given."""
        self._waiting.close()
