"""How many wrong codes may be tried, counted in Redis or, without it, in the process."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from rangli.core.errors import Exhausted, Reason
from rangli.coupons import guesses as module
from rangli.coupons.guesses import Allowances, Guesses, LocalGuesses
from tests.world import new_tenant


class Clock:
    def __init__(self) -> None:
        self.now_ms = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock(monkeypatch):
    one = Clock()
    monkeypatch.setattr(module, "_now_ms", one)
    return one


@pytest.fixture(params=["redis", "alone"])
async def guesses(request, process, clock):
    """Counted in Redis; and in a process whose Redis does not answer."""
    stores = process.stores
    if request.param == "redis":
        yield Guesses(stores)
        return
    away = stores.redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    yield Guesses(replace(stores, redis=away))
    await away.aclose()


async def allowed(guesses, tenant, tries, *, user="u", source="") -> int:
    """How many of so many tries at once."""
    outcomes = await asyncio.gather(
        *(
            guesses.take(tenant, user.format(number), source.format(number))
            for number in range(tries)
        ),
        return_exceptions=True,
    )
    refusals = [one for one in outcomes if isinstance(one, BaseException)]
    for refusal in refusals:
        assert isinstance(refusal, Exhausted)
        assert refusal.reason is Reason.TOO_MANY_GUESSES
        assert refusal.retry_after_s > 0
        assert not refusal.metadata
    return tries - len(refusals)


async def test_a_user_has_ten_guesses_a_minute_however_many_come_at_once(guesses):
    assert await allowed(guesses, new_tenant(), 50) == 10


async def test_a_source_has_a_hundred_for_all_its_users(guesses):
    assert await allowed(guesses, new_tenant(), 150, user="u{}", source="10.0.0.1") == 100


async def test_a_tenant_is_bounded_too(guesses, monkeypatch):
    guesses._allowances = Allowances(per_tenant=30)

    assert await allowed(guesses, new_tenant(), 50, user="u{}", source="s{}") == 30


async def test_users_and_tenants_do_not_use_up_each_others_guesses(guesses):
    one, other = new_tenant(), new_tenant()
    await allowed(guesses, one, 20, user="ann")

    assert await allowed(guesses, one, 20, user="bob") == 10
    assert await allowed(guesses, other, 20, user="ann") == 10


async def test_guesses_come_back_one_by_one_as_time_goes_on(guesses, clock):
    tenant = new_tenant()
    await allowed(guesses, tenant, 20)
    with pytest.raises(Exhausted) as caught:
        await guesses.take(tenant, "u", "")
    assert caught.value.retry_after_s == 6

    clock.now_ms += 5_999
    assert await allowed(guesses, tenant, 5) == 0
    clock.now_ms += 1
    assert await allowed(guesses, tenant, 5) == 1
    clock.now_ms += 600_000
    assert await allowed(guesses, tenant, 20) == 10


async def test_a_guess_that_is_given_back_can_be_taken_again(guesses):
    tenant = new_tenant()
    taken = [await guesses.take(tenant, "u", "s") for _ in range(10)]
    for one in taken[:3]:
        await guesses.give_back(one)

    assert await allowed(guesses, tenant, 10, source="s") == 3


async def test_giving_back_never_allows_more_than_a_full_allowance(guesses, clock):
    tenant = new_tenant()
    taken = [await guesses.take(tenant, "u", "s") for _ in range(10)]
    clock.now_ms += 60_000
    for one in taken:
        await guesses.give_back(one)

    assert await allowed(guesses, tenant, 30) == 10


async def test_a_try_that_one_allowance_refuses_uses_up_no_other(guesses):
    tenant = new_tenant()
    await allowed(guesses, tenant, 30, user="ann", source="s")

    assert await allowed(guesses, tenant, 200, user="u{}", source="s") == 90


async def test_counts_leave_redis_when_they_say_nothing_any_more(process, clock):
    tenant = new_tenant()
    await allowed(Guesses(process.stores), tenant, 20, source="s")

    keys = [key async for key in process.stores.redis.scan_iter(f"{{{tenant}/guesses}}/*")]
    assert len(keys) == 3
    for key in keys:
        assert 0 < await process.stores.redis.pttl(key) <= 60_000
        assert not key.endswith(b"/s")


def test_a_process_that_counts_alone_keeps_only_so_much_and_then_refuses():
    alone = LocalGuesses(kept_max=3)

    assert alone.take(("a", "b"), (6_000, 6_000), 0) == 0
    assert alone.take(("c", "d"), (6_000, 6_000), 0) == 60_000
    assert alone.take(("c", "d"), (6_000, 6_000), 6_000) == 0  # the others have gone
