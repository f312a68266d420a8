"""Orders whose time passes, and those that are paid nevertheless."""

from __future__ import annotations

from tests.checkout.coupon_sale import CART, STOCK, USER, nothing_is_held, stocked
from tests.checkout.desk import COMMITTED, EXPIRED, Desk, refused, tender
from tests.checkout.shop import limit


async def test_coupons_of_a_cancelled_or_unpaid_order_can_be_used_again(desk: Desk) -> None:
    coupon_id = await stocked(desk)

    await desk.reserve("unpaid", CART)
    await desk.expire("unpaid")
    await desk.reserve("cancelled", CART)
    await desk.release("cancelled")

    assert await desk.coupon(coupon_id) == ("USABLE", None)
    third = await desk.reserve("paid", CART)  # and its limit has not forgotten them
    assert list(third.coupon_ids) == [coupon_id]
    await desk.commit("paid")
    assert await desk.used(USER) == 1


async def test_an_expired_order_gives_each_thing_back_once(desk: Desk) -> None:
    coupon_id = await stocked(desk)
    await desk.reserve("o1", CART, tenders=[tender(12_00)])
    await desk.pass_by("o1")

    assert (await refused(desk.commit("o1"))).reason == "ORDER_STATE"
    await desk.sweep()
    await desk.sweep()

    assert await desk.state("o1") == "EXPIRED"
    await nothing_is_held(desk, coupon_id)
    assert (await desk.release("o1")).state == EXPIRED


async def test_a_late_payment_takes_everything_again(desk: Desk) -> None:
    coupon_id = await stocked(desk)
    await desk.reserve("o1", CART, tenders=[tender(12_00)])
    await desk.expire("o1")

    paid = await desk.commit("o1", late=True)

    assert paid.state == COMMITTED
    assert await desk.coupon(coupon_id) == ("USED", "o1")
    assert [await desk.used(USER), await desk.used(STOCK)] == [1, 1]
    assert await desk.pool("root") == (0, 10_00)
    assert await desk.wallet() == (38_00, 0)


async def test_a_late_payment_before_the_sweep_takes_what_is_still_there(desk: Desk) -> None:
    coupon_id = await stocked(desk)
    await desk.reserve("o1", CART, tenders=[tender(12_00)])
    await desk.pass_by("o1")

    assert (await desk.commit("o1", late=True)).state == COMMITTED

    await desk.sweep()
    assert await desk.coupon(coupon_id) == ("USED", "o1")
    assert await desk.pool("root") == (0, 10_00)


async def test_a_late_payment_uses_a_coupon_whose_time_has_passed_since(desk: Desk) -> None:
    coupon_id = await stocked(desk)
    await desk.reserve("o1", CART)
    await desk.expire("o1")
    await desk.world.rows(
        "UPDATE coupons SET usable_from = now() - interval '1 hour',"
        " expires_at = now() - interval '1 second' WHERE tenant = $1"
    )

    assert (await desk.commit("o1", late=True)).state == COMMITTED

    assert await desk.coupon(coupon_id) == ("USED", "o1")


async def test_a_late_payment_names_all_that_is_gone_and_takes_nothing(desk: Desk) -> None:
    coupon_id = await stocked(desk, budget=10_00, limits=[limit("ACTIVITY", 1)])
    await desk.reserve("o1", CART, tenders=[tender(40_00 - 20_00)])
    await desk.expire("o1")
    await desk.reserve("o2", CART, tenders=[tender(20_00)])
    await desk.commit("o2")
    await desk.purse.debit(30_00)

    refusal = await refused(desk.commit("o1", late=True))

    assert refusal.reason == "ORDER_GONE"
    assert refusal.metadata["gone"] == f"coupon/{coupon_id},limit/{STOCK},tender,budget"
    assert await desk.state("o1") == "EXPIRED"
    assert await desk.pool("root") == (0, 10_00)
    assert await desk.used(STOCK) == 1
