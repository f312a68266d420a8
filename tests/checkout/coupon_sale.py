"""A sale by coupon, and a shopper with one."""

from __future__ import annotations

from tests.checkout.desk import Desk, sale
from tests.checkout.shop import checkout
from tests.funds import budgets
from tests.world import line

USER, STOCK = "activity/sale/user-lifetime-uses", "activity/sale/activity-lifetime-uses"
CART = checkout(line("a", 30_00))


async def stocked(desk: Desk, budget: int = 100_00, balance: int = 50_00, **fields: object) -> str:
    """A sale by coupon, and a shopper with one; its id."""
    await budgets.root(desk.world, budget=budget)
    await sale(desk, template_id="order_coupon", **fields)
    await desk.purse.credit(balance)
    return await desk.give("sale")


async def nothing_is_held(desk: Desk, coupon_id: str, balance: int = 50_00) -> None:
    assert await desk.coupon(coupon_id) == ("USABLE", None)
    assert [await desk.used(USER), await desk.used(STOCK)] == [0, 0]
    assert await desk.pool("root") == (0, 0)
    assert await desk.wallet() == (balance, 0)
