"""How groups, limits and the search let steps share the work, in the readable kernel."""

from __future__ import annotations

import pytest

from rangli.activities.program import Cond, EffectOp, GiftMode, Kind, Place, StopScope
from rangli.pricing.plan import Mode, Scope, Status
from tests.pricing.kernels import costs, group, line, lines, off, percent, run, step

S = Status


def largest(*members, **more):
    return group(*members, mode=Mode.LARGEST, **more)


def best(*members, **more):
    return group(*members, mode=Mode.BEST, **more)


# --- winners of a cart ---------------------------------------------------------------------------


def test_only_the_largest_acts_and_the_others_are_told_by_how_much():
    answer = run(lines(100, 100), largest(step(off(10)), step(off(30)), step(off(25))))
    assert (answer.payable, answer.offs) == ([85, 85], [0, 30, 0])
    beaten = [(row.beaten_by, row.beaten_minor) for row in answer.results]
    assert beaten == [(1, 20), (-1, 0), (1, 5)]


def test_the_two_largest_act_in_their_order():
    members = step(off(10)), step(percent(1000)), step(off(20))
    answer = run([line(150)], largest(*members, most=2))
    # 10, 15 and 20 at group start; the percentage acts first.
    assert answer.payable == [150 - 15 - 20]
    assert answer.statuses == [S.BEATEN, S.APPLIED, S.APPLIED]


def test_of_equals_the_earlier_wins():
    assert run([line(50)], largest(step(off(5)), step(off(5)))).offs == [5, 0]
    assert run([line(50)], group(step(off(5)), step(off(5)), mode=Mode.SMALLEST)).offs == [5, 0]


def test_what_gives_nothing_is_not_beaten():
    answer = run([line(50)], largest(step(costs(60)), step(off(5))))
    assert answer.statuses == [S.NO_EFFECT, S.APPLIED]


def test_the_first_that_gives_anything_wins_and_those_after_it_are_not_judged():
    members = step(costs(60)), step(off(5)), step(off(9))
    answer = run([line(50)], group(*members, mode=Mode.FIRST))
    assert answer.statuses == [S.NO_EFFECT, S.APPLIED, S.BEATEN]
    assert (answer.results[2].beaten_by, answer.results[2].base_minor) == (1, 0)


def test_where_zero_counts_what_is_met_wins():
    answer = run([line(50)], group(step(costs(60)), step(off(5)), mode=Mode.FIRST, zero_counts=1))
    assert answer.statuses == [S.NO_EFFECT, S.BEATEN]


def test_a_gift_competes_by_its_worth():
    gift = EffectOp(Kind.GIFT, value=1, per=20, gift_mode=GiftMode.ADD)
    answer = run([line(50)], largest(step(off(15)), step(gift)))
    assert (answer.payable, answer.results[0].beaten_minor) == ([50], 5)


def test_child_groups_compete_with_all_that_they_give():
    small = group(step(off(10)), step(off(10)))
    large = group(step(off(15)))
    answer = run([line(50)], largest(large, small))
    assert (answer.offs, answer.statuses) == ([0, 10, 10], [S.BEATEN, S.APPLIED, S.APPLIED])
    assert (answer.results[0].beaten_by, answer.results[0].beaten_minor) == (1, 5)


def test_a_group_of_groups_may_have_a_limit_of_winners():
    answer = run([line(50)], group(group(step(off(1))), group(step(off(2))), most=1))
    assert answer.statuses == [S.APPLIED, S.BEATEN]


# --- winners of lines and units -------------------------------------------------------------------


def by_line(*members, **more):
    return largest(*members, scope=Scope.LINE, **more)


def test_each_line_gets_its_lowest_price():
    some, other = step(percent(1000, Place.LINE)), step(off(15, Place.LINE))
    assert run(lines(100, 200), by_line(some, other)).payable == [85, 180]


def test_who_loses_all_lines_is_beaten_by_the_winner_of_the_first():
    loser = step(off(10, Place.LINE))
    one, two = step(off(12), on=[0]), step(off(15), on=[1])
    answer = run(lines(100, 100), by_line(loser, two, one))
    assert answer.payable == [88, 85]
    assert (answer.results[0].beaten_by, answer.results[0].beaten_minor) == (2, 7)


def test_a_pool_acts_again_on_the_lines_it_won():
    pool, single = step(off(30)), step(off(20), on=[0])
    assert run(lines(100, 100), by_line(pool, single)).payable == [80, 70]


