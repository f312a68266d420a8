"""Gives back what reservations count whose time has passed."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.counters import reservation_store, store
from rangli.counters.reservation_store import ReservationId
from rangli.counters.service import expire
from rangli.storage.in_parts import in_parts
from rangli.storage.outbox import emit_all
from rangli.storage.postgres import Connection, Pool, connection
from rangli.storage.sweeping import BATCH


async def sweep(pool: Pool) -> int:
    """Ends at most `BATCH` reservations that are due; how many it looked at.

    Several processes may at once: what others end at this moment is left to them. Raises
    Unavailable.
    """
    async with connection(pool) as conn:
        due = sorted(await reservation_store.due(conn, BATCH))
    await in_parts(pool, _end, due)
    return len(due)


async def _end(conn: Connection, due: Sequence[ReservationId]) -> None:
    held = await reservation_store.held(conn, due, skip_locked=True)
    ended = [key for key in held.all if held.is_due(key)]
    book = await store.locked(conn, counted=held.counted(ended))
    events = expire(book, held, ended)
    await store.write(conn, book)
    await reservation_store.write(conn, held)
    await emit_all(conn, events)
