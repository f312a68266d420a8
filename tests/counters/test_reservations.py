"""Counts reserved by name: all or none, once, and given back to where they were counted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from rangli.core.clock import instant
from rangli.core.errors import Invalid, NameTaken, NotFound, Reason, Refused
from rangli.v1 import counter_service_pb2 as pb
from tests.counters.meter import CONFIRMED, EXPIRED, RESERVED, ROLLED_BACK, Meter, item, name
from tests.world import World, request_id

DAY = timedelta(days=1)


@pytest.fixture
async def shop(meter: Meter) -> Meter:
    """A stock of 10; each user has 3 a day, each device 4 in all."""
    await meter.put("stock", 10)
    later = datetime.now(UTC) + timedelta(hours=12)  # so no midnight comes by meanwhile
    minute = 60 * later.hour + later.minute
    await meter.put("daily", 3, "USER", period="DAY", day_start_minute=minute)
    await meter.put("device", 4, "DEVICE")
    return meter


async def refused(doing: object) -> Refused:
    with pytest.raises(Refused) as caught:
        await doing  # type: ignore[misc]
    return caught.value


async def left(shop: Meter) -> tuple[int, int, int]:
    """Of the stock, of ann's day, of the device d1."""
    return (
        await shop.left("stock"),
        await shop.left("daily", "ann"),
        await shop.left("device", "d1"),
    )


async def test_what_is_reserved_counts_until_it_is_rolled_back(shop: Meter) -> None:
    made = await shop.reserve("stock", ("daily", "ann", 2), ("device", "d1", 3))

    assert made.state == RESERVED
    assert [(one.limit_id, one.quantity) for one in made.items] == [
        ("stock", 1),
        ("daily", 2),
        ("device", 3),
    ]
    assert not made.items[0].HasField("period_at")
    assert made.items[1].HasField("period_at")
    assert await left(shop) == (9, 1, 1)
    confirmed = await shop.confirm(made.reservation_id)
    assert confirmed.state == CONFIRMED
    assert confirmed.items == made.items
    assert await left(shop) == (9, 1, 1)
    assert (await shop.roll_back(made.reservation_id)).state == ROLLED_BACK
    assert await left(shop) == (10, 3, 4)
    assert [kind for kind, _ in await shop.events()][-3:] == [
        "counts.reserved",
        "counts.confirmed",
        "counts.rolled_back",
    ]


async def test_several_limits_count_all_or_none_and_the_first_that_refuses_is_named(
    shop: Meter,
) -> None:
    await shop.reserve(("daily", "ann", 2), ("device", "d1", 4))
    before = await left(shop)

    no = await refused(shop.reserve("stock", ("daily", "ann", 2), ("device", "d1")))

    assert no.reason is Reason.LIMIT_REACHED
    assert {key: no.metadata[key] for key in ("limit_id", "subject", "subject_id", "period")} == {
        "limit_id": "daily",
        "subject": "USER",
        "subject_id": "ann",
        "period": "DAY",
    }
    assert (no.metadata["most"], no.metadata["left"], no.metadata["wanted"]) == ("3", "1", "2")
    assert datetime.fromisoformat(no.metadata["resets_at"]) > datetime.now(UTC)
    no = await refused(shop.reserve(("device", "d1"), ("daily", "ann", 2)))
    assert no.metadata["limit_id"] == "device"
    assert "resets_at" not in no.metadata
    no = await refused(shop.reserve(("stock", "", 11), ("device", "d1")))
    assert (no.reason, no.metadata["limit_id"]) == (Reason.SOLD_OUT, "stock")
    assert (no.metadata["left"], no.metadata["wanted"]) == ("10", "11")
    assert await left(shop) == before


async def test_the_same_limit_asked_twice_counts_twice(shop: Meter) -> None:
    await refused(shop.reserve(("daily", "ann", 2), ("daily", "ann", 2)))
    await shop.reserve(("daily", "ann", 1), ("daily", "ann", 2), "stock", "stock")

    assert await left(shop) == (8, 0, 4)


async def test_what_was_counted_yesterday_is_given_back_to_yesterday(shop: Meter) -> None:
    kept = (await shop.reserve(("daily", "ann", 2))).items[0]
    made = await shop.reserve(("daily", "ann", 1))
    today = instant(kept.period_at.ToSeconds() * 1_000_000)
    await shop.was_counted_in(today - DAY, instead_of=today)
    await shop.reserve(("daily", "ann", 3))
    assert await shop.rows("daily") == [(3, None), (3, None)]

    await shop.roll_back(made.reservation_id)

    assert await shop.rows("daily") == [(2, None), (3, None)]
    assert await shop.left("daily", "ann") == 0


async def test_what_expires_is_given_back_once(shop: Meter) -> None:
    made = await shop.reserve("stock", ("daily", "ann", 3), ttl_s=1)
    await shop.time_passes(made.reservation_id)
    assert await shop.left("stock") == 9

    await asyncio.gather(*(shop.sweep() for _ in range(3)))

    assert await left(shop) == (10, 3, 4)
    assert (await shop.reservation(made.reservation_id)).state == EXPIRED
    no = await refused(shop.confirm(made.reservation_id))
    assert no.reason is Reason.RESERVATION_ENDED
    assert no.metadata == {"hold_id": made.reservation_id, "state": "EXPIRED"}
    assert (await shop.roll_back(made.reservation_id)).state == ROLLED_BACK
    assert await left(shop) == (10, 3, 4)
    assert ("counts.expired", made.reservation_id) in await shop.events()


