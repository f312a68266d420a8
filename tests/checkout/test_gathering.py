"""What carts need to know is read together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rangli.checkout.gathering import Ask, Gathering
from rangli.storage.postgres import Pool, connection, open_pool
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from tests.checkout.shop import Shop
from tests.world import world_on


@pytest.fixture
async def shop(stores: Stores) -> AsyncIterator[Shop]:
    """A shop with a database of its own."""
    async with world_on(stores) as world:
        yield Shop(world)


@pytest.fixture
async def told(store_settings: StorageSettings) -> AsyncIterator[tuple[Pool, list[str]]]:
    """A pool of one connection, and the statements that it is given."""
    pool = await open_pool(
        store_settings.postgres_dsn or "",
        size_min=1,
        size_max=1,
        acquire_timeout_s=20,
        connect_timeout_s=20,
    )
    statements: list[str] = []
    async with connection(pool) as conn:
        conn.add_query_logger(lambda query: statements.append(query.query))
    yield pool, statements
    await pool.close()


def ask(shop: Shop, user_id: str, *coupon_ids: str) -> Ask:
    return Ask(shop.world.tenant, user_id, coupon_ids, coupons_max=100, limits=())


async def test_coupons_that_many_carts_name_are_read_in_one_query(
    shop: Shop, told: tuple[Pool, list[str]]
) -> None:
    pool, statements = told
    users = [f"u{number}" for number in range(20)]
    theirs: dict[str, Any] = {user: [await shop.give("sale", user) for _ in "ab"] for user in users}
    gathering = Gathering(pool)

    found = await asyncio.gather(
        *(gathering.gather(ask(shop, user, *theirs[user], "none")) for user in users)
    )

    assert [[one.coupon_id for one in each.coupons] for each in found] == list(theirs.values())
    assert sum("coupons" in statement for statement in statements) == 1
