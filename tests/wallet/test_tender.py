"""How a refund is shared: exactly, by what each has paid, however it is cut into steps."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rangli.wallet.tender import fill, share_refund, units_of, worth_minor

paid = st.lists(st.integers(0, 10**12) | st.integers(0, 9), min_size=1, max_size=6)


@given(paid, st.lists(st.integers(1, 10**13) | st.integers(1, 3), max_size=30))
def test_any_steps_to_the_whole_give_each_what_it_paid(
    paid_minor: list[int], steps: list[int]
) -> None:
    refunded = [0] * len(paid_minor)
    whole = sum(paid_minor)
    for step in (*steps, whole):
        now = min(step, whole - sum(refunded))
        shares = share_refund(now, paid_minor, refunded)

        assert sum(shares) == now
        assert min(shares) >= 0
        refunded = [before + share for before, share in zip(refunded, shares, strict=True)]
        for mine, its in zip(refunded, paid_minor, strict=True):
            assert whole == 0 or mine - Fraction(sum(refunded) * its, whole) < 1

    assert refunded == paid_minor


def test_many_cents_are_shared_as_one_sum_would_be() -> None:
    refunded = [0, 0, 0]
    for _ in range(50):
        shares = share_refund(1, [60, 30, 10], refunded)
        refunded = [before + share for before, share in zip(refunded, shares, strict=True)]

    assert refunded == [30, 15, 5]


def test_a_part_that_is_ahead_waits_for_the_others() -> None:
    assert share_refund(10, [50, 50], [20, 0]) == [0, 10]
    assert share_refund(30, [50, 50], [20, 0]) == [5, 25]


@pytest.mark.parametrize(("refund_minor", "refunded"), [(-1, 0), (11, 0), (6, 5)])
def test_more_than_was_paid_cannot_be_shared(refund_minor: int, refunded: int) -> None:
    with pytest.raises(ValueError, match="what is left"):
        share_refund(refund_minor, [10], [refunded])


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.data())
def test_points_come_back_by_their_worth_and_all_with_the_last_of_it(
    amount: int, pays_minor: int, data: st.DataObject
) -> None:
    captured = data.draw(st.integers(0, amount))
    worth = worth_minor(captured, amount=amount, pays_minor=pays_minor)
    steps = sorted(data.draw(st.lists(st.integers(0, worth), max_size=5)))
    units = [
        units_of(step, amount=amount, pays_minor=pays_minor, captured=captured) for step in steps
    ]

    assert units == sorted(units)
    assert all(0 <= one <= captured for one in units)
    for step, one in zip(steps, units, strict=True):
        assert worth_minor(one, amount=amount, pays_minor=pays_minor) <= step
    assert units_of(worth, amount=amount, pays_minor=pays_minor, captured=captured) == captured


def test_all_units_are_worth_all_of_what_they_paid() -> None:
    assert worth_minor(7, amount=7, pays_minor=3) == 3
    assert worth_minor(6, amount=7, pays_minor=3) == 2


@given(st.lists(st.integers(0, 100), min_size=1, max_size=8), st.data())
def test_filling_takes_the_first_parts_first(limits: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(limits)))

    parts = fill(amount, limits)

    assert sum(parts) == amount
    begun = [place for place, part in enumerate(parts) if part]
    assert all(parts[place] == limits[place] for place in range(begun[-1] if begun else 0))
    with pytest.raises(ValueError, match="more than"):
        fill(sum(limits) + 1, limits)