async def test_what_is_due_but_not_swept_yet_is_as_good_as_expired(shop: Meter) -> None:
    made = await shop.reserve(("daily", "ann", 3))
    await shop.time_passes(made.reservation_id)

    await refused(shop.confirm(made.reservation_id))

    assert await left(shop) == (10, 3, 4)
    assert (await shop.reservation(made.reservation_id)).state == EXPIRED


@pytest.mark.parametrize("swept", [False, True])
async def test_what_is_confirmed_late_counts_anew_if_there_is_room(
    shop: Meter, swept: bool
) -> None:
    first = await shop.reserve(("daily", "ann", 2), "stock")
    second = await shop.reserve(("device", "d1", 4))
    for made in (first, second):
        await shop.time_passes(made.reservation_id)
    if swept:
        await shop.sweep()

    assert (await shop.confirm(first.reservation_id, late=True)).state == CONFIRMED

    assert await left(shop) == (9, 1, 4 if swept else 0)
    await shop.roll_back(second.reservation_id)
    await shop.reserve(("device", "d1", 1))
    assert (await shop.reservation(second.reservation_id)).state == ROLLED_BACK
    assert await left(shop) == (9, 1, 3)


@pytest.mark.parametrize("swept", [False, True])
async def test_what_comes_late_to_a_full_limit_is_refused(shop: Meter, swept: bool) -> None:
    made = await shop.reserve(("daily", "ann", 2), "stock")
    await shop.time_passes(made.reservation_id)
    if swept:
        await shop.sweep()
    await shop.put("stock", 0)

    no = await refused(shop.confirm(made.reservation_id, late=True))

    assert (no.reason, no.metadata["limit_id"]) == (Reason.SOLD_OUT, "stock")
    assert (await shop.reservation(made.reservation_id)).state == EXPIRED
    assert await shop.left("daily", "ann") == 3


async def test_late_is_no_longer_once_it_was_rolled_back(shop: Meter) -> None:
    made = await shop.reserve("stock")
    await shop.roll_back(made.reservation_id)

    for late in (False, True):
        no = await refused(shop.confirm(made.reservation_id, late=late))
        assert no.metadata["state"] == "ROLLED_BACK"


async def test_a_reservation_rolled_back_before_it_came_is_refused(shop: Meter) -> None:
    key = name()
    assert (await shop.roll_back(key)).state == ROLLED_BACK

    no = await refused(shop.reserve("stock", reservation_id=key))

    assert no.reason is Reason.RESERVATION_ENDED
    assert await left(shop) == (10, 3, 4)
    assert not (await shop.reservation(key)).items


async def test_a_name_is_taken_for_good(shop: Meter) -> None:
    made = await shop.reserve("stock")

    for _ in range(2):
        with pytest.raises(NameTaken):
            await shop.reserve("stock", reservation_id=made.reservation_id)
        await shop.confirm(made.reservation_id)
    assert await shop.left("stock") == 9


async def test_a_repeat_gets_the_first_answer_and_counts_once(shop: Meter) -> None:
    request, key = request_id(), name()
    again = World(shop.world.stores, shop.world.feed, shop.world.tenant)

    answers = await asyncio.gather(
        *(
            Meter(process).reserve("stock", request_id=request, reservation_id=key)
            for process in (shop.world, again)
            for _ in range(3)
        )
    )
    await again.batching.close()

    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert await shop.left("stock") == 9
    for _ in range(2):
        assert (await shop.confirm(key)).state == CONFIRMED
        assert await shop.left("stock") == 9
    for _ in range(2):
        assert (await shop.roll_back(key)).state == ROLLED_BACK
        assert await shop.left("stock") == 10


async def test_whose_it_is_must_be_said_but_of_what_all_share(shop: Meter) -> None:
    with pytest.raises(Invalid) as caught:
        await shop.reserve("stock", "daily")
    assert caught.value.violations[0].field == "items[1].subject_id"
    with pytest.raises(Invalid):
        await shop.remaining("daily")

    await shop.reserve(("stock", "ann"), ("stock", "bob"))

    assert await shop.left("stock", "cat") == 8


async def test_one_unknown_limit_counts_none(shop: Meter) -> None:
    with pytest.raises(NotFound):
        await shop.reserve("stock", "no-such-limit")
    for asked in (shop.confirm(name()), shop.reservation(name())):
        with pytest.raises(NotFound):
            await asked
    assert await shop.left("stock") == 10


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("items", {"items": []}),
        ("items", {"items": [item("stock")] * 21}),
        ("items[0].limit_id", {"items": [item("")]}),
        ("items[0].subject_id", {"items": [item("stock", "a\n")]}),
        ("items[0].subject_id", {"items": [item("stock", "a" * 101)]}),
        ("items[0].quantity", {"items": [item("stock", "", -1)]}),
        ("items[0].quantity", {"items": [item("stock", "", 10**13 + 1)]}),
        ("ttl_s", {"ttl_s": 7 * 86_400 + 1}),
        ("ttl_s", {"ttl_s": -1}),
        ("reservation_id", {"reservation_id": ""}),
    ],
)
async def test_a_reservation_out_of_bounds_is_refused_by_field(
    meter: Meter, path: str, fields: dict[str, object]
) -> None:
    good: dict[str, object] = {
        "request_id": "r",
        "reservation_id": "c",
        "items": [item("stock")],
    }

    with pytest.raises(Invalid) as caught:
        await meter.call("ReserveCounts", pb.ReserveCountsRequest(**(good | fields)))

    assert [violation.field for violation in caught.value.violations] == [path]
