"""Whatever is done to coupons, in whatever order: they live as the plain model says."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.mint import NOW, Mint, activity, reason_of
from tests.coupons.plain import PlainBatch
from tests.world import World, new_tenant, request_id

T = TypeVar("T")
USERS, ORDERS, GRANTS = ("ann", "ben", "cid"), ("o1", "o2"), ("g1", "g2")
users, orders = st.sampled_from(USERS), st.sampled_from(ORDERS)
numbers = st.integers(0, 20)


class Machine(RuleBasedStateMachine):
    """Steps run on the loop of the test, which waits in a thread."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    world: ClassVar[World]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)

    def outcome(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What came of it, a refusal included."""

        async def caught() -> Any:
            return (await asyncio.gather(work, return_exceptions=True))[0]

        return self.run(caught())

    @initialize(stock=st.integers(0, 4), per_user=st.integers(1, 2))
    def open(self, stock: int, per_user: int) -> None:
        self.mint = Mint(self.world.of(new_tenant()))
        self.plain = PlainBatch(stock, per_user)
        self.coupons: list[pb.Coupon] = []
        self.answered: list[tuple[str, Any, Any]] = []
        self.run(self.mint.world.launch("a1", activity()))
        self.run(self.mint.batch(**self._spec()))

    def _spec(self) -> dict[str, Any]:
        return {
            "stock": self.plain.stock,
            "per_user_max": self.plain.per_user,
            "transferable": True,
            "returns_on_refund": True,
        }

    @rule(user=users, twice=st.booleans())
    def claim(self, user: str, twice: bool) -> None:
        self._give("Claim", self.mint.claim_request(user), self.plain.give(user), twice=twice)

    @rule(user=users, grant=st.sampled_from(("", *GRANTS)), twice=st.booleans())
    def issue(self, user: str, grant: str, twice: bool) -> None:
        request = pb.IssueRequest(
            request_id=request_id(), batch_id="b1", user_id=user, grant_key=grant
        )
        self._give("Issue", request, self.plain.give(user, grant), twice=twice)
        if grant in self.plain.grants and self.answered and self.answered[-1][1] is request:
            coupon = self.answered[-1][2].coupon
            assert coupon.coupon_id == self.coupons[self.plain.grants[grant]].coupon_id

    def _give(self, method: str, request: Any, expected: str, *, twice: bool) -> None:
        async def ask() -> list[Any]:
            calls = [self.mint.call(method, request) for _ in range(1 + twice)]
            return await asyncio.gather(*calls, return_exceptions=True)

        outcomes = self.run(ask())
        assert [reason_of(one) for one in outcomes] == [expected] * len(outcomes)
        if expected == "OK":
            assert all(one == outcomes[0] for one in outcomes)
            self.answered.append((method, request, outcomes[0]))
            if len(self.plain.coupons) > len(self.coupons):
                self.coupons.append(outcomes[0].coupon)

    @rule(number=numbers)
    def repeat(self, number: int) -> None:
        """A success is answered again in the same words, whatever has happened since."""
        if self.answered:
            method, request, answer = self.answered[-1 - number % len(self.answered)]
            assert self.run(self.mint.call(method, request)) == answer

    @rule(
        verb=st.sampled_from(["lock", "unlock", "use", "give_back"]), number=numbers, order=orders
    )
    def check_out(self, verb: str, number: int, order: str) -> None:
        self._do(verb, number, order, lambda one: self.mint.order(verb, one, order))

    @rule(number=numbers, restock=st.booleans())
    def void(self, number: int, restock: bool) -> None:
        said = "restock" if restock else ""
        self._do("void", number, said, lambda one: self.mint.void(one, restock=restock))

    @rule(verb=st.sampled_from(["freeze", "unfreeze"]), number=numbers)
    def stop(self, verb: str, number: int) -> None:
        self._do(verb, number, "", lambda one: self.mint.change(verb.title(), one))

    @rule(number=numbers)
    def extend(self, number: int) -> None:
        self._do("extend", number, "", lambda one: self.mint.extend(one, NOW + timedelta(days=1)))

    @rule(number=numbers, user=users)
    def transfer(self, number: int, user: str) -> None:
        self._do("transfer", number, user, lambda one: self.mint.transfer(one, user))

    @rule(number=numbers)
    def age(self, number: int) -> None:
        self._do("age", number, "", lambda one: self.mint.age(one, 2 * 86_400))

    def _do(self, verb: str, number: int, said: str, call: Any) -> None:
        if not self.coupons:
            return
        number %= len(self.coupons)
        coupon = self.coupons[number]
        owned = pb.Coupon(user_id=self.plain.coupons[number].user, coupon_id=coupon.coupon_id)
        expected = self.plain.do(verb, number, said)
        assert reason_of(self.outcome(call(owned))) == expected

    @rule()
    def pause_or_resume(self) -> None:
        self.run(self.mint.verb("Resume" if self.plain.paused else "Pause"))
        self.plain.paused = not self.plain.paused

    @rule(stock=st.integers(0, 5), per_user=st.integers(1, 3))
    def update(self, stock: int, per_user: int) -> None:
        self.plain.stock, self.plain.per_user = stock, per_user
        self.run(self.mint.update(**self._spec()))

    @invariant()
    def is_as_the_model_says(self) -> None:
        seen = self.run(self.mint.seen())
        assert (seen.given, seen.left) == (
            self.plain.given,
            max(0, self.plain.stock - self.plain.given),
        )
        for user in USERS:
            listed = self.run(self.mint.list(user)).coupons
            found = {(one.coupon_id, pb.CouponState.Name(one.state)[13:]) for one in listed}
            pairs = zip(self.coupons, self.plain.coupons, strict=True)
            assert found == {(one.coupon_id, p.seen) for one, p in pairs if p.user == user}

    def teardown(self) -> None:
        if hasattr(self, "mint"):
            assert self.run(self.mint.findings()) == []


async def run(world: World, *, examples: int, steps: int) -> None:
    Machine.loop, Machine.world = asyncio.get_running_loop(), world
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_machine, Machine, settings=chosen)


async def test_coupons_live_as_the_plain_model_says(world: World) -> None:
    await run(world, examples=12, steps=30)


@pytest.mark.soak
async def test_coupons_live_as_the_plain_model_says_for_long(world: World) -> None:
    await run(world, examples=150, steps=50)
