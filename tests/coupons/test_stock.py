"""Many want what few can have: exactly the stock is given, whatever happens at once."""

from __future__ import annotations

import asyncio

import pytest

from rangli.counters.filter import Admission, Limited
from rangli.counters.model import Want
from rangli.storage.postgres import transaction
from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.mint import VOID, Mint, counted, reason_of, refused
from tests.world import until


def users(count: int, first: int = 0) -> list[str]:
    return [f"u{number}" for number in range(first, first + count)]


async def storm(
    mints: list[Mint], user_ids: list[str], **fields: object
) -> list[pb.Coupon | BaseException]:
    """What each user's claim came to, all at once, spread over the processes."""
    return await asyncio.gather(
        *(
            mints[place % len(mints)].claim(user_id, **fields)
            for place, user_id in enumerate(user_ids)
        ),
        return_exceptions=True,
    )


async def test_exactly_the_stock_is_won_by_many_and_what_comes_back_is_won_again(
    mints: list[Mint],
) -> None:
    await mints[0].batch(stock=100, stock_buckets=4)

    first = await storm(mints, users(1_000))

    assert counted(first) == {"OK": 100, "SOLD_OUT": 900}
    won = [one for one in first if isinstance(one, pb.Coupon)]
    assert len({one.coupon_id for one in won}) == 100
    for coupon in won[:10]:
        assert (await mints[0].void(coupon, restock=True)).state == VOID
    second = await storm(mints, users(200, first=1_000))
    assert counted(second) == {"OK": 10, "SOLD_OUT": 190}
    assert (await mints[1].seen()).left == 0


async def test_a_winner_who_asks_again_after_the_sell_out_gets_his_win(mints: list[Mint]) -> None:
    await mints[0].batch(stock=1)
    request = mints[0].claim_request("ann")
    won = await mints[0].call("Claim", request)
    assert counted(await storm(mints, users(20))) == {"SOLD_OUT": 20}

    again = await mints[1].call("Claim", request)
    await mints[1].world.stores.redis.flushall()
    after_loss = await mints[1].call("Claim", request)

    assert again == won
    assert after_loss == won
    assert (await mints[0].seen()).given == 1


async def test_a_hundred_claims_of_one_request_have_one_effect_and_one_answer(
    mints: list[Mint],
) -> None:
    await mints[0].batch(stock=1)
    request = mints[0].claim_request("ann")

    answers = await asyncio.gather(*(mints[0].call("Claim", request) for _ in range(100)))

    assert len({one.coupon.coupon_id for one in answers}) == 1
    assert await mints[0].held() == 1


async def test_claims_sent_twice_at_once_do_not_pass_by_the_filter(mints: list[Mint]) -> None:
    await mints[0].batch(stock=1)
    await storm(mints, users(20))

    def asked_of_postgres() -> int:
        return sum(each.requests for mint in mints for each in mint.world.batching.counts())

    before = asked_of_postgres()
    twice = [mints[0].claim_request(user_id) for user_id in users(50, first=20) for _ in range(2)]
    late = await asyncio.gather(
        *(mints[0].call("Claim", request) for request in twice), return_exceptions=True
    )

    assert counted(late) == {"SOLD_OUT": 100}
    assert asked_of_postgres() - before < 5  # the filter allows for a little that may come back


async def test_repeats_that_redis_let_through_cost_no_stock(mints: list[Mint]) -> None:
    await mints[0].batch(stock=5)
    request = mints[0].claim_request("ann")

    await asyncio.gather(*(mints[place % 2].call("Claim", request) for place in range(50)))

    assert counted(await storm(mints, users(20))) == {"OK": 4, "SOLD_OUT": 16}


