"""What time does to budgets: expired reservations leave their day, and a new day begins.

The ledger ends the holds; here it is counted what that means for pools. Until then a pool gives
less than it might, never more.
"""

from __future__ import annotations

from collections.abc import Sequence

from rangli.funds import spending_store, store
from rangli.funds.model import Pool
from rangli.funds.records import ReservationId
from rangli.storage.in_parts import in_parts
from rangli.storage.postgres import Connection, connection
from rangli.storage.postgres import Pool as Postgres
from rangli.storage.postponed import Postponed

BATCH = 500
# A whole batch means that more may wait; so many in a row, then others have their turn.
_BATCHES_MAX = 20


async def sweep(pg: Postgres, postponed: Postponed | None = None) -> int:
    """Counts at most `BATCH` expired reservations and wakes as many pools; how many it looked at.

    One process does at a time; for the others there is nothing.
    postponed: reservations that this process has failed to count. Raises Unavailable.
    """
    postponed = postponed or Postponed()
    async with connection(pg) as conn:
        found = await spending_store.expired(conn, postponed.look(BATCH))
    expired = sorted(postponed.ready(found, BATCH))
    failed = await in_parts(pg, _count, expired)
    postponed.put_off(failed)
    async with connection(pg) as conn:
        rested = await store.rested(conn, BATCH)
    await in_parts(pg, _wake, sorted(rested, key=lambda pool: (pool.tenant, pool.pool_id)))
    return max(len(expired), len(rested))


async def sweep_all(pg: Postgres, postponed: Postponed | None = None) -> int:
    """Sweeps until nothing is left to do, within bounds; how many it looked at."""
    swept = 0
    for _ in range(_BATCHES_MAX):
        looked_at = await sweep(pg, postponed)
        swept += looked_at
        if looked_at < BATCH:
            break
    return swept


async def _count(conn: Connection, expired: Sequence[ReservationId]) -> None:
    if not await spending_store.is_alone(conn):
        return
    book = await spending_store.for_reservations(conn, expired)
    await spending_store.fill_days(conn, book)
    for key in expired:
        book.count_expired(*key)
    await spending_store.write(conn, book)


async def _wake(conn: Connection, rested: Sequence[Pool]) -> None:
    if await spending_store.is_alone(conn):
        await spending_store.write(conn, await spending_store.for_pools(conn, rested))
