"""Refunds of discounts that depend on what is kept: clawback, required returns, repricing."""

from __future__ import annotations

from typing import Any

import pytest

from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as pb
from tests.pricing.refunded import back, bought, refund
from tests.world import cart, line, spec

A = {"skus": ["a"]}
TIERS = [
    {"min_amount_minor": 100_00, "amount_off_minor": 10_00},
    {"min_amount_minor": 200_00, "amount_off_minor": 30_00},
]


def threshold(policy: str, **fields: Any) -> ab.ActivitySpec:
    """30.00 off 200.00, 10.00 off 100.00."""
    fields.setdefault("threshold_off", {"tiers": TIERS})
    return spec("order_threshold", refund_policy=f"REFUND_POLICY_{policy}", **fields)


def amounts(snapshot: pb.QuoteSnapshot, *returns: pb.Return) -> list[int]:
    """What each of the returns refunds."""
    return [refund(snapshot, *returns[: n + 1]).refund_minor for n in range(len(returns))]


def lines(answer: pb.PreviewRefundResponse) -> dict[str, int]:
    return {each.line_id: each.refund_minor for each in answer.lines}


def test_keep_leaves_the_discount_though_the_threshold_is_no_longer_met() -> None:
    order = bought(cart(line("a", 150_00), line("b", 50_00)), {"m": threshold("KEEP")})

    assert amounts(order, back({"a": 1}), back({"b": 1})) == [127_50, 42_50]


def test_clawback_takes_the_discount_back_when_no_tier_is_reached() -> None:
    order = bought(cart(line("a", 150_00), line("b", 50_00)), {"m": threshold("CLAWBACK")})

    answer = refund(order, back({"a": 1}))

    # Kept at 50.00, of which 7.50 had been taken off.
    assert answer.refund_minor == 120_00
    assert lines(answer) == {"a": 127_50, "b": -7_50}
    assert answer.kept_payable_minor == 50_00
    (activity,) = answer.activities
    assert (activity.undone_minor, activity.clawback_minor, activity.ended) == (30_00, 7_50, True)
    assert [each.amount_minor for each in answer.funders] == [30_00]
    assert amounts(order, back({"a": 1}), back({"b": 1})) == [120_00, 50_00]


def test_clawback_leaves_what_a_lower_tier_gives() -> None:
    order = bought(cart(line("a", 150_00), line("b", 50_00)), {"m": threshold("CLAWBACK")})

    answer = refund(order, back({"b": 1}))

    # 22.50 of the discount had been for a: 10.00 of it stays.
    assert lines(answer) == {"a": -12_50, "b": 42_50}
    assert answer.kept_payable_minor == 140_00


def test_clawback_touches_nothing_while_the_tier_is_still_reached() -> None:
    order = bought(cart(line("a", 200_00), line("b", 50_00)), {"m": threshold("CLAWBACK")})

    # The 24.00 that a had stay; the whole 30.00 would not move onto it.
    assert lines(refund(order, back({"b": 1}))) == {"b": 44_00}


def test_clawback_takes_back_one_of_several_multiples() -> None:
    every = {
        "tiers": [{"min_amount_minor": 100_00, "amount_off_minor": 10_00}],
        "every_multiple": True,
    }
    order = bought(cart(line("a", 50_00, 6)), {"m": threshold("CLAWBACK", threshold_off=every)})

    # 300.00 less 30.00; of 250.00 only 20.00 are off.
    assert refund(order, back({"a": 1})).kept_payable_minor == 230_00
    assert amounts(order, *[back({"a": 1})] * 6) == [40_00, 50_00, 40_00, 50_00, 40_00, 50_00]


def test_what_a_clawback_takes_beyond_the_refund_lowers_later_refunds() -> None:
    order = bought(cart(line("a", 1_00), line("b", 199_00)), {"m": threshold("CLAWBACK")})

    first = refund(order, back({"a": 1}))

    assert (first.refund_minor, first.owed_minor) == (0, 19_00)
    assert first.kept_payable_minor == 170_00
    second = refund(order, back({"a": 1}), back({"b": 1}))
    assert (second.refund_minor, second.owed_minor) == (170_00, 0)


@pytest.mark.parametrize("base", ["RUNNING", "GROUP_START"])
@pytest.mark.parametrize("stacking", [{}, {"exclusion_group": "x"}])
def test_a_threshold_is_judged_on_what_earlier_activities_leave(
    base: str, stacking: dict[str, str]
) -> None:
    item = spec("item_discount", percent_off={"off_bps": 5_000}, products=A)
    tiers = {"tiers": TIERS, "base": f"CONDITION_BASE_{base}"}
    order = bought(
        cart(line("a", 120_00, 2), line("b", 90_00)),
        {"i": item, "m": threshold("CLAWBACK", threshold_off=tiers, stacking=stacking)},
    )

    # 120.00 of a and 90.00 of b made 210.00: 30.00 off. Of 60.00 and 90.00 it is 10.00.
    assert order.response.payable_minor == 180_00
    assert refund(order, back({"a": 1})).kept_payable_minor == 140_00


