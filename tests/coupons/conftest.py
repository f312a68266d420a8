"""A tenant with a coupon activity, and the processes that serve it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from rangli.counters.filter import Filter, Mode
from rangli.storage.batcher import Batching
from tests.coupons.mint import Mint, activity
from tests.world import World, until


@pytest.fixture
async def mint(world: World) -> AsyncIterator[Mint]:
    """A tenant of the test's own; the audits are clean when the test has ended."""
    await world.launch("a1", activity())
    one = Mint(world)
    yield one
    assert await one.findings() == []


@pytest.fixture
async def mints(mint: Mint) -> AsyncIterator[list[Mint]]:
    """The same tenant in two processes, each with batches and a filter of its own."""
    world = mint.world
    filters = [Filter(world.stores, timeout_s=10) for _ in range(2)]
    batchings = [Batching(world.stores.pg) for _ in filters]
    for one in filters:
        await one.start()
    await until(lambda: all(one.mode is Mode.FILTER for one in filters))
    yield [
        Mint(World(world.stores, world.feed, world.tenant, batching, one))
        for batching, one in zip(batchings, filters, strict=True)
    ]
    for batching in batchings:
        await batching.close()
    for one in filters:
        await one.close()
