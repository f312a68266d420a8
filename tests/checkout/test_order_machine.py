"""Whatever is asked of orders, also at once, they are what a plain model says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rangli.checkout import sweeper
from rangli.core.errors import RangliError, Unavailable
from rangli.v1 import checkout_pb2 as cb
from tests.checkout.desk import Desk, sale, tender
from tests.checkout.plain import BALANCE, BUDGET, PER_USER, STOCK, UNIT, Command, No, Plain
from tests.checkout.shop import checkout, limit
from tests.funds import budgets
from tests.wallet.purse import Purse
from tests.world import World, line, new_tenant, request_id

USERS = ("ann", "bob")
ORDERS = ("o1", "o2", "o3", "o4", "o5", "o6")
orders = st.sampled_from(ORDERS)

commands = st.one_of(
    st.builds(
        Command,
        st.just("reserve"),
        orders,
        st.sampled_from(USERS),
        st.sampled_from(["0", "1", "2"]),
        units=st.integers(2, 5),
        tender=st.integers(0, 10_00),
    ),
    st.builds(
        Command, st.just("amend"), orders, units=st.integers(2, 5), tender=st.integers(0, 10_00)
    ),
    st.builds(
        Command,
        st.just("commit"),
        orders,
        part=st.integers(0, 3),
        late=st.booleans(),
        final=st.booleans(),
    ),
    st.builds(Command, st.just("release"), orders),
    st.builds(Command, st.just("refund"), orders, part=st.integers(0, 3)),
    st.just(Command("sweep")),
)
# A group is asked at once; an order's time passes only while nobody asks.
steps = st.lists(
    st.one_of(
        st.lists(commands, min_size=1, max_size=3),
        st.lists(commands, min_size=1, max_size=1),
        orders,
    ),
    min_size=8,
    max_size=20,
)


class Trial:
    """A shop with two processes, and the model of it."""

    def __init__(self, desks: Sequence[Desk], coupons: dict[tuple[str, str], str]) -> None:
        self.desks = desks
        self.coupons = coupons
        self.plain = Plain(dict.fromkeys(coupons.values()))
        self.answered: dict[str, tuple[Command, Any]] = {}

    @classmethod
    async def opened(cls, world: World) -> Trial:
        desk = Desk(world)
        await budgets.root(world, budget=BUDGET)
        await sale(
            desk,
            template_id="order_coupon",
            limits=[limit("USER", PER_USER), limit("ACTIVITY", STOCK)],
            refund_policy="REFUND_POLICY_KEEP",
        )
        coupons = {}
        for user_id in USERS:
            await Purse(world, user_id).credit(BALANCE)
            for name in "012":
                coupons[user_id, name] = await desk.give("sale", user_id, returns_on_refund=True)
        other = World(world.stores, world.feed, world.tenant)
        return cls((desk, Desk(other)), coupons)

    async def ask(self, asked: Sequence[Command]) -> None:
        """All at once; there must be an order in which the model says the same."""
        asked = [self._named(command) for command in asked]
        keys = [request_id() for _ in asked]
        answers = await asyncio.gather(
            *(
                self._answer(self.desks[number % 2], command, key)
                for number, (command, key) in enumerate(zip(asked, keys, strict=True))
            )
        )
        for command, key, answer in zip(asked, keys, answers, strict=True):
            if answer is not None and command.verb != "sweep":
                self.answered[key] = command, answer
        done = list(zip(asked, answers, strict=True))
        after = [(command, answer) for command, answer in done if command.verb == "sweep"][:1]
        if after:  # a sweep leaves alone what others have locked; the next one finds it
            await self.desks[0].sweep()
        before = self.plain
        for order in permutations(done):
            self.plain = deepcopy(before)
            if all(_agrees(self.plain, *one) for one in (*order, *after)) and await self._is_so():
                return
        raise AssertionError(f"no order explains {done} on {before}")

    async def let_pass(self, order_id: str) -> None:
        one = self.plain.orders.get(order_id)
        if one is not None and not one.due:
            await self.desks[0].pass_by(order_id)
            one.due = True

    async def repeat(self) -> None:
        """What was asked last, again: the same answer, and nothing happens."""
        for key, (command, answer) in list(self.answered.items())[-1:]:
            again = await self._answer(self.desks[1], command, key)
            assert again == answer
        assert await self._is_so()

    def _named(self, command: Command) -> Command:
        """A reservation with the coupon's own id; an amendment with its order's user and coupon."""
        command = deepcopy(command)
        if command.verb == "reserve":
            command.coupon_id = self.coupons[command.user_id, command.coupon_id]
        elif command.verb == "amend":
            one = self.plain.orders.get(command.order_id)
            command.user_id, command.coupon_id = (
                (one.user_id, one.coupon_id) if one else ("nobody", "none")
            )
        return command

    async def _answer(self, desk: Desk, command: Command, key: str) -> Any:
        try:
            return await _asked(desk, command, key)
        except Unavailable:
            raise
        except RangliError:
            return None

    async def _is_so(self) -> bool:
        """Whether the database is what the model says."""
        desk, plain = self.desks[0], self.plain
        rows = await desk.world.rows(
            "SELECT order_id, state, refunded_minor FROM orders"
            " WHERE tenant = $1 AND NOT is_tombstone"
        )
        orders = {row[0]: (row[1], row[2]) for row in rows}
        rows = await desk.world.rows("SELECT coupon_id, order_id FROM coupons WHERE tenant = $1")
        coupons = {row[0]: row[1] for row in rows}
        rows = await desk.world.rows(
            "SELECT owner, posted_minor - pending_out_minor, pending_out_minor FROM ledger_accounts"
            " WHERE tenant = $1 AND owner LIKE 'user/%'"
        )
        wallets = {row[0]: (row[1], row[2]) for row in rows}
        found = (
            orders,
            coupons,
            wallets,
            await desk.pool("root"),
            await desk.used("activity/sale/activity-lifetime-uses"),
        )
        return found == (
            {name: (one.state, one.refunded) for name, one in plain.orders.items()},
            plain.coupons,
            {f"user/{name}": (plain.available(name), plain.held(name)) for name in USERS},
            (plain.reserved(), plain.spent()),
            plain.counted(),
        )


def _agrees(plain: Plain, command: Command, answer: Any) -> bool:
    """Whether the model says the same; a refusal has no answer."""
    try:
        plain.do(command, answer)
    except No:
        return answer is None
    return answer is not None


async def _asked(desk: Desk, command: Command, key: str) -> Any:
    how: dict[str, Any] = {"request_id": key}
    part = [("a", command.part)] if command.part else []
    match command.verb:
        case "reserve" | "amend":
            asked = checkout(
                line("a", UNIT, command.units),
                user_id=command.user_id,
                coupon_ids=[command.coupon_id],
            )
            how["tenders"] = [tender(command.tender)] if command.tender else []
            how["expected_payable_minor"] = UNIT * command.units - 10_00
            return await getattr(desk, command.verb)(command.order_id, asked, **how)
        case "commit":
            how |= {"late": command.late, "final": command.final}
            return await desk.commit(command.order_id, *part, **how)
        case "release":
            return await desk.release(command.order_id, **how)
        case "refund":
            return await desk.refund(command.order_id, *part, **how)
        case _:
            await desk.sweep()
            return cb.Order()


async def run(world: World, steps: Sequence[list[Command] | str]) -> None:
    trial = await Trial.opened(world.of(new_tenant()))
    for step in steps:
        if isinstance(step, str):
            await trial.let_pass(step)
        else:
            await trial.ask(step)
            await trial.repeat()
    await sweeper.sweep(world.stores.pg)
    await trial.ask([Command("sweep")])
    assert await trial.desks[0].findings() == []


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
async def test_orders_are_what_the_model_says(world: World, steps: list[Any]) -> None:
    await run(world, steps)


@pytest.mark.soak
@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
async def test_orders_are_what_the_model_says_for_long(world: World, steps: list[Any]) -> None:
    await run(world, steps)
