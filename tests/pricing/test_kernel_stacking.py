"""How steps of a group share the work and who pays, on both kernels."""

from __future__ import annotations

from rangli.activities.program import Op
from rangli.pricing.plan import Mode, Scope, Status
from tests.pricing.strategies import Group, Step, Tier, both_kernels, build, does, each, rows

pytestmark = both_kernels


def best(*steps, scope=Scope.CART):
    return Group(steps, Mode.BEST, scope)


def beaten(outcome, step):
    assert outcome.step_status[step] == Status.BEATEN
    return outcome.step_beaten_by[step], outcome.step_beaten_minor[step]


def test_groups_act_in_order_on_what_the_ones_before_left(price):
    first, second = Group([does(Op.LINE_PERCENT, 1000)]), Group([does(Op.LINE_PERCENT, 1000)])

    assert list(price(*build(each(1000), [first, second])).line_payable) == [810]


def test_of_a_cart_wide_group_only_the_largest_discount_acts(price):
    group = best(does(Op.POOL_OFF, 10), does(Op.POOL_OFF, 30), does(Op.POOL_OFF, 25))

    outcome = price(*build(each(100, 100), [group]))

    assert list(outcome.line_payable) == [85, 85]
    assert list(outcome.step_off) == [0, 30, 0]
    assert (beaten(outcome, 0), beaten(outcome, 2)) == ((1, 20), (1, 5))
    assert outcome.step_beaten_by[1] == -1


def test_of_equal_discounts_the_earlier_step_wins(price):
    group = best(does(Op.POOL_OFF, 10), does(Op.LINE_OFF, 10))

    outcome = price(*build(each(100), [group]))

    assert outcome.step_status[0] == Status.APPLIED
    assert beaten(outcome, 1) == (0, 0)


def test_what_would_give_nothing_is_not_beaten_but_without_effect(price):
    outcome = price(*build(each(100), [best(does(Op.UNIT_PRICE, 100), does(Op.POOL_OFF, 10))]))
    assert list(outcome.step_status) == [Status.NO_EFFECT, Status.APPLIED]

    outcome = price(*build(each(100), [best(does(Op.UNIT_PRICE, 100), does(Op.POOL_OFF, 0))]))
    assert list(outcome.step_status) == [Status.NO_EFFECT, Status.NO_EFFECT]


def test_each_line_gets_its_lowest_price(price):
    some, other = does(Op.LINE_PERCENT, 1000), does(Op.LINE_OFF, 15)

    outcome = price(*build(each(100, 200), [best(some, other, scope=Scope.LINE)]))

    assert list(outcome.line_payable) == [85, 180]
    assert list(outcome.pair_off) == [0, 20, 15, 0]
    assert list(outcome.step_status) == [Status.APPLIED, Status.APPLIED]


def test_a_step_that_loses_all_its_lines_is_beaten_by_the_winner_of_the_first(price):
    loser = does(Op.LINE_OFF, 10)
    one, two = does(Op.LINE_OFF, 12, lines=[0]), does(Op.LINE_OFF, 15, lines=[1])

    outcome = price(*build(each(100, 100), [best(loser, two, one, scope=Scope.LINE)]))

    assert list(outcome.line_payable) == [88, 85]
    assert beaten(outcome, 0) == (2, 2 + 5)


def test_line_won_by_equal_amounts_goes_to_the_earlier_step(price):
    group = best(does(Op.LINE_OFF, 10), does(Op.LINE_OFF, 10), scope=Scope.LINE)

    outcome = price(*build(each(100), [group]))

    assert outcome.step_off[0] == 10
    assert beaten(outcome, 1) == (0, 0)


def test_a_pool_acts_again_on_the_lines_it_won(price):
    pool, single = does(Op.POOL_OFF, 30), does(Op.LINE_OFF, 20, lines=[0])

    # The pool bids 15 and 15, wins the second line, and gives all its 30 there.
    outcome = price(*build(each(100, 100), [best(pool, single, scope=Scope.LINE)]))

    assert list(outcome.line_payable) == [80, 70]


def test_losing_a_line_does_not_cost_a_step_its_tier_or_multiple(price):
    tiered = Step([Tier(Op.LINE_OFF, 5, min=50), Tier(Op.LINE_OFF, 10, min=200)])
    again = does(Op.LINE_OFF, 1, min=20, every=1)
    single = does(Op.LINE_OFF, 20, lines=[0])

    outcome = price(*build(each(100, 100), [best(tiered, single, scope=Scope.LINE)]))
    assert (list(outcome.line_payable), outcome.step_tier[0]) == ([80, 90], 2)

    outcome = price(*build(each(100, 100), [best(again, single, scope=Scope.LINE)]))
    assert list(outcome.line_payable) == [80, 90]


def test_a_step_alone_in_its_group_keeps_lines_on_which_rounding_left_it_nothing(price):
    # 4 % of 30 is 1, which the first line gets. Acting again on that line alone would give 0.
    group = best(does(Op.POOL_PERCENT, 400), scope=Scope.LINE)

    assert list(price(*build(each(10, 10, 10), [group])).line_payable) == [9, 10, 10]


def test_a_step_without_effect_wins_no_line(price):
    nothing, pool = does(Op.UNIT_PRICE, 500, lines=[1, 2]), does(Op.POOL_PERCENT, 400)

    # Bereft of the other two lines, the pool would have nothing to give to the first.
    outcome = price(*build(each(10, 10, 10), [best(nothing, pool, scope=Scope.LINE)]))

    assert list(outcome.step_status) == [Status.NO_EFFECT, Status.APPLIED]
    assert list(outcome.line_payable) == [9, 10, 10]


def test_funders_bear_their_shares_and_roundings_cancel_out_over_lines(price):
    step = Step([Tier(Op.LINE_OFF, 1)], funders=[5000, 5000])

    programs, plan = build(each(10, 10, 10, 10), [Group([step])])
    outcome = price(programs, plan)

    assert rows(programs, plan, outcome, 0) == [[1, 0], [0, 1], [1, 0], [0, 1]]


def test_left_over_units_go_to_the_funders_that_lag_most(price):
    step = Step([Tier(Op.LINE_OFF, 5)], funders=[1000, 3000, 6000])

    programs, plan = build(each(10, 10), [Group([step])])
    outcome = price(programs, plan)

    # Exact shares of 5: 0.5, 1.5, 3.0; of 10: 1, 3, 6.
    assert rows(programs, plan, outcome, 0) == [[1, 1, 3], [0, 2, 3]]


def test_steps_that_gave_nothing_have_rows_of_zeros(price):
    winner = Step([Tier(Op.POOL_OFF, 9)], funders=[2500, 7500])
    loser = Step([Tier(Op.POOL_OFF, 5)], lines=[0], funders=[1000, 2000, 7000])

    programs, plan = build(each(10, 10), [best(loser, winner)])
    outcome = price(programs, plan)

    assert list(outcome.step_shares) == [0, 3, 7]
    assert rows(programs, plan, outcome, 0) == [[0, 0, 0]]
    # Of 5: 1.25 and 3.75; of 9: 2.25 and 6.75.
    assert rows(programs, plan, outcome, 1) == [[1, 4], [1, 3]]
