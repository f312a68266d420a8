"""The data set itself: what the derivation makes of it is known."""

import pytest

from rangli.cli.demo import book, compare, coupons, data


@pytest.fixture(scope="module")
def journey():
    return data.load()


def test_the_usable_lines_are_counted(journey):
    lines = journey.lines

    assert (journey.lines_read, len(lines)) == (1_469_307, 1_460_175)
    assert (lines["basket_id"].nunique(), lines["store_id"].nunique()) == (155_381, 457)
    # A basket is one household's, in one store, at one instant, with each product once.
    per_basket = lines.groupby("basket_id")[["household_id", "store_id", "at"]].nunique()
    assert (per_basket == 1).all(axis=None)
    assert not lines.duplicated(["basket_id", "product_id"]).any()
    assert len(compare.coupon_above_price(lines)) == 529


def test_the_books_reproduce_the_tills_as_far_as_known(journey):
    chain, store = (book.derive(journey.lines, scope) for scope in ("chain", "store"))

    fit = compare.fit(journey.lines, chain, store)

    assert (len(chain), len(store)) == (593_759, 1_330_930)
    assert (fit.chain, fit.store) == pytest.approx((0.9182, 0.9831), abs=1e-4)
    assert (fit.left_out, fit.left_out_known) == pytest.approx((0.7895, 0.8617), abs=1e-4)


def test_the_redemptions_are_traced_as_far_as_known(journey):
    traced = coupons.trace(journey.redemptions, journey.coupons, journey.lines)
    worth = coupons.derive(traced, journey.lines)

    assert (len(traced), (traced["candidates"] > 0).sum()) == (2_102, 1_130)
    found = traced.loc[traced["line"] >= 0, "line"]
    assert len(found) == found.nunique() == 1_100
    assert len(worth) == 345
    assert worth["face_minor"].between(40, 600).all()
