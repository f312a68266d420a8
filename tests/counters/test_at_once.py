"""Everything at once, through two processes: no deadlock, never above, and not one unit lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from rangli.core.errors import Reason, Refused
from rangli.counters import store
from rangli.counters.model import Want
from rangli.storage.postgres import CHANGING, transaction
from rangli.storage.stores import Stores
from tests.counters.meter import Meter
from tests.world import World, new_tenant, world_on


@asynccontextmanager
async def processes(stores: Stores, number: int) -> AsyncIterator[list[Meter]]:
    """The counters of one tenant, as several processes serve them."""
    tenant = new_tenant()
    async with AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(world_on(stores)) for _ in range(number)]
        yield [Meter(World(stores, one.feed, tenant, one.batching)) for one in worlds]


@pytest.fixture
async def pair(stores: Stores) -> AsyncIterator[list[Meter]]:
    async with processes(stores, 2) as meters:
        yield meters
        assert await meters[0].findings() == []


async def succeeded(doings: list[Any]) -> list[Any]:
    """The answers of those that were not refused, all asked at once."""
    answers = await asyncio.gather(*doings, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Refused):
            raise answer
    return [answer for answer in answers if not isinstance(answer, Refused)]


@pytest.mark.parametrize("buckets", [1, 5])
async def test_of_many_claimers_exactly_as_many_win_as_there_are_units(
    pair: list[Meter], buckets: int
) -> None:
    await pair[0].put("stock", 100, buckets=buckets)
    await pair[0].put("each", 1, "USER")

    winners = await succeeded(
        [pair[n % 2].reserve("stock", ("each", f"u{n}")) for n in range(1_000)]
    )
    assert len(winners) == 100
    back = winners[:10]
    await asyncio.gather(*(pair[n % 2].roll_back(b.reservation_id) for n, b in enumerate(back)))
    more = await succeeded(
        [pair[n % 2].reserve("stock", ("each", f"u{n}")) for n in range(1_000, 1_300)]
    )

    assert len(more) == 10
    assert await pair[0].left("stock") == 0
    assert sum(used for used, _ in await pair[0].rows("each")) == 100


async def test_a_user_who_asks_everywhere_at_once_gets_no_more_than_his_share(
    pair: list[Meter],
) -> None:
    await pair[0].put("daily", 3, "USER", period="DAY")

    winners = await succeeded([pair[n % 2].reserve(("daily", "ann")) for n in range(60)])

    assert len(winners) == 3


class Seller:
    """Reserves, confirms, rolls back and forgets, as its numbers say."""

    def __init__(self, meter: Meter, seed: int) -> None:
        self.random = random.Random(seed)
        self.meter = meter
        self.live = 0  # units that count

    async def run(self) -> None:
        for _ in range(8):
            quantity = self.random.choice((1, 1, 2, 5))
            stocks = [("hot", "", quantity), ("each", f"u{self.random.randrange(5)}")]
            if self.random.random() < 0.5:
                stocks.append(("cold", ""))
            self.random.shuffle(stocks)
            try:
                made = await self.meter.reserve(*stocks)
            except Refused:
                continue
            key, fate = made.reservation_id, self.random.random()
            if fate < 0.5:
                await self.meter.roll_back(key)
            elif fate < 0.7:
                await self.meter.time_passes(key)
            else:
                await self.meter.confirm(key)
                self.live += quantity


async def test_buckets_limits_and_changes_of_them_make_no_deadlock(pair: list[Meter]) -> None:
    meter = pair[0]
    await meter.put("hot", 40, buckets=4)
    await meter.put("cold", 50)
    await meter.put("each", 25, "USER")
    sellers = [Seller(pair[seed % 2], seed) for seed in range(50)]
    selling = asyncio.gather(*(seller.run() for seller in sellers))
    numbers = random.Random(0)

    while not selling.done():
        most, buckets = numbers.randint(10, 60), numbers.randint(1, 6)
        used = (await pair[1].put("hot", most, buckets=buckets)) and await meter.remaining("hot")
        rows = await meter.rows("hot")
        assert sum(share or 0 for _, share in rows) >= used.most
        await meter.sweep()
        await asyncio.sleep(0.01)
    await selling
    await meter.put("hot", 10_000)
    await meter.sweep()

    assert sum(used for used, _ in await meter.rows("hot")) == sum(s.live for s in sellers)


async def waiting(stores: Stores, sessions: int) -> None:
    """Until so many sessions wait for a lock."""
    query = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
    """
    async with asyncio.timeout(60):
        while await stores.pg.fetchval(query) < sessions:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_who_changes_a_limit_has_his_turn_before_those_who_come_to_count_later(
    pair: list[Meter],
) -> None:
    """Those who count share it: without turns, one would always be there."""
    meter, stores = pair[0], pair[0].world.stores
    await meter.put("daily", 9, "USER", period="DAY")
    want = (meter.world.tenant, Want("daily", "ann"))
    came, changed = asyncio.Event(), asyncio.Event()

    async def count_later() -> None:
        async with transaction(stores.pg) as conn:
            await conn.execute(CHANGING)
            came.set()
            await store.locked(conn, wants=[want])
            await changed.wait()

    async with transaction(stores.pg) as conn:
        await store.locked(conn, wants=[want])
        change = asyncio.create_task(meter.put("daily", 5, "USER", period="DAY"))
        await waiting(stores, 1)
        later = asyncio.create_task(count_later())
        await came.wait()
        await waiting(stores, 2)

    assert (await change).most == 5
    changed.set()
    await later


