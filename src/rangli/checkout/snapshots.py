"""Orders as they were paid, read from their snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from rangli.checkout import store
from rangli.checkout.model import OrderKey
from rangli.pricing.refunds.model import Order as Paid
from rangli.pricing.threads import Threads
from rangli.storage.postgres import Connection

# As many as are read in a few milliseconds.
_BYTES_AT_ONCE = 32 * 1024


class Snapshots:
    """Reads them: large ones in threads, so that other calls go on being answered.

    read: of a stored snapshot.
    """

    def __init__(self, read: Callable[[bytes], Paid], threads: Threads) -> None:
        self._read = read
        self.threads = threads

    async def paid(self, conn: Connection, keys: Iterable[OrderKey]) -> dict[OrderKey, Paid]:
        """What those of the orders that there are, and are no tombstones, were promised."""
        keys = list(keys)
        found = await store.snapshots(conn, keys) if keys else {}
        paid: dict[OrderKey, Paid] = {}
        for key, snapshot in found.items():
            if len(snapshot) > _BYTES_AT_ONCE:
                paid[key] = await self.threads.run(partial(self._read, snapshot))
            elif snapshot:
                paid[key] = self._read(snapshot)
        return paid
