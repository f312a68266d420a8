"""Gives back what reservations count whose time has passed, and clears past periods away.

A use goes when its period began more than `PERIODS_KEPT` ago: long after the last reservation that
named it has ended, and after any order that would still be refunded. Whoever gives back to it later
gives back nothing, and the audit leaves such periods out. What counts for life stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rangli.counters import reservation_store, store
from rangli.counters.model import PERIODS_KEPT
from rangli.counters.reservation_store import ReservationId
from rangli.counters.service import expire
from rangli.storage.in_parts import in_parts
from rangli.storage.outbox import emit_all
from rangli.storage.postgres import Connection, Pool, connection
from rangli.storage.postponed import Postponed
from rangli.storage.sweeping import BATCH

# A day later than they may be missing: whoever gives back has read the clock a little before.
_SWEPT_AFTER = PERIODS_KEPT + timedelta(days=1)


async def sweep(pool: Pool, postponed: Postponed | None = None) -> int:
    """Ends at most `BATCH` reservations that are due; how many it looked at.

    Several processes may at once: what others end at this moment is left to them.
    postponed: what this process has failed to end. Raises Unavailable.
    """
    postponed = postponed or Postponed()
    async with connection(pool) as conn:
        due = sorted(
            postponed.ready(await reservation_store.due(conn, postponed.look(BATCH)), BATCH)
        )
    failed = await in_parts(pool, _end, due)
    postponed.put_off(failed)
    return len(due)


async def sweep_past(pool: Pool, _postponed: Postponed) -> int:
    """Removes at most `BATCH` uses of periods that are long over; how many. Raises Unavailable.

    Waits for nobody: what others hold at this moment is left to the next round.
    """
    async with connection(pool) as conn:
        return await store.forget_past(conn, _SWEPT_AFTER, BATCH)


async def _end(conn: Connection, due: Sequence[ReservationId]) -> None:
    held = await reservation_store.held(conn, due, skip_locked=True)
    ended = [key for key in held.all if held.is_due(key)]
    book = await store.locked(conn, counted=held.counted(ended))
    events = expire(book, held, ended)
    await store.write(conn, book)
    await reservation_store.write(conn, held)
    await emit_all(conn, events)