def test_floors_of_all_units_do_not_cut_what_single_units_had() -> None:
    flash = spec("flash_price", set_price={"price_minor": 0, "unit_limit": 1}, products=A)
    ten = {"tiers": [{"min_amount_minor": 150_00, "amount_off_minor": 10_00}]}
    order = bought(
        cart(line("a", 100_00, 2, floor_minor=50_00), line("b", 100_00)),
        {"f": flash, "m": threshold("CLAWBACK", threshold_off=ten)},
    )
    assert order.response.payable_minor == 190_00

    # The free unit of a and b: 100.00.
    assert refund(order, back({"a": 1})).kept_payable_minor == 100_00


def test_lines_that_were_closed_to_an_activity_do_not_count_for_it_later() -> None:
    item = spec(
        "item_discount",
        percent_off={"off_bps": 1_000},
        products=A,
        stacking={"stop": {"scope": "STOP_SCOPE_LINE"}},
    )
    order = bought(
        cart(line("a", 100_00), line("b", 60_00), line("c", 60_00)),
        {"i": item, "m": threshold("CLAWBACK")},
    )
    assert order.response.payable_minor == 200_00

    assert refund(order, back({"c": 1})).kept_payable_minor == 150_00


def test_a_discount_of_which_a_part_fell_wants_its_units_back() -> None:
    order = bought(cart(line("a", 150_00), line("b", 50_00)), {"m": threshold("REQUIRE_RETURN")})

    (required,) = refund(order, back({"b": 1})).required_returns

    assert (required.line_id, required.quantity, required.kept_minor) == ("a", 1, 12_50)


def test_free_delivery_is_taken_back_when_too_little_is_kept() -> None:
    shipping = spec(
        "shipping_discount",
        products=None,
        shipping_off={"benefit": {"off_bps": 10_000}},
        conditions=[{"min_amount": {"amount_minor": 99_00}}],
        refund_policy="REFUND_POLICY_CLAWBACK",
    )
    groups = [pb.DeliveryGroup(delivery_id="d", fee_minor=8_00)]
    order = bought(cart(line("a", 60_00), line("b", 60_00), deliveries=groups), {"s": shipping})

    answer = refund(order, back({"a": 1}))

    assert answer.refund_minor == 52_00
    assert lines(answer) == {"a": 60_00, "d": -8_00}
    rest = back({"b": 1}, delivery_ids=["d"])
    assert amounts(order, back({"a": 1}), rest) == [52_00, 68_00]


def test_a_gift_whose_trigger_is_gone_comes_back_or_stays_due() -> None:
    gift = spec(
        "gift",
        gift={"sku": "mug", "quantity": 2, "worth_minor": 4_00},
        conditions=[{"min_amount": {"amount_minor": 100_00}}],
        refund_policy="REFUND_POLICY_REQUIRE_RETURN",
    )
    order = bought(cart(line("a", 50_00, 2)), {"g": gift})

    answer = refund(order, back({"a": 1}))

    assert answer.refund_minor == 42_00
    (required,) = answer.required_returns
    assert (required.line_id, required.gift, required.quantity) == ("mug", True, 2)
    assert required.kept_minor == 8_00
    one = back(gifts={"mug": 1})
    assert amounts(order, back({"a": 1}), one, one, back({"a": 1})) == [42_00, 4_00, 4_00, 50_00]
    both = refund(order, back({"a": 1}, gifts={"mug": 2}))
    assert (both.refund_minor, list(both.required_returns)) == (50_00, [])


def test_gifts_of_two_activities_are_counted_together() -> None:
    gifts = {
        name: spec(
            "gift",
            gift={"sku": "mug", "worth_minor": 4_00},
            conditions=[{"min_amount": {"amount_minor": 100_00}}],
            refund_policy="REFUND_POLICY_REQUIRE_RETURN",
        )
        for name in ("g1", "g2")
    }
    order = bought(cart(line("a", 50_00, 2)), gifts)
    assert len(order.response.added_lines) == 2

    # One mug of two is kept, and neither activity gives one any more.
    assert refund(order, back({"a": 1}, gifts={"mug": 1})).refund_minor == 46_00


