"""What is corrupted is named."""

from __future__ import annotations

import pytest

from rangli.checkout.audit import CHECKS
from rangli.storage.audit import audit, snapshot
from tests.checkout.desk import Desk, sale, tender
from tests.checkout.shop import checkout
from tests.funds import budgets
from tests.world import World, line

COUPONS = "checkout.coupons_are_with_their_orders"
COUNTS = "checkout.orders_count_what_they_want"
HOLDS = "checkout.holds_follow_their_orders"
REFUNDS = "checkout.refunds_are_bounded"
RETURNS = "checkout.returns_are_bounded"
SWEPT = "checkout.expiries_are_swept"

CORRUPTIONS = [
    (
        "UPDATE coupons SET state = 'USABLE', order_id = NULL"
        " WHERE tenant = $1 AND order_id = 'held'",
        {COUPONS},
    ),
    ("UPDATE coupons SET order_id = 'paid' WHERE tenant = $1 AND order_id = 'held'", {COUPONS}),
    ("UPDATE coupons SET order_id = 'none' WHERE tenant = $1 AND order_id = 'paid'", {COUPONS}),
    ("UPDATE orders SET counted = '[]' WHERE tenant = $1 AND order_id = 'paid'", {COUNTS}),
    (
        "UPDATE orders o SET counted = p.counted FROM orders p"
        " WHERE o.tenant = $1 AND o.order_id = 'gone' AND p.tenant = $1 AND p.order_id = 'paid'",
        {COUNTS},
    ),
    (
        "UPDATE orders SET expires_at = expires_at + interval '1 second'"
        " WHERE tenant = $1 AND order_id = 'held'",
        {HOLDS},
    ),
    (
        "UPDATE orders SET fund_reservation_id = 'hold_x' WHERE tenant = $1 AND order_id = 'held'",
        {HOLDS},
    ),
    (
        "UPDATE orders SET state = 'RESERVED' WHERE tenant = $1 AND order_id = 'paid'",
        {COUPONS, HOLDS},
    ),
    (
        "UPDATE orders SET refunded_minor = refunded_minor + 1"
        " WHERE tenant = $1 AND order_id = 'back'",
        {REFUNDS},
    ),
    (
        "UPDATE orders SET external_paid_minor = external_paid_minor + 1"
        " WHERE tenant = $1 AND order_id = 'paid'",
        {REFUNDS},
    ),
    (
        """UPDATE orders SET refunds = jsonb_set(refunds, '{0,1,0,a}', '3')
        WHERE tenant = $1 AND order_id = 'back'""",
        {RETURNS},
    ),
    (
        "WITH o AS (UPDATE orders SET expires_at = now() - interval '2 minutes'"
        " WHERE tenant = $1 AND order_id = 'held'"
        " RETURNING tenant, expires_at, fund_reservation_id, wallet_reservation_id)"
        " UPDATE ledger_holds h SET expires_at = o.expires_at FROM o WHERE h.tenant = o.tenant"
        " AND h.hold_id IN (o.fund_reservation_id, o.wallet_reservation_id)",
        {SWEPT},
    ),
]


async def named(desk: Desk) -> set[str]:
    async with snapshot(desk.world.stores.pg) as conn:
        return {one.check.name for one in await audit(conn, CHECKS, tenant=desk.world.tenant)}


@pytest.mark.parametrize(("statement", "checks"), CORRUPTIONS)
async def test_what_was_corrupted_is_named(world: World, statement: str, checks: set[str]) -> None:
    desk = Desk(world)
    await budgets.root(world, budget=1_000_00)
    await sale(desk, template_id="order_coupon", limits=[])
    await sale(desk, "counted", template_id="order_threshold")
    await desk.purse.credit(50_00)
    for order_id in ("gone", "paid", "back", "held"):
        coupon_id = await desk.give("sale")
        asked = checkout(line("a", 15_00, 2), coupon_ids=[coupon_id], user_id="ann")
        await desk.reserve(order_id, asked, tenders=[tender(5_00)])
        if order_id == "gone":
            await desk.release(order_id)
        elif order_id != "held":
            await desk.commit(order_id)
    await desk.refund("back", ("a", 1))
    assert await named(desk) == set()

    await world.rows(statement)

    assert await named(desk) == checks
