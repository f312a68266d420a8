"""What time does to budgets, also where something is broken or in use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from rangli.funds import sweeper
from rangli.ledger.sweeper import sweep_holds
from rangli.storage.stores import Stores
from tests.funds.budgets import (
    audited,
    fund,
    pass_time,
    pool,
    reserve,
    root,
    share,
    spent,
    sweep,
    to_next_day,
)
from tests.world import World, world_on

POOLS = ("p1", "p2")
# Less than is counted for the day, which no returning can mend.
_BREAK = """
UPDATE fund_pool_days SET used_minor = 0 WHERE tenant = $1 AND pool_id = 'p2' RETURNING true
"""
_LOCK = """
SELECT true FROM ledger_accounts a
JOIN fund_pools p ON (p.tenant, p.budget_account_id) = (a.tenant, a.account_id)
WHERE p.tenant = $1 AND p.pool_id = 'p2' FOR UPDATE OF a
"""


@pytest.fixture
async def own(stores: Stores) -> AsyncIterator[World]:
    """A world on a database of the test's own: sweepers look at all tenants."""
    async with world_on(stores) as opened:
        for name in POOLS:
            await root(opened, name, budget=100, daily_cap_minor=60)
            await fund(opened, f"a-{name}", share("retailer", 10_000, name))
        yield opened


async def expired(world: World) -> None:
    """In each pool the ledger has ended a reservation of 60."""
    held = [await reserve(world, {f"a-{name}": 60}) for name in POOLS]
    for one in held:
        await pass_time(world, one)
    await sweep_holds(world.stores.pg)


async def today(world: World) -> list[int]:
    """What is used of each pool's day."""
    return [(await pool(world, name)).today_minor for name in POOLS]


@asynccontextmanager
async def in_use(world: World) -> AsyncIterator[None]:
    """Somebody has locked the pool "p2" for longer than others wait."""
    async with world.stores.pg.acquire() as conn, conn.transaction():
        await conn.execute("SET LOCAL idle_in_transaction_session_timeout = '60s'")
        assert await conn.fetchval(_LOCK, world.tenant)
        yield


async def test_a_broken_reservation_keeps_no_other_from_leaving_its_day(own: World) -> None:
    await expired(own)
    assert await own.rows(_BREAK)

    await sweeper.sweep(own.stores.pg)

    assert await today(own) == [0, 0]
    open_ones = "SELECT 1 FROM fund_reservations WHERE tenant = $1 AND is_open"
    assert len(await own.rows(open_ones)) == 1
    assert await audited(own)


async def test_a_pool_in_use_keeps_only_its_own_reservations_waiting(own: World) -> None:
    await expired(own)
    async with in_use(own):
        await sweeper.sweep(own.stores.pg)

        assert await today(own) == [0, 60]
    await sweep(own)
    assert await today(own) == [0, 0]
    assert await audited(own) == []


async def test_a_pool_in_use_keeps_no_other_from_its_next_day(own: World) -> None:
    for name in POOLS:
        await spent(own, {f"a-{name}": 60})
    await to_next_day(own)
    resting = "SELECT pool_id FROM fund_pools WHERE tenant = $1 AND paused_until IS NOT NULL"
    async with in_use(own):
        await sweeper.sweep(own.stores.pg)

        assert [row["pool_id"] for row in await own.rows(resting)] == ["p2"]
    await sweep(own)
    assert await own.rows(resting) == []
    assert await audited(own) == []
