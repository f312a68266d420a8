"""Any sequence of what callers do, beside a plain model of it: pools agree after every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rangli.core.errors import Refused
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from tests.funds.budgets import (
    amount,
    audited,
    call,
    fund,
    pass_time,
    pool,
    refund,
    release,
    reserve,
    root,
    share,
    spend,
    sweep,
    verb,
)
from tests.world import World, new_tenant

CAP = 80


@dataclass
class Held:
    """A reservation as the model knows it: so much of each pool."""

    said: fb.Reservation
    activity_id: str
    reserved: dict[str, int]
    spent: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    state: str = "RESERVED"

    def of(self, pool_id: str, kind: str) -> int:
        return getattr(self, kind).get(pool_id, 0)

    def left(self, pool_id: str) -> int:
        if self.state != "RESERVED":
            return 0
        return self.of(pool_id, "reserved") - self.of(pool_id, "spent")


@dataclass
class Model:
    """Two pools: "root", of which no more than CAP goes out, and "brand". All on one day."""

    budget: dict[str, int]
    held: list[Held] = field(default_factory=list)
    frozen: bool = False

    def reserved(self, pool_id: str) -> int:
        return sum(one.left(pool_id) for one in self.held)

    def spent(self, pool_id: str) -> int:
        return sum(one.of(pool_id, "spent") - one.of(pool_id, "refunded") for one in self.held)

    def used(self, pool_id: str) -> int:
        return self.reserved(pool_id) + self.spent(pool_id)

    def fits(self, wanted: dict[str, int]) -> bool:
        return all(
            self.used(pool_id) + amount <= self.budget[pool_id]
            and (pool_id != "root" or self.used(pool_id) + amount <= CAP)
            for pool_id, amount in wanted.items()
            if amount
        )


class Trial:
    """Does each step to the service and to the model."""

    def __init__(self, world: World, model: Model) -> None:
        self.world = world
        self.model = model

    async def expect(self, may: bool, attempt: Any) -> Any:
        """The answer if the model allows it; else it must be refused, and None."""
        if may:
            return await attempt
        with pytest.raises(Refused):
            await attempt
        return None

    async def reserve(self, which: int, size: int) -> None:
        activity_id = "both" if which % 2 else "own"
        theirs = size // 2 if which % 2 else 0
        wanted = {"root": size - theirs, "brand": theirs}
        may = self.model.fits(wanted) and not self.model.frozen
        said = await self.expect(may, reserve(self.world, {activity_id: size}))
        if said:
            self.model.held.append(Held(said, activity_id, wanted))

    async def spend(self, which: int, size: int, *, late: bool = False) -> None:
        one = self.picked(which)
        if one is None:
            return
        expired = one.state == "EXPIRED"
        rest = {p: one.of(p, "reserved") - one.of(p, "spent") for p in one.reserved}
        may = one.state == "RESERVED" or (late and expired)
        items = []
        if one.activity_id == "own" and 0 < size < rest["root"]:
            rest = {"root": size, "brand": 0}
            items = [amount("own", size)]
        if not any(rest.values()) or (expired and not self.model.fits(rest)):
            may = False
        said = await self.expect(may, spend(self.world, one.said, *items, late=late))
        if said:
            for pool_id, part in rest.items():
                one.spent[pool_id] = one.of(pool_id, "spent") + part
            if not items and not expired:
                one.state = "SPENT"

    async def late(self, which: int, size: int) -> None:
        await self.spend(which, size, late=True)

    async def release(self, which: int, _size: int) -> None:
        one = self.picked(which)
        if one is None:
            return
        if await self.expect(one.state != "SPENT", release(self.world, one.said)):
            one.state = "RELEASED" if one.state == "RESERVED" else one.state

    async def refund(self, which: int, size: int) -> None:
        one = self.picked(which)
        if one is None:
            return
        rest = {p: one.of(p, "spent") - one.of(p, "refunded") for p in one.reserved}
        items = []
        if one.activity_id == "own" and 0 < size < rest["root"]:
            rest = {"root": size, "brand": 0}
            items = [amount("own", size)]
        said = await self.expect(any(rest.values()), refund(self.world, one.said, *items))
        if said:
            for pool_id, part in rest.items():
                one.refunded[pool_id] = one.of(pool_id, "refunded") + part

    async def expire(self, which: int, _size: int) -> None:
        one = self.picked(which)
        if one is not None and one.state == "RESERVED":
            await pass_time(self.world, one.said)
            await sweep(self.world)
            one.state = "EXPIRED"

    async def allocate(self, which: int, size: int) -> None:
        pool_id = "brand" if which % 2 else "root"
        request = pb.AllocatePoolRequest(pool_id=pool_id, amount_minor=size)
        await call(self.world, "AllocatePool", request)
        self.model.budget[pool_id] += size

    async def freeze(self, _which: int, _size: int) -> None:
        await verb(self.world, "Resume" if self.model.frozen else "Freeze")
        self.model.frozen = not self.model.frozen

    def picked(self, which: int) -> Held | None:
        return self.model.held[which % len(self.model.held)] if self.model.held else None

    async def agree(self) -> None:
        for pool_id, budget in self.model.budget.items():
            now = await pool(self.world, pool_id)
            assert now.budget_minor == budget
            assert now.reserved_minor == self.model.reserved(pool_id)
            assert now.spent_minor == self.model.spent(pool_id)
            assert now.today_minor == self.model.used(pool_id)
            assert now.available_minor >= 0


STEPS: tuple[Callable[..., Any], ...] = (
    Trial.reserve,
    Trial.reserve,
    Trial.reserve,
    Trial.reserve,
    Trial.reserve,
    Trial.spend,
    Trial.spend,
    Trial.late,
    Trial.release,
    Trial.refund,
    Trial.refund,
    Trial.expire,
    Trial.allocate,
    Trial.freeze,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(0, 7), st.integers(15, 60)),
        min_size=10,
        max_size=25,
    )
)
async def test_pools_are_at_every_step_what_the_model_says(
    world: World, steps: list[tuple[Callable[..., Any], int, int]]
) -> None:
    own = world.of(new_tenant())
    await root(own, budget=100, daily_cap_minor=CAP)
    await root(own, "brand", 40, funder="acme")
    await fund(own, "own")
    await fund(
        own,
        "both",
        share("retailer", 5_000, "root", takes_remainder=True),
        share("acme", 5_000, "brand"),
    )
    trial = Trial(own, Model({"root": 100, "brand": 40}))

    for step, which, size in steps:
        await step(trial, which, size)
        await trial.agree()

    assert await audited(own) == []
