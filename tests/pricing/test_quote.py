"""Quotes on published activities: layers, winners, funders, and why not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from rangli.storage.stores import Stores
from tests.world import World, cart, line, spec, world_on


@pytest.fixture
async def world(stores: Stores) -> AsyncIterator[World]:
    async with world_on(stores) as opened:
        yield opened


async def test_layers_stack_and_everything_sums(world: World) -> None:
    await world.launch(
        "price", spec("promotion_price", set_price={"price_minor": 800}, products={"skus": ["a"]})
    )
    await world.launch("ten", spec("item_discount", percent_off={"off_bps": 1000}))
    await world.launch(
        "threshold",
        spec(
            "order_threshold",
            threshold_off={"tiers": [{"min_amount_minor": 1000, "amount_off_minor": 100}]},
            funding=[
                {"funder": "platform", "share_bps": 5000},
                {"funder": "brand", "share_bps": 5000},
            ],
        ),
    )

    answer = await world.quote(cart(line("a", 1000), line("b", 1000)))

    print(answer)
    assert answer.payable_minor == 1520
