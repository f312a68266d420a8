"""A small domain for the batcher's tests: a stock, and who took how much of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from rangli.core.errors import RangliError, Reason, Refused
from rangli.storage.batcher import Asked, Batcher, Batching
from rangli.storage.postgres import Connection, Pool, connection
from tests.world import until

SCHEMA = """
CREATE TABLE stock (item text PRIMARY KEY, left_count int NOT NULL CHECK (left_count >= 0));
CREATE TABLE taken (
    request_id text NOT NULL, item text NOT NULL, quantity int NOT NULL CHECK (quantity <> 13),
    tx_id xid8 NOT NULL DEFAULT pg_current_xact_id(), number bigint GENERATED ALWAYS AS IDENTITY
);
INSERT INTO stock VALUES ('hat', 1000000), ('last', 1);
"""
_LOCK = "SELECT item, left_count FROM stock WHERE item = ANY($1) ORDER BY item FOR UPDATE"
_TAKE = """
INSERT INTO taken (request_id, item, quantity)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[])
"""
_LEFT = """
UPDATE stock SET left_count = now_left
FROM unnest($1::text[], $2::int[]) AS w (name, now_left) WHERE item = name
"""

Step = Callable[[Connection], Awaitable[None]]
_methods = itertools.count()


@dataclass(frozen=True, slots=True)
class Take:
    """quantity: 13 breaks a constraint of the table; 666 raises in Python."""

    item: str = "hat"
    quantity: int = 1


async def _nothing(_: Connection) -> None:
    pass


class Taker:
    """Takes from the stock through a batcher.

    first, last: what a test does in the transaction before it locks, and after it has written.
    batches: the request ids that reached `apply`, batch by batch, also of what was rolled back.
    """

    def __init__(self, batching: Batching, method: str | None = None, **options: Any) -> None:
        self.first: Step = _nothing
        self.last: Step = _nothing
        self.batches: list[list[str]] = []
        self.method = method or f"Take{next(_methods)}"
        self.batcher: Batcher[Take] = batching.batcher(self.method, self._apply, **options)

    async def take(
        self, request_id: str, quantity: int = 1, *, item: str = "hat", seconds: float = 30
    ) -> bytes:
        take = Take(item, quantity)
        asked = Asked("shop", request_id, repr(take).encode(), "olga", take)
        return await self.batcher.submit(asked, deadline=monotonic() + seconds)

    async def _apply(
        self, conn: Connection, asked: Sequence[Asked[Take]]
    ) -> list[bytes | RangliError]:
        self.batches.append([one.request_id for one in asked])
        await self.first(conn)
        left = dict(await conn.fetch(_LOCK, [one.body.item for one in asked]))
        verdicts: list[bytes | RangliError] = []
        rows = []
        for one in asked:
            take = one.body
            if take.quantity == 666:
                raise ZeroDivisionError("poison")
            if take.quantity > left[take.item]:
                verdicts.append(Refused(Reason.INSUFFICIENT_FUNDS, "none left"))
                continue
            left[take.item] -= take.quantity
            rows.append((one.request_id, take.item, take.quantity))
            verdicts.append(
                f"{one.request_id} has {take.quantity}, left {left[take.item]}".encode()
            )
        await conn.execute(_TAKE, *(zip(*rows, strict=True) if rows else ([], [], [])))
        await conn.execute(_LEFT, list(left), list(left.values()))
        await self.last(conn)
        return verdicts


class Gate:
    """A step that waits until it is opened."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self._open = asyncio.Event()

    async def __call__(self, _: Connection) -> None:
        self.reached.set()
        await self._open.wait()

    def open(self) -> None:
        self._open.set()


def once_only(step: Step) -> Step:
    """The step the first time, nothing after that."""
    steps = iter([step])

    async def do(conn: Connection) -> None:
        await next(steps, _nothing)(conn)

    return do


async def rows(
    pool: Pool, query: str = "SELECT request_id FROM taken ORDER BY number"
) -> list[Any]:
    """The first column."""
    async with connection(pool) as conn:
        return [row[0] for row in await conn.fetch(query)]


async def queued(taker: Taker, count: int) -> None:
    """Waits until so many are queued."""
    await until(lambda: taker.batcher.queued == count)


async def lose(pool: Pool, conn: Connection) -> None:
    """Ends the connection's backend."""
    pid = await conn.fetchval("SELECT pg_backend_pid()")
    async with connection(pool) as other:
        await other.execute("SELECT pg_terminate_backend($1)", pid)
