"""Publishing says to the counters how much of an activity there may be."""

from __future__ import annotations

from typing import Any

import pytest

from rangli.core.errors import Invalid, Reason, Refused
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import counter_service_pb2 as cb
from tests.world import World, request_id, spec

STOCK = {"name": "stock", "subject": "LIMIT_SUBJECT_ACTIVITY", "most": 100}
DAILY = {"subject": "LIMIT_SUBJECT_USER", "period": "LIMIT_PERIOD_DAY", "most": 2}


def limited(*limits: dict[str, Any], **fields: Any) -> ab.ActivitySpec:
    """A tenth off, so often."""
    fields.setdefault("schedule", {"time_zone": "Asia/Shanghai"})
    return spec("item_discount", percent_off={"off_bps": 1_000}, limits=limits, **fields)


async def limits(world: World) -> dict[str, cb.Limit]:
    """Those of activities that have not ended, by their names in the activity "a"."""
    found = await world.call("ListLimits", cb.ListLimitsRequest(prefix="activity/a/"))
    return {
        limit.limit_id.removeprefix("activity/a/"): limit
        for limit in found.limits
        if not limit.ended
    }


async def count(world: World, limit: str, subject_id: str, quantity: int = 1) -> None:
    await world.call(
        "ReserveCounts",
        cb.ReserveCountsRequest(
            request_id=request_id(),
            reservation_id=request_id(),
            items=[{"limit_id": f"activity/a/{limit}", "subject_id": subject_id,
                    "quantity": quantity}],
        ),
    )  # fmt: skip


async def left(world: World, limit: str, subject_id: str = "") -> int:
    item = {"limit_id": f"activity/a/{limit}", "subject_id": subject_id}
    return (await world.call("GetRemaining", cb.GetRemainingRequest(items=[item]))).items[0].left


async def next_version(world: World, new: ab.ActivitySpec) -> None:
    await world.update("a", new)
    await world.publish("a")


async def test_limits_are_there_once_the_activity_is_published(world: World) -> None:
    await world.create("a", limited(STOCK, DAILY | {"day_start_minute": 240}))
    for verb in ("Submit", "Approve"):
        await world.verb(verb, "a")
    assert await limits(world) == {}

    await world.verb("Publish", "a")

    found = await limits(world)
    assert found["stock"].most == 100
    assert found["stock"].subject == ab.LIMIT_SUBJECT_ACTIVITY
    daily = found["user-day-uses"]
    assert (daily.most, daily.time_zone, daily.day_start_minute) == (2, "Asia/Shanghai", 240)
    assert (daily.subject, daily.period) == (ab.LIMIT_SUBJECT_USER, ab.LIMIT_PERIOD_DAY)
    assert (await world.get("a")).spec.limits[0].most == 100


async def test_what_was_counted_counts_on_in_the_next_version(world: World) -> None:
    await world.launch("a", limited(STOCK, DAILY))
    await count(world, "stock", "", 60)
    await count(world, "user-day-uses", "ann", 2)

    await next_version(world, limited(STOCK | {"most": 70}, DAILY | {"most": 3}))

    assert await left(world, "stock") == 10
    assert await left(world, "user-day-uses", "ann") == 1


async def test_a_limit_that_is_left_out_ends_and_counts_on_when_it_is_back(world: World) -> None:
    await world.launch("a", limited(STOCK, DAILY))
    await count(world, "stock", "", 60)

    await next_version(world, limited(DAILY))

    assert set(await limits(world)) == {"user-day-uses"}
    await count(world, "stock", "", 1_000)  # counts nothing
    await next_version(world, limited(STOCK))
    assert set(await limits(world)) == {"stock"}
    assert await left(world, "stock") == 40


async def test_what_an_operator_changed_stands_until_the_next_version(world: World) -> None:
    await world.launch("a", limited(STOCK))
    put = cb.PutLimitRequest(
        request_id=request_id(), limit_id="activity/a/stock", subject=1, most=500, buckets=4
    )
    await world.call("PutLimit", put)
    await world.verb("Pause", "a", reason="a test")
    await world.verb("Resume", "a", reason="a test")
    assert (await limits(world))["stock"].most == 500

    await next_version(world, limited(STOCK, description="again", priority=3))

    stock = (await limits(world))["stock"]
    assert (stock.most, stock.buckets) == (100, 4)


@pytest.mark.parametrize(
    "other",
    [
        limited(DAILY | {"name": "stock"}),
        limited(STOCK | {"measure": "LIMIT_MEASURE_AMOUNT"}),
        limited(DAILY | {"day_start_minute": 1}),
        limited(DAILY, schedule={"time_zone": "Asia/Tokyo"}),
    ],
    ids=["subject", "measure", "day start", "time zone"],
)
async def test_a_version_whose_limit_counts_something_else_is_not_published(
    world: World, other: ab.ActivitySpec
) -> None:
    await world.launch("a", limited(STOCK, DAILY))

    with pytest.raises(Refused) as caught:
        await next_version(world, other)

    assert caught.value.reason is Reason.NOT_READY
    assert caught.value.metadata["problem"] == "limit_counts_something_else"
    assert {name: limit.most for name, limit in (await limits(world)).items()} == {
        "stock": 100,
        "user-day-uses": 2,
    }


async def test_a_price_book_has_no_limits(world: World) -> None:
    book = spec("price_book", price_book={}, limits=[STOCK])
    with pytest.raises(Invalid) as caught:
        await world.create("a", book)
    assert [v.field for v in caught.value.violations] == ["spec.limits"]


async def test_amounts_of_several_currencies_are_not_counted_together(world: World) -> None:
    fields = {"amounts": [{"currency": "EUR"}]}
    for measure, wrong in (("UNITS", []), ("AMOUNT", ["spec.limits[0].measure"])):
        own = limited(STOCK | {"measure": f"LIMIT_MEASURE_{measure}"}, **fields)
        try:
            await world.create(f"a-{measure}", own)
            found = []
        except Invalid as invalid:
            found = [v.field for v in invalid.violations]
        assert found == wrong