@pytest.mark.parametrize("stock", [1, 5])
async def test_who_repeats_a_claim_that_is_under_way_elsewhere_gets_its_answer(
    mints: list[Mint], stock: int
) -> None:
    """To the filter it is sold out, or his limit is reached: by his own first attempt."""
    await mints[0].batch(stock=stock)
    request = mints[0].claim_request("ann")

    async with transaction(mints[0].world.stores.pg) as conn:
        await conn.execute(
            "SELECT FROM counter_uses WHERE tenant = $1 FOR UPDATE", mints[0].world.tenant
        )
        first = asyncio.create_task(mints[0].call("Claim", request))
        counts = mints[0].world.filter.counts
        await until(lambda: bool(counts.passed))
        again = asyncio.create_task(mints[1].call("Claim", request))
        await asyncio.wait([again], timeout=0.1)

    assert await again == await first
    assert (await mints[0].seen()).given == 1


async def test_single_packet_burst_of_one_user_gets_one_coupon(mints: list[Mint]) -> None:
    """A burst of distinct requests of one user, as scripts send them over one connection."""
    await mints[0].batch(stock=100)

    outcomes = await storm(mints, ["ann"] * 200)

    assert counted(outcomes) == {"OK": 1, "LIMIT_REACHED": 199}
    assert (await mints[0].seen()).given == 1


async def test_five_parallel_attempts_with_limit_three_get_three(mints: list[Mint]) -> None:
    await mints[0].batch(per_user_max=3)

    assert counted(await storm(mints, ["ann"] * 5)) == {"OK": 3, "LIMIT_REACHED": 2}


async def test_the_same_user_twice_in_one_batch_of_claims_is_summed(mints: list[Mint]) -> None:
    await mints[0].batch(per_user_max=1, stock=2)
    ann, twin = mints[0].claim_request("ann"), mints[0].claim_request("ann")
    ben, late = mints[0].claim_request("ben"), mints[0].claim_request("cid")

    answer = await mints[0].call("BatchClaim", pb.BatchClaimRequest(claims=[ann, twin, ben, late]))

    kinds = [item.WhichOneof("result") for item in answer.items]
    assert kinds == ["coupon", "error", "coupon", "error"]
    assert (await mints[0].seen()).given == 2


async def test_counts_of_the_refused_do_not_block_a_raised_limit(mints: list[Mint]) -> None:
    await mints[0].batch(stock=5)
    assert counted(await storm(mints, users(50)))["OK"] == 5

    await mints[0].update(stock=8)

    assert counted(await storm(mints, users(50, first=50))) == {"OK": 3, "SOLD_OUT": 47}
    await mints[0].update(stock=8, per_user_max=2)
    assert counted(await storm(mints, ["u0"] * 3))["SOLD_OUT"] == 3


async def test_a_raised_user_limit_lets_those_in_who_were_refused(mints: list[Mint]) -> None:
    await mints[0].batch()
    assert counted(await storm(mints, ["ann"] * 5)) == {"OK": 1, "LIMIT_REACHED": 4}

    await mints[0].update(per_user_max=3)

    assert counted(await storm(mints, ["ann"] * 5)) == {"OK": 2, "LIMIT_REACHED": 3}


async def test_less_stock_than_is_out_leaves_none_until_as_much_came_back(
    mints: list[Mint],
) -> None:
    await mints[0].batch(stock=5)
    won = [await mints[0].claim(user) for user in users(4)]

    after = await mints[0].update(stock=3)

    assert (after.given, after.left) == (4, 0)
    assert (await refused(mints[1].claim("zoe")))["reason"] == "SOLD_OUT"
    await mints[0].void(won[0], restock=True)
    assert (await refused(mints[1].claim("zoe")))["reason"] == "SOLD_OUT"
    await mints[0].void(won[1], restock=True)
    await mints[1].claim("zoe")


