"""Uses of periods that are long over go; what counts for life, or may still come back, stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from rangli.counters import store
from rangli.counters.sweeper import sweep_past
from rangli.server import upkeep
from rangli.storage import detached, sweeping
from rangli.storage.postgres import transaction
from rangli.storage.postponed import Postponed
from tests.counters.meter import ROLLED_BACK, Meter

NOW = datetime.now(UTC).replace(microsecond=0)
KEPT, PAST = NOW - timedelta(days=399), NOW - timedelta(days=402)


@pytest.fixture
async def shop(meter: Meter) -> Meter:
    """Limits of every month and for life."""
    await meter.put("monthly", 5, "USER", period="MONTH")
    await meter.put("stock", 10)
    await meter.put("for-life", 5, "USER")
    return meter


async def counted_at(shop: Meter, began_at: datetime, *users: str) -> list[str]:
    """The reservations by which each of the users has used 2 of a month that began then."""
    names = []
    for user in users:
        made = await shop.reserve(("monthly", user, 2), ("stock", "", 1), ("for-life", user, 1))
        names.append(made.reservation_id)
    running_at = made.items[0].period_at.ToDatetime(tzinfo=UTC)
    await shop.was_counted_in(began_at, instead_of=running_at)
    return names


async def periods(shop: Meter) -> list[datetime]:
    rows = await shop.world.rows(
        "SELECT period_at FROM counter_uses WHERE tenant = $1 AND limit_id = 'monthly' ORDER BY 1"
    )
    return [row[0] for row in rows]


async def test_uses_of_periods_long_over_go_and_nothing_else(shop: Meter) -> None:
    await counted_at(shop, PAST, "ann", "ben")
    await counted_at(shop, KEPT, "ann")
    await shop.reserve(("monthly", "ann", 3))
    (running_at,) = [at for at in await periods(shop) if at > KEPT]

    await sweep_past(shop.world.stores.pg, Postponed())

    assert await periods(shop) == [KEPT, running_at]
    assert [used for used, _ in await shop.rows("stock")] == [3]
    assert [used for used, _ in await shop.rows("for-life")] == [2, 1]
    assert await shop.left("monthly", "ann") == 2


async def test_a_period_that_is_kept_gets_back_what_was_counted_in_it(shop: Meter) -> None:
    (name,) = await counted_at(shop, KEPT, "ann")
    await sweep_past(shop.world.stores.pg, Postponed())

    await shop.roll_back(name)

    assert await shop.rows("monthly") == [(0, None)]


async def test_what_is_given_back_to_a_swept_period_comes_to_nothing(shop: Meter) -> None:
    confirmed, reserved = await counted_at(shop, PAST, "ann", "ben")
    await shop.confirm(confirmed)
    await sweep_past(shop.world.stores.pg, Postponed())
    assert await shop.findings() == []

    for name in (confirmed, reserved):
        assert (await shop.roll_back(name)).state == ROLLED_BACK

    assert await shop.rows("monthly") == []
    assert [used for used, _ in await shop.rows("stock")] == [0]
    assert [used for used, _ in await shop.rows("for-life")] == [0, 0]


async def test_uses_that_others_hold_are_left_to_the_next_round(shop: Meter) -> None:
    await counted_at(shop, PAST, "ann", "ben")
    async with transaction(shop.world.stores.pg) as conn:
        await conn.execute(
            "SELECT FROM counter_uses"
            " WHERE tenant = $1 AND limit_id = 'monthly' AND subject_id = 'ann' FOR UPDATE",
            shop.world.tenant,
        )
        await sweep_past(shop.world.stores.pg, Postponed())
        assert len(await periods(shop)) == 1

    await sweep_past(shop.world.stores.pg, Postponed())

    assert await periods(shop) == []


async def test_workers_clear_past_periods_away_batch_by_batch(
    shop: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PAST_EVERY_S", 0.01)
    monkeypatch.setattr("rangli.counters.sweeper.BATCH", 2)
    monkeypatch.setattr(sweeping, "BATCH", 2)
    await counted_at(shop, PAST, "ann", "ben", "cid", "dan", "eve")

    keeping = asyncio.create_task(upkeep.keep_up(shop.world.stores.pg))
    try:
        async with asyncio.timeout(60):
            while await periods(shop):  # noqa: ASYNC110  nothing tells of it
                await asyncio.sleep(0.01)
    finally:
        await detached.end(keeping)


async def test_past_periods_are_found_without_reading_all_uses(shop: Meter) -> None:
    await counted_at(shop, PAST, "ann")
    async with transaction(shop.world.stores.pg) as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        plan = await conn.fetch(f"EXPLAIN {store._FORGET_PAST}", timedelta(days=401), 500)

    assert "Index Scan using counter_uses_by_period" in "\n".join(row[0] for row in plan)
