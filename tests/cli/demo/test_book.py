from rangli.cli.demo import book
from tests.cli.demo import journeys
from tests.cli.demo.journeys import lines


def entries(frame, scope="chain"):
    return [tuple(row) for row in book.derive(frame, scope).itertuples(index=False)]


def test_the_most_frequent_unit_discount_of_product_and_week_wins():
    frame = lines(
        (1, 7, 1, 11, 1, 1.0, 0.30),
        (1, 7, 2, 11, 2, 2.0, 0.20),  # 0.10 each
        (1, 7, 3, 11, 1, 1.0, 0.10),
        (1, 7, 4, 12, 1, 1.0, 0.05),
        (1, 7, 5, 11, 1, 1.0, 0.40, 0, 0, 12, journeys.SUMMER_MONDAY),
    )

    assert entries(frame) == [(11, 11, 10, 1), (11, 12, 40, 1), (12, 11, 5, 1)]


def test_of_equally_frequent_discounts_the_smaller_wins():
    frame = lines((1, 7, 1, 11, 1, 1.0, 0.30), (1, 7, 2, 11, 3, 2.8, 0.20))

    assert entries(frame) == [(11, 11, 20, 3)]


def test_a_discount_that_does_not_divide_stays_an_exact_fraction_in_lowest_terms():
    frame = lines(
        (1, 7, 1, 11, 6, 5.60, 0.40), (1, 7, 2, 11, 6, 5.60, 0.40), (1, 7, 3, 11, 3, 2.80, 0.20)
    )

    assert entries(frame) == [(11, 11, 20, 3)]


def test_a_week_without_promotion_is_an_entry_that_takes_nothing_off():
    frame = lines((1, 7, 1, 11, 3, 3.0), (1, 7, 2, 11, 1, 1.0))

    assert entries(frame) == [(11, 11, 0, 1)]


def test_a_book_by_store_keeps_the_stores_apart():
    frame = lines((1, 7, 1, 11, 1, 1.0, 0.30), (1, 8, 2, 11, 1, 1.0, 0.10))

    assert entries(frame, "store") == [(11, 7, 11, 30, 1), (11, 8, 11, 10, 1)]