async def test_after_a_pause_is_answered_no_claim_gets_a_coupon(mints: list[Mint]) -> None:
    await mints[0].batch(stock=100_000)
    stop = asyncio.Event()
    paused = False
    late: list[pb.Coupon] = []
    outcomes: list[object] = []

    async def claim_on(worker: int) -> None:
        for number in range(10_000):
            if stop.is_set():
                return
            began_paused = paused
            claim = mints[worker % 2].claim(f"w{worker}-{number}")
            (outcome,) = await asyncio.gather(claim, return_exceptions=True)
            outcomes.append(outcome)
            if began_paused and isinstance(outcome, pb.Coupon):
                late.append(outcome)

    tasks = [asyncio.create_task(claim_on(worker)) for worker in range(40)]
    await until(lambda: any(isinstance(one, pb.Coupon) for one in outcomes), within_s=60)
    await mints[0].verb("Pause")
    paused = True
    given = (await mints[0].seen()).given
    await until(lambda: reason_of(outcomes[-1]) == "BATCH_NOT_OPEN", within_s=60)
    stop.set()
    await asyncio.gather(*tasks)

    assert late == []
    assert counted(outcomes).keys() == {"OK", "BATCH_NOT_OPEN"}
    assert given > 0
    assert (await mints[0].seen()).given == given


async def test_what_was_let_through_and_failed_comes_back(mints: list[Mint]) -> None:
    """The filter lets a claim through that PostgreSQL refuses; its unit is not lost."""
    await mints[0].batch(stock=3)
    for user in ("ann", "ben"):
        await mints[0].claim(user)
    # PostgreSQL knows that ann has hers; this Redis does not.
    await mints[0].world.stores.redis.flushall()

    for _ in range(5):
        assert (await refused(mints[0].claim("ann")))["reason"] == "LIMIT_REACHED"

    assert counted(await storm(mints, users(10))) == {"OK": 1, "SOLD_OUT": 9}


async def test_voiding_while_many_claim_never_gives_more_than_there_is(mints: list[Mint]) -> None:
    await mints[0].batch(stock=20)
    won = [one for one in await storm(mints, users(20)) if isinstance(one, pb.Coupon)]

    claims = asyncio.gather(storm(mints, users(100, first=100)), storm(mints, users(100, 300)))
    voids = await asyncio.gather(
        *(mint.void(one, restock=True) for mint in mints for one in won[:10]),
        return_exceptions=True,
    )
    outcomes = [one for half in await claims for one in half]

    assert counted(voids) == {"OK": 20}
    assert counted(outcomes).get("OK", 0) <= 10
    rest = await storm(mints, users(100, first=500))
    assert counted(outcomes).get("OK", 0) + counted(rest).get("OK", 0) == 10


async def test_callers_who_go_away_at_any_moment_take_one_each_or_none(mints: list[Mint]) -> None:
    await mints[0].batch(stock=40)
    requests = [mints[0].claim_request(user) for user in users(40)]

    calls = [asyncio.create_task(mints[0].call("Claim", request)) for request in requests]
    for number, call in enumerate(calls):
        if number % 4 == 0:
            await asyncio.sleep(0.001)
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    again = await asyncio.gather(*(mints[1].call("Claim", request) for request in requests))

    assert [one.coupon.user_id for one in again] == users(40)
    assert (await mints[0].seen()).left == 0


async def test_whom_only_redis_remembers_gets_his_coupon(mints: list[Mint]) -> None:
    """A process has let somebody through and was killed before it asked PostgreSQL."""
    await mints[0].batch(stock=2)
    world = mints[0].world
    stock, ann = Want("coupon/b1/stock", ""), Want("coupon/b1/user", "ann")
    gone = await world.filter.admit(world.tenant, "coupon/b1", stock, [Limited(ann, 1, 3_600)])
    assert gone is Admission.PASSED

    await mints[1].claim("ann")

    # The unit that was let through is there again when the stock has been filled anew.
    async with asyncio.timeout(60):
        while counted(await storm(mints, ["ben"])) == {"SOLD_OUT": 1}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await mints[0].held("ben") == 1
