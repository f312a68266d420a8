"""The largest numbers are computed exactly, larger ones are refused, on both kernels."""

from __future__ import annotations

from array import array

import pytest

from rangli.activities.program import Op
from rangli.pricing import _stacking
from rangli.pricing.plan import VALUE_MAX, GroupBase, Status
from tests.pricing.strategies import Cond, Group, Step, Tier, both_kernels, build, does, each

LINE_MAX = 10**12


@both_kernels
def test_largest_cart_is_shared_exactly(price):
    lines = [(LINE_MAX, 1)] * 9 + [(1, 10**6)] * 490 + [(LINE_MAX - 490 * 10**6, 1)]
    off_minor = 10**13 - 7

    outcome = price(*build(lines, [Group([does(Op.POOL_OFF, off_minor)])]))

    assert sum(outcome.pair_off) == off_minor
    assert sum(outcome.line_payable) == 7


@both_kernels
@pytest.mark.parametrize("op", [Op.POOL_OFF, Op.LINE_OFF, Op.UNIT_OFF])
@pytest.mark.parametrize("per", [1, 3])
def test_multiples_of_the_largest_value_do_not_overflow(price, op, per):
    step = does(op, VALUE_MAX, min=1, every=1, per=per)

    outcome = price(*build([(LINE_MAX, 1)] * 9 + [(10**6, 10**6)], [Group([step])]))

    assert list(outcome.line_payable) == [0] * 10


@both_kernels
def test_pro_rata_of_the_largest_values_is_exact(price):
    step = does(Op.UNIT_OFF, 10**13 - 1, per=10**13)

    # (10^13 - 1) * 10^6 / 10^13 is a hair below 10^6.
    assert list(price(*build([(10**6, 10**6)], [Group([step])])).pair_off) == [10**6]


@both_kernels
def test_highest_set_price_of_many_units_does_not_overflow(price):
    outcome = price(*build([(10**6, 10**6)], [Group([does(Op.UNIT_PRICE, VALUE_MAX)])]))

    assert list(outcome.step_status) == [Status.NO_EFFECT]


@both_kernels
def test_percentages_of_the_largest_cart_do_not_overflow(price):
    group = Group([does(Op.POOL_PERCENT, 9_999), does(Op.LINE_PERCENT, 9_999)], base=GroupBase.LIST)

    outcome = price(*build([(LINE_MAX, 1)] * 10, [group]))

    assert list(outcome.step_off) == [9_999 * 10**9, 10**9]


@both_kernels
def test_dearest_units_of_the_largest_lines_are_told_apart(price):
    step = does(Op.UNIT_OFF, 1, limit=10**6)
    lines = [(10**6 - 1, 10**6), (10**6, 10**6)]

    assert list(price(*build(lines, [Group([step])])).pair_off) == [0, 10**6]


@both_kernels
@pytest.mark.parametrize(
    "lines",
    [
        each(*[1] * 501),
        each(-1),
        each(LINE_MAX + 1),
        [(1, 0)],
        [(0, 10**6 + 1)],
        [(10**6 + 1, 10**6)],
        [(LINE_MAX, 1)] * 10 + each(1),
    ],
)
def test_carts_beyond_the_bounds_are_refused(price, lines):
    with pytest.raises(ValueError, match=r"line|cart|quantity"):
        price(*build(lines, []))


@both_kernels
@pytest.mark.parametrize(
    "step",
    [
        does(Op.POOL_OFF, VALUE_MAX + 1),
        does(Op.POOL_OFF, -1),
        does(Op.LINE_PERCENT, 10_001),
        does(Op.POOL_PERCENT, 10_001),
        does(Op.UNIT_OFF, 1, per=0),
        does(Op.POOL_OFF, 1, cap=-1),
        does(Op.UNIT_OFF, 1, limit=-1),
        does(Op.POOL_OFF, 1, every=2),
        does(8, 1),
        does(Op.ENTRY, 1),
        does(Op.POOL_OFF, 1, lines=[1]),
        does(Op.POOL_OFF, 1, lines=[0, 0]),
        Step([]),
        Step([Tier(Op.POOL_OFF, 1)], conds=[Cond(1, 3)]),
        Step([Tier(Op.POOL_OFF, 1)], conds=[Cond(1, lines=[1])]),
        Step([Tier(Op.POOL_OFF, 1)], funders=[]),
        Step([Tier(Op.POOL_OFF, 1)], funders=[9_999]),
        Step([Tier(Op.POOL_OFF, 1)], funders=[10_001, -1]),
    ],
)
def test_programs_and_steps_beyond_the_bounds_are_refused(price, step):
    problem = build(each(100), [Group([step])])

    with pytest.raises(ValueError, match=r"\w"):
        price(*problem)


def test_compiled_kernel_refuses_other_kinds_of_arrays():
    programs, plan = build(each(100), [])

    for wrong in (array("i", [1]), array("Q", [1]), [1], None):
        plan.quantity = wrong
        with pytest.raises(TypeError):
            _stacking.price(programs, plan)
