"""Orders that fight over the last of something: exactly one gets it, and nothing stays behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable

import pytest

from rangli.core.errors import RangliError
from rangli.v1 import checkout_pb2 as cb
from tests.checkout.desk import COMMITTED, RELEASED, RESERVED, Desk, sale, tender
from tests.checkout.shop import checkout, limit
from tests.funds import budgets
from tests.wallet.purse import Purse
from tests.world import World, line

STOCK = "activity/sale/activity-lifetime-uses"
MANY = 24


@pytest.fixture
async def desks(desk: Desk) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two processes of one shop."""
    world = World(desk.world.stores, desk.world.feed, desk.world.tenant)
    yield desk, Desk(world)
    await world.batching.close()


async def outcomes(asked: Iterable[Awaitable[cb.Order]]) -> Counter[str]:
    """How often which: the reason, or "OK"."""
    done = await asyncio.gather(*asked, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException) and not isinstance(one, RangliError):
            raise one
    return Counter(one.reason.value if isinstance(one, RangliError) else "OK" for one in done)


def basket(user_id: str = "ann", **fields: object) -> cb.Checkout:
    return checkout(line("a", 30_00), user_id=user_id, **fields)


async def test_the_last_coupon_goes_to_exactly_one_of_many_orders(
    desks: tuple[Desk, Desk],
) -> None:
    await budgets.root(desks[0].world, budget=1_000_00)
    await sale(desks[0], template_id="order_coupon", limits=[])
    coupon_id = await desks[0].give("sale")
    asked = basket(coupon_ids=[coupon_id])
    told = await desks[0].evaluate(asked)

    found = await outcomes(
        desks[number % 2].reserve(f"o{number}", asked, token=told.token) for number in range(MANY)
    )

    assert found == {"OK": 1, "COUPON_NOT_USABLE": MANY - 1}
    assert await desks[0].pool("root") == (10_00, 0)


async def test_the_last_of_a_limit_goes_to_exactly_one_of_many_orders(
    desks: tuple[Desk, Desk],
) -> None:
    """Many that were promised it at once; no order is there before the limit was judged."""
    await budgets.root(desks[0].world, budget=1_000_00)
    await sale(desks[0], limits=[limit("USER", 1)])
    asked = basket()
    told = await desks[0].evaluate(asked)

    found = await outcomes(
        desks[number % 2].reserve(f"o{number}", asked, token=told.token) for number in range(MANY)
    )

    assert found["OK"] == 1
    assert set(found) <= {"OK", "LIMIT_REACHED", "PRICE_CHANGED"}
    assert await desks[0].used("activity/sale/user-lifetime-uses") == 1
    orders = await desks[0].world.rows("SELECT count(*) FROM orders WHERE tenant = $1")
    assert orders[0][0] == 1


async def test_the_last_of_a_stock_goes_to_exactly_one_of_many_shoppers(
    desks: tuple[Desk, Desk],
) -> None:
    await budgets.root(desks[0].world, budget=1_000_00)
    await sale(desks[0], limits=[limit("ACTIVITY", 1)])
    baskets = [basket(f"u{number}") for number in range(MANY)]
    tokens = [(await desks[0].evaluate(asked)).token for asked in baskets]

    found = await outcomes(
        desks[number % 2].reserve(f"o{number}", asked, token=token)
        for number, (asked, token) in enumerate(zip(baskets, tokens, strict=True))
    )

    assert found["OK"] == 1
    assert set(found) <= {"OK", "SOLD_OUT", "PRICE_CHANGED"}
    assert await desks[0].used(STOCK) == 1


async def test_the_last_of_a_budget_goes_to_exactly_one_of_many_orders(
    desks: tuple[Desk, Desk],
) -> None:
    await budgets.root(desks[0].world, budget=15_00)
    await sale(desks[0], limits=[limit("ACTIVITY", MANY)])
    baskets = [basket(f"u{number}") for number in range(MANY)]
    tokens = [(await desks[0].evaluate(asked)).token for asked in baskets]

    found = await outcomes(
        desks[number % 2].reserve(f"o{number}", asked, token=token)
        for number, (asked, token) in enumerate(zip(baskets, tokens, strict=True))
    )

    assert found == {"OK": 1, "PRICE_CHANGED": MANY - 1}
    assert await desks[0].pool("root") == (10_00, 0)
    assert await desks[0].used(STOCK) == 1  # nobody else's count stayed


async def test_a_wallet_pays_no_more_orders_than_it_can(desks: tuple[Desk, Desk]) -> None:
    await desks[0].purse.credit(50_00)

    found = await outcomes(
        desks[number % 2].reserve(f"o{number}", basket(), tenders=[tender(20_00)])
        for number in range(MANY)
    )

    assert found == {"OK": 2, "INSUFFICIENT_FUNDS": MANY - 2}
    assert await desks[0].wallet() == (10_00, 40_00)


