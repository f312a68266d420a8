"""Rounding at the end: sums hold, and nobody gives more than the exact amount rounded up."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rangli.activities.program import Place, Rounding, RoundingOf
from rangli.core.errors import Invalid
from rangli.core.money import CART_MINOR_MAX, LINE_MINOR_MAX
from rangli.pricing import _stacking, stacking
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.enlarging import cart_minor_max, enlarged, fits, line_minor_max
from rangli.pricing.finely import price_finely
from rangli.pricing.plan import CartRow, Money, Status, StepRow, TakeRow
from rangli.pricing.quote import quote
from tests.activities import compiled
from tests.activities.compiled import FINE
from tests.pricing import outcomes
from tests.pricing.kernels import Answer, built, group, line, lines, off, percent, step
from tests.pricing.strategies import Problem, problem, table
from tests.world import NOW, cart
from tests.world import line as cart_line

chances = st.randoms(use_true_random=False)
digits_of = st.integers(1, 4)


def finely(made: Problem, digits: int = 4, price=stacking.price):
    return price_finely(*made, digits=digits, price=price)


def run(rows, *groups, digits=4, **more) -> Answer:
    return Answer(finely(built(rows, *groups, **more), digits))


@settings(max_examples=150, deadline=None)
@given(chances, digits_of)
def test_parts_sum_exactly_and_both_kernels_agree(chance: Random, digits: int) -> None:
    made = problem(chance)
    assume(fits(made[2], digits))

    outcome = finely(made, digits)

    outcomes.check(made, outcome)
    outcomes.check_units(made, outcome)
    assert finely(made, digits, _stacking.price) == outcome


@settings(max_examples=150, deadline=None)
@given(chances, digits_of)
def test_nobody_gives_a_whole_unit_more_or_a_line_less_than_is_exact(
    chance: Random, digits: int
) -> None:
    made = problem(chance)
    assume(fits(made[2], digits))
    scale = 10**digits

    outcome = finely(made, digits)

    exact, given = Counter(), Counter()
    for counter, takes in (
        (exact, _stacking.price(*enlarged(*made, scale)).takes),
        (given, outcome.takes),
    ):
        for take in table(TakeRow, takes):
            counter["line", take.line] += take.off_minor
            counter["step", take.step] += take.off_minor
            counter["effect", take.step, take.effect] += take.off_minor
    for account, minor in given.items():
        assert minor <= -(-exact[account] // scale)
    limits = [row.amount_left for row in table(StepRow, made[2].steps)]
    for number, limit in enumerate(limits):
        assert limit < 0 or given["step", number] <= limit


@pytest.mark.parametrize(
    ("money", "expected"),
    [
        (Money(), 24),  # 23.5 off: up
        (Money(rounding=Rounding.HALF_DOWN), 23),
        (Money(rounding=Rounding.DOWN), 23),
        (Money(rounding_of=RoundingOf.PRICE), 23),  # 211.5 are left: up
        (Money(rounding=Rounding.DOWN, rounding_of=RoundingOf.PRICE), 24),
    ],
)
def test_a_line_is_rounded_once_as_the_policy_says(money, expected):
    answer = run([line(235)], group(step(percent(500)), step(percent(500), base=3)), money=money)
    assert 235 - answer.total == expected


def test_ten_lines_of_half_a_cent_come_to_no_more_than_is_exact():
    answer = run(lines(*[5] * 10), group(step(percent(1000, Place.LINE))))
    assert answer.offs == [5]
    assert answer.payable == [4] * 5 + [5] * 5


def test_caps_hold_though_lines_are_rounded_up():
    half = step(percent(5000, Place.LINE), cap_minor=2)  # of four times half a cent
    assert run(lines(1, 1, 1, 1, 1), group(half)).offs == [2]


def test_what_is_rounded_away_has_had_no_effect():
    answer = run([line(10)], group(step(percent(1)), step(percent(1000))))
    assert answer.statuses == [Status.NO_EFFECT, Status.APPLIED]
    assert answer.offs == [0, 1]


def test_no_unit_gives_more_than_it_costs():
    free = percent(10_000, Place.UNIT, unit_limit=1)
    answer = run([line(100, 3, outside_minor=200)], group(step(free)))
    (_, first, units, amount) = answer.taken(0)[0]
    assert (first, units, amount) == (0, 1, 33)  # of units of 33, 33 and 34


def test_conditions_are_told_in_minor_units():
    (result,) = run([line(100)], group(step(off(1), times_measure=1, times_every=101))).results
    assert (result.required, result.actual, result.base_minor) == (101, 100, 100)


@pytest.mark.parametrize("digits", [1, 4])
def test_amounts_beyond_every_cart_are_as_good_as_cut(digits):
    most = line_minor_max(digits)
    rows = [CartRow(most)]
    beyond = step(off(CART_MINOR_MAX), times_measure=1, times_every=CART_MINOR_MAX)
    assert run(rows, group(step(off(CART_MINOR_MAX))), digits=digits).payable == [0]
    assert run(rows, group(beyond), digits=digits).statuses == [Status.CONDITION_NOT_MET]


def test_carts_that_are_too_large_are_refused():
    made = compiled.catalogue([])
    assert line_minor_max(FINE.end_digits) == LINE_MINOR_MAX // 100

    def asked(*prices: int):
        rows = [cart_line(f"l{n}", minor) for n, minor in enumerate(prices)]
        return quote(made, cart_of(cart(*rows, policy_id=FINE.policy_id), NOW))

    asked(10**10)
    with pytest.raises(Invalid, match="too large"):
        asked(10**10 + 1)
    with pytest.raises(Invalid, match="too large"):
        asked(*[10**10] * 10)
    assert cart_minor_max(2) == 10**11 - 1
