"""How pools stand as their money goes and comes, and who is told."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rangli.core.errors import Reason, Refused
from rangli.funds import service
from rangli.funds.model import Level, PoolLevel
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from tests.funds.budgets import (
    amount,
    audited,
    call,
    child,
    fund,
    item,
    pass_time,
    pool,
    refund,
    release,
    reserve,
    root,
    spend,
    spent,
    sweep,
    to_next_day,
    verb,
)
from tests.world import World

_CROSSINGS = """
SELECT payload FROM outbox WHERE tenant = $1 AND event_type = 'pool.level_changed'
AND subject_id = $2 ORDER BY event_seq
"""
_ANNOUNCED = """
SELECT subject_version, held FROM catalogue_changes
WHERE tenant = $1 AND kind = 'FUNDING' AND subject_id = $2 ORDER BY version
"""


async def crossings(world: World, pool_id: str = "root") -> list[str]:
    """The levels the pool was told to have, one after the other."""
    rows = await world.rows(_CROSSINGS, pool_id)
    return [json.loads(row["payload"])["level"] for row in rows]


async def levels(world: World) -> dict[str, PoolLevel]:
    async with world.stores.pg.acquire() as conn:
        return await service.pool_levels(conn, world.tenant)


async def test_a_pool_warns_slows_and_pauses_as_its_money_goes_and_comes_back(
    world: World,
) -> None:
    await root(world, budget=1_000)
    await fund(world, "a")
    held = await reserve(world, {"a": 799})
    assert await levels(world) == {}

    steps = [await spent(world, {"a": part}) for part in (1, 150, 50)]
    assert (await pool(world)).level == ab.FUNDING_LEVEL_PAUSED
    assert await levels(world) == {"root": PoolLevel(Level.PAUSED)}
    await refund(world, steps[2], amount("a", 10))
    assert (await pool(world)).level == ab.FUNDING_LEVEL_PAUSED
    await refund(world, steps[2], amount("a", 1))
    assert await levels(world) == {"root": PoolLevel(Level.SLOW)}
    await release(world, held)

    assert await crossings(world) == ["WARN", "SLOW", "PAUSED", "SLOW", "OK"]
    assert await levels(world) == {}
    announced = await world.rows(_ANNOUNCED, "root")
    assert [row["held"] for row in announced] == [False, False, True, False, False]
    assert [row["subject_version"] for row in announced] == [2, 3, 4, 5, 6]
    assert (await pool(world)).revision == 6
    assert await audited(world) == []


async def test_an_expiry_gives_the_level_back(world: World) -> None:
    await root(world, budget=100)
    await fund(world, "a")
    held = await reserve(world, {"a": 100})
    assert (await pool(world)).level == ab.FUNDING_LEVEL_PAUSED

    await pass_time(world, held)
    await sweep(world)

    now = await pool(world)
    assert (now.level, now.available_minor, now.today_minor) == (ab.FUNDING_LEVEL_OK, 100, 0)
    assert await crossings(world) == ["PAUSED", "OK"]
    await sweep(world)
    assert await crossings(world) == ["PAUSED", "OK"]
    assert await audited(world) == []


async def test_money_passed_on_or_added_moves_levels_too(world: World) -> None:
    await root(world, budget=1_000)
    await fund(world, "a")
    await spent(world, {"a": 500})

    await child(world, "plan", budget=400)
    assert (await pool(world)).level == ab.FUNDING_LEVEL_WARN
    await call(world, "AllocatePool", pb.AllocatePoolRequest(pool_id="root", amount_minor=1_000))
    assert (await pool(world)).level == ab.FUNDING_LEVEL_OK
    assert await crossings(world) == ["WARN", "OK"]
    assert await audited(world) == []


async def test_other_thresholds_judge_a_pool_at_once(world: World) -> None:
    await root(world, budget=100)
    await fund(world, "a")
    await spent(world, {"a": 50})

    changed = await call(
        world, "UpdatePool", pb.UpdatePoolRequest(pool_id="root", warn_bps=4_000, slow_bps=5_000)
    )

    assert changed.level == ab.FUNDING_LEVEL_SLOW
    assert await crossings(world) == ["SLOW"]


async def test_a_frozen_pool_is_paused_until_it_is_resumed(world: World) -> None:
    await root(world, budget=100)
    await verb(world, "Freeze")
    assert await levels(world) == {"root": PoolLevel(Level.PAUSED)}

    await verb(world, "Resume")
    await verb(world, "Close")

    assert await levels(world) == {"root": PoolLevel(Level.PAUSED)}
    assert await crossings(world) == ["PAUSED", "OK", "PAUSED"]


async def test_a_days_cap_holds_until_the_next_business_day(world: World) -> None:
    await root(world, budget=1_000, daily_cap_minor=100, time_zone="Asia/Shanghai")
    await fund(world, "a")
    await spent(world, {"a": 60})

    with pytest.raises(Refused) as refused:
        await reserve(world, {"a": 41})
    assert refused.value.reason is Reason.DAILY_CAP_REACHED
    facts = refused.value.metadata
    assert (facts["pool_id"], facts["activity_id"]) == ("root", "a")
    assert (facts["available_minor"], facts["wanted_minor"]) == ("40", "41")
    held = await reserve(world, [item("a", 41, allow_partial=True)])
    assert held.parts[0].reserved_minor == 40
    resting = await pool(world)
    assert resting.level == ab.FUNDING_LEVEL_PAUSED
    until = resting.paused_until.ToDatetime(UTC)
    assert (until + timedelta(hours=8)).time() == datetime.min.time()
    assert await levels(world) == {"root": PoolLevel(Level.PAUSED, until)}

    await to_next_day(world)
    await sweep(world)

    assert await levels(world) == {}
    assert await crossings(world) == ["PAUSED", "OK"]
    await reserve(world, {"a": 100})
    assert await audited(world) == []


async def _spend_of_yesterday(world: World) -> None:
    await spent(world, {"a": 40}, occurred_at=datetime.now(UTC) - timedelta(days=1))


@pytest.mark.parametrize(
    "stop",
    [
        lambda world: verb(world, "Freeze"),
        lambda world: verb(world, "Close"),
        lambda world: child(world, "plan", budget=40),
        _spend_of_yesterday,
    ],
    ids=["frozen", "closed", "passed on", "used up"],
)
async def test_what_stops_a_pool_that_rests_stops_it_beyond_the_day(
    world: World, stop: Callable[[World], Awaitable[Any]]
) -> None:
    await root(world, budget=100, daily_cap_minor=60)
    await fund(world, "a")
    await spent(world, {"a": 60})
    until = (await pool(world)).paused_until.ToDatetime(UTC)
    await world.caught_up()
    assert world.catalogue.pool_levels == {"root": PoolLevel(Level.PAUSED, until)}

    await stop(world)

    await world.caught_up()
    levels_now = dict(world.catalogue.pool_levels)
    levels_now.pop("plan", None)
    assert levels_now == {"root": PoolLevel(Level.PAUSED)} == await levels(world)
    assert not (await pool(world)).HasField("paused_until")
    assert await crossings(world) == ["PAUSED"]
    assert await audited(world) == []


async def test_a_pool_that_rests_again_is_known_to_rest_until_the_later_midnight(
    world: World,
) -> None:
    await root(world, budget=1_000, daily_cap_minor=60)
    await fund(world, "a")
    await spent(world, {"a": 60})
    until = (await pool(world)).paused_until.ToDatetime(UTC)
    await to_next_day(world)
    # Another pool's news makes the catalogue read all levels again.
    await root(world, "other")
    await verb(world, "Freeze", "other")
    await world.caught_up()
    before = PoolLevel(Level.PAUSED, until - timedelta(days=1))
    assert world.catalogue.pool_levels["root"] == before

    await spent(world, {"a": 60})

    await world.caught_up()
    assert world.catalogue.pool_levels["root"] == PoolLevel(Level.PAUSED, until)
    assert await crossings(world) == ["PAUSED"]


async def test_golden_what_is_given_back_after_midnight_returns_to_yesterday(world: World) -> None:
    await root(world, budget=1_000, daily_cap_minor=100)
    await fund(world, "a")
    held, other = await reserve(world, {"a": 60}), await reserve(world, {"a": 30})
    paid = await spend(world, other)
    await to_next_day(world)
    await spent(world, {"a": 70})

    await release(world, held)
    await refund(world, paid, amount("a", 10))

    assert (await pool(world)).today_minor == 70
    with pytest.raises(Refused):
        await reserve(world, {"a": 31})
    days = await world.rows("SELECT used_minor FROM fund_pool_days WHERE tenant = $1 ORDER BY day")
    assert [row["used_minor"] for row in days] == [20, 70]
    assert await audited(world) == []


async def test_a_late_one_counts_for_its_first_day_and_within_its_cap(world: World) -> None:
    await root(world, budget=1_000, daily_cap_minor=100)
    await fund(world, "a")
    held = await reserve(world, {"a": 60})
    await pass_time(world, held)
    await sweep(world)
    await spent(world, {"a": 50})

    with pytest.raises(Refused) as refused:
        await spend(world, held, late=True)
    assert refused.value.reason is Reason.DAILY_CAP_REACHED
    await spend(world, held, amount("a", 50), late=True)

    assert (await pool(world)).today_minor == 100
    assert await audited(world) == []


async def test_an_order_of_another_day_counts_for_that_day(world: World) -> None:
    await root(world, budget=1_000, daily_cap_minor=100)
    await fund(world, "a")
    before = datetime.now(UTC) - timedelta(days=40)

    await spent(world, {"a": 90}, occurred_at=before)
    await spent(world, {"a": 90})

    items = [fb.ReserveItem(activity_id="a", amount_minor=11)]
    one = pb.BatchSpendRequest.Item(
        request_id="late", order_id="o", items=items, occurred_at=before
    )
    answer = await call(world, "BatchSpend", pb.BatchSpendRequest(items=[one]))
    assert answer.items[0].error.message
    assert (await pool(world)).today_minor == 90
    assert await audited(world) == []
