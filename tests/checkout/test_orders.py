"""Orders: reserved, amended, committed, released, expired."""

from __future__ import annotations

import pytest

from rangli.core.errors import Invalid, Reason
from rangli.v1 import fund_service_pb2 as fb
from rangli.v1 import wallet_service_pb2 as wb
from tests.checkout.desk import (
    COMMITTED,
    EXPIRED,
    RELEASED,
    RESERVED,
    Desk,
    refused,
    sale,
    tender,
)
from tests.checkout.shop import checkout, limit
from tests.funds import budgets
from tests.wallet.purse import POINTS, Purse
from tests.world import line, request_id

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


async def test_an_empty_budget_is_answered_with_the_price_that_is_left(desk: Desk) -> None:
    await stocked(desk, budget=15_00)
    await desk.reserve("o1", CART)
    await desk.give("sale", "bob")
    bob = checkout(line("a", 30_00), user_id="bob")
    told = await desk.evaluate(bob)

    refusal = await refused(desk.reserve("o2", bob, token=told.token))

    assert refusal.reason == "PRICE_CHANGED"
    (fresh,) = refusal.details
    assert fresh.quote.payable_minor in (25_00, 30_00)


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


async def test_an_order_is_not_counted_among_what_others_leave_it(desk: Desk) -> None:
    """A limit of one allows the order that uses it up to be changed and paid."""
    await stocked(desk, limits=[limit("USER", 1)])
    await desk.reserve("o1", CART)

    amended = await desk.amend("o1", checkout(line("a", 30_00), line("b", 1_00)))
    paid = await desk.commit("o1")

    assert (amended.discount_minor, paid.discount_minor) == (10_00, 10_00)
    assert await desk.used(USER) == 1


async def test_paying_in_two_steps_counts_and_uses_once(desk: Desk) -> None:
    coupon_id = await stocked(desk, limits=[limit("USER", 2)])
    await desk.reserve("o1", checkout(line("a", 30_00, 2)))

    await desk.commit("o1", ("a", 1))
    await desk.commit("o1", ("a", 1))

    assert await desk.used(USER) == 1
    assert await desk.coupon(coupon_id) == ("USED", "o1")
    assert await desk.pool("root") == (0, 10_00)


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


async def test_a_price_that_has_changed_is_refused_with_the_new_one(desk: Desk) -> None:
    await stocked(desk, limits=[limit("ACTIVITY", 1)])
    told = await desk.evaluate(CART)
    await desk.give("sale", "bob")
    await desk.reserve("o1", checkout(line("a", 30_00), user_id="bob"))

    refusal = await refused(desk.reserve("o2", CART, token=told.token))
    taken = await desk.reserve("o2", CART, token=told.token, price_change="PRICE_CHANGE_ACCEPT_ANY")

    assert (refusal.reason, refusal.metadata["payable_minor"]) == ("PRICE_CHANGED", "3000")
    assert (taken.payable_minor, taken.coupon_ids) == (30_00, [])


@pytest.mark.parametrize(
    ("expected", "how", "outcome"),
    [
        (20_00, "REFUSE", RESERVED),
        (25_00, "REFUSE", "PRICE_CHANGED"),
        (25_00, "ACCEPT_LOWER", RESERVED),
        (15_00, "ACCEPT_LOWER", "PRICE_CHANGED"),
        (15_00, "ACCEPT_ANY", RESERVED),
    ],
)
async def test_the_caller_says_which_price_it_accepts(
    desk: Desk, expected: int, how: str, outcome: object
) -> None:
    await stocked(desk)
    asked = desk.reserve(
        "o1", CART, expected_payable_minor=expected, price_change=f"PRICE_CHANGE_{how}"
    )

    if isinstance(outcome, str):
        assert (await refused(asked)).reason == outcome
    else:
        assert (await asked).state == outcome


@pytest.mark.parametrize(("field", "value"), [("expected_payable_minor", -1), ("price_change", 9)])
async def test_what_is_no_price_to_accept_is_named(desk: Desk, field: str, value: int) -> None:
    refusal = await refused(desk.reserve("o1", CART, **{field: value}))

    assert isinstance(refusal, Invalid)
    assert [one.field for one in refusal.violations] == [field]


async def test_if_the_price_is_lower_the_last_tenders_pay_less(desk: Desk) -> None:
    await stocked(desk)
    await desk.purse.credit(1_000, POINTS)

    held = await desk.reserve(
        "o1",
        CART,
        expected_payable_minor=30_00,
        price_change="PRICE_CHANGE_ACCEPT_LOWER",
        tenders=[tender(17_00), tender(1_000, POINTS, 10_00)],
    )

    assert [(one.amount, one.pays_minor) for one in held.tenders] == [(17_00, 17_00), (300, 3_00)]
    assert await desk.wallet("points") == (700, 300)
    refusal = await refused(desk.reserve("o2", CART, tenders=[tender(40_00)]))
    assert refusal.reason == "INVALID_FIELD"


async def test_a_free_order_needs_no_budget_and_no_wallet(desk: Desk) -> None:
    held = await desk.reserve("o1", checkout(line("a", 0)), ttl_s=60)

    assert (held.fund_reservation_id, held.wallet_reservation_id) == ("", "")
    assert (await desk.commit("o1")).state == COMMITTED
