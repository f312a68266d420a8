"""Limits and stock: put, changed while they run, and what is left of them."""

from __future__ import annotations

import pytest

from rangli.core.errors import Conflict, Invalid, NameTaken, NotFound, Reason, Refused
from rangli.counters import limit_store
from rangli.storage.postgres import transaction
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import counter_service_pb2 as pb
from tests.counters.meter import Meter
from tests.world import request_id


async def refusal(doing: object) -> Refused:
    with pytest.raises(Refused) as caught:
        await doing  # type: ignore[misc]
    return caught.value


async def test_a_limit_is_made_with_what_is_left_out(meter: Meter) -> None:
    made = await meter.put("stock", 5)

    assert made == pb.Limit(
        limit_id="stock",
        subject=ab.LIMIT_SUBJECT_ACTIVITY,
        period=ab.LIMIT_PERIOD_LIFETIME,
        most=5,
        time_zone="UTC",
        buckets=1,
        revision=1,
    )
    assert await meter.limit("stock") == made
    assert await meter.events() == [("limit.put", "stock")]


async def test_what_a_limit_counts_never_changes(meter: Meter) -> None:
    await meter.put("daily", 5, "USER", period="DAY", time_zone="Asia/Shanghai")

    for fields in (
        {"subject": "DEVICE", "period": "DAY", "time_zone": "Asia/Shanghai"},
        {"subject": "USER", "period": "WEEK", "time_zone": "Asia/Shanghai"},
        {"subject": "USER", "period": "DAY", "time_zone": "Asia/Tokyo"},
        {"subject": "USER", "period": "DAY", "time_zone": "Asia/Shanghai", "day_start_minute": 1},
    ):
        with pytest.raises(NameTaken):
            await meter.put("daily", 5, **fields)
    changed = await meter.put("daily", 6, "USER", period="DAY", time_zone="Asia/Shanghai")
    assert (changed.most, changed.revision) == (6, 2)


async def test_a_change_on_an_old_view_is_refused(meter: Meter) -> None:
    with pytest.raises(Conflict) as caught:
        await meter.put("stock", 5, expected_most=4)
    assert caught.value.metadata == {"limit_id": "stock", "expected_most": "4", "most": "absent"}
    await meter.put("stock", 5)
    await meter.put("stock", 6, expected_most=5)

    with pytest.raises(Conflict) as caught:
        await meter.put("stock", 7, expected_most=5)

    assert caught.value.reason is Reason.LIMIT_CHANGED
    assert caught.value.metadata["most"] == "6"
    assert (await meter.limit("stock")).most == 6


async def test_a_repeat_of_a_change_does_not_undo_a_later_one(meter: Meter) -> None:
    key = request_id()
    await meter.put("stock", 5, request_id=key)
    await meter.put("stock", 7)

    assert (await meter.put("stock", 5, request_id=key)).most == 5
    assert (await meter.limit("stock")).most == 7


async def test_a_raised_limit_does_not_stay_blocked_by_refusals(meter: Meter) -> None:
    await meter.put("daily", 1, "USER", period="DAY")
    await meter.put("stock", 1)
    await meter.reserve(("daily", "ann"), "stock")
    for _ in range(5):
        await refusal(meter.reserve(("daily", "ann")))
        await refusal(meter.reserve("stock"))

    await meter.put("daily", 2, "USER", period="DAY")
    await meter.put("stock", 2)

    await meter.reserve(("daily", "ann"), "stock")
    assert await meter.left("daily", "ann") == await meter.left("stock") == 0


async def test_a_stock_lowered_below_what_is_out_makes_no_room_by_what_comes_back(
    meter: Meter,
) -> None:
    await meter.put("stock", 10, buckets=3)
    out = [(await meter.reserve(("stock", "", 2))).reservation_id for _ in range(5)]

    await meter.put("stock", 5)

    assert (await meter.remaining("stock")).used == 10
    for number in (0, 1):
        await meter.roll_back(out[number])
        assert (await refusal(meter.reserve("stock"))).metadata["left"] == "0"
        assert await meter.findings() == []
    await meter.roll_back(out[2])  # 4 are out of 5
    await meter.reserve("stock")
    assert (await refusal(meter.reserve("stock"))).reason is Reason.SOLD_OUT


