import numpy as np
import pandas as pd
import pytest

from rangli.cli.demo import book, compare, coupons, oracle
from tests.cli.demo import journeys
from tests.cli.demo.journeys import lines


def prices(*rows):
    return pd.DataFrame(rows, columns=["product_id", "week", "off_minor", "per_quantity"])


def pairs(*rows):
    names = ["credential_id", "face_minor", "manufacturer_bps", "line"]
    return pd.DataFrame(rows, columns=names).assign(
        basket_id=1, activity_id=lambda frame: frame["credential_id"]
    )


def act(frame, *rows):
    acted = oracle.coupon_discount(frame, np.zeros(len(frame), "int64"), pairs(*rows))
    return [tuple(row) for row in acted.itertuples(index=False)]


@pytest.mark.parametrize(
    ("quantity", "off", "per", "taken"),
    [
        (2, 15, 1, 30),
        (1, 20, 3, 7),  # 6.67
        (2, 20, 3, 13),  # 13.33
        (3, 5, 2, 8),  # 7.50: half up
        (1, 0, 1, 0),
        (2, 999, 1, 200),  # never more than the line costs
    ],
)
def test_a_book_entry_counts_pro_rata_half_up_and_at_most_the_line(quantity, off, per, taken):
    frame = lines((1, 7, 1, 11, quantity, 2.0 if quantity != 3 else 3.0))

    assert oracle.book_discount(frame, prices((11, 11, off, per))).tolist() == [taken]


def test_a_line_without_entry_has_no_discount():
    frame = lines((1, 7, 1, 11, 1, 2.0), (1, 7, 1, 12, 1, 2.0))

    assert oracle.book_discount(frame, prices((11, 12, 50, 1), (12, 11, 30, 1))).tolist() == [0, 30]


def test_a_coupon_takes_its_face_off_one_unit_of_the_dearest_line():
    frame = lines((1, 7, 1, 11, 1, 1.5), (1, 7, 1, 12, 5, 5.0), (1, 7, 1, 13, 1, 9.0))

    assert act(frame, ("a", 100, 5000, 0), ("a", 100, 5000, 1)) == [("a", 0, 100, 50, 50)]


def test_equally_dear_lines_are_taken_by_position():
    frame = lines((1, 7, 1, 12, 1, 2.0), (1, 7, 1, 11, 2, 4.0))

    assert act(frame, ("a", 50, 10_000, 0), ("a", 50, 10_000, 1)) == [("a", 0, 50, 50, 0)]


def test_a_coupon_larger_than_a_unit_is_clamped_to_what_is_left_on_it():
    frame = lines((1, 7, 1, 11, 2, 3.0))

    assert act(frame, ("a", 51, 10_000, 0), ("b", 500, 10_000, 0), ("c", 500, 10_000, 0)) == [
        ("a", 0, 51, 51, 0),
        ("b", 0, 150, 150, 0),  # the unit that nothing was taken off yet
        ("c", 0, 99, 99, 0),
    ]


def test_coupons_act_in_order_on_what_the_earlier_ones_left():
    frame = lines((1, 7, 1, 11, 1, 2.0), (1, 7, 1, 12, 1, 1.5))

    taken = act(
        frame, ("b", 100, 10_000, 0), ("b", 100, 10_000, 1), ("a", 100, 10_000, 0),
        ("a", 100, 10_000, 1), ("c", 100, 10_000, 0),
    )  # fmt: skip

    assert taken == [("a", 0, 100, 100, 0), ("b", 1, 100, 100, 0), ("c", 0, 100, 100, 0)]


def test_a_coupon_on_a_line_that_costs_nothing_more_is_not_in_the_answer():
    frame = lines((1, 7, 1, 11, 1, 1.0))

    assert act(frame, ("a", 100, 10_000, 0), ("b", 100, 10_000, 0)) == [("a", 0, 100, 100, 0)]


@pytest.mark.parametrize(
    ("amount", "bps", "parts"),
    [
        (100, 10_000, (100, 0)),
        (35, 5000, (18, 17)),  # the cent left over: the manufacturer, if both lag alike
        (100, 6667, (67, 33)),
        (10, 3333, (3, 7)),
        (0, 5000, (0, 0)),
    ],
)
def test_a_coupon_is_split_to_the_cent(amount, bps, parts):
    assert oracle.split(amount, bps) == parts


def test_only_the_audience_on_a_day_of_the_campaign_may_use_a_coupon():
    small = journeys.journey()
    found = coupons.trace(small.redemptions, small.coupons, small.lines)
    worth = coupons.derive(found, small.lines)
    shown = coupons.presented(found, worth, small.lines)

    able = oracle.eligible(
        shown, worth, lines=small.lines, coupons=small.coupons,
        campaigns=small.campaigns, audiences=small.audiences,
    )  # fmt: skip

    # Of basket 100 both products of the coupon; 105 came too late; 106 was not invited.
    assert sorted(able["basket_id"]) == [100, 100, 103]


def test_what_the_lines_cost_is_shared_out_without_a_remainder():
    small = journeys.journey()
    found = coupons.trace(small.redemptions, small.coupons, small.lines)
    worth = coupons.derive(found, small.lines)
    wanted = compare.expected(
        small,
        book.derive(small.lines, "chain"),
        worth,
        coupons.presented(found, worth, small.lines),
    ).lines

    parts = wanted["payable_minor"] + wanted["retailer_minor"] + wanted["manufacturer_minor"]

    assert (parts == small.lines["list_minor"]).all()
    assert (wanted["payable_minor"] >= 0).all()
    clamped = wanted[small.lines["basket_id"] == 103].iloc[0]
    assert clamped.to_dict() == {
        "payable_minor": 0, "book_minor": 0, "retailer_minor": 30, "manufacturer_minor": 60,
    }  # fmt: skip