async def test_neighbours_of_a_refused_order_are_taken_as_if_it_had_not_come(desk: Desk) -> None:
    await budgets.root(desk.world, budget=1_000_00)
    await sale(desk, limits=[limit("USER", 1), limit("ACTIVITY", 3)])
    users = [f"u{number}" for number in range(6)]
    for user_id in users[::2]:
        await Purse(desk.world, user_id).credit(20_00)

    found = await outcomes(
        desk.reserve(f"o-{user_id}", basket(user_id), tenders=[tender(20_00)]) for user_id in users
    )

    assert found["OK"] == 3
    assert set(found) <= {"OK", "INSUFFICIENT_FUNDS", "SOLD_OUT"}
    assert await desk.used(STOCK) == 3
    assert await desk.pool("root") == (30_00, 0)


async def test_one_order_id_is_one_order(desks: tuple[Desk, Desk]) -> None:
    found = await outcomes(desks[number % 2].reserve("o1", basket()) for number in range(MANY))

    assert found == {"OK": 1, "NAME_TAKEN": MANY - 1}


async def test_one_request_is_one_order_however_often_it_is_sent(
    desks: tuple[Desk, Desk],
) -> None:
    await budgets.root(desks[0].world, budget=1_000_00)
    await sale(desks[0], template_id="order_coupon")
    coupon_id = await desks[0].give("sale")
    asked = basket(coupon_ids=[coupon_id])

    answers = await asyncio.gather(
        *(desks[number % 2].reserve("o1", asked, request_id="once") for number in range(MANY))
    )

    assert len({one.SerializeToString(deterministic=True) for one in answers}) == 1
    assert await desks[0].pool("root") == (10_00, 0)


async def test_of_a_commit_a_release_and_an_expiry_exactly_one_wins(
    desks: tuple[Desk, Desk],
) -> None:
    await budgets.root(desks[0].world, budget=1_000_00)
    await sale(desks[0], template_id="order_coupon", limits=[limit("ACTIVITY", 100)])
    coupons = [await desks[0].give("sale") for _ in range(12)]
    won: Counter[str] = Counter()
    for number, coupon_id in enumerate(coupons):
        order_id = f"o{number}"
        await desks[0].reserve(order_id, basket(coupon_ids=[coupon_id]))
        if number % 3 == 0:
            await desks[0].pass_by(order_id)

        done = await asyncio.gather(
            desks[0].commit(order_id, late=bool(number % 2)),
            desks[1].release(order_id),
            desks[1].commit(order_id),
            desks[0].sweep(),
            return_exceptions=True,
        )
        await desks[0].sweep()

        committed = [isinstance(one, cb.Order) and one.state == COMMITTED for one in done[::2]]
        assert sum(committed) <= 1
        state = await desks[0].state(order_id)
        assert any(committed) == (state == "COMMITTED")
        released = isinstance(done[1], cb.Order) and done[1].state == RELEASED
        assert released == (state == "RELEASED")
        used = "USED" if any(committed) else "USABLE"
        assert (await desks[0].coupon(coupon_id))[0] == used
        won[state] += 1

    assert await desks[0].pool("root") == (0, won["COMMITTED"] * 10_00)
    assert await desks[0].used(STOCK) == won["COMMITTED"]


async def test_what_a_release_gives_back_while_others_take_is_counted_once(
    desks: tuple[Desk, Desk],
) -> None:
    await budgets.root(desks[0].world, budget=1_000_00)
    await sale(desks[0], limits=[limit("ACTIVITY", 2)])
    held = ["a", "b"]
    for order_id in held:
        await desks[0].reserve(order_id, basket(order_id))
    for number in range(10):
        order_id = f"n{number}"
        found = await asyncio.gather(
            desks[0].release(held.pop(0)),
            desks[1].reserve(order_id, basket(order_id), expected_payable_minor=20_00),
            return_exceptions=True,
        )
        if isinstance(found[1], BaseException):
            await desks[1].reserve(order_id, basket(order_id), expected_payable_minor=20_00)
        held.append(order_id)
        assert await desks[0].used(STOCK) == 2

    assert await desks[0].pool("root") == (20_00, 0)


async def test_a_cancellation_and_its_order_end_in_one_of_two_ways(
    desks: tuple[Desk, Desk],
) -> None:
    await budgets.root(desks[0].world, budget=1_000_00)
    await sale(desks[0], limits=[limit("ACTIVITY", 100)])

    for number in range(10):
        order_id = f"o{number}"
        reserved, released = await asyncio.gather(
            desks[0].reserve(order_id, basket()),
            desks[1].release(order_id),
            return_exceptions=True,
        )
        assert isinstance(released, cb.Order)
        assert released.state == RELEASED
        assert isinstance(reserved, RangliError) or reserved.state == RESERVED

    assert await desks[0].pool("root") == (0, 0)
    assert await desks[0].used(STOCK) == 0
