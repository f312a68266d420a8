import pandas as pd

from rangli.cli.demo import coupons
from tests.cli.demo import journeys
from tests.cli.demo.journeys import days, lines


def redemptions(*rows):
    frame = pd.DataFrame(rows, columns=["household_id", "coupon_upc", "campaign_id"])
    return frame.assign(redeemed_on=days("2017-03-06").repeat(len(rows)).to_numpy())


def products(*rows):
    return pd.DataFrame(rows, columns=["coupon_upc", "campaign_id", "product_id"])


def traced(*rows):
    return pd.DataFrame(rows, columns=["coupon_upc", "campaign_id", "line"])


def test_a_redemption_is_traced_to_the_discounted_line_of_its_household_day_and_product():
    frame = lines(
        (1, 7, 1, 11, 1, 2.0),  # no coupon discount
        (1, 7, 2, 11, 1, 2.0, 0, 0.5, 0, 12, journeys.SUMMER_MONDAY),  # another day
        (2, 7, 3, 11, 1, 2.0, 0, 0.5),  # another household
        (1, 7, 4, 12, 1, 2.0, 0, 0.5),  # another product
        (1, 7, 5, 11, 1, 2.0, 0, 0.5),
    )

    found = coupons.trace(redemptions((1, 900, 1)), products((900, 1, 11)), frame)

    assert found["candidates"].tolist() == [1]
    assert frame.loc[found["line"].iloc[0], "basket_id"] == 5


def test_the_day_is_the_stores_own():
    # 23:59:59 of the 12th in New York, the 13th in UTC.
    frame = lines((1, 7, 1, 11, 1, 2.0, 0, 0.5, 0, 11, journeys.SUMMER_SUNDAY_LATE))
    wanted = redemptions((1, 900, 1)).assign(redeemed_on=days("2017-03-12"))

    assert coupons.trace(wanted, products((900, 1, 11)), frame)["line"].tolist() == [0]


def test_a_line_vouches_for_one_redemption_only_and_the_narrower_coupon_has_it():
    frame = lines((1, 7, 1, 11, 1, 2.0, 0, 0.5))
    wide_and_narrow = products((900, 1, 11), (900, 1, 12), (901, 1, 11))

    found = coupons.trace(redemptions((1, 900, 1), (1, 901, 1)), wide_and_narrow, frame)

    assert found["candidates"].tolist() == [1, 1]
    assert found["line"].tolist() == [-1, 0]


def test_as_many_redemptions_as_possible_get_a_line():
    given = coupons.match({0: [5, 6], 1: [5], 2: [6, 7]}, order=[0, 2, 1])

    assert given == {0: 6, 1: 5, 2: 7}


def test_a_coupon_is_worth_its_most_frequent_face_and_split():
    frame = lines(
        (1, 7, 1, 11, 1, 2.0, 0, 0.50, 0.50),
        (1, 7, 2, 11, 1, 2.0, 0, 0.75, 0.25),
        (1, 7, 3, 11, 1, 2.0, 0, 0.75, 0.25),
        (1, 7, 4, 11, 1, 2.0, 0, 0.40, 0.00),
        (1, 7, 5, 11, 1, 2.0, 0, 0.40, 0.00),
    )

    worth = coupons.derive(traced(*((900, 1, line) for line in range(5))), frame).iloc[0]

    assert (worth["face_minor"], worth["manufacturer_bps"]) == (100, 7500)


def test_of_equally_frequent_faces_the_smaller_counts_and_untraced_coupons_have_none():
    frame = lines((1, 7, 1, 11, 1, 2.0, 0, 0.60), (1, 7, 2, 11, 1, 2.0, 0, 0.20, 0.10))

    worth = coupons.derive(traced((900, 1, 0), (900, 1, 1), (901, 1, -1)), frame)

    assert worth["activity_id"].tolist() == ["coupon:900:c1"]
    assert worth["face_minor"].tolist() == [30]
    assert worth["manufacturer_bps"].tolist() == [6667]


def test_every_traced_redemption_is_presented_in_its_basket():
    small = journeys.journey()
    found = coupons.trace(small.redemptions, small.coupons, small.lines)
    shown = coupons.presented(found, coupons.derive(found, small.lines), small.lines)

    assert found["line"].ge(0).tolist() == [True, True, True, True, False]
    assert shown[["credential_id", "basket_id"]].to_numpy().tolist() == [
        ["redemption:0", 100], ["redemption:1", 103], ["redemption:2", 105], ["redemption:3", 106],
    ]  # fmt: skip
