"""What each op takes off the lines of a cart, on both kernels."""

from __future__ import annotations

import pytest

from rangli.activities.program import Op
from rangli.pricing.plan import GroupBase, Status
from tests.pricing.strategies import Entry, Group, Step, Tier, both_kernels, build, does, each

pytestmark = both_kernels


def payable(price, lines, *steps, base=GroupBase.RUNNING):
    return list(price(*build(lines, [Group(steps, base=base)])).line_payable)


def test_an_amount_is_shared_by_largest_remainder_and_not_left_to_the_last_line(price):
    outcome = price(*build(each(100, 100, 1), [Group([does(Op.POOL_OFF, 2)])]))

    assert list(outcome.pair_off) == [1, 1, 0]


def test_ten_off_three_nearly_equal_lines_gives_the_extra_cent_to_the_dearest(price):
    outcome = price(*build(each(3333, 3333, 3334), [Group([does(Op.POOL_OFF, 1000)])]))

    assert list(outcome.pair_off) == [333, 333, 334]


def test_whole_order_discount_leaves_each_half_of_the_order_its_half(price):
    assert payable(price, each(5000, 5000), does(Op.POOL_OFF, 1000)) == [4500, 4500]


def test_order_discount_is_shared_by_what_item_discounts_left(price):
    item, order = does(Op.LINE_OFF, 200, lines=[0]), does(Op.POOL_OFF, 1000)

    assert payable(price, each(1000, 9000), item, order) == [718, 8082]


def test_leftover_cents_of_equal_lines_go_to_the_earlier_ones(price):
    assert payable(price, each(10, 10, 10), does(Op.POOL_OFF, 5)) == [8, 8, 9]


def test_an_amount_is_never_more_than_what_is_left(price):
    assert payable(price, each(30, 0, 70), does(Op.POOL_OFF, 500)) == [0, 0, 0]
    assert payable(price, each(30, 70), does(Op.LINE_OFF, 50)) == [0, 20]
    assert payable(price, [(30, 2)], does(Op.UNIT_OFF, 50)) == [0]


def test_set_price_lowers_each_unit_and_never_raises_one(price):
    assert payable(price, [(100, 3), (80, 2), (90, 1)], does(Op.UNIT_PRICE, 90)) == [270, 160, 90]


def test_amount_per_unit_counts_units(price):
    assert payable(price, [(100, 3), (80, 2)], does(Op.UNIT_OFF, 10)) == [270, 140]


@pytest.mark.parametrize(("quantity", "off"), [(1, 17), (2, 33), (3, 50), (4, 67), (6, 100)])
def test_amount_for_several_units_is_pro_rata_and_rounded_half_up_per_line(price, quantity, off):
    outcome = price(*build([(100, quantity)], [Group([does(Op.UNIT_OFF, 50, per=3)])]))

    assert list(outcome.pair_off) == [off]


def test_unit_limit_takes_the_dearest_units_first(price):
    step = does(Op.UNIT_OFF, 10, limit=4)

    assert payable(price, [(50, 2), (90, 3), (60, 2)], step) == [100, 240, 110]


def test_unit_limit_takes_the_earlier_line_of_equally_dear_units(price):
    assert payable(price, [(50, 2), (50, 2)], does(Op.UNIT_OFF, 10, limit=3)) == [80, 90]


def test_dearest_is_what_is_left_on_a_unit_and_not_what_it_once_cost(price):
    cheaper, limited = does(Op.LINE_OFF, 50, lines=[0]), does(Op.UNIT_OFF, 10, limit=1)

    assert payable(price, each(100, 60), cheaper, limited) == [50, 50]


def test_so_many_units_take_no_more_than_their_part_of_the_line(price):
    assert payable(price, [(5, 3)], does(Op.UNIT_OFF, 100, limit=2)) == [5]
    # Of 14 on 3 units, 2 units have 9.33 left.
    first, second = does(Op.LINE_OFF, 1), does(Op.UNIT_OFF, 100, limit=2)
    assert payable(price, [(5, 3)], first, second) == [5]


