"""Orders that are exchanged for others."""

from __future__ import annotations

from tests.checkout.coupon_sale import CART, STOCK, USER, nothing_is_held, stocked
from tests.checkout.desk import Desk, refused, tender
from tests.checkout.shop import checkout, limit
from tests.wallet.purse import POINTS
from tests.world import line


async def test_an_order_is_not_counted_among_what_others_leave_it(desk: Desk) -> None:
    """A limit of one allows the order that uses it up to be changed and paid."""
    await stocked(desk, limits=[limit("USER", 1)])
    await desk.reserve("o1", CART)

    amended = await desk.amend("o1", checkout(line("a", 30_00), line("b", 1_00)))
    paid = await desk.commit("o1")

    assert (amended.discount_minor, paid.discount_minor) == (10_00, 10_00)
    assert await desk.used(USER) == 1


async def test_an_amended_order_keeps_its_offers_and_gives_back_what_it_needs_no_more(
    desk: Desk,
) -> None:
    coupon_id = await stocked(desk, budget=10_00, balance=12_00, limits=[limit("ACTIVITY", 1)])
    before = await desk.reserve("o1", CART, tenders=[tender(12_00)])
    more = checkout(line("a", 30_00), line("b", 5_00, 2))

    after = await desk.amend("o1", more, tenders=[tender(11_00)])

    assert (after.payable_minor, after.discount_minor) == (30_00, 10_00)
    assert after.revision == before.revision + 1
    assert after.created_at == before.created_at
    assert await desk.coupon(coupon_id) == ("LOCKED", "o1")
    assert await desk.pool("root") == (10_00, 0)
    assert await desk.wallet() == (1_00, 11_00)
    assert await desk.used(STOCK) == 1

    less = await desk.amend("o1", checkout(line("b", 5_00)))

    assert (less.payable_minor, less.coupon_ids, less.fund_reservation_id) == (5_00, [], "")
    await nothing_is_held(desk, coupon_id, balance=12_00)


async def test_an_amended_order_keeps_a_coupon_that_was_frozen_meanwhile(desk: Desk) -> None:
    coupon_id = await stocked(desk)
    await desk.reserve("o1", CART)
    await desk.world.rows("UPDATE coupons SET frozen = true, reason = 'why' WHERE tenant = $1")

    after = await desk.amend("o1", checkout(line("a", 30_00), line("b", 5_00)))

    assert after.discount_minor == 10_00
    assert await desk.coupon(coupon_id) == ("LOCKED", "o1")
    told = await desk.world.rows(
        "SELECT event_type FROM outbox WHERE tenant = $1 AND event_type LIKE 'coupon.%locked'"
    )
    assert [row[0] for row in told] == ["coupon.locked"]


async def test_an_amendment_that_is_refused_changes_nothing(desk: Desk) -> None:
    coupon_id = await stocked(desk, budget=10_00)
    held = await desk.reserve("o1", CART, tenders=[tender(12_00)])
    told = await desk.world.rows("SELECT count(*) FROM outbox WHERE tenant = $1")

    broke = await refused(desk.amend("o1", CART, tenders=[tender(20_00 - 1), tender(1, POINTS, 1)]))
    stale = await refused(desk.amend("o1", CART, expected_revision=7))

    assert (broke.reason, stale.reason) == ("INSUFFICIENT_FUNDS", "REVISION_MISMATCH")
    assert await desk.world.rows("SELECT count(*) FROM outbox WHERE tenant = $1") == told
    assert await desk.findings() == []
    assert await desk.coupon(coupon_id) == ("LOCKED", "o1")
    assert [await desk.used(USER), await desk.used(STOCK)] == [1, 1]
    assert await desk.pool("root") == (10_00, 0)
    assert await desk.wallet() == (38_00, 12_00)
    assert (await desk.commit("o1")).revision == held.revision + 1


async def test_only_a_reserved_order_is_amended(desk: Desk) -> None:
    await stocked(desk)
    await desk.reserve("paid", CART)
    await desk.commit("paid")
    await desk.reserve("late", CART)
    await desk.pass_by("late")

    for order_id in ("paid", "late"):
        assert (await refused(desk.amend(order_id, CART))).reason == "ORDER_STATE"
    assert (await refused(desk.amend("none", CART))).reason == "NO_SUCH_RESOURCE"
    await desk.sweep()
