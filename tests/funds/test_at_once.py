"""Many orders at once on one pool."""

from __future__ import annotations

import asyncio
import random

import psycopg
from google.rpc.error_details_pb2 import ErrorInfo
from psycopg import sql

from rangli.core.errors import Reason, Refused
from rangli.storage.postgres import Busy
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from tests.funds.budgets import (
    amount,
    audited,
    call,
    child,
    fund,
    item,
    pool,
    refund,
    release,
    reserve,
    root,
    share,
    spend,
    verb,
)
from tests.world import World, request_id, world_on

_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


async def test_golden_a_thousand_on_a_hundred_are_a_hundred_and_ten_back_are_ten_more(
    world: World,
) -> None:
    await root(world, budget=100)
    await fund(world, "a")

    results = await asyncio.gather(
        *(reserve(world, {"a": 1}, order_id=f"o{n}") for n in range(1_000)), return_exceptions=True
    )

    won = [result for result in results if isinstance(result, fb.Reservation)]
    assert len(won) == 100
    assert all(
        isinstance(result, Refused) and result.reason is Reason.INSUFFICIENT_FUNDS
        for result in results
        if not isinstance(result, fb.Reservation)
    )
    assert (await pool(world)).available_minor == 0
    assert await audited(world) == []
    await asyncio.gather(*(release(world, held) for held in won[:10]))
    again = await asyncio.gather(
        *(reserve(world, {"a": 1}, order_id=f"p{n}") for n in range(50)), return_exceptions=True
    )
    assert sum(isinstance(result, fb.Reservation) for result in again) == 10
    assert await audited(world) == []


async def test_a_days_cap_is_never_exceeded_by_many_at_once(world: World) -> None:
    await root(world, budget=1_000, daily_cap_minor=70)
    await fund(world, "a")

    results = await asyncio.gather(
        *(reserve(world, {"a": 3}) for _ in range(60)), return_exceptions=True
    )

    assert sum(isinstance(result, fb.Reservation) for result in results) == 23
    assert (await pool(world)).today_minor == 69
    assert await audited(world) == []


async def test_everything_at_once_ends_clean_and_without_deadlocks(
    database: str, store_settings: StorageSettings
) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        name = sql.Identifier(admin.info.dbname)
        # Long before a wait for a lock is given up, so that none goes unseen.
        admin.execute(sql.SQL("ALTER DATABASE {} SET deadlock_timeout = '20ms'").format(name))
        stores = await Stores.open(store_settings)
        try:
            async with world_on(stores) as world:
                await everything_at_once(world)
        finally:
            await stores.close()
        (deadlocks,) = admin.execute(_DEADLOCKS).fetchone() or (None,)

    assert deadlocks == 0


async def everything_at_once(world: World) -> None:
    """Orders over several pools in any order, with operators who move money and freeze."""
    rng = random.Random(7)
    await root(world, budget=5_000)
    for name in ("p1", "p2", "p3"):
        await child(world, name, budget=800)
        await fund(world, f"a-{name}", share("retailer", 10_000, name))
    names = ["a-p1", "a-p2", "a-p3"]

    async def order() -> None:
        items = {name: rng.randint(1, 9) for name in rng.sample(names, rng.randint(1, 3))}
        held = await reserve(world, items, ttl_s=60)
        await rng.choice((spend, release))(world, held)

    async def returned() -> None:
        name = rng.choice(names)
        held = await spend(world, await reserve(world, {name: 20}))
        await asyncio.gather(*(refund(world, held, amount(name, 5)) for _ in range(3)))

    async def operator() -> None:
        name = rng.choice(("p1", "p2", "p3"))
        request = pb.AllocatePoolRequest(pool_id=name, amount_minor=rng.randint(1, 50))
        await call(world, "AllocatePool", request)
        await verb(world, "Freeze", name)
        await verb(world, "Resume", name)

    work = [order() for _ in range(120)] + [returned() for _ in range(20)]
    work += [operator() for _ in range(6)]
    rng.shuffle(work)
    results = await asyncio.gather(*work, return_exceptions=True)

    # On a slow machine somebody may wait in vain for a row; deadlocks are counted by PostgreSQL.
    assert [one for one in results if not (one is None or isinstance(one, Refused | Busy))] == []
    assert await audited(world) == []


async def test_repeats_that_come_together_are_one(world: World) -> None:
    await root(world, budget=100)
    await fund(world, "a")
    name = request_id()

    answers = await asyncio.gather(*(reserve(world, {"a": 60}, request_id=name) for _ in range(20)))

    assert len({answer.reservation_id for answer in answers}) == 1
    assert (await pool(world)).reserved_minor == 60


async def test_fundings_set_at_once_become_versions_one_after_the_other(world: World) -> None:
    made = await asyncio.gather(*(fund(world, "a", share(f"f{n}", 10_000)) for n in range(8)))

    assert sorted(one.version for one in made) == list(range(1, 9))
    same = [fund(world, "b", share("f", 10_000), version=3) for _ in range(8)]
    assert [one.version for one in await asyncio.gather(*same)] == [3] * 8


async def test_a_batch_answers_each_order_for_itself(world: World) -> None:
    await root(world, budget=100)
    await fund(world, "a")

    def order(name: str, amount_minor: int, activity_id: str = "a") -> pb.BatchSpendRequest.Item:
        return pb.BatchSpendRequest.Item(
            request_id=name, order_id=name, items=[item(activity_id, amount_minor)]
        )

    items = [order("1", 60), order("2", 50), order("3", 40), order("4", 0), order("5", 1, "b")]
    request = pb.BatchSpendRequest(items=items)
    answer = await call(world, "BatchSpend", request)

    assert [one.WhichOneof("result") for one in answer.items] == [
        "reservation",
        "error",
        "reservation",
        "error",
        "error",
    ]
    reasons = []
    for one in answer.items:
        info = ErrorInfo()
        if one.HasField("error"):
            one.error.details[0].Unpack(info)
            reasons.append(info.reason)
    assert reasons == ["INSUFFICIENT_FUNDS", "INVALID_FIELD", "NO_SUCH_RESOURCE"]
    assert "items[0].amount_minor" in answer.items[3].error.message
    assert (await pool(world)).spent_minor == 100
    # A repeat answers what was done; what was refused is tried again.
    again = await call(world, "BatchSpend", request)
    assert [one.WhichOneof("result") for one in again.items] == [
        one.WhichOneof("result") for one in answer.items
    ]
    assert again.items[0] == answer.items[0]
    assert (await pool(world)).spent_minor == 100
    assert await audited(world) == []


async def test_a_thousand_orders_are_spent_in_one_call(world: World) -> None:
    await root(world, budget=10_000)
    await fund(world, "a")
    items = [
        pb.BatchSpendRequest.Item(request_id=f"{n}", order_id=f"{n}", items=[item("a", 7)])
        for n in range(1_000)
    ]

    answer = await call(world, "BatchSpend", pb.BatchSpendRequest(items=items))

    assert all(one.HasField("reservation") for one in answer.items)
    assert [one.reservation.order_id for one in answer.items] == [str(n) for n in range(1_000)]
    assert (await pool(world)).spent_minor == 7_000
    assert await audited(world) == []
