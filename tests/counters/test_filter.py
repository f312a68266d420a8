"""What the filter says while nothing goes wrong."""

from __future__ import annotations

import asyncio

import pytest

from rangli.counters.filter import Admission, Limited, Mode
from rangli.counters.model import Want
from tests.counters.stage import (
    OWNER,
    STOCK,
    TENANT,
    Stage,
    ask,
    asked,
    filtering,
    key,
    until,
    until_asked,
)

PASSED, SOLD_OUT, LIMITED = Admission.PASSED, Admission.SOLD_OUT, Admission.LIMITED
BYPASSED = Admission.BYPASSED


@pytest.fixture
async def stage(stores):
    return Stage(stores)


@pytest.fixture
async def door(stage):
    async with filtering(stage.stores) as opened:
        yield opened


@pytest.fixture
async def still(stage):
    """One that is not refilled, except for a no that is too old."""
    async with filtering(stage.stores, refill_every_s=3_600) as opened:
        yield opened


async def until_gone(redis, name: str) -> None:
    async with asyncio.timeout(60):
        while await redis.exists(name):  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.002)


def of_user(user_id: str, quantity: int = 1, *, most: int = 1, ttl_s: int = 100) -> Limited:
    return Limited(Want("coupon/b1/user", user_id, quantity), most, ttl_s)


async def test_as_many_pass_as_there_are_with_a_twentieth_more_and_the_rest_are_told(stage, still):
    await stage.put(100)

    answers = await asked(still, 1_000)

    # In the order in which they asked.
    assert answers == [PASSED] * 105 + [SOLD_OUT] * 895


async def test_sold_out_stays_sold_out(stage, door):
    await stage.put(3)
    assert (await asked(door, 5)).count(PASSED) == 4
    assert [bool(await stage.sell()) for _ in range(4)] == [True, True, True, False]
    async with asyncio.timeout(60):
        while await stage.stores.redis.hget(key(), "top") != b"0":  # noqa: ASYNC110  refilled
            await asyncio.sleep(0.01)

    door.failed(TENANT, OWNER, Want(STOCK, ""), ())  # late, and PostgreSQL knows of it

    for _ in range(10):
        assert set(await asked(door, 100)) == {SOLD_OUT}
        assert await stage.stores.redis.hget(key(), "left") == b"0"
        await asyncio.sleep(0.03)


async def test_calls_of_one_turn_are_one_call_of_redis(stage, still):
    await stage.put(1_000)
    assert await ask(still) is PASSED
    await stage.stores.redis.config_resetstat()

    await asked(still, 256)

    stats = await stage.stores.redis.info("commandstats")
    assert stats["cmdstat_evalsha"]["calls"] == 1


async def test_losers_do_not_ask_redis_one_by_one(stage, door):
    await stage.put(0)
    assert await ask(door) is SOLD_OUT
    await stage.stores.redis.config_resetstat()

    for _ in range(2_000):
        assert await ask(door) is SOLD_OUT

    stats = await stage.stores.redis.info("commandstats")
    assert stats.get("cmdstat_evalsha", {"calls": 0})["calls"] < 500


async def test_what_came_back_can_be_had_at_once_also_elsewhere(stage, still):
    await stage.put(1)
    sold = await stage.sell()
    async with filtering(stage.stores, refill_every_s=3_600) as other:
        assert await ask(still) is SOLD_OUT
        assert await ask(other) is SOLD_OUT

        await stage.take_back(sold)
        still.returned(TENANT, OWNER, Want(STOCK, ""), ())

        # Without anybody asking, and so without a refill.
        async with asyncio.timeout(60):
            while await stage.stores.redis.hget(key(), "left") != b"1":  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        await until_asked(other, PASSED)


async def test_what_came_to_nothing_can_be_had_again(stage, still):
    await stage.put(20)
    assert (await asked(still, 30)).count(PASSED) == 21
    for _ in range(4):
        still.failed(TENANT, OWNER, Want(STOCK, ""), ())

    await until_asked(still, PASSED)
    answers = await asked(still, 10)

    assert answers.count(PASSED) == 3


async def test_units_that_leaked_are_had_again_after_a_refill(stage, door):
    await stage.put(50)
    assert (await asked(door, 60)).count(PASSED) == 53  # of whom nobody comes to PostgreSQL

    await until_asked(door, PASSED)


async def test_stock_that_was_raised_while_nobody_asked_is_not_refused(stage, door):
    await stage.put(0)
    assert await ask(door) is SOLD_OUT
    await asyncio.sleep(3.5)  # longer than it is refilled, and than a no is believed
    await stage.put(5)

    assert await ask(door) is PASSED