async def test_a_limit_lowered_below_what_is_used_leaves_nothing(meter: Meter) -> None:
    await meter.put("each", 5, "DEVICE")
    await meter.reserve(("each", "d1", 4))

    await meter.put("each", 3, "DEVICE")

    left = await meter.remaining("each", "d1")
    assert (left.most, left.used, left.left) == (3, 4, 0)
    await refusal(meter.reserve(("each", "d1")))
    await meter.reserve(("each", "d2", 3))


async def test_an_unknown_limit_is_not_found(meter: Meter) -> None:
    for asked in (meter.limit("no"), meter.remaining("no"), meter.reserve("no")):
        with pytest.raises(NotFound):
            await asked


async def test_limits_are_listed_page_by_page(meter: Meter) -> None:
    ids = [f"coupon/b{number}/{kind}" for number in range(4) for kind in ("stock", "user")]
    for limit_id in ids:
        await meter.put(limit_id, 1)
    await meter.put("other", 1)
    seen, token = [], ""
    while True:
        request = pb.ListLimitsRequest(prefix="coupon/b", page_size=3, page_token=token)
        page = await meter.call("ListLimits", request)
        seen += [limit.limit_id for limit in page.limits]
        token = page.next_page_token
        if not token:
            break
    assert seen == sorted(ids)
    everything = await meter.call("ListLimits", pb.ListLimitsRequest())
    assert len(everything.limits) == len(ids) + 1


async def test_limits_behind_a_prefix_are_not_read(meter: Meter) -> None:
    await meter.put("a/1", 1)
    async with transaction(meter.world.stores.pg) as conn:
        await conn.execute(
            "INSERT INTO counter_limits SELECT $1, 'b/' || n, NULL, 'USER', 'DAY', '', 'UTC', 0,"
            " 1, 1, 1, 0, false, false, 1 FROM generate_series(1, 1000) n",
            meter.world.tenant,
        )
        await conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        read = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = "
        before = await conn.fetchval(read + "'counter_limits'")
        found = await limit_store.list_limits(
            conn, meter.world.tenant, prefix="a/", after="", size=50
        )
        assert await conn.fetchval(read + "'counter_limits'") - before == len(found) == 1


async def test_what_is_left_is_told_for_many_at_once_and_in_their_order(meter: Meter) -> None:
    await meter.put("stock", 10, buckets=4)
    await meter.put("daily", 3, "USER", period="DAY")
    await meter.reserve(("stock", "", 7), ("daily", "ann", 2))
    asked = [("daily", "bob"), ("stock", ""), ("daily", "ann"), ("daily", "bob")]
    request = pb.GetRemainingRequest(
        items=[pb.GetRemainingRequest.Item(limit_id=a, subject_id=b) for a, b in asked]
    )

    items = (await meter.call("GetRemaining", request)).items

    assert [(one.limit_id, one.subject_id) for one in items] == asked
    assert [one.left for one in items] == [3, 3, 1, 3]
    day = items[0]
    assert day.resets_at.ToSeconds() - day.period_at.ToSeconds() == 86_400
    assert not items[1].HasField("period_at")
    assert not items[1].HasField("resets_at")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("limit_id", {"limit_id": "a b"}),
        ("limit_id", {"limit_id": "a" * 161}),
        ("subject", {"subject": 0}),
        ("subject", {"subject": 99}),
        ("period", {"period": 99}),
        ("most", {"most": None}),
        ("most", {"most": -1}),
        ("most", {"most": 10**13 + 1}),
        ("time_zone", {"time_zone": "Mars/Olympus"}),
        ("day_start_minute", {"day_start_minute": 1_440}),
        ("buckets", {"buckets": 65}),
        ("buckets", {"buckets": 2, "subject": ab.LIMIT_SUBJECT_USER}),
        ("expected_most", {"expected_most": -1}),
        ("reason", {"reason": "x" * 501}),
        ("request_id", {"request_id": ""}),
    ],
)
async def test_a_limit_out_of_bounds_is_refused_by_field(
    meter: Meter, path: str, fields: dict[str, object]
) -> None:
    good = {"request_id": "r", "limit_id": "l", "subject": ab.LIMIT_SUBJECT_ACTIVITY, "most": 1}
    said = {key: value for key, value in (good | fields).items() if value is not None}

    with pytest.raises(Invalid) as caught:
        await meter.call("PutLimit", pb.PutLimitRequest(**said))

    assert [violation.field for violation in caught.value.violations] == [path]
