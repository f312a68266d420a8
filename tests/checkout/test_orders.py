"""Orders: what they take, and give back."""

from __future__ import annotations

from rangli.core.errors import Reason
from rangli.v1 import fund_service_pb2 as fb
from rangli.v1 import wallet_service_pb2 as wb
from tests.checkout.coupon_sale import CART, STOCK, USER, nothing_is_held, stocked
from tests.checkout.desk import COMMITTED, RELEASED, RESERVED, Desk, refused, tender
from tests.checkout.shop import checkout, limit
from tests.wallet.purse import Purse
from tests.world import line, request_id


async def test_an_order_takes_all_it_needs_and_spends_it_when_it_is_paid(desk: Desk) -> None:
    coupon_id = await stocked(desk)

    held = await desk.reserve("o1", CART, tenders=[tender(12_00)], ttl_s=600)

    assert (held.state, held.payable_minor, held.discount_minor) == (RESERVED, 20_00, 10_00)
    assert (await desk.coupon(coupon_id), list(held.coupon_ids)) == (("LOCKED", "o1"), [coupon_id])
    assert await desk.pool("root") == (10_00, 0)
    assert await desk.wallet() == (38_00, 12_00)
    assert [await desk.used(USER), await desk.used(STOCK)] == [1, 1]

    paid = await desk.commit("o1")

    assert paid.state == COMMITTED
    assert [(one.line_id, one.quantity) for one in paid.shipments[0].lines] == [("a", 1)]
    assert await desk.coupon(coupon_id) == ("USED", "o1")
    assert await desk.pool("root") == (0, 10_00)
    assert await desk.wallet() == (38_00, 0)
    assert [await desk.used(USER), await desk.used(STOCK)] == [1, 1]


async def test_nobody_else_takes_or_gives_back_what_an_order_has(desk: Desk) -> None:
    await stocked(desk)
    held = await desk.reserve("o1", CART, tenders=[tender(12_00)])
    fund = {"reservation_id": held.fund_reservation_id}
    purse = {"reservation_id": held.wallet_reservation_id}

    async def others_are_refused() -> None:
        for name, request in (
            ("FundService/Spend", fb.SpendRequest(request_id=request_id(), **fund)),
            ("FundService/Release", fb.ReleaseRequest(request_id=request_id(), **fund)),
            ("FundService/Refund", fb.RefundRequest(request_id=request_id(), **fund)),
            ("WalletService/Capture", wb.CaptureTenderRequest(request_id=request_id(), **purse)),
            ("WalletService/Release", wb.ReleaseTenderRequest(request_id=request_id(), **purse)),
            (
                "WalletService/Refund",
                wb.RefundTenderRequest(request_id=request_id(), refund_minor=1, **purse),
            ),
        ):
            error = await refused(desk.world.call(name, request))
            assert error.reason is Reason.RESERVATION_OF_ANOTHER, name
            assert error.metadata["service"] == "rangli.v1.CheckoutService"

    await others_are_refused()
    await desk.commit("o1")
    await others_are_refused()
    assert (await desk.refund("o1")).refund.refund_minor == 20_00


async def test_all_that_an_order_has_ends_at_the_same_instant(desk: Desk) -> None:
    await stocked(desk)

    await desk.reserve("o1", CART, tenders=[tender(12_00)], ttl_s=600)

    ends = await desk.world.rows(
        "SELECT expires_at FROM ledger_holds WHERE tenant = $1"
        " UNION SELECT expires_at FROM orders WHERE tenant = $1"
        " UNION SELECT expires_at FROM fund_reservations WHERE tenant = $1"
    )
    assert len(ends) == 1


async def test_the_same_request_gets_the_same_order_again_and_takes_nothing_more(
    desk: Desk,
) -> None:
    coupon_id = await stocked(desk)
    asked = {"request_id": "once", "tenders": [tender(12_00)]}
    named = checkout(line("a", 30_00), coupon_ids=[coupon_id])

    first = await desk.reserve("o1", named, **asked)
    again = await desk.reserve("o1", named, **asked)  # its coupon is not usable any more

    assert again == first
    assert await desk.pool("root") == (10_00, 0)
    assert (await refused(desk.reserve("o1", CART, **asked))).reason == "IDEMPOTENCY_KEY_REUSED"
    assert (await refused(desk.reserve("o1", CART))).reason == "NAME_TAKEN"


async def test_a_released_order_gives_each_thing_back_once(desk: Desk) -> None:
    coupon_id = await stocked(desk)
    await desk.reserve("o1", CART, tenders=[tender(12_00)])

    gone = await desk.release("o1")
    again = await desk.release("o1")

    assert gone.state == again.state == RELEASED
    assert gone.revision == again.revision
    await nothing_is_held(desk, coupon_id)
    for late in (False, True):
        assert (await refused(desk.commit("o1", late=late))).reason == "ORDER_STATE"


async def test_what_the_last_domain_refuses_leaves_nothing_in_the_first(desk: Desk) -> None:
    coupon_id = await stocked(desk, budget=15_00)
    await desk.give("sale", "bob")
    await desk.reserve("o1", CART, tenders=[tender(12_00)])
    bob = checkout(line("a", 30_00), user_id="bob")
    await Purse(desk.world, "bob").credit(50_00)

    refusal = await refused(desk.reserve("o2", bob, tenders=[tender(5_00)]))  # 5.00 are left

    assert refusal.reason == "PRICE_CHANGED"
    assert [await desk.used(USER), await desk.used(STOCK)] == [1, 1]
    assert (await refused(desk.commit("o2"))).reason == "NO_SUCH_RESOURCE"
    await desk.release("o1")
    await nothing_is_held(desk, coupon_id)


async def test_a_wallet_with_too_little_refuses_and_leaves_nothing(desk: Desk) -> None:
    coupon_id = await stocked(desk, balance=5_00)

    refusal = await refused(desk.reserve("o1", CART, tenders=[tender(12_00)]))

    assert refusal.reason == "INSUFFICIENT_FUNDS"
    await nothing_is_held(desk, coupon_id, balance=5_00)


async def test_an_order_that_was_cancelled_before_it_came_is_refused(desk: Desk) -> None:
    coupon_id = await stocked(desk)

    assert (await desk.release("o1")).state == RELEASED

    assert (await refused(desk.reserve("o1", CART))).reason == "ORDER_STATE"
    assert (await desk.release("o1")).state == RELEASED
    await nothing_is_held(desk, coupon_id)


async def test_paying_in_two_steps_counts_and_uses_once(desk: Desk) -> None:
    coupon_id = await stocked(desk, limits=[limit("USER", 2)])
    await desk.reserve("o1", checkout(line("a", 30_00, 2)))

    await desk.commit("o1", ("a", 1))
    await desk.commit("o1", ("a", 1))

    assert await desk.used(USER) == 1
    assert await desk.coupon(coupon_id) == ("USED", "o1")
    assert await desk.pool("root") == (0, 10_00)


async def test_a_free_order_needs_no_budget_and_no_wallet(desk: Desk) -> None:
    held = await desk.reserve("o1", checkout(line("a", 0)), ttl_s=60)

    assert (held.fund_reservation_id, held.wallet_reservation_id) == ("", "")
    assert (await desk.commit("o1")).state == COMMITTED
