"""Amounts stated in the other price basis, in the readable kernel."""

from __future__ import annotations

import pytest

from rangli.activities.program import Kind, Measure, OtherPrice, Place, Rounding, Tier, Weight
from rangli.pricing.plan import CartRow, Mode, Scope, Status
from tests.pricing.kernels import costs, group, off, percent, reward, run, step

NET = OtherPrice.VALUE
BOOK, TOY = (107, 100), (119, 100)


def sold(*prices: tuple[int, int], quantity: int = 1) -> list[CartRow]:
    """Gross prices with the net ones beside."""
    return [CartRow(gross, quantity, other_minor=net) for gross, net in prices]


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (off(50, Place.UNIT, other_price=NET), [2 * (107 - 54), 2 * (119 - 60)]),
        (off(50, Place.LINE, other_price=NET), [214 - 54, 238 - 60]),
        (costs(50, other_price=NET), [2 * 54, 2 * 60]),
        (costs(100, Place.LINE, other_price=NET), [107, 119]),
        (off(200, Place.POOL, other_price=NET), [107, 119]),  # 200 x 452 / 400
        (percent(5000, Place.LINE, other_price=NET), [107, 119]),  # a rate is the same in both
    ],
)
def test_each_place_converts_by_what_it_acts_on(effect, expected):
    assert run(sold(BOOK, TOY, quantity=2), group(step(effect))).payable == expected


def test_a_set_is_converted_by_its_rewarded_units():
    pattern = (reward(1, 1), reward(1, 2))
    effect = costs(100, Place.POOL, pattern=pattern, other_price=NET)

    answer = run(sold(BOOK, TOY), group(step(effect, lists=[[0], [1]])))

    assert sum(answer.payable) == 113  # 100 x 226 / 200


def test_a_tier_converts_its_value_and_reads_what_it_says():
    tiers = (Tier(200, Kind.OFF, 100),)
    effect = off(0, tiers=tiers, tier_measure=Measure.AMOUNT, tier_base=5, other_price=NET)

    assert sum(run(sold(BOOK, TOY), group(step(effect))).payable) == 113
    assert run(sold(BOOK), group(step(effect))).statuses == [Status.CONDITION_NOT_MET]


def test_caps_of_effect_and_program_are_converted():
    capped = percent(10_000, cap_minor=100, other_price=OtherPrice.CAP)

    assert run(sold(TOY, TOY), group(step(capped))).offs == [119]
    whole = step(percent(10_000), cap_minor=100, cap_other_price=1)
    assert run(sold(TOY, TOY), group(whole)).offs == [119]
    tiers = (Tier(0, Kind.PERCENT, 10_000, cap_minor=50),)
    assert run(sold(TOY), group(step(percent(1, tiers=tiers, other_price=2)))).offs == [60]


@pytest.mark.parametrize("rounding", [Rounding.DOWN, Rounding.UP])
def test_a_converted_amount_is_rounded_as_the_effect_says(rounding):
    effect = off(1, Place.LINE, other_price=NET, rounding=rounding)
    assert run(sold(TOY), group(step(effect))).offs == [1 + (rounding == Rounding.UP)]


@pytest.mark.parametrize("unknown", [-1, 0])
@pytest.mark.parametrize(
    "effect",
    [
        off(5, Place.POOL, other_price=NET),
        costs(0, Place.POOL, other_price=NET),
        percent(5000, cap_minor=5, other_price=OtherPrice.CAP),
    ],
)
def test_what_cannot_be_converted_takes_nothing(unknown, effect):
    answer = run([CartRow(100, other_minor=unknown)], group(step(effect)))
    assert (answer.payable, answer.statuses) == ([100], [Status.NO_EFFECT])


def test_a_line_that_does_not_say_it_is_left_out_of_what_acts_line_by_line():
    cart = [*sold(TOY), CartRow(100)]
    assert run(cart, group(step(off(10, Place.UNIT, other_price=NET)))).payable == [107, 100]


def test_other_prices_may_be_what_a_share_weighs():
    answer = run(sold((100, 100), (200, 100)), group(step(off(50, weight=Weight.OTHER))))
    assert answer.payable == [75, 175]
    unknown = [*sold((100, 100)), CartRow(200)]  # then list prices, for all
    assert run(unknown, group(step(off(30, weight=Weight.OTHER)))).payable == [90, 180]


def test_the_search_looks_for_amounts_in_the_other_basis_too():
    cheap = step(percent(100))
    dear = step(off(60, Place.UNIT, other_price=NET))

    for scope in (Scope.CART, Scope.LINE):
        one = group(cheap, dear, mode=Mode.BEST, scope=scope, most=1)
        assert run(sold(TOY), one).payable == [119 - 71]
