"""Refunds of discounts that stay on what is kept: the default."""

from __future__ import annotations

from rangli.v1 import pricing_service_pb2 as pb
from tests.pricing.refunded import Paid, back, item_off, order_off
from tests.world import line

TWO_FUNDERS = [
    {"funder": "retailer", "share_bps": 6_667},
    {"funder": "brand", "share_bps": 3_333},
]


def test_half_of_an_order_with_ten_off_a_hundred_refunds_forty_five() -> None:
    order = Paid(line("a", 50_00, 2)).off("ten", order_off(), {"a": 10_00})

    assert order.refund(back({"a": 1})).refund_minor == 45_00
    assert order.refunds(back({"a": 1}), back({"a": 1})) == [45_00, 45_00]


def test_an_item_discount_goes_back_before_its_share_of_the_order_discount() -> None:
    # The order discount of 10.00 is shared out by 8.00 and 90.00.
    order = Paid(line("a", 10_00), line("b", 90_00))
    order.off("item", item_off(), {"a": 2_00})
    order.off("order", order_off(), {"a": 82, "b": 9_18})

    assert order.response.payable_minor == 88_00
    assert order.refunds(back({"a": 1}), back({"b": 1})) == [7_18, 80_82]
    assert order.refunds(back({"b": 1}), back({"a": 1})) == [80_82, 7_18]


def test_a_hundred_off_three_units_is_borne_33_33_34_and_undone_from_the_last() -> None:
    order = Paid(line("a", 300, 3)).off("hundred", order_off(), {"a": 100})

    undone = [order.refund(*[back({"a": 1})] * n).activities[0].undone_minor for n in (1, 2, 3)]

    assert undone == [34, 33, 33]
    assert order.refunds(*[back({"a": 1})] * 3) == [266, 267, 267]
    assert order.refunds(back({"a": 2}), back({"a": 1})) == [533, 267]


def test_an_order_discount_does_not_move_onto_lines_that_survive() -> None:
    order = Paid(line("a", 30_00), line("b", 70_00)).off("o", order_off(), {"a": 3_00, "b": 7_00})

    answer = order.refund(back({"a": 1}))

    assert answer.refund_minor == 27_00
    assert answer.kept_payable_minor == 63_00
    assert [(each.line_id, each.refund_minor) for each in answer.lines] == [("a", 27_00)]


def test_forty_percent_stays_forty_percent_after_the_quantity_is_reduced() -> None:
    order = Paid(line("a", 10_00, 20)).off("forty", item_off(), {"a": 80_00})

    answer = order.refund(back({"a": 18}))

    assert answer.refund_minor == 18 * 6_00
    assert answer.kept_payable_minor == 2 * 6_00


def test_a_discount_on_named_units_leaves_with_those_units() -> None:
    # The flash price of 1.00 is for the last two of three units.
    order = Paid(line("a", 10_00, 3)).off("flash", item_off(), {"a": (18_00, 1, 2)})

    assert order.refunds(*[back({"a": 1})] * 3) == [1_00, 1_00, 10_00]


def test_what_was_taken_off_elsewhere_is_not_paid_back() -> None:
    order = Paid(line("a", 10_00, 3, outside_off_minor=1_00))

    assert order.refunds(*[back({"a": 1})] * 3) == [9_66, 9_67, 9_67]


def test_delivery_is_refunded_at_what_was_paid_and_only_if_named() -> None:
    groups = [pb.DeliveryGroup(delivery_id="d", fee_minor=5_00)]
    order = Paid(line("a", 10_00), deliveries=groups).off("ship", order_off(), {"d": 2_00})

    assert order.refund(back({"a": 1})).refund_minor == 10_00
    answer = order.refund(back({"a": 1}, delivery_ids=["d"]))
    assert answer.refund_minor == 13_00
    assert [(each.line_id, each.refund_minor) for each in answer.lines] == [
        ("a", 10_00),
        ("d", 3_00),
    ]


def test_funders_get_back_exactly_what_they_gave() -> None:
    order = Paid(line("a", 1_00, 7)).off("o", order_off(funding=TWO_FUNDERS), {"a": 1_01})

    back_to: dict[str, int] = {}
    for n in range(1, 8):
        answer = order.refund(*[back({"a": 1})] * n)
        for each in answer.funders:
            back_to[each.funder] = back_to.get(each.funder, 0) + each.amount_minor
        undone = sum(each.undone_minor for each in answer.activities)
        assert sum(each.amount_minor for each in answer.funders) == undone

    assert back_to == {each.funder: each.amount_minor for each in order.response.applied[0].funders}


def test_fractions_that_add_up_never_refund_a_cent_too_early() -> None:
    # Three discounts of 10 on three units of 10: nothing was paid, each unit bears 9.99 of 10.
    order = Paid(line("a", 10, 3))
    for number in range(3):
        order.off(f"o{number}", order_off(), {"a": 10})

    answers = [order.refund(*[back({"a": 1})] * n) for n in (1, 2, 3)]

    assert [answer.refund_minor for answer in answers] == [0, 0, 0]
    assert [answer.owed_minor for answer in answers] == [2, 1, 0]


def test_lines_of_a_return_may_stand_in_any_order() -> None:
    order = Paid(line("a", 10_00, 3), line("b", 7_00, 2))
    order.off("o", order_off(), {"a": 3_01, "b": 2_02})

    there = order.refund(back({"a": 2, "b": 1}))

    assert order.refund(back({"b": 1, "a": 2})) == there


def test_a_gift_refunds_nothing() -> None:
    order = Paid(line("a", 10_00)).off("o", order_off(), {"a": 1_00})
    order.response.added_lines.add(applied=0, sku="mug", quantity=2, worth_minor=5_00)

    answer = order.refund(back(gifts={"mug": 1}))

    assert answer.refund_minor == 0
    assert [(each.line_id, each.quantity, each.gift) for each in answer.lines] == [("mug", 1, True)]
    assert order.refunds(back({"a": 1}), back(gifts={"mug": 2})) == [9_00, 0]
