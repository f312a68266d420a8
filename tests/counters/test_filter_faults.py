"""What the filter says when Redis is killed, stalled, emptied, or is another one than it was."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest

from rangli.core.errors import Exhausted, Reason
from rangli.counters.filter import Admission, Mode
from rangli.counters.model import Want
from rangli.storage.embedded import EmbeddedStores
from rangli.storage.stores import Stores
from tests.counters.stage import (
    OWNER,
    TENANT,
    Stage,
    ask,
    asked,
    filtering,
    key,
    until_asked,
    until_filtering,
)

PASSED, SOLD_OUT, BYPASSED = Admission.PASSED, Admission.SOLD_OUT, Admission.BYPASSED
# Long enough that a Redis that works is never taken for one that does not, however busy we are.
TIMEOUT_S = 4.0


@pytest.fixture(scope="module")
def valkeys(new_folder, postgres_dsn):
    """A Valkey that tests may kill; it keeps what it has."""
    with EmbeddedStores(new_folder(), postgres_dsn=postgres_dsn) as embedded:
        yield embedded


@pytest.fixture
async def stage(store_settings, valkeys):
    valkeys.revive()
    settings = store_settings.model_copy(
        update={"redis_url": valkeys.redis_url, "redis_timeout_s": TIMEOUT_S}
    )
    stores = await Stores.open(settings)
    try:
        await stores.redis.flushall()
        yield Stage(stores)
    finally:
        await stores.close()


@pytest.fixture
async def door(stage):
    async with filtering(stage.stores, timeout_s=TIMEOUT_S) as opened:
        yield opened


def kill(valkeys) -> None:
    """As the kernel does, and its death is awaited."""
    server = psutil.Process(valkeys.valkey.pid)
    server.kill()
    server.wait(10)


async def test_emptied_redis_says_no_yes_but_is_filled_again(stage, door):
    await stage.put(10)
    assert (await asked(door, 5)).count(PASSED) == 5
    for _ in range(10):
        await stage.sell()

    await stage.stores.redis.flushall()

    assert set(await asked(door, 20)) == {SOLD_OUT}
    assert door.mode is Mode.FILTER


async def test_scripts_that_were_flushed_are_loaded_again(stage, door):
    await stage.put(10)
    assert await ask(door) is PASSED

    await stage.stores.redis.script_flush()

    assert set(await asked(door, 5)) == {PASSED}
    assert door.mode is Mode.FILTER


async def test_killed_redis_is_bypassed_at_once_and_what_it_kept_is_not_believed(
    stage, door, valkeys
):
    await stage.put(10)
    assert await ask(door) is PASSED
    before = door.epoch
    for _ in range(10):
        await stage.sell()
    await asyncio.sleep(1.1)  # what it was told is on its disk
    await stage.stores.redis.hset(key(), "left", 5)  # as if it had been told less
    await asyncio.sleep(1.1)

    kill(valkeys)
    await until_asked(door, BYPASSED)
    assert set(await asked(door, 20)) == {BYPASSED}

    assert valkeys.revive() == ["valkey"]
    await until_filtering(door)
    assert set(await asked(door, 20)) == {SOLD_OUT}
    assert door.epoch == before + 1 == await stage.epoch()


async def test_stalled_redis_costs_one_timeout_and_no_answer_meets_another(stage, door, valkeys):
    await stage.put(1_000)
    assert await ask(door) is PASSED
    before = door.epoch
    server = psutil.Process(valkeys.valkey.pid)

    server.suspend()
    try:
        began = time.monotonic()
        first = [asyncio.create_task(ask(door)) for _ in range(50)]
        gone = [asyncio.create_task(ask(door)) for _ in range(50)]
        await asyncio.sleep(TIMEOUT_S / 2)
        for task in gone:
            task.cancel()
        late = [asyncio.create_task(ask(door)) for _ in range(50)]
        assert set(await asyncio.gather(*first, *late)) == {BYPASSED}
        assert time.monotonic() - began < 2 * TIMEOUT_S
        assert door.mode is Mode.BYPASS
        began = time.monotonic()
        assert set(await asked(door, 100)) == {BYPASSED}
        assert time.monotonic() - began < TIMEOUT_S
    finally:
        server.resume()

    await until_filtering(door)
    assert door.epoch == before + 1
    # Each gets his own answer: the stock's, not that of a request that stalled.
    await stage.put(0, "coupon/b1/none")
    for _ in range(20):
        none = door.admit(TENANT, OWNER, Want("coupon/b1/none", ""))
        assert await asyncio.gather(ask(door), none) == [PASSED, SOLD_OUT]


async def test_cancelled_calls_leave_no_answer_behind_on_their_connection(stage, door, valkeys):
    await stage.put(1_000)
    assert await ask(door) is PASSED
    redis = stage.stores.redis
    server = psutil.Process(valkeys.valkey.pid)

    for number in range(20):
        server.suspend()
        late = asyncio.create_task(redis.set(f"late{number}", "wrong"))
        reading = asyncio.create_task(redis.get(f"late{number}"))
        await asyncio.sleep(0.01)
        late.cancel()
        reading.cancel()
        server.resume()
        await asyncio.gather(late, reading, return_exceptions=True)

        assert await redis.incrby(f"own{number}", number) == number
        assert await ask(door) is PASSED


async def test_another_process_raises_the_epoch_and_this_one_follows(stage, door, valkeys):
    await stage.put(1_000)
    async with filtering(stage.stores, timeout_s=TIMEOUT_S) as other:
        assert {await ask(door), await ask(other)} == {PASSED}
        assert door.epoch == other.epoch
        server = psutil.Process(valkeys.valkey.pid)
        server.suspend()
        try:
            assert await ask(other) is BYPASSED
        finally:
            server.resume()
        await until_filtering(other)
        assert await ask(other) is PASSED

        await until_asked(door, BYPASSED)
        await until_filtering(door)

        assert await ask(door) is PASSED
        assert door.epoch == other.epoch == await stage.epoch()


async def test_many_processes_that_lose_redis_together_agree_on_one_new_epoch(stage, valkeys):
    await stage.put(100)
    still = {"timeout_s": TIMEOUT_S, "refill_every_s": 3_600}
    async with (
        filtering(stage.stores, **still) as second,
        filtering(stage.stores, **still) as third,
        filtering(stage.stores, **still) as fourth,
        filtering(stage.stores, **still) as first,
    ):
        doors = [first, second, third, fourth]
        [before] = {one.epoch for one in doors}
        kill(valkeys)
        assert set(await asyncio.gather(*map(ask, doors))) == {BYPASSED}

        valkeys.revive()
        for one in doors:
            await until_filtering(one)

        assert {one.epoch for one in doors} == {before + 1}
        answers = await asyncio.gather(*(asked(one, 50) for one in doors))
        assert sum(one.count(PASSED) for one in answers) == 105


async def test_epoch_that_postgres_forgot_is_not_used_again(stage, door):
    await stage.put(10)
    assert await ask(door) is PASSED
    before = door.epoch
    await stage.stores.pg.execute("DELETE FROM redis_shards")  # a backup was restored

    await until_asked(door, BYPASSED)
    await until_filtering(door)

    assert door.epoch == before + 1 == await stage.epoch()


async def test_replica_is_not_asked_until_it_is_the_primary(stage, door):
    await stage.put(10)
    assert await ask(door) is PASSED
    before = door.epoch
    redis = stage.stores.redis
    try:
        await redis.replicaof("127.0.0.1", "1")

        assert await ask(door) is BYPASSED
        await asyncio.sleep(0.3)
        assert set(await asked(door, 10)) == {BYPASSED}
    finally:
        await redis.replicaof("NO", "ONE")

    await until_filtering(door)
    assert await ask(door) is PASSED
    assert door.epoch == before + 1


async def test_redis_without_memory_is_bypassed_until_it_has_some(stage, door):
    await stage.put(10)
    assert await ask(door) is PASSED
    redis = stage.stores.redis
    try:
        await redis.config_set("maxmemory", "1")

        assert await ask(door) is BYPASSED
        await asyncio.sleep(0.3)
        assert set(await asked(door, 10)) == {BYPASSED}
    finally:
        await redis.config_set("maxmemory", "0")

    await until_filtering(door)
    assert await ask(door) is PASSED


async def test_filter_that_begins_without_redis_begins_to_filter_later(stage, valkeys):
    await stage.put(10)
    kill(valkeys)
    async with filtering(stage.stores, timeout_s=TIMEOUT_S) as door:
        assert await ask(door) is BYPASSED

        valkeys.revive()

        await until_filtering(door)
        assert await ask(door) is PASSED


async def test_bypass_lets_so_many_to_postgres_and_asks_the_rest_to_wait(stage, valkeys):
    kill(valkeys)
    try:
        async with filtering(stage.stores, timeout_s=TIMEOUT_S, bypass_per_s=40) as door:
            began = time.monotonic()
            answers = await asyncio.gather(
                *(ask(door) for _ in range(1_000)), return_exceptions=True
            )
            more = 40 * (time.monotonic() - began)  # as many as the time allows, beside the burst
            refused = [one for one in answers if isinstance(one, Exhausted)]
            assert answers.count(BYPASSED) + len(refused) == 1_000
            assert 10 <= answers.count(BYPASSED) <= 11 + more
            assert {one.reason for one in refused} == {Reason.OVERLOADED}
            assert all(one.retry_after_s > 0 for one in refused)
            assert door.counts.shed == len(refused)

            await asyncio.sleep(0.3)

            assert await ask(door) is BYPASSED
    finally:
        valkeys.revive()


async def test_stock_is_never_sold_twice_while_redis_comes_and_goes(stage, door, valkeys):
    await stage.put(300)
    sold = []

    async def shopper() -> None:
        while len(sold) < 300 and time.monotonic() < ends_at:
            admission = await ask(door)
            if admission is SOLD_OUT:
                await asyncio.sleep(0.01)
            elif counted := await stage.sell():
                sold.append(counted)
            elif admission is PASSED:
                door.failed(TENANT, OWNER, Want("coupon/b1/stock", ""), ())

    async def misfortune() -> None:
        redis = stage.stores.redis
        await asyncio.sleep(0.05)
        await redis.flushall()
        await asyncio.sleep(0.05)
        kill(valkeys)
        await asyncio.sleep(0.05)
        valkeys.revive()
        await asyncio.sleep(0.05)
        await until_filtering(door)
        await redis.hset(key(), "left", 10_000)

    ends_at = time.monotonic() + 60
    await asyncio.gather(*(shopper() for _ in range(8)), misfortune())

    assert len(sold) == 300
    assert await stage.left() == 0
    await until_asked(door, SOLD_OUT)
