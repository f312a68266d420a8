"""What is read of reservations while others write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rangli.storage.postgres import Connection
from rangli.wallet import store
from rangli.wallet.model import Reservation, Tender, WalletKind
from tests.world import World, new_tenant


class Between:
    """A connection; after its first reading something happens."""

    def __init__(self, conn: Connection, happens: Callable[[], Awaitable[None]]) -> None:
        self._conn = conn
        self._happens = [happens]

    async def fetch(self, *args: Any) -> Any:
        rows = await self._conn.fetch(*args)
        while self._happens:
            await self._happens.pop()()
        return rows


async def test_one_committed_between_two_statements_is_seen_whole_or_not_at_all(
    world: World,
) -> None:
    tender = Tender(WalletKind.BALANCE, "USD", 5, 5, 0, 0, 1)
    made = Reservation(new_tenant(), "hold_a", "ann", "order", "USD", 0, 0, (tender,))
    key = made.tenant, made.reservation_id
    async with world.stores.pg.acquire() as reader, world.stores.pg.acquire() as writer:
        writing = writer.transaction()
        await writing.start()
        await store.insert(writer, [made])

        met = await store.reservations(Between(reader, writing.commit), [key])
        then = await store.reservations(reader, [key])

        # Not to be found by audits: it has no hold.
        for table in ("wallet_tenders", "wallet_reservations"):
            await writer.execute(f"DELETE FROM {table} WHERE tenant = $1", made.tenant)
    assert met in ({}, {key: made})
    assert then == {key: made}
