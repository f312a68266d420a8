"""Stores that are away for long, or forget again and again; and callers who will not wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from statistics import median
from time import monotonic

import psutil
import pytest
from google.protobuf.message import Message

from rangli.client import CallRefused
from rangli.v1.coupon_service_pb2 import ClaimRequest
from rangli.v1.pricing_service_pb2 import QuoteRequest
from tests.faults import budgets, judging, shopping
from tests.faults.calling import Caller
from tests.faults.history import History
from tests.faults.installation import Installation, installed
from tests.faults.load import running
from tests.faults.proxy import proxied

pytestmark = pytest.mark.soak

TENANT = "away"
_AWAY_S = 60
_GROWN_MAX = 64 * 2**20


class Asking:
    """What came of calls of one kind, made again and again by many at once."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.took_s: list[float] = []
        self._asked = 0

    async def ask(
        self,
        caller: Caller,
        method: str,
        request: Callable[[int], Message],
        *,
        until: float,
        callers: int,
        pause_s: float = 0.0,
        retries: int = 0,
    ) -> None:
        """until: by `monotonic()`."""

        async def one() -> None:
            while monotonic() < until:
                self._asked += 1
                asked = request(self._asked)
                for _ in range(1 + retries):
                    if await self._once(caller.read(method, asked)) != "RESOURCE_EXHAUSTED":
                        break
                await asyncio.sleep(pause_s)

        await asyncio.gather(*(one() for _ in range(callers)))

    async def _once(self, call: Awaitable[Message]) -> str:
        began = monotonic()
        try:
            await call
            word = "OK"
        except CallRefused as refusal:
            word = refusal.code.name
        self.took_s.append(monotonic() - began)
        self.outcomes[word] += 1
        return word


def claim(number: int) -> ClaimRequest:
    return ClaimRequest(request_id=f"c{number}", batch_id="plenty", user_id=f"u{number}")


def quote(_: int) -> QuoteRequest:
    return shopping.reservation("o", "ann").checkout.cart


def memory(installation: Installation) -> int:
    """What the workers hold."""
    return sum(psutil.Process(pid).memory_info().rss for pid in installation.workers())


async def test_while_postgres_is_away_prices_go_on_and_claims_are_refused_at_once(
    database, redis_url, data_dir
):
    prices, claims = Asking(), Asking()
    async with (
        proxied(database, data_dir) as (proxy, dsn),
        installed(data_dir, RANGLI_POSTGRES_DSN=dsn, RANGLI_REDIS_URL=redis_url) as installation,
        Caller(installation.address, TENANT, retries=False) as caller,
    ):
        await shopping.prepare(caller, History())
        await until_priced(caller)
        before = memory(installation)
        with proxy.away():
            end = monotonic() + _AWAY_S
            await asyncio.gather(
                prices.ask(caller, "PricingService/Quote", quote, until=end, callers=8),
                claims.ask(caller, shopping.CLAIM, claim, until=end, callers=64, pause_s=0.05),
            )
        grown = memory(installation) - before
        print(prices.outcomes, claims.outcomes, median(claims.took_s), max(claims.took_s), grown)
        assert prices.outcomes["OK"] >= 0.999 * prices.outcomes.total() > 1_000
        assert set(claims.outcomes) <= {"UNAVAILABLE", "RESOURCE_EXHAUSTED"}
        assert median(claims.took_s) < 0.25
        assert grown < _GROWN_MAX
        async with asyncio.timeout(60):
            while True:
                try:
                    await caller.read(shopping.CLAIM, claim(0))
                    break
                except CallRefused:
                    await asyncio.sleep(0.1)


async def until_priced(caller: Caller) -> None:
    """The offers have reached the worker that answers."""
    async with asyncio.timeout(60):
        for _ in range(20):
            while not (await caller.read("PricingService/Quote", quote(0))).discount_minor:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_a_redis_that_forgets_all_the_time_harms_no_change(data_dir):
    history = History()
    async with (
        installed(data_dir) as installation,
        Caller(installation.address, TENANT) as caller,
    ):
        await budgets.prepare(caller, history)
        await shopping.prepare(caller, history)
        async with running(caller, history, seed=7) as load:
            for _ in range(50):
                await load.more(20)
                await installation.flush_valkey()
        assert "UNAVAILABLE" not in history.told(), history.told()
        judging.before_settling(installation.postgres_dsn, TENANT, history)
        await judging.settled(installation.postgres_dsn, TENANT, caller, history)
        code, said = await installation.audit()
        assert code == 0, said


async def test_a_storm_of_retries_is_shed_and_costs_neither_memory_nor_much_of_the_work(data_dir):
    calm, storm = Asking(), Asking()
    async with (
        installed(data_dir, RANGLI_IN_FLIGHT_MAX="32") as installation,
        Caller(installation.address, TENANT, connections=16, retries=False) as caller,
    ):
        await shopping.prepare(caller, History())
        await calm.ask(caller, shopping.CLAIM, claim, until=monotonic() + 10, callers=48)
        before = memory(installation)
        await storm.ask(
            caller,
            shopping.CLAIM,
            lambda number: claim(10**6 + number),
            until=monotonic() + 30,
            callers=400,
            retries=5,
        )
        grown = memory(installation) - before
        print(calm.outcomes, storm.outcomes, grown)
        assert set(storm.outcomes) == {"OK", "RESOURCE_EXHAUSTED"}
        assert storm.outcomes["OK"] / 30 > 0.3 * calm.outcomes["OK"] / 10
        assert grown < _GROWN_MAX
        won = calm.outcomes["OK"] + storm.outcomes["OK"]
        batch = await caller.read(
            "CouponService/GetBatch", shopping.GetBatchRequest(batch_id="plenty")
        )
        assert batch.given == won
        code, said = await installation.audit()
        assert code == 0, said
