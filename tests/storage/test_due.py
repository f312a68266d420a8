"""What sweepers ask for every second is found by an index, however much is not due yet."""

from __future__ import annotations

import pytest

from rangli.checkout import store as checkout
from rangli.counters import reservation_store as counters
from rangli.funds import store as pools
from rangli.ledger import sweeper as ledger
from tests.world import World


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(checkout._DUE, id="orders"),
        pytest.param(counters._DUE, id="counts"),
        pytest.param(ledger._DUE_HOLDS, id="holds"),
        pytest.param(ledger._DUE_LOTS, id="lots"),
        pytest.param(pools._RESTED, id="pools"),
    ],
)
async def test_only_what_is_due_is_read(world: World, query: str) -> None:
    async with world.stores.pg.acquire() as conn, conn.transaction():
        await conn.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        rows = await conn.fetch(f"EXPLAIN {query}", 500)

    bounds = [row[0].strip() for row in rows if "Index Cond" in row[0]]
    assert any("<= statement_timestamp()" in bound for bound in bounds), rows
