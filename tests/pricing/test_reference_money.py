"""Rounding and sharing out, the conformance vectors of the field's engines among them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rangli.activities.program import Base, Cond, Leftover, Place, Rounding, RoundingOf, Weight
from rangli.pricing.plan import Mode, Money
from tests.pricing.kernels import costs, group, line, lines, off, percent, run, step

TEN, TWENTY = step(percent(1000)), step(percent(2000))


@pytest.mark.parametrize(
    ("expected", "policy"),
    [
        (70, {"base": Base.LIST}),
        (70, {"base": Base.ORIGINAL}),
        (70, {"base": Base.GROUP_START}),
        (72, {"base": Base.RUNNING}),
        (80, {"mode": Mode.LARGEST}),
        (80, {"mode": Mode.BEST, "most": 1}),
        (72, {"mode": Mode.BEST}),
        (90, {"mode": Mode.FIRST}),
        (90, {"mode": Mode.SMALLEST}),
        (90, {"most": 1}),
    ],
)
def test_ten_then_twenty_percent_off_a_hundred(expected, policy):
    assert run([line(100)], group(TEN, TWENTY, **policy)).payable == [expected]


def test_two_groups_compound():
    assert run([line(100)], group(TEN), group(TWENTY)).payable == [72]


CARTS = [([1000, 1000, 1000], 100), ([1000, 1000, 1000], 200), ([999, 500, 1], 100)]
ENGINES = {
    "spree": (
        Money(),
        [[34, 33, 33], [67, 67, 66], [67, 33, 0]],
    ),
    "vendure": (
        Money(share_rounding=Rounding.UP),
        [[33, 33, 34], [66, 67, 67], [67, 33, 0]],
    ),
    "saleor": (
        Money(share_rounding=Rounding.HALF_UP, leftover=Leftover.LAST),
        [[33, 33, 34], [67, 67, 66], [67, 33, 0]],
    ),
    "sylius": (
        Money(share_rounding=Rounding.HALF_UP, leftover=Leftover.FIRST),
        [[34, 33, 33], [66, 67, 67], [67, 33, 0]],
    ),
    "oscar": (
        Money(leftover=Leftover.LAST),
        [[33, 33, 34], [66, 66, 68], [66, 33, 1]],
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_an_order_discount_is_split_as_the_engine_does(engine):
    money, expected = ENGINES[engine]

    for (prices, amount), parts in zip(CARTS, expected, strict=True):
        answer = run(lines(*prices), group(step(off(amount))), money=money)
        assert [before - after for before, after in zip(prices, answer.payable, strict=True)] == (
            parts
        )


def test_no_line_goes_below_zero_when_an_amount_is_shared():
    assert run(lines(100, 100, 1), group(step(off(2)))).payable == [99, 99, 1]


def test_thirds_of_ten_percent():
    answer = run(lines(3333, 3333, 3334), group(step(off(1000))))

    assert [3333 - answer.payable[0], 3333 - answer.payable[1], 3334 - answer.payable[2]] == [
        333,
        333,
        334,
    ]


def test_an_amount_off_three_units_is_told_so_that_the_units_bear_it_cumulatively():
    answer = run([line(500, 3)], group(step(off(100))))

    (_, first, units, amount) = answer.taken(0)[0]
    cumulative = [amount * k // units for k in range(units + 1)]
    assert (first, units) == (0, 3)
    assert [b - a for a, b in pairwise(cumulative)] == [33, 33, 34]


def test_ninety_nine_fifty_never_meets_a_hundred():
    answer = run([line(9950)], group(step(off(1000), conds=[Cond(required=10_000)])))

    assert answer.payable == [9950]
    assert (answer.results[0].required, answer.results[0].actual) == (10_000, 9950)


@pytest.mark.parametrize(
    ("rounding", "taken"),
    [
        (Rounding.HALF_UP, 3),
        (Rounding.HALF_DOWN, 2),
        (Rounding.HALF_EVEN, 2),
        (Rounding.DOWN, 2),
        (Rounding.UP, 3),
    ],
)
def test_a_percentage_rounds_as_told(rounding, taken):
    assert run([line(25)], group(TEN), money=Money(rounding=rounding)).offs == [taken]
    own = step(percent(1000, rounding=rounding))
    assert run([line(25)], group(own), money=Money(rounding=Rounding.DOWN)).offs == [taken]


def test_the_price_is_rounded_instead_if_so_told():
    money = Money(rounding_of=RoundingOf.PRICE)
    assert run([line(25)], group(TEN), money=money).payable == [23]  # of 22.5


def test_places_of_rounding():
    # 10 % of 3 units of 5, of 15, and of both lines.
    cart = [line(5, 3), line(5, 3)]
    places = {Place.UNIT: 6, Place.LINE: 4, Place.POOL: 3}
    for place, taken in places.items():
        assert run(cart, group(step(percent(1000, place)))).offs == [taken]


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (Weight.RUNNING, [10, 20]),
        (Weight.LIST, [20, 10]),
        (Weight.QUANTITY, [24, 6]),
        (Weight.EQUAL, [15, 15]),
    ],
)
def test_an_amount_is_shared_by_the_weight_told(weight, expected):
    cart = [line(50, 4, outside_minor=150), line(100, 1)]

    answer = run(cart, group(step(off(30))), money=Money(weight=weight))

    assert [take[3] for take in answer.taken(0)] == expected


def test_cumulative_shares_carry_the_fraction_to_the_next():
    money = Money(share_rounding=Rounding.HALF_UP, leftover=Leftover.CARRY)
    answer = run(lines(100, 100, 100), group(step(off(100))), money=money)
    assert [take[3] for take in answer.taken(0)] == [33, 34, 33]


def test_the_dearest_gets_what_is_left_over():
    money = Money(leftover=Leftover.DEAREST)
    answer = run(lines(10, 11, 10), group(step(off(10))), money=money)
    assert [take[3] for take in answer.taken(0)] == [3, 4, 3]


@pytest.mark.parametrize(("again", "expected", "clamped"), [(1, [2, 28], 0), (0, [2, 15], 13)])
def test_what_a_floor_keeps_back_is_shared_again_or_lost(again, expected, clamped):
    cart = [line(100, floor_minor=98), line(100)]

    answer = run(cart, group(step(off(30))), money=Money(share_again=again))

    assert [take[3] for take in answer.taken(0)] == expected
    assert answer.results[0].clamped_minor == clamped


def test_nothing_raises_a_price():
    assert run([line(50)], group(step(costs(60)))).payable == [50]