def test_losing_a_line_does_not_cost_a_step_its_condition():
    whole = step(off(10, Place.LINE), conds=[Cond(required=200)])
    assert run(lines(100, 100), by_line(whole, step(off(20), on=[0]))).payable == [80, 90]


def test_a_step_alone_keeps_lines_on_which_rounding_left_it_nothing():
    assert run(lines(10, 10, 10), by_line(step(percent(400)))).payable == [9, 10, 10]


def test_the_runner_up_gets_the_line_on_which_the_winner_then_takes_nothing():
    # 4 % of 30 is 1, bid on the first line; of the first line alone it would be 0.
    pool, rest = step(percent(400)), step(off(5, Place.LINE), on=[1, 2])
    runner_up = step(off(1), on=[0])
    answer = run(lines(10, 10, 10), by_line(pool, rest, runner_up))
    assert answer.payable == [9, 5, 5]
    assert answer.statuses == [S.BEATEN, S.APPLIED, S.APPLIED]


def test_units_above_the_limit_of_a_flash_price_get_the_next_best():
    flash = step(costs(50, unit_limit=2))
    member = step(costs(80))
    answer = run([line(100, 5)], largest(member, flash, scope=Scope.UNIT))
    assert answer.payable == [2 * 50 + 3 * 80]
    assert answer.statuses == [S.APPLIED, S.APPLIED]


def test_who_finds_no_unit_left_is_beaten():
    answer = run([line(100, 5)], largest(step(costs(80)), step(costs(50)), scope=Scope.UNIT))
    assert (answer.payable, answer.statuses) == ([250], [S.BEATEN, S.APPLIED])
    assert answer.results[0].beaten_minor == 150


@pytest.mark.parametrize(("most", "payable"), [(1, 350), (2, 325)])
def test_a_unit_has_as_many_winners_as_the_group_allows(most, payable):
    thirty, five = step(off(30, Place.UNIT)), step(off(5, Place.UNIT))
    answer = run([line(100, 5)], largest(five, thirty, scope=Scope.UNIT, most=most))
    assert answer.payable == [payable]


# --- who excludes whom ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "statuses"),
    [
        ({"exclusion": 1}, {"exclusion": 1}, [S.APPLIED, S.EXCLUDED]),
        ({"exclusion": 1}, {"exclusion": 2}, [S.APPLIED, S.APPLIED]),
        ({"exclusive": 1}, {}, [S.APPLIED, S.EXCLUDED]),
        ({}, {"exclusive": 1}, [S.APPLIED, S.EXCLUDED]),
        ({"labels": 1, "allows": 2}, {"labels": 2, "allows": 1}, [S.APPLIED, S.APPLIED]),
        ({"labels": 1, "allows": 2}, {"labels": 2, "allows": 4}, [S.APPLIED, S.EXCLUDED]),
        ({"labels": 1, "allows": 2}, {}, [S.APPLIED, S.EXCLUDED]),
        ({"stop": StopScope.GROUP}, {}, [S.APPLIED, S.EXCLUDED]),
        ({"stop": StopScope.ALL}, {}, [S.APPLIED, S.EXCLUDED]),
        ({"stop": StopScope.LINE}, {}, [S.APPLIED, S.NO_EFFECT]),
    ],
)
def test_what_a_step_forbids(one, other, statuses):
    answer = run([line(100)], group(step(off(5), **one), step(off(5), **other)))
    assert answer.statuses == statuses
    assert answer.results[1].beaten_by == (0 if statuses[1] == S.EXCLUDED else -1)


def test_a_stop_of_a_line_leaves_the_others_open():
    stops = step(off(5), on=[0], stop=StopScope.LINE)
    assert run(lines(100, 100), group(stops), group(step(off(10)))).payable == [95, 90]


def test_stops_of_a_group_and_of_all_reach_as_far_as_they_say():
    def statuses(stop):
        return run([line(9)], group(step(off(1), stop=stop)), group(step(off(1)))).statuses

    assert statuses(StopScope.GROUP) == [S.APPLIED, S.APPLIED]
    assert statuses(StopScope.ALL) == [S.APPLIED, S.EXCLUDED]