def test_a_traded_up_unit_comes_back_or_its_discount_stays_due() -> None:
    trade_up = spec(
        "trade_up",
        products=A,
        trade_up={"products": {"skus": ["pan"]}, "price_minor": 10_00, "unit_limit": 1},
        conditions=[{"min_amount": {"amount_minor": 100_00}}],
        refund_policy="REFUND_POLICY_REQUIRE_RETURN",
    )
    order = bought(cart(line("a", 100_00), line("pan", 60_00)), {"t": trade_up})
    assert order.response.payable_minor == 110_00

    answer = refund(order, back({"a": 1}))

    assert answer.refund_minor == 50_00
    (required,) = answer.required_returns
    assert (required.line_id, required.gift, required.quantity) == ("pan", False, 1)
    assert required.kept_minor == 50_00
    assert amounts(order, back({"a": 1}), back({"pan": 1})) == [50_00, 60_00]
    assert refund(order, back({"a": 1, "pan": 1})).refund_minor == 110_00
    assert lines(refund(order, back({"pan": 1}))) == {"pan": 10_00}


def test_buying_two_and_getting_one_free_is_undone_when_the_bought_ones_come_back() -> None:
    buy_get = spec(
        "buy_get",
        products=A,
        buy_get={"buy_quantity": 2, "get_quantity": 1, "get_products": {"skus": ["b"]}},
        refund_policy="REFUND_POLICY_CLAWBACK",
    )
    order = bought(cart(line("a", 10_00, 4), line("b", 6_00, 2)), {"b": buy_get})
    assert order.response.payable_minor == 40_00

    # One set is left of two.
    assert lines(refund(order, back({"a": 1}))) == {"a": 10_00, "b": -6_00}
    assert amounts(order, back({"a": 1}), back({"b": 1}), back({"a": 3, "b": 1})) == [
        4_00,
        6_00,
        30_00,
    ]


def test_reprice_refunds_what_was_paid_less_the_new_price() -> None:
    order = bought(cart(line("a", 150_00), line("b", 100_00)), {"m": threshold("REPRICE")})
    assert order.response.payable_minor == 220_00

    answer = refund(order, back({"b": 1}))

    # 150.00 alone would have cost 140.00.
    assert answer.refund_minor == 80_00
    assert answer.kept_payable_minor == 140_00
    assert amounts(order, back({"b": 1}), back({"a": 1})) == [80_00, 140_00]


def test_reprice_lets_what_had_lost_act_now() -> None:
    few = threshold("KEEP", threshold_off={"tiers": [TIERS[0]]}, priority=1)
    many = threshold("REPRICE", threshold_off={"tiers": [TIERS[1]]})
    order = bought(cart(line("a", 150_00), line("b", 100_00)), {"few": few, "many": many})

    answer = refund(order, back({"b": 1}))

    assert answer.kept_payable_minor == 140_00
    assert [(each.activity_id, each.undone_minor, each.ended) for each in answer.activities] == [
        ("many", 30_00, True),
        ("few", -10_00, False),
    ]


def test_a_new_price_leaves_off_what_was_taken_off_elsewhere_once() -> None:
    request = cart(line("a", 120_00), line("b", 80_00), outside_off_minor=20_00)
    order = bought(request, {"m": threshold("REPRICE")})
    assert order.response.payable_minor == 170_00

    # 12.00 of it were off a; 108.00 reach the first tier.
    assert refund(order, back({"b": 1})).kept_payable_minor == 98_00


def test_a_new_price_respects_the_limits_of_then() -> None:
    request = cart(line("a", 150_00), line("b", 100_00))
    request.limits_left.add(activity_id="m", amount_minor=5_00)
    order = bought(request, {"m": threshold("REPRICE")})
    assert order.response.payable_minor == 245_00

    assert refund(order, back({"b": 1})).kept_payable_minor == 145_00


def test_a_discount_that_stays_keeps_its_place_when_the_rest_is_priced_anew() -> None:
    item = spec("item_discount", percent_off={"off_bps": 1_000})
    order = bought(
        cart(line("a", 100_00, 2), line("b", 50_00)), {"i": item, "m": threshold("REPRICE")}
    )
    # 225.00 less 30.00.
    assert order.response.payable_minor == 195_00

    # 90.00 and 45.00 reach the first tier.
    assert refund(order, back({"a": 1})).kept_payable_minor == 125_00
    # 180.00 reach it too; with the list price they would have reached the second.
    assert refund(order, back({"b": 1})).kept_payable_minor == 170_00


def test_who_lost_to_a_discount_that_stays_does_not_act_beside_it_on_a_new_price() -> None:
    kept = spec("order_coupon", amount_off={"amount_minor": 20_00})
    loser = spec("order_coupon", amount_off={"amount_minor": 15_00})
    cards = [
        pb.Credential(credential_id="c1", activity_id="kept"),
        pb.Credential(credential_id="c2", activity_id="loser"),
    ]
    order = bought(
        cart(line("a", 150_00), line("b", 100_00), credentials=cards),
        {"kept": kept, "loser": loser, "m": threshold("REPRICE")},
    )
    assert order.response.payable_minor == 200_00

    # 150.00 less 10.00 by threshold, less 12.00 of the coupon.
    assert refund(order, back({"b": 1})).kept_payable_minor == 128_00
