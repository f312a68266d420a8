"""Which prices and tenders an order is taken with."""

from __future__ import annotations

import pytest

from rangli.core.errors import Invalid
from tests.checkout.coupon_sale import CART, stocked
from tests.checkout.desk import RESERVED, Desk, refused, tender
from tests.checkout.shop import checkout, limit
from tests.wallet.purse import POINTS
from tests.world import line


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