@pytest.mark.parametrize(("matched", "status"), [(0, S.APPLIED), (1, S.EXCLUDED)])
def test_a_step_that_takes_nothing_stops_only_if_matching_is_enough(matched, status):
    stops = step(costs(200), stop=StopScope.GROUP, stop_matched=matched)
    assert run([line(100)], group(stops, step(off(5)))).statuses == [S.NO_EFFECT, status]


# --- limits and guards ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "taken", "status", "cut"),
    [
        ({"amount_left": 7}, 7, S.APPLIED, 3),
        ({"amount_left": 7, "cut": 0}, 0, S.LIMIT_REACHED, 10),
        ({"amount_left": 10, "cut": 0}, 10, S.APPLIED, 0),
        ({"amount_left": 0}, 0, S.LIMIT_REACHED, 0),
        ({"uses_left": 0}, 0, S.LIMIT_REACHED, 0),
    ],
)
def test_what_limits_leave(more, taken, status, cut):
    row = run([line(100)], group(step(off(10), **more))).results[0]
    assert (row.off_minor, row.status, row.cut_minor) == (taken, status, cut)


@pytest.mark.parametrize(("cut", "taken", "status"), [(1, 20, S.APPLIED), (0, 0, S.LIMIT_REACHED)])
def test_units_that_are_left(cut, taken, status):
    row = run([line(100, 3)], group(step(off(10, Place.UNIT), units_left=2, cut=cut))).results[0]
    assert (row.off_minor, row.status) == (taken, status)


def test_members_of_a_group_share_its_limit_in_turn():
    answer = run([line(100)], group(step(off(10)), step(off(10)), step(off(1)), limit_minor=15))
    assert answer.offs == [10, 5, 0]
    assert [row.cut_minor for row in answer.results] == [0, 5, 1]
    assert answer.statuses[2] == S.LIMIT_REACHED


def test_floors_and_the_most_that_may_be_given_away_clamp():
    row = run([line(100, floor_minor=95)], group(step(off(10)))).results[0]
    assert (row.off_minor, row.clamped_minor) == (5, 5)
    answer = run([line(100)], group(step(off(10)), step(off(10))), off_max_minor=10)
    assert answer.statuses == [S.APPLIED, S.CLAMPED]


# --- the search -----------------------------------------------------------------------------------


def test_a_smaller_discount_that_keeps_a_threshold_is_chosen():
    # The larger first discount would lose the 30 off from 90 on.
    cart = [line(100)]
    first = best(step(off(12)), step(off(9)), most=1)
    then = group(step(off(30), conds=[Cond(required=90)]))

    found = run(cart, first, then)
    greedy = run(cart, first, then, node_limit=1)

    assert (found.total, found.statuses) == (61, [S.NOT_CHOSEN, S.APPLIED, S.APPLIED])
    assert (found.outcome.proven, found.outcome.gap_minor) == (1, 0)
    assert (greedy.total, greedy.outcome.proven, greedy.outcome.nodes) == (88, 0, 1)
    assert greedy.outcome.gap_minor >= 88 - 61


def test_an_item_price_is_left_out_line_by_line_where_that_is_cheaper():
    prices = best(step(costs(80)), scope=Scope.LINE)
    then = group(step(off(50), conds=[Cond(required=280)]))
    answer = run(lines(100, 100, 100), prices, then)
    # One line at its lower price still keeps the threshold.
    assert answer.total == 280 - 50


def test_the_order_of_members_is_open_if_so_told():
    members = step(off(10)), step(percent(1000))
    assert run([line(100)], best(*members)).total == 81
    assert run([line(100)], best(*members, any_order=1)).total == 80


def test_of_equally_cheap_carts_the_one_with_fewer_credentials_is_taken():
    coupon = step(costs(50, Place.POOL), credential=1)
    other = step(costs(50, Place.POOL))
    assert run([line(100)], best(coupon, other, most=1)).statuses[1] == S.APPLIED


def test_nothing_to_choose_is_one_node_and_proven():
    outcome = run([line(100)], group(step(off(1)))).outcome
    assert (outcome.nodes, outcome.proven, outcome.gap_minor) == (1, 1, 0)


def test_what_nothing_later_reacts_to_is_proven_at_once():
    coupons = best(step(off(10), credential=1), step(percent(2000), credential=1), most=1)
    outcome = run(lines(30, 60), coupons, group(step(percent(500)))).outcome
    assert (outcome.nodes, outcome.proven) == (1, 1)
