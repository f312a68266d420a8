"""The audit names what is broken, whatever broke it."""

from __future__ import annotations

import pytest

from tests.counters.meter import Meter
from tests.world import World


@pytest.fixture
async def shop(world: World) -> Meter:
    """A stock in two buckets and a limit of users, with something counted on both."""
    meter = Meter(world)
    await meter.put("stock", 10, buckets=2)
    await meter.put("each", 3, "USER")
    await meter.reserve(("stock", "", 7), ("each", "ann", 3), reservation_id="c1")
    assert await meter.findings() == []
    return meter


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        ("UPDATE counter_uses SET used = used - 1 WHERE limit_id = 'each'", {"uses_equal_counts"}),
        (
            "UPDATE counter_uses SET used = used + 1 WHERE limit_id = 'each'",
            {"uses_equal_counts", "uses_within_limits"},
        ),
        ("DELETE FROM counter_uses WHERE limit_id = 'each'", {"uses_equal_counts"}),
        (
            "UPDATE counter_reservations SET state = 'ROLLED_BACK' WHERE reservation_id = 'c1'",
            {"uses_equal_counts"},
        ),
        (
            "UPDATE counter_uses SET period_at = period_at + interval '1 day'"
            " WHERE limit_id = 'each'",
            {"uses_equal_counts"},
        ),
        ("UPDATE counter_uses SET most = most + 1 WHERE bucket = 0", {"stocks_share_all"}),
        ("DELETE FROM counter_uses WHERE bucket = 1", {"uses_equal_counts", "stocks_share_all"}),
        ("UPDATE counter_limits SET most = 5 WHERE limit_id = 'stock'", {"stocks_share_all"}),
        ("DELETE FROM counter_limits WHERE limit_id = 'each'", {"uses_within_limits"}),
        ("UPDATE counter_uses SET most = 3 WHERE limit_id = 'each'", {"uses_within_limits"}),
        (
            "UPDATE counter_reservations SET expires_at = now() - interval '90 seconds'"
            " WHERE reservation_id = 'c1'",
            {"expiries_are_swept"},
        ),
    ],
)
async def test_what_is_broken_is_found(shop: Meter, broken: str, found: set[str]) -> None:
    await shop.world.rows(broken + " AND tenant = $1")

    names = {one.check.name.removeprefix("counters.") for one in await shop.findings()}
    assert names == found


async def test_the_schema_lets_nobody_use_more_than_a_share(shop: Meter) -> None:
    for wrong in ("used = most + 1", "used = -1", "most = used - 1"):
        with pytest.raises(Exception, match="counter_uses_"):
            await shop.world.rows(
                f"UPDATE counter_uses SET {wrong} WHERE tenant = $1 AND limit_id = 'stock'"
            )