async def test_a_change_is_not_answered_while_somebody_counts_by_what_was_before(
    pair: list[Meter],
) -> None:
    meter, stores = pair[0], pair[0].world.stores
    await meter.put("daily", 9, "USER", period="DAY")
    tenant, wants = meter.world.tenant, [Want("daily", "ann", 4)]

    async with transaction(stores.pg) as conn:
        book = await store.locked(conn, wants=[(tenant, wants[0])])
        change = asyncio.create_task(pair[1].put("daily", 3, "USER", period="DAY"))
        await waiting(stores, 1)
        assert not change.done()
        counted = book.count(tenant, wants)
        await store.write(conn, book)
    await change

    assert (await meter.remaining("daily", "ann")).used == 4
    async with transaction(stores.pg) as conn:
        book = await store.locked(conn, counted=[(tenant, one) for one in counted])
        book.give_back(tenant, counted)
        await store.write(conn, book)


async def test_buckets_are_locked_from_the_first_on(pair: list[Meter]) -> None:
    meter, stores = pair[0], pair[0].world.stores
    await meter.put("stock", 64, buckets=64)
    want = (meter.world.tenant, Want("stock", "", 64))
    lock = "SELECT FROM counter_uses WHERE tenant = $1 AND bucket {} FOR UPDATE NOWAIT"

    async def take_all() -> int:
        async with transaction(stores.pg) as conn:
            return len((await store.locked(conn, wants=[want])).uses)

    async with transaction(stores.pg) as conn:
        await conn.execute(lock.format("= 0"), meter.world.tenant)
        taking = asyncio.create_task(take_all())
        await waiting(stores, 1)
        await conn.execute(lock.format("> 0"), meter.world.tenant)

    assert await taking == 64


async def test_refused_at_once_means_sold_out_not_busy(pair: list[Meter]) -> None:
    await pair[0].put("stock", 1, buckets=2)
    answers = await asyncio.gather(
        *(pair[n % 2].reserve("stock") for n in range(50)), return_exceptions=True
    )

    refused = [one for one in answers if isinstance(one, Refused)]
    assert len(refused) == 49
    assert {one.reason for one in refused} == {Reason.SOLD_OUT}
