"""When a step acts and what it answers when it does not, on both kernels."""

from __future__ import annotations

import pytest

from rangli.activities.program import ConditionBase, Measure, Op
from rangli.pricing.plan import Mode, Status
from tests.pricing.strategies import Cond, Group, Step, Tier, both_kernels, build, does, each

pytestmark = both_kernels


def missed(outcome, step=0):
    assert outcome.step_status[step] == Status.CONDITION_NOT_MET
    return outcome.step_measure[step], outcome.step_required[step], outcome.step_actual[step]


def ten_off(*conds, lines=None, **tier):
    return Step([Tier(Op.POOL_OFF, 10, **tier)], lines, conds)


def test_99_50_never_meets_100(price):
    threshold, condition = ten_off(min=10_000), ten_off(Cond(10_000))

    outcome = price(*build(each(9_950), [Group([threshold, condition])]))

    assert missed(outcome, 0) == missed(outcome, 1) == (Measure.AMOUNT, 10_000, 9_950)
    assert list(outcome.line_payable) == [9_950]


def test_threshold_is_met_by_exactly_its_amount(price):
    outcome = price(*build(each(10_000), [Group([ten_off(Cond(10_000), min=10_000)])]))

    assert list(outcome.step_status) == [Status.APPLIED]


def test_threshold_counts_only_eligible_lines(price):
    outcome = price(*build(each(90, 500), [Group([ten_off(lines=[0], min=100)])]))

    assert missed(outcome) == (Measure.AMOUNT, 100, 90)


def test_condition_counts_only_eligible_lines_unless_it_names_its_own(price):
    eligible = ten_off(Cond(100), lines=[0])
    others = ten_off(Cond(100, lines=[1, 2]), lines=[0])

    outcome = price(*build(each(90, 60, 40), [Group([eligible, others])]))

    assert missed(outcome, 0) == (Measure.AMOUNT, 100, 90)
    assert list(outcome.line_payable) == [80, 60, 40]


def test_each_condition_reads_the_lines_named_for_it(price):
    step = ten_off(
        Cond(60, lines=[1]), Cond(90), Cond(3, Measure.QUANTITY, lines=[1, 2]), lines=[0]
    )

    outcome = price(*build([(90, 1), (30, 2), (40, 1)], [Group([step, step])]))

    assert list(outcome.step_status) == [Status.APPLIED, Status.CONDITION_NOT_MET]
    assert missed(outcome, 1) == (Measure.AMOUNT, 90, 80)


def test_quantity_counts_units_and_not_lines(price):
    enough, more = Cond(5, Measure.QUANTITY), Cond(6, Measure.QUANTITY)

    outcome = price(*build([(10, 2), (10, 3)], [Group([ten_off(enough), ten_off(more)])]))

    assert outcome.step_status[0] == Status.APPLIED
    assert missed(outcome, 1) == (Measure.QUANTITY, 6, 5)


def test_first_condition_that_fails_is_reported_before_the_tiers(price):
    step = ten_off(Cond(2, Measure.QUANTITY), Cond(3, Measure.QUANTITY), Cond(999), min=1_000)

    outcome = price(*build([(10, 2)], [Group([step])]))

    assert missed(outcome) == (Measure.QUANTITY, 3, 2)


def test_condition_on_list_prices_does_not_see_earlier_discounts(price):
    on_list = ten_off(Cond(100, base=ConditionBase.LIST))
    on_running = ten_off(Cond(100))

    outcome = price(*build(each(105), [Group([ten_off(), on_list, on_running])]))

    assert list(outcome.step_status[:2]) == [Status.APPLIED, Status.APPLIED]
    assert missed(outcome, 2) == (Measure.AMOUNT, 100, 85)


def test_in_a_best_group_all_are_judged_on_the_values_at_group_start(price):
    steps = [ten_off(Cond(100)), ten_off(Cond(100), min=100)]

    outcome = price(*build(each(100), [Group(steps, Mode.BEST)]))

    assert list(outcome.step_status) == [Status.APPLIED, Status.BEATEN]


@pytest.mark.parametrize(
    ("total", "off", "tier"), [(100, 10, 1), (199, 10, 1), (200, 25, 2), (10_000, 500, 3)]
)
def test_highest_tier_reached_counts(price, total, off, tier):
    tiers = [
        Tier(Op.POOL_OFF, 10, min=100),
        Tier(Op.POOL_OFF, 25, min=200),
        Tier(Op.POOL_PERCENT, 500, min=300),
    ]

    outcome = price(*build(each(total), [Group([Step(tiers)])]))

    assert (outcome.step_off[0], outcome.step_tier[0]) == (off, tier)


def test_lowest_tier_is_reported_when_none_is_reached(price):
    tiers = [Tier(Op.POOL_OFF, 10, min=100), Tier(Op.POOL_OFF, 25, min=200)]

    outcome = price(*build(each(60, 30), [Group([Step(tiers)])]))

    assert missed(outcome) == (Measure.AMOUNT, 100, 90)
    assert (outcome.step_tier[0], outcome.step_base[0]) == (0, 90)


def test_no_tier_is_reported_where_there_is_nothing_to_reach(price):
    tiers = [Tier(Op.POOL_OFF, 10), Tier(Op.POOL_OFF, 25, min=200)]

    outcome = price(*build(each(100), [Group([does(Op.POOL_OFF, 10), Step(tiers)])]))

    assert list(outcome.step_tier) == [0, 1]


def test_base_is_what_is_left_on_the_eligible_lines_when_judged(price):
    outcome = price(*build(each(100, 50), [Group([ten_off(lines=[0]), ten_off(), ten_off()])]))

    assert list(outcome.step_base) == [100, 140, 130]
