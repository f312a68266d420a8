"""Orders that are paid part by part: whatever the parts, together they are the whole."""

from __future__ import annotations

from random import Random

import pytest

from rangli.checkout import commits, refunds
from rangli.v1 import quote_pb2 as qb
from tests.checkout.desk import COMMITTED, PARTLY_COMMITTED, Desk, refused, sale, tender
from tests.checkout.shop import checkout
from tests.funds import budgets
from tests.wallet.purse import POINTS
from tests.world import line, spec

# 100.03 less 10.00: shares that do not come out even.
CART = checkout(line("a", 11_11, 7), line("b", 22_26))


async def stocked(desk: Desk) -> None:
    await budgets.root(desk.world, budget=100_00)
    await budgets.root(desk.world, "brand", budget=100_00, funder="brand")
    shares = [
        {"funder": "retailer", "share_bps": 6_667, "pool_id": "root"},
        {"funder": "brand", "share_bps": 3_333, "pool_id": "brand"},
    ]
    await sale(desk, funding=shares)
    await desk.purse.credit(40_01)
    await desk.purse.credit(3_000, POINTS)


@pytest.mark.parametrize("seed", range(4))
async def test_all_shipments_together_are_the_whole(desk: Desk, seed: int) -> None:
    await stocked(desk)
    paid = [tender(40_01), tender(3_000, POINTS, 29_99)]
    held = await desk.reserve("o1", CART, tenders=paid)
    units = ["a"] * 7 + ["b"]
    Random(seed).shuffle(units)

    while units:
        shipped, units = units[:3], units[3:]
        order = await desk.commit("o1", *{(name, shipped.count(name)) for name in shipped})
        assert order.state == (PARTLY_COMMITTED if units else COMMITTED)
        assert await desk.findings() == []

    assert held.payable_minor == 90_03
    assert (await desk.pool("root"), await desk.pool("brand")) == ((0, 6_67), (0, 3_33))
    assert await desk.wallet() == (0, 0)
    assert await desk.wallet("points") == (0, 0)
    (row,) = await desk.world.rows("SELECT external_paid_minor FROM orders WHERE tenant = $1")
    assert row[0] == 90_03 - 40_01 - 29_99


async def test_a_shipment_takes_the_share_of_its_units(desk: Desk) -> None:
    await budgets.root(desk.world, budget=100_00)
    await sale(desk)
    await desk.purse.credit(50_00)
    await desk.reserve("o1", checkout(line("a", 10_00, 4)), tenders=[tender(12_00)])

    order = await desk.commit("o1", ("a", 1), request_id="first")

    assert [(one.shipment_id, one.lines[0].quantity) for one in order.shipments] == [("first", 1)]
    assert await desk.pool("root") == (7_50, 2_50)
    assert await desk.wallet() == (38_00, 9_00)  # 12.00 of 30.00, of 7.50


async def test_the_last_shipment_may_give_the_rest_back(desk: Desk) -> None:
    await budgets.root(desk.world, budget=100_00)
    await sale(desk)
    await desk.purse.credit(50_00)
    await desk.reserve("o1", checkout(line("a", 10_00, 4)), tenders=[tender(12_00)])

    await desk.commit("o1", ("a", 1))
    order = await desk.commit("o1", ("a", 1), final=True)

    assert order.state == COMMITTED
    assert await desk.pool("root") == (0, 5_00)
    assert await desk.wallet() == (44_00, 0)
    assert (await refused(desk.commit("o1", ("a", 1)))).reason == "ORDER_STATE"


async def test_after_the_most_parts_all_that_is_left_goes_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "SHIPMENTS_MAX", 2)
    monkeypatch.setattr(refunds, "REFUNDS_MAX", 2)
    await desk.reserve("o1", checkout(line("a", 10_00, 5)))
    for _ in range(2):
        await desk.commit("o1", ("a", 1))
    assert (await refused(desk.commit("o1", ("a", 1)))).reason == "INVALID_FIELD"

    assert (await desk.commit("o1")).state == COMMITTED
    for _ in range(2):
        await desk.refund("o1", ("a", 1))
    assert (await refused(desk.refund("o1", ("a", 1)))).reason == "INVALID_FIELD"
    assert (await desk.refund("o1")).order.refunded_minor == 50_00


async def test_the_rest_of_a_part_paid_order_can_be_released(desk: Desk) -> None:
    await budgets.root(desk.world, budget=100_00)
    await sale(desk)
    await desk.reserve("o1", checkout(line("a", 10_00, 4)))
    await desk.commit("o1", ("a", 3))

    order = await desk.release("o1")

    assert order.state == COMMITTED
    assert await desk.pool("root") == (0, 7_50)
    assert await desk.used("activity/sale/user-lifetime-uses") == 1
    assert (await refused(desk.release("o1"))).reason == "ORDER_STATE"


async def test_the_rest_of_a_part_paid_order_lapses_and_can_be_taken_late(desk: Desk) -> None:
    await budgets.root(desk.world, budget=100_00)
    await sale(desk)
    await desk.purse.credit(50_00)
    await desk.reserve("o1", checkout(line("a", 10_00, 4)), tenders=[tender(12_00)])
    await desk.commit("o1", ("a", 1))

    await desk.expire("o1")
    assert await desk.pool("root") == (0, 2_50)
    assert await desk.wallet() == (47_00, 0)
    assert (await refused(desk.commit("o1", ("a", 1)))).reason == "ORDER_STATE"
    await desk.commit("o1", ("a", 1), late=True)
    await desk.commit("o1", late=True)

    assert await desk.pool("root") == (0, 10_00)
    assert await desk.wallet() == (38_00, 0)


async def test_a_delivery_is_charged_with_the_shipment_that_names_it(desk: Desk) -> None:
    await desk.offer(
        "post", spec("shipping_discount", shipping_off={"benefit": {"off_bps": 5_000}})
    )
    await desk.purse.credit(50_00)
    group = qb.DeliveryGroup(delivery_id="d", fee_minor=4_00)
    asked = checkout(line("a", 10_00, 2), deliveries=[group])
    held = await desk.reserve("o1", asked, tenders=[tender(22_00)])

    await desk.commit("o1", ("a", 1))
    assert await desk.wallet() == (28_00, 12_00)
    await desk.commit("o1", ("a", 1), delivery_ids=["d"])

    assert held.payable_minor == 22_00
    assert await desk.wallet() == (28_00, 0)
    assert (await refused(desk.commit("o1"))).reason == "ORDER_STATE"


async def test_no_more_units_are_shipped_than_there_are(desk: Desk) -> None:
    await desk.reserve("o1", checkout(line("a", 10_00, 2)))
    await desk.commit("o1", ("a", 1))

    for units in ([("a", 2)], [("b", 1)], [("a", 1), ("a", 1)], [("a", 0)]):
        assert (await refused(desk.commit("o1", *units))).reason == "INVALID_FIELD"
    assert (await desk.commit("o1", ("a", 1))).state == COMMITTED
