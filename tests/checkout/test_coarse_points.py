"""Points worth several minor units each: what an order takes of them, wherever it ends."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rangli.core.errors import RangliError
from rangli.v1 import checkout_pb2 as cb
from tests.checkout.desk import COMMITTED, PARTLY_COMMITTED, Desk, tender
from tests.checkout.shop import checkout
from tests.wallet.purse import POINTS
from tests.world import World, line, new_tenant

UNIT_MINOR, UNITS = 3_33, 7  # of the one line
POINT_MINOR, HAS = 10_00, 2
PAYABLE_MINOR = UNIT_MINOR * UNITS

steps = st.lists(
    st.tuples(st.sampled_from(["ship", "ship", "last", "give up", "refund"]), st.integers(1, 3)),
    max_size=7,
)


async def points_taken(desk: Desk) -> int:
    """Points that the order has for good."""
    available, reserved = await desk.wallet("points")
    return HAS - available - reserved


def due_minor(order: cb.Order) -> int:
    """What the units cost that were shipped and have not come back."""
    shipped = sum(one.quantity for each in order.shipments for one in each.lines)
    back = sum(one.quantity for each in order.refunds for one in each.returned.lines)
    return UNIT_MINOR * (shipped - back)


async def run(world: World, balance: int, steps: list[tuple[str, int]]) -> None:
    desk = Desk(world.of(new_tenant()))
    await desk.purse.credit(HAS, POINTS)
    tenders = [tender(HAS, POINTS, HAS * POINT_MINOR)]
    if balance:
        await desk.purse.credit(balance)
        tenders.append(tender(balance))
    order = await desk.reserve("o1", checkout(line("a", UNIT_MINOR, UNITS)), tenders=tenders)
    over_max = POINT_MINOR
    for verb, units in steps:
        if verb == "refund" and order.state == PARTLY_COMMITTED:
            over_max = 2 * POINT_MINOR  # what is still to come needs a point that was begun
        try:
            order = await _done(desk, verb, units)
        except RangliError:
            continue  # more than is left, or too late
        points = await points_taken(desk)
        available, reserved = await desk.wallet()
        (row,) = await desk.world.rows(
            "SELECT external_paid_minor - external_refunded_minor FROM orders WHERE tenant = $1"
        )
        paid = POINT_MINOR * points + (balance - available - reserved) + row[0]
        assert 0 <= points <= HAS
        assert 0 <= paid - due_minor(order) < over_max
        if order.state == COMMITTED:
            assert await desk.wallet("points") == (HAS - points, 0)
    assert await desk.findings() == []


async def _done(desk: Desk, verb: str, units: int) -> cb.Order:
    if verb == "give up":
        return await desk.release("o1")
    if verb == "refund":
        return (await desk.refund("o1", ("a", units))).order
    return await desk.commit("o1", ("a", units), final=verb == "last")


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, PAYABLE_MINOR - HAS * POINT_MINOR), steps)
@example(0, [("ship", 1), ("give up", 1), ("refund", 1)])
@example(3_31, [("ship", 2), ("refund", 1), ("give up", 1)])
@example(3_31, [("ship", 1), ("ship", 1), ("last", 1), ("refund", 2)])
async def test_wherever_an_order_ends_points_pay_what_is_due_and_less_than_one_more(
    world: World, balance: int, steps: list[Any]
) -> None:
    await run(world, balance, steps)
