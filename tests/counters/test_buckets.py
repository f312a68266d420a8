"""A hot stock in buckets: the same stock, in any number of rows."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rangli.core.errors import Refused
from rangli.counters import store
from rangli.counters.buckets import is_short, pick, shares
from rangli.counters.model import Want
from rangli.storage.postgres import transaction
from tests.counters.meter import Meter

ROOMS = st.lists(st.integers(0, 9), min_size=1, max_size=8)


@given(used=ROOMS, most=st.integers(0, 99), data=st.data())
def test_shares_make_the_whole_and_none_is_below_what_is_used(
    used: list[int], most: int, data: st.DataObject
) -> None:
    buckets = data.draw(st.integers(1, len(used)))

    made = shares(used, most, buckets)

    assert sum(made) == max(most, sum(used))
    assert all(share >= out for share, out in zip(made, used, strict=True))
    rooms = [share - out for share, out in zip(made, used, strict=True)]
    assert rooms[buckets:] == [0] * (len(used) - buckets)
    assert all(0 <= before - after <= 1 for before, after in pairwise(rooms[:buckets]))


@given(rooms=ROOMS, need=st.integers(1, 60), start=st.integers(0, 7))
def test_just_as_many_buckets_are_picked_as_have_enough(
    rooms: list[int], need: int, start: int
) -> None:
    picked = pick(rooms, need, start % len(rooms))

    assert all(rooms[bucket] == room > 0 for bucket, room in picked.items())
    if sum(rooms) < need:
        assert sum(picked.values()) == sum(rooms)
    else:
        *but_one, _last = picked.values()
        assert sum(picked.values()) >= need > sum(but_one)
    assert not is_short(picked, picked, need)
    assert is_short(dict.fromkeys(picked, 0), picked, need) == bool(picked)


async def sell_out(meter: Meter, quantity: int = 1) -> int:
    """Takes from the stock until it refuses; how much there was."""
    taken = 0
    while True:
        try:
            await meter.reserve(("stock", "", quantity))
        except Refused:
            return taken
        taken += quantity


@pytest.mark.parametrize("buckets", [1, 3, 7, 64])
async def test_every_unit_is_found_whatever_bucket_it_is_in(meter: Meter, buckets: int) -> None:
    await meter.put("stock", 20, buckets=buckets)

    assert await sell_out(meter, 3) == 18
    assert await meter.left("stock") == 2
    assert await sell_out(meter) == 2

    assert sum(used for used, _ in await meter.rows("stock")) == 20


async def test_what_is_larger_than_any_bucket_is_taken_from_several(meter: Meter) -> None:
    await meter.put("stock", 20, buckets=6)

    made = await meter.reserve(("stock", "", 17))

    assert await meter.left("stock") == 3
    assert [(one.limit_id, one.quantity) for one in made.items] == [("stock", 17)]
    await meter.roll_back(made.reservation_id)
    assert [used for used, _ in await meter.rows("stock")] == [0] * 6


async def test_the_number_of_buckets_changes_while_units_are_out(meter: Meter) -> None:
    await meter.put("stock", 30, buckets=2)
    out = [(await meter.reserve(("stock", "", 4))).reservation_id for _ in range(5)]

    assert (await meter.put("stock", 30, buckets=8)).buckets == 8
    out += [(await meter.reserve(("stock", "", 2))).reservation_id for _ in range(3)]
    assert (await meter.put("stock", 30, buckets=3)).buckets == 3
    assert (await meter.put("stock", 28)).buckets == 3

    assert await meter.left("stock") == 2
    assert await meter.findings() == []
    for reservation_id in out:
        await meter.roll_back(reservation_id)
    assert await sell_out(meter) == 28


async def test_a_batch_locks_no_more_buckets_than_it_needs(meter: Meter) -> None:
    await meter.put("stock", 40, buckets=4)
    want = (meter.world.tenant, Want("stock", "", 11))

    async with transaction(meter.world.stores.pg) as conn:
        book = await store.locked(conn, wants=[want])
        assert len(book.uses) == 2
        assert book.left(meter.world.tenant, "stock", "") == 20


async def test_a_stock_that_is_sold_out_is_refused_without_a_lock(meter: Meter) -> None:
    await meter.put("stock", 4, buckets=4)
    await meter.reserve(("stock", "", 4))
    want = (meter.world.tenant, Want("stock", ""))

    async with transaction(meter.world.stores.pg) as conn:
        assert not (await store.locked(conn, wants=[want])).uses


async def test_a_bucket_that_was_emptied_meanwhile_does_not_hide_what_came_back_to_another(
    meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was seen without a lock: one unit in bucket 0. Then it is taken, and one comes to 1."""
    tenant = meter.world.tenant
    await meter.put("stock", 2, buckets=2)
    first = await meter.reserve("stock")
    seen: list[list[int]] = []

    def after_the_look(rooms: list[int], need: int, start: int) -> dict[int, int]:
        seen.append(rooms)
        emptied = [1 - room for room in rooms]
        return pick(emptied, need, start)

    monkeypatch.setattr(store, "pick", after_the_look)
    async with transaction(meter.world.stores.pg) as conn:
        book = await store.locked(conn, wants=[(tenant, Want("stock", ""))])
        assert book.count(tenant, [Want("stock", "")])

    assert seen
    assert len(book.uses) == 2
    await meter.roll_back(first.reservation_id)
