from datetime import UTC, datetime

import pandas as pd
import pytest

from rangli.cli.demo import data
from tests.cli.demo import journeys
from tests.cli.demo.journeys import lines


def test_list_price_is_what_was_taken_plus_the_shops_discounts():
    line = lines((1, 7, 100, 11, 1, 2.50, 0.30, 1.00, 0.50)).iloc[0]

    assert line["list_minor"] == 330
    assert (line["retail_minor"], line["coupon_minor"], line["match_minor"]) == (30, 100, 50)


def test_lines_without_quantity_or_price_are_left_out():
    kept = lines(
        (1, 7, 100, 11, 0, 1.00), (1, 7, 100, 12, 2, 0.00), (1, 7, 100, 13, -1, 2.0),
        (1, 7, 100, 14, 1, 0.01),
    )  # fmt: skip

    assert kept["product_id"].tolist() == [14]


def test_a_list_price_that_does_not_divide_is_carried_as_one_unit():
    fuel, bread = lines((1, 7, 1, 11, 10, 9.99), (1, 7, 1, 12, 4, 8.00)).to_dict("records")

    assert (fuel["quantity"], fuel["unit_list_minor"], fuel["list_minor"]) == (1, 999, 999)
    assert (bread["quantity"], bread["unit_list_minor"], bread["list_minor"]) == (4, 200, 800)


def test_lines_come_in_time_order_with_positions_in_their_basket():
    ordered = lines(
        (1, 7, 200, 11, 1, 1.0, 0, 0, 0, 12, journeys.SUMMER_MONDAY),
        (2, 7, 100, 13, 1, 1.0),
        (2, 7, 100, 12, 1, 1.0),
    )

    assert ordered[["basket_id", "product_id", "position"]].to_numpy().tolist() == [
        [100, 12, 0], [100, 13, 1], [200, 11, 0],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (journeys.SUNDAY_LATE, 10),
        (journeys.MONDAY, 11),
        (journeys.SUMMER_SUNDAY_LATE, 11),
        (journeys.SUMMER_MONDAY, 12),
        ("2017-01-02 04:59:59", 1),
        ("2017-01-02 05:00:00", 2),
        ("2018-01-01 04:59:59", 53),
    ],
)
def test_a_week_turns_at_local_midnight_before_and_after_summer_time(at, week):
    starts_at, ends_at = data.week_bounds(week)
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC)

    assert len(lines((1, 7, 1, 11, 1, 1.0, 0, 0, 0, week, at))) == 1
    assert starts_at <= instant < ends_at


def test_a_line_outside_its_recorded_week_is_reported():
    with pytest.raises(ValueError, match="1 lines are not in the week recorded"):
        lines((1, 7, 1, 11, 1, 1.0, 0, 0, 0, 11, journeys.SUNDAY_LATE))


def test_a_category_path_ends_where_nothing_is_known():
    products = journeys.journey().products.set_index("product_id")["category_path"]

    assert products[11] == "grocery/bread/rye"
    assert products[12] == "grocery/milk-cream/fresh"
    assert products[13] == "fuel"


def test_every_fifth_household_is_left_out():
    frame = pd.DataFrame({"household_id": [1, 5, 6, 10]})

    assert data.households_left_out(frame).tolist() == [False, True, False, True]