def test_percent_per_line_rounds_half_up_on_each_line(price):
    assert payable(price, each(5, 15, 24), does(Op.LINE_PERCENT, 1000)) == [4, 13, 22]


def test_percent_of_a_pool_rounds_once_and_half_up(price):
    assert payable(price, each(5, 5, 5), does(Op.POOL_PERCENT, 1000)) == [4, 4, 5]


def test_cap_limits_what_a_percentage_gives(price):
    assert payable(price, each(600, 400), does(Op.POOL_PERCENT, 5000, cap=100)) == [540, 360]


@pytest.mark.parametrize(("total", "off"), [(299, 20), (300, 30), (99, 0)])
def test_amount_again_for_each_full_multiple_of_the_threshold(price, total, off):
    outcome = price(*build(each(total), [Group([does(Op.POOL_OFF, 10, min=100, every=1)])]))

    assert list(outcome.step_off) == [off]


def test_price_entries_bring_their_own_op_per_line(price):
    book = Step(
        [Tier(Op.ENTRY)],
        lines=[0, 1, 2, 3],
        entries=[
            Entry(Op.UNIT_PRICE, 90),
            Entry(Op.UNIT_OFF, 50, 3),
            Entry(Op.LINE_PERCENT, 1000),
            Entry(Op.LINE_OFF, 7),
        ],
    )

    lines = [(100, 2), (100, 4), (55, 1), (20, 1), (33, 1)]
    assert payable(price, lines, book) == [180, 333, 49, 13, 33]


def test_only_the_lines_of_a_step_are_touched(price):
    assert payable(price, each(100, 100, 100), does(Op.POOL_OFF, 50, lines=[0, 2])) == [75, 100, 75]


@pytest.mark.parametrize(
    ("base", "left"),
    [
        (GroupBase.RUNNING, 90 - 9 - 8),  # the second takes a tenth of 81
        (GroupBase.GROUP_START, 90 - 9 - 9),
        (GroupBase.LIST, 90 - 10 - 10),
    ],
)
@pytest.mark.parametrize("op", [Op.LINE_PERCENT, Op.POOL_PERCENT])
def test_percentages_are_computed_on_the_base_of_their_group(price, op, base, left):
    before = Group([does(Op.LINE_OFF, 10)])
    group = Group([does(op, 1000), does(op, 1000)], base=base)

    assert list(price(*build(each(100), [before, group])).line_payable) == [left]


def test_discount_on_list_prices_is_still_limited_by_what_is_left(price):
    most, half = does(Op.LINE_OFF, 90), does(Op.LINE_PERCENT, 5000)
    pool = does(Op.POOL_PERCENT, 5000)

    assert payable(price, each(100), most, half, base=GroupBase.LIST) == [0]
    assert payable(price, each(100), most, pool, base=GroupBase.LIST) == [0]


def test_pool_percentage_on_list_is_shared_by_what_is_left(price):
    first, second = does(Op.LINE_OFF, 90, lines=[0]), does(Op.POOL_PERCENT, 1000)

    # 20 off, shared 10 : 100.
    assert payable(price, each(100, 100), first, second, base=GroupBase.LIST) == [8, 82]


def test_nothing_to_do_is_no_effect(price):
    outcome = price(*build([], [Group([]), Group([does(Op.POOL_OFF, 5)])]))
    assert list(outcome.line_payable) == []
    assert list(outcome.step_status) == [Status.NO_EFFECT]

    outcome = price(*build(each(10), [Group([does(Op.UNIT_PRICE, 10), does(Op.POOL_OFF, 0)])]))
    assert list(outcome.step_status) == [Status.NO_EFFECT, Status.NO_EFFECT]

    assert list(price(*build(each(10, 20), [])).line_payable) == [10, 20]
