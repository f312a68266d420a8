"""Readers who wait for what is not there yet."""

from __future__ import annotations

import asyncio
import time

import pytest

from rangli.core.errors import Exhausted, Reason
from rangli.events import waiting
from rangli.events.model import START
from rangli.events.service import READS_MAX, Events
from rangli.storage.postgres import connection, transaction
from rangli.storage.stores import Stores
from tests.events.reader import TENANT, Reader, write, written
from tests.world import until

# Far longer than a waiting reader takes, far less than it is allowed.
SOON_S = 18


@pytest.fixture
async def few(store_settings):
    """Stores with two connections."""
    settings = store_settings.model_copy(
        update={"postgres_pool_size_min": 1, "postgres_pool_size_max": 2}
    )
    opened = await Stores.open(settings)
    try:
        yield opened
    finally:
        await opened.close()


async def test_a_reader_that_waits_gets_the_next_event(stores):
    reader = Reader(stores)
    waits = asyncio.create_task(reader.subjects(wait_ms=20_000))
    await asyncio.sleep(4 * waiting.LOOK_EVERY_S)
    assert not waits.done()

    await written(stores, "o-1")

    async with asyncio.timeout(SOON_S):
        assert await waits == ["o-1"]


async def test_many_wait_without_a_connection(few):
    """Each for what its cursor, tenant and kinds have not seen; nobody else's event wakes it."""
    await written(few, "before")
    readers = [Reader(few) for _ in range(30)]
    others = [Reader(few, "other") for _ in range(30)]
    picky = Reader(few)
    for reader in (*readers, picky):
        await reader.all()
    wait = {"wait_ms": 20_000}
    waits = [asyncio.create_task(reader.subjects(**wait)) for reader in readers]
    other = [asyncio.create_task(reader.subjects(**wait)) for reader in others]
    picks = asyncio.create_task(picky.subjects(subject_kinds=["coupon"], **wait))
    await asyncio.sleep(2 * waiting.LOOK_EVERY_S)

    async with asyncio.timeout(SOON_S):
        async with connection(few.pg):
            await written(few, "o-1")
            assert await asyncio.gather(*waits) == [["o-1"]] * 30
        assert not picks.done()
        assert not any(task.done() for task in other)
        await written(few, "c-1", kind="coupon")
        await written(few, "theirs", tenant="other")
        assert await picks == ["c-1"]
        assert await asyncio.gather(*other) == [["theirs"]] * 30


async def test_what_is_held_back_wakes_when_it_is_free(stores):
    reader = Reader(stores)
    async with transaction(stores.pg) as conn:
        await write(conn, "slow")
        await written(stores, "fast")
        waits = asyncio.create_task(reader.subjects(wait_ms=20_000))
        await asyncio.sleep(2 * waiting.LOOK_EVERY_S)
        assert not waits.done()

    async with asyncio.timeout(SOON_S):
        assert await waits == ["slow", "fast"]


async def test_waiting_ends_in_time_with_a_cursor_that_goes_on(stores):
    """By its own time, or before the deadline of the call passes."""
    async with asyncio.timeout(SOON_S):
        for bounds in ({"wait_ms": 100}, {"wait_ms": 20_000, "deadline_s": 1}):
            reader = Reader(stores)
            page = await reader.pull(**bounds)
            assert (list(page.events), page.more) == ([], False)
    await written(stores, "later")
    assert await reader.subjects() == ["later"]


async def test_a_reader_that_goes_away_leaves_nothing_behind(stores):
    events = Events(stores.pg)
    waits = [
        asyncio.create_task(
            events.pull(
                TENANT, START, kinds=(), size=1, until=asyncio.get_running_loop().time() + 60
            )
        )
        for _ in range(5)
    ]
    await asyncio.sleep(waiting.LOOK_EVERY_S)
    for task in waits:
        task.cancel()
    await asyncio.gather(*waits, return_exceptions=True)

    assert not events._waiting._waiting
    assert events._waiting._timer is None


async def test_nobody_waits_in_a_process_that_ends(stores):
    events = Events(stores.pg)
    wait = {"kinds": (), "size": 1, "until": time.monotonic() + 60}
    waits = asyncio.create_task(events.pull(TENANT, START, **wait))
    await asyncio.sleep(2 * waiting.LOOK_EVERY_S)

    events.close()

    async with asyncio.timeout(SOON_S):
        assert not (await waits).events
        assert not (await events.pull(TENANT, None, **wait)).events


async def test_no_more_wait_than_leave_room_for_other_calls(stores, monkeypatch):
    monkeypatch.setattr(waiting, "WAITING_MAX", 3)
    events = Events(stores.pg)
    wait = {"kinds": (), "size": 1, "until": time.monotonic() + 60}
    waits = [asyncio.create_task(events.pull(TENANT, START, **wait)) for _ in range(3)]
    await until(lambda: len(events._waiting._waiting) == 3)

    with pytest.raises(Exhausted) as caught:
        await events.pull(TENANT, START, **wait)
    assert caught.value.reason is Reason.OVERLOADED
    assert not (await events.pull(TENANT, START, **wait | {"until": 0.0})).events

    await written(stores, "o-1")
    async with asyncio.timeout(SOON_S):
        assert [len(page.events) for page in await asyncio.gather(*waits)] == [1, 1, 1]
        assert (await events.pull(TENANT, START, **wait)).events


async def test_many_who_read_at_once_leave_connections_to_others(stores):
    await written(stores, "o-1")
    events = Events(stores.pg)
    read = {"kinds": (), "size": 1, "until": 0.0}
    reads = asyncio.gather(*(events.pull(TENANT, START, **read) for _ in range(50)))

    busy = 0
    while not reads.done():
        await asyncio.sleep(0)
        busy = max(busy, stores.pg.get_size() - stores.pg.get_idle_size())

    assert all(page.events for page in await reads)
    assert 0 < busy <= READS_MAX < stores.pg.get_max_size()
