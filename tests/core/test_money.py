"""Whole minor units: split without loss, rounded in one way, written for people."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rangli.core.money import (
    EXPONENT,
    apportion_largest_remainder,
    format_minor,
    known_currency,
    share_half_up,
)

_weights = st.lists(st.integers(0, 10**12), max_size=12)


@given(_weights, st.data())
def test_parts_sum_to_the_total_and_none_is_off_by_a_unit(weights: list[int], data) -> None:
    total = data.draw(st.integers(0, sum(weights)))

    parts = apportion_largest_remainder(total, weights)

    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert 0 <= part <= weight
        assert abs(part - Fraction(total * weight, sum(weights) or 1)) < 1


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (2, [100, 100, 1], [1, 1, 0]),
        (1000, [3333, 3333, 3334], [333, 333, 334]),
        (100, [1, 1, 1], [34, 33, 33]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (5, [0, 10, 0], [0, 5, 0]),
        (10**13, [10**12] * 10, [10**12] * 10),
    ],
)
def test_leftover_units_go_to_the_largest_remainders(
    total: int, weights: list[int], parts: list[int]
) -> None:
    assert apportion_largest_remainder(total, weights) == parts


def test_something_cannot_be_split_by_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        apportion_largest_remainder(1, [0, 0])


@given(st.integers(0, 10**13), st.integers(0, 10**4), st.integers(1, 10**4))
def test_a_share_is_rounded_half_up(amount: int, numerator: int, denominator: int) -> None:
    exact = Fraction(amount * numerator, denominator)

    rounded = share_half_up(amount, numerator, denominator)

    assert -Fraction(1, 2) < exact - rounded <= Fraction(1, 2) or exact - rounded == -Fraction(1, 2)
    if (exact - exact.__floor__()) == Fraction(1, 2):
        assert rounded == exact.__floor__() + 1


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (1999, "USD", "19.99"),
        (5, "EUR", "0.05"),
        (-5, "EUR", "-0.05"),
        (1999, "JPY", "1999"),
        (1, "KWD", "0.001"),
        (12345, "CLF", "1.2345"),
        (0, "CNY", "0.00"),
    ],
)
def test_amounts_are_written_with_their_currencys_digits(
    amount: int, currency: str, written: str
) -> None:
    assert format_minor(amount, currency) == written


def test_currencies_are_known_by_their_code_in_capitals() -> None:
    assert all(len(code) == 3 and code.isupper() for code in EXPONENT)
    assert {EXPONENT[code] for code in ("JPY", "USD", "BHD", "UYW")} == {0, 2, 3, 4}
    for unknown in ("usd", "", "XXX", "XTS", "XAU", "DEM", "US", "USDX", "USD\n"):
        assert not known_currency(unknown)
