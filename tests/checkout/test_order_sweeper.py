"""Orders that cannot be ended, and those behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from rangli.checkout import sweeper
from rangli.storage import sweeping
from rangli.storage.stores import Stores
from rangli.storage.sweeping import Sweeper
from tests.checkout.desk import Desk
from tests.checkout.shop import checkout
from tests.world import line, world_on


@pytest.fixture
async def desk(stores: Stores) -> AsyncIterator[Desk]:
    """A shop with a database of its own, which no other test's orders are in."""
    async with world_on(stores) as world:
        yield Desk(world)


async def test_a_head_of_broken_orders_keeps_none_behind_it_from_ending(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sweeper, sweeping):
        monkeypatch.setattr(module, "BATCH", 2)
    for order_id in ("broken1", "broken2", "sound"):
        await desk.reserve(order_id, checkout(line("a", 1_00)))
        await desk.pass_by(order_id)
    counted = """[["no-limit", "", 0, 0, 1]]"""
    await desk.world.rows(
        "UPDATE orders SET counted = $2::jsonb WHERE tenant = $1 AND order_id LIKE 'broken%'",
        counted,
    )
    rounds = Sweeper(desk.world.stores.pg, sweeper.sweep)

    for _ in range(2):
        await rounds.round()

    states = [await desk.state(order_id) for order_id in ("broken1", "broken2", "sound")]
    assert states == ["RESERVED", "RESERVED", "EXPIRED"]
