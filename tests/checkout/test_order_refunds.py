"""What comes back of orders: money, budgets, coupons and counts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rangli.core.errors import Invalid
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import refund_pb2
from rangli.v1.wallet_service_pb2 import EXPIRED_LOTS_EXTEND
from tests.checkout.desk import COMMITTED, REFUNDED, Desk, refused, sale, tender
from tests.checkout.shop import checkout, limit
from tests.funds import budgets
from tests.wallet.purse import POINTS, day
from tests.world import line, spec

KEEP, CLAWBACK = "REFUND_POLICY_KEEP", "REFUND_POLICY_CLAWBACK"
USER = "activity/sale/user-lifetime-uses"


async def paid(desk: Desk, *lines: Any, tenders: Any = (), **fields: Any) -> str:
    """An order by coupon, paid; the coupon."""
    returns = fields.pop("returns_on_refund", True)
    await budgets.root(desk.world, budget=100_00)
    await sale(desk, template_id="order_coupon", **fields)
    await desk.purse.credit(50_00)
    await desk.purse.credit(10_000, POINTS)
    coupon_id = await desk.give("sale", returns_on_refund=returns)
    await desk.reserve("o1", checkout(*lines), tenders=tenders)
    await desk.commit("o1")
    return coupon_id


async def test_everything_comes_back_of_a_whole_refund(desk: Desk) -> None:
    coupon_id = await paid(desk, line("a", 30_00), tenders=[tender(12_00)])

    done = await desk.refund("o1", reason="unopened")

    assert (done.order.state, done.order.refunded_minor) == (REFUNDED, 20_00)
    assert (done.refund.refund_minor, done.external_minor) == (20_00, 8_00)
    assert [(one.amount, one.refund_minor) for one in done.tenders] == [(12_00, 12_00)]
    assert list(done.returned_coupon_ids) == [coupon_id]
    assert await desk.coupon(coupon_id) == ("USABLE", None)
    assert await desk.used(USER) == 0
    assert await desk.pool("root") == (0, 0)
    assert await desk.wallet() == (50_00, 0)
    assert (await refused(desk.refund("o1"))).reason == "ORDER_STATE"


async def test_units_come_back_one_by_one_for_just_what_was_paid(desk: Desk) -> None:
    tenders = [tender(7_77), tender(333, POINTS, 3_33)]
    await paid(desk, line("a", 11_11, 3), tenders=tenders, refund_policy=KEEP)

    done = [await desk.refund("o1", ("a", 1)) for _ in range(3)]

    assert [one.refund.refund_minor for one in done] == [7_77, 7_78, 7_78]  # of 23.33
    assert done[-1].order.state == REFUNDED
    assert await desk.pool("root") == (0, 0)
    assert await desk.wallet() == (50_00, 0)
    assert await desk.wallet("points") == (10_000, 0)


async def test_a_refund_does_not_move_the_orders_discount_onto_what_is_kept(desk: Desk) -> None:
    await paid(desk, line("a", 30_00), line("b", 10_00), refund_policy=KEEP)

    done = await desk.refund("o1", ("a", 1))

    assert done.refund.refund_minor == 30_00 - 7_50
    assert done.refund.kept_payable_minor == 7_50  # and not nothing
    assert await desk.pool("root") == (0, 2_50)
    assert (await desk.refund("o1", ("b", 1))).refund.refund_minor == 7_50


async def test_a_threshold_that_is_missed_claws_its_discount_back(desk: Desk) -> None:
    coupon_id = await paid(
        desk, line("a", 15_00), line("b", 10_00), refund_policy=CLAWBACK, returns_on_refund=True
    )

    done = await desk.refund("o1", ("a", 1))

    assert done.refund.refund_minor == 5_00
    assert list(done.returned_coupon_ids) == [coupon_id]
    assert await desk.used(USER) == 0
    assert await desk.pool("root") == (0, 0)
    assert (await desk.refund("o1", ("b", 1))).refund.refund_minor == 10_00


async def test_a_coupon_stays_used_unless_its_batch_returns_it(desk: Desk) -> None:
    coupon_id = await paid(desk, line("a", 30_00), returns_on_refund=False)

    done = await desk.refund("o1")

    assert list(done.returned_coupon_ids) == []
    assert await desk.coupon(coupon_id) == ("USED", "o1")
    assert await desk.used(USER) == 0


async def test_a_coupon_that_came_back_can_be_used_and_refunded_anew(desk: Desk) -> None:
    coupon_id = await paid(desk, line("a", 30_00), limits=[limit("USER", 1)])
    await desk.refund("o1")

    again = await desk.reserve("o2", checkout(line("a", 30_00)))
    await desk.commit("o2")

    assert list(again.coupon_ids) == [coupon_id]
    assert await desk.coupon(coupon_id) == ("USED", "o2")
    assert await desk.used(USER) == 1


async def test_a_preview_says_what_the_refund_will_be_and_does_nothing(desk: Desk) -> None:
    coupon_id = await paid(desk, line("a", 15_00, 2), tenders=[tender(12_00)])
    returned = refund_pb2.Return(lines=[{"line_id": "a", "quantity": 1}])

    seen = await desk.preview("o1", returned)
    assert await desk.coupon(coupon_id) == ("USED", "o1")
    assert await desk.pool("root") == (0, 10_00)
    done = await desk.refund("o1", ("a", 1))

    seen.order.CopyFrom(done.order)
    assert seen == done


async def test_an_amount_that_is_not_due_is_refused(desk: Desk) -> None:
    await paid(desk, line("a", 30_00))

    refusal = await refused(desk.refund("o1", expected_refund_minor=30_00))
    done = await desk.refund("o1", expected_refund_minor=20_00)

    assert (refusal.reason, refusal.metadata["payable_minor"]) == ("PRICE_CHANGED", "2000")
    assert done.refund.refund_minor == 20_00


async def test_only_what_was_shipped_comes_back(desk: Desk) -> None:
    await budgets.root(desk.world, budget=100_00)
    await sale(desk)
    await desk.purse.credit(50_00)
    await desk.reserve("o1", checkout(line("a", 10_00, 4)), tenders=[tender(30_00)])

    assert (await refused(desk.refund("o1"))).reason == "ORDER_STATE"
    await desk.commit("o1", ("a", 2))
    assert (await refused(desk.refund("o1", ("a", 3)))).reason == "INVALID_FIELD"
    first = await desk.refund("o1", ("a", 1))
    await desk.commit("o1", final=True)
    rest = await desk.refund("o1")

    assert first.refund.refund_minor + rest.refund.refund_minor == 30_00
    assert rest.order.state == REFUNDED
    assert await desk.wallet() == (50_00, 0)
    assert await desk.pool("root") == (0, 0)


@pytest.mark.parametrize("policy", [KEEP, CLAWBACK])
async def test_of_a_part_shipment_just_what_it_cost_comes_back(desk: Desk, policy: str) -> None:
    await budgets.root(desk.world, budget=100_00)
    await sale(desk, refund_policy=policy)
    await desk.purse.credit(50_00)
    await desk.reserve("o1", checkout(line("a", 10_00, 4)), tenders=[tender(30_00)])
    await desk.commit("o1", ("a", 2), final=True)

    one = await desk.refund("o1", ("a", 1))
    two = await desk.refund("o1", ("a", 1))

    assert one.refund.refund_minor + two.refund.refund_minor == 15_00
    assert two.order.state == REFUNDED
    assert await desk.wallet() == (50_00, 0)
    assert await desk.pool("root") == (0, 0)


async def test_what_returns_left_for_the_rest_is_due_once_the_rest_is_given_up(desk: Desk) -> None:
    await budgets.root(desk.world, budget=100_00)
    await sale(desk, template_id="order_coupon", refund_policy=CLAWBACK)
    coupon_id = await desk.give("sale", returns_on_refund=True)
    await desk.reserve("o1", checkout(line("a", 15_00), line("b", 10_00)))
    await desk.commit("o1", ("a", 1))
    returned = await desk.refund("o1", ("a", 1))
    assert returned.refund.refund_minor == 5_00  # of 9.00: "b" alone costs 10.00
    assert (await desk.release("o1")).state == COMMITTED

    assert (await desk.refund("o1")).refund.refund_minor == 4_00

    order = await desk.method("GetOrder", pb.GetOrderRequest(order_id="o1"))
    assert (order.state, order.refunded_minor) == (REFUNDED, 9_00)
    assert await desk.coupon(coupon_id) == ("USABLE", None)
    assert await desk.pool("root") == (0, 0)
    assert (await refused(desk.refund("o1"))).reason == "ORDER_STATE"


async def test_a_coupon_comes_back_once_the_rest_is_given_up(desk: Desk) -> None:
    await budgets.root(desk.world, budget=100_00)
    await sale(desk, template_id="order_coupon", refund_policy=KEEP)
    coupon_id = await desk.give("sale", returns_on_refund=True)
    await desk.reserve("o1", checkout(line("a", 15_00, 2)))
    await desk.commit("o1", ("a", 1))
    assert not (await desk.refund("o1", ("a", 1))).returned_coupon_ids
    await desk.release("o1")

    done = await desk.refund("o1")

    assert (done.refund.refund_minor, done.order.state) == (0, REFUNDED)
    assert list(done.returned_coupon_ids) == [coupon_id]
    assert await desk.used(USER) == 0


async def test_fifty_refunds_at_once_never_exceed_what_was_paid(desk: Desk) -> None:
    await paid(desk, line("a", 1_01, 30), tenders=[tender(12_34)], refund_policy=KEEP)

    done = await asyncio.gather(
        *(desk.refund("o1", ("a", 1)) for _ in range(50)), return_exceptions=True
    )

    won = [one for one in done if not isinstance(one, Exception)]
    assert len(won) == 30
    assert sum(one.refund.refund_minor for one in won) == 20_30
    assert {one.reason for one in done if isinstance(one, Exception)} <= {
        "INVALID_FIELD",
        "ORDER_STATE",
    }
    assert await desk.wallet() == (50_00, 0)
    assert await desk.pool("root") == (0, 0)


async def test_the_same_refund_is_made_once(desk: Desk) -> None:
    await paid(desk, line("a", 15_00, 2))

    done = await asyncio.gather(*(desk.refund("o1", ("a", 1), request_id="once") for _ in range(8)))

    assert len({one.SerializeToString(deterministic=True) for one in done}) == 1
    assert done[0].order.state == COMMITTED
    assert len(done[0].order.refunds) == 1


async def test_a_gift_that_is_kept_is_due_at_its_worth(desk: Desk) -> None:
    await desk.offer(
        "mug",
        spec(
            "gift",
            gift={"sku": "mug", "worth_minor": 4_00},
            refund_policy="REFUND_POLICY_REQUIRE_RETURN",
            conditions=[{"min_amount": {"amount_minor": 20_00}}],
        ),
    )
    await desk.reserve("o1", checkout(line("a", 30_00)))
    await desk.commit("o1")

    done = await desk.refund("o1", ("a", 1))
    assert done.refund.refund_minor == 26_00
    back = await desk.refund("o1", ("mug", 1, True))

    assert back.refund.refund_minor == 4_00
    assert back.order.state == REFUNDED


async def test_balance_that_has_expired_since_it_paid_may_be_extended(desk: Desk) -> None:
    await desk.purse.credit(10_00, expires_at=day(1))
    await desk.reserve("o1", checkout(line("a", 6_00, 2)), tenders=[tender(10_00)])
    await desk.commit("o1")
    await desk.purse.ended(day(1))

    extend = {"expired_lots": EXPIRED_LOTS_EXTEND, "extend_s": 86_400}
    kept = await desk.refund("o1", ("a", 1), request_id="kept", **extend)
    again = await desk.refund("o1", ("a", 1), request_id="kept", **extend)
    assert again == kept
    assert await desk.purse.available() == kept.tenders[0].refund_minor == 5_00

    await desk.refund("o1")
    assert await desk.purse.available() == 5_00  # the other half has expired again


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"extend_s": 1}, "extend_s"),
        ({"expired_lots": EXPIRED_LOTS_EXTEND}, "extend_s"),
        ({"expired_lots": EXPIRED_LOTS_EXTEND, "extend_s": 315_360_001}, "extend_s"),
        ({"expired_lots": 9}, "expired_lots"),
    ],
)
async def test_what_is_no_time_to_extend_by_is_named(
    desk: Desk, fields: dict[str, Any], field: str
) -> None:
    refusal = await refused(desk.refund("o1", **fields))

    assert isinstance(refusal, Invalid)
    assert [one.field for one in refusal.violations] == [field]