async def test_more_than_is_left_is_refused_and_less_still_passes(stage, still):
    await stage.put(10)

    assert await ask(still, 12) is SOLD_OUT
    assert await ask(still, 11) is PASSED
    assert await ask(still, 1) is SOLD_OUT


async def test_counters_and_stock_are_taken_together_or_not_at_all(stage, still):
    await stage.put(100)
    two = [of_user("ann"), Limited(Want("coupon/b1/device", "d1", 2), 3, 100)]
    assert await ask(still, 1, two) is PASSED

    assert await ask(still, 1, [of_user("bob"), two[1]]) is LIMITED  # the device is at its most
    assert await ask(still, 1, [of_user("bob")]) is PASSED  # so bob was not counted
    assert await ask(still, 1, [of_user("bob")]) is LIMITED
    left = int(await stage.stores.redis.hget(key(), "left"))
    assert left == 105 - 2


async def test_users_of_one_batch_are_counted_in_their_order(stage, still):
    await stage.put(100)
    users = ["ann", "bob", "ann", "bob", "cid"]

    answers = await asyncio.gather(*(ask(still, 1, [of_user(user)]) for user in users))

    assert answers == [PASSED, PASSED, LIMITED, LIMITED, PASSED]


async def test_counters_without_stock_are_judged_too_and_given_back(stage, door):
    limited = [of_user("ann", most=2)]
    asking = [await door.admit(TENANT, OWNER, None, limited) for _ in range(3)]
    assert asking == [PASSED, PASSED, LIMITED]

    door.failed(TENANT, OWNER, None, limited)
    await door.close()

    async with filtering(stage.stores) as other:
        assert other.epoch == door.epoch
        asking = [await other.admit(TENANT, OWNER, None, limited) for _ in range(2)]
    assert asking == [PASSED, LIMITED]


async def test_counters_are_forgotten_after_their_time(stage, door):
    limited = [of_user("ann", ttl_s=100)]
    assert await door.admit(TENANT, OWNER, None, limited) is PASSED
    assert await door.admit(TENANT, OWNER, None, limited) is LIMITED
    redis = stage.stores.redis
    (counter,) = [name async for name in redis.scan_iter("*:c:*")]
    assert 0 < await redis.pttl(counter) <= 100_000

    await redis.pexpire(counter, 1)
    await until_gone(redis, counter)

    assert await door.admit(TENANT, OWNER, None, limited) is PASSED


async def test_nothing_wanted_passes(stage, door):
    assert await door.admit(TENANT, OWNER, None) is PASSED


async def test_tenants_and_owners_do_not_share_a_stock(stage, door):
    await stage.put(1)

    assert await ask(door) is PASSED
    assert await door.admit("other", OWNER, Want(STOCK, "")) is BYPASSED  # it has none


async def test_stock_that_postgres_does_not_know_is_left_to_postgres(stage, door):
    assert await ask(door) is BYPASSED

    await stage.put(1)
    assert await ask(door) is PASSED
    assert door.mode is Mode.FILTER


async def test_who_went_away_before_the_answer_takes_nothing_with_him(stage, still):
    await stage.put(20)
    assert await ask(still) is PASSED
    waiting = [asyncio.create_task(ask(still)) for _ in range(20)]
    await asyncio.sleep(0)  # they have asked
    await asyncio.sleep(0)  # and Redis is being asked
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    await until_asked(still, PASSED)
    await still.close()

    left = int(await stage.stores.redis.hget(key(), "left"))
    assert left == 21 - 2


async def test_two_processes_share_what_is_left(stage, still):
    await stage.put(100)

    async with filtering(stage.stores, refill_every_s=3_600) as other:
        answers = await asyncio.gather(asked(still, 80), asked(other, 80))

    assert sum(one.count(PASSED) for one in answers) == 105


async def test_drift_is_by_how_much_redis_was_off(stage, door):
    await stage.put(100)
    assert await ask(door) is PASSED

    await stage.stores.redis.hset(key(), "left", 65)

    await until(lambda: door.drift_units == 40)
    await until(lambda: door.drift_units == 0)
    assert door.counts.passed == 1


async def test_stock_without_end_passes(stage, still):
    await stage.put(10**13)

    assert await ask(still, 10**13) is PASSED
    assert int(await stage.stores.redis.hget(key(), "left")) == 10**13 // 20
