"""Whatever is asked, counters are what their plain model says, and the audit finds nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from rangli.core.errors import RangliError
from rangli.v1 import counter_service_pb2 as pb
from tests.counters.meter import Meter
from tests.counters.plain import Item, Plain, PlainLimit
from tests.world import World, new_tenant, request_id

T = TypeVar("T")
SUBJECTS = ("ann", "bob")
KEYS = [f"c{number}" for number in range(12)]
_DAY_S = 86_400

limits = st.sampled_from(["cold", "hot", "today", "daily", "each"])
items = st.lists(
    st.tuples(limits, st.sampled_from(SUBJECTS), st.integers(1, 4)), min_size=1, max_size=4
).map(tuple)
keys = st.sampled_from(KEYS)


class Shop:
    """Counters through two processes in turns, and the model of what is asked of them."""

    def __init__(self, worlds: tuple[World, World]) -> None:
        self.meters = [Meter(world) for world in worlds]
        self.asked = 0
        self.answered: list[tuple[str, Any, bytes]] = []  # method, request, answer
        self.plain = Plain(
            {
                "cold": PlainLimit(12, is_shared=True, is_daily=False),
                "hot": PlainLimit(15, is_shared=True, is_daily=False),
                "today": PlainLimit(9, is_shared=True, is_daily=True),
                "daily": PlainLimit(5, is_shared=False, is_daily=True),
                "each": PlainLimit(7, is_shared=False, is_daily=False),
            }
        )
        # No real midnight comes by while it runs.
        later = datetime.now(UTC) + timedelta(hours=12)
        self.clock = {"period": "DAY", "day_start_minute": 60 * later.hour + later.minute}

    @property
    def meter(self) -> Meter:
        """The next process."""
        self.asked += 1
        return self.meters[self.asked % 2]

    async def put(self, limit_id: str, most: int, buckets: int = 0) -> None:
        limit = self.plain.limits[limit_id]
        limit.most = most
        subject = "ACTIVITY" if limit.is_shared else "USER"
        clock = self.clock if limit.is_daily else {}
        await self.meter.put(limit_id, most, subject, buckets=buckets, **clock)

    async def ask(self, method: str, *requests: Any) -> None:
        """All at once, in one batch: decided in their order."""
        expected = [self._model(method, request) for request in requests]
        meter = self.meter
        answers = await asyncio.gather(
            *(meter.call(method, request) for request in requests), return_exceptions=True
        )
        for request, answer, wanted in zip(requests, answers, expected, strict=True):
            if isinstance(answer, RangliError):
                assert answer.reason == wanted
            else:
                assert pb.CountState.Name(answer.state) == f"COUNT_STATE_{wanted}"
                self.answered.append((method, request, answer.SerializeToString()))

    async def repeat(self, number: int) -> None:
        if self.answered:
            method, request, answer = self.answered[-1 - number % len(self.answered)]
            assert (await self.meter.call(method, request)).SerializeToString() == answer

    async def time_passes(self, key: str) -> None:
        known = self.plain.reservations.get(key)
        if known is not None and known.state == "RESERVED":
            known.is_due = True
            await self.meter.time_passes(key)

    async def midnight(self) -> None:
        """All that counted today counted yesterday."""
        self.plain.day += 1
        meter = self.meter
        for days in (10_000, -9_999):  # by way of where there are no others
            await meter.world.rows(
                "UPDATE counter_uses SET period_at = period_at - $2::interval"
                " WHERE tenant = $1 AND period_at > '1970-01-01'",
                timedelta(days=days),
            )
        rows = await meter.world.rows(
            "SELECT reservation_id, counted FROM counter_reservations WHERE tenant = $1"
        )
        for reservation_id, counted in rows:
            moved = [
                [*row[:2], row[2] and row[2] - _DAY_S, *row[3:]] for row in json.loads(counted)
            ]
            await meter.world.rows(
                "UPDATE counter_reservations SET counted = $3"
                " WHERE tenant = $1 AND reservation_id = $2",
                reservation_id,
                json.dumps(moved),
            )

    async def check(self) -> None:
        meter = self.meter
        asked = [(limit_id, subject) for limit_id in self.plain.limits for subject in SUBJECTS]
        wanted = [
            pb.GetRemainingRequest.Item(limit_id=limit_id, subject_id=subject_id)
            for limit_id, subject_id in asked
        ]
        found = await meter.call("GetRemaining", pb.GetRemainingRequest(items=wanted))
        assert [one.left for one in found.items] == [self.plain.left(*one) for one in asked]
        states = await meter.world.rows(
            "SELECT reservation_id, state FROM counter_reservations WHERE tenant = $1"
        )
        assert dict(states) == {key: one.state for key, one in self.plain.reservations.items()}
        assert await meter.findings() == []

    def _model(self, method: str, request: Any) -> Any:
        key = request.reservation_id
        if method == "ReserveCounts":
            wanted = tuple((one.limit_id, one.subject_id, one.quantity) for one in request.items)
            return self.plain.reserve(key, wanted)
        if method == "ConfirmCounts":
            return self.plain.confirm(key, late=request.late)
        return self.plain.roll_back(key)


def reserving(key: str, wanted: tuple[Item, ...]) -> pb.ReserveCountsRequest:
    asked = [pb.CountItem(limit_id=a, subject_id=b, quantity=c) for a, b, c in wanted]
    return pb.ReserveCountsRequest(request_id=request_id(), reservation_id=key, items=asked)


def confirming(key: str, late: bool) -> pb.ConfirmCountsRequest:
    return pb.ConfirmCountsRequest(request_id=request_id(), reservation_id=key, late=late)


def rolling_back(key: str) -> pb.RollBackCountsRequest:
    return pb.RollBackCountsRequest(request_id=request_id(), reservation_id=key)


class Machine(RuleBasedStateMachine):
    """Steps run on the loop of the test, which waits in a thread."""

    loop: asyncio.AbstractEventLoop
    worlds: Callable[[str], tuple[World, World]]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=120)

    @initialize()
    def open(self) -> None:
        self.shop = Shop(self.worlds(new_tenant()))
        for limit_id, limit in self.shop.plain.limits.items():
            self.run(self.shop.put(limit_id, limit.most, 3 if limit_id == "hot" else 0))

    @rule(key=keys, wanted=items)
    def reserve(self, key: str, wanted: tuple[Item, ...]) -> None:
        self.run(self.shop.ask("ReserveCounts", reserving(key, wanted)))

    @rule(asked=st.lists(st.tuples(keys, items), min_size=2, max_size=6))
    def reserve_several_at_once(self, asked: list[tuple[str, tuple[Item, ...]]]) -> None:
        self.run(self.shop.ask("ReserveCounts", *(reserving(*one) for one in asked)))

    @rule(asked=st.lists(st.tuples(keys, st.booleans()), min_size=1, max_size=4))
    def confirm(self, asked: list[tuple[str, bool]]) -> None:
        self._expire_together([key for key, _ in asked])
        self.run(self.shop.ask("ConfirmCounts", *(confirming(*one) for one in asked)))

    @rule(asked=st.lists(keys, min_size=1, max_size=3))
    def roll_back(self, asked: list[str]) -> None:
        self.run(self.shop.ask("RollBackCounts", *(rolling_back(key) for key in asked)))

    @rule(number=st.integers(0, 9))
    def repeat(self, number: int) -> None:
        self.run(self.shop.repeat(number))

    @rule(limit_id=limits, most=st.integers(0, 25), buckets=st.integers(0, 4))
    def put(self, limit_id: str, most: int, buckets: int) -> None:
        self.run(self.shop.put(limit_id, most, buckets if limit_id == "hot" else 0))

    @rule(key=keys)
    def let_time_pass(self, key: str) -> None:
        self.run(self.shop.time_passes(key))

    @rule()
    def midnight(self) -> None:
        self.run(self.shop.midnight())

    @rule()
    def sweep(self) -> None:
        self.shop.plain.sweep()
        self.run(self.shop.meter.sweep())

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "shop"):
            self.run(self.shop.check())

    def _expire_together(self, asked: list[str]) -> None:
        """Those of a batch that are due expire before any of it is decided."""
        plain = self.shop.plain
        for key in asked:
            if key in plain.reservations:
                plain._expire_if_due(plain.reservations[key])


async def test_counters_are_what_their_model_says(process: World) -> None:
    other = World(process.stores, process.feed)
    Machine.loop = asyncio.get_running_loop()
    Machine.worlds = staticmethod(lambda tenant: (process.of(tenant), other.of(tenant)))
    trial = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_machine, Machine, settings=trial)
    await other.batching.close()
