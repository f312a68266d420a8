"""What each effect takes, in the readable kernel."""

from __future__ import annotations

import pytest

from rangli.activities.program import (
    ALL_PRODUCTS,
    ALL_WITH_DELIVERY,
    Base,
    Compare,
    Cond,
    EffectOp,
    GiftMode,
    Kind,
    Measure,
    Node,
    Pick,
    Place,
    Scale,
    Tier,
    Used,
)
from rangli.pricing.plan import EntryRow, GrantRow, LeafRow, Status
from tests.pricing.kernels import (
    costs,
    group,
    line,
    lines,
    off,
    percent,
    reward,
    run,
    step,
    trigger,
)


def taken(cart, *effects, **more):
    answer = run(cart, group(step(*effects, **more)))
    return answer.offs[0]


# --- places and units --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (costs(80), [160, 80]),
        (costs(150, Place.LINE), [150, 100]),
        (costs(150, Place.POOL), [100, 50]),
        (off(30), [180, 90]),
        (off(30, Place.LINE), [170, 70]),
        (off(30, Place.UNIT), [140, 70]),
        (off(30, Place.UNIT, per=2), [170, 85]),
        (off(150, Place.UNIT), [0, 0]),
        (percent(1000), [180, 90]),
        (percent(10_000), [0, 0]),
        (off(0), [200, 100]),
    ],
)
def test_kinds_at_their_places(effect, expected):
    assert run([line(100, 2), line(100)], group(step(effect))).payable == expected


def test_an_entry_acts_on_its_line_each_in_its_way():
    entries = [EntryRow(Kind.PRICE, 80), EntryRow(Kind.OFF, 5, 2), EntryRow(Kind.PERCENT, 500)]
    effect = EffectOp(Kind.ENTRY)

    answer = run([line(100, 2), line(100, 4), line(50, 3)], group(step(effect, entries=entries)))

    assert answer.payable == [160, 390, 142]  # 7.5 off the last line as a whole


def test_a_unit_limit_of_entries_counts_per_line_and_makes_rates_act_on_units():
    entries = [EntryRow(Kind.PRICE, 80), EntryRow(Kind.PERCENT, 500)]
    effect = EffectOp(Kind.ENTRY, unit_limit=2)

    answer = run([line(100, 3), line(50, 3)], group(step(effect, entries=entries)))

    assert answer.taken(0) == [(0, 0, 2, 40), (1, 0, 2, 6)]


@pytest.mark.parametrize(
    ("pick", "expected"),
    [
        (Pick.DEAREST, [(1, 0, 3, 30)]),
        (Pick.CHEAPEST, [(0, 0, 2, 20), (2, 0, 1, 10)]),
        (Pick.POSITION, [(0, 0, 2, 20), (1, 0, 1, 10)]),
        (Pick.LAST, [(1, 2, 1, 10), (2, 0, 2, 20)]),
    ],
)
def test_limited_units_are_picked_in_order(pick, expected):
    cart = [line(50, 2), line(90, 3), line(70, 2)]
    answer = run(cart, group(step(off(10, Place.UNIT, unit_limit=3, pick=pick))))
    assert answer.taken(0) == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (Base.RUNNING, [75, 40]),  # half of 2 x 100 less 50
        (Base.GROUP_START, [75, 40]),
        (Base.ORIGINAL, [75, 40]),
        (Base.LIST, [100, 40]),
    ],
)
def test_of_a_rate_off_lines_a_unit_limit_bounds_money(base, expected):
    cart = [line(100, 3, outside_minor=50), line(40, 2)]
    answer = run(cart, group(step(percent(5000, Place.LINE, unit_limit=2), base=base)))
    assert answer.taken(0) == [(0, 0, 3, expected[0]), (1, 0, 2, expected[1])]


def test_what_has_lost_more_than_its_limit_bounds_loses_no_more():
    cart = [line(100, 3, outside_minor=250)]
    assert taken(cart, percent(5000, Place.LINE, unit_limit=2)) == 0


def test_a_multiplied_unit_limit_bounds_more_money():
    half = percent(5000, Place.LINE, unit_limit=1, scale=Scale.UNIT_LIMIT)
    assert taken([line(100, 3)], half, times_measure=Measure.QUANTITY, times_max=2) == 100


def test_units_with_nothing_left_do_not_count():
    cart = [line(90, outside_minor=90), line(50, 2)]
    assert taken(cart, off(10, Place.UNIT, unit_limit=1)) == 10


def test_rewarded_units_may_be_left_alone_without_a_pattern_too():
    one = step(off(10, Place.UNIT, unit_limit=1, mark=1))
    other = step(off(10, Place.UNIT, skip_reward=Used.REWARD))
    assert run([line(50, 3)], group(one, other)).taken(1) == [(0, 1, 2, 20)]


def test_what_does_not_divide_is_split_cumulatively():
    cart = [line(50, 3, outside_minor=49)]  # units of 33, 34 and 34
    assert run(cart, group(step(costs(0, unit_limit=2)))).taken(0) == [(0, 0, 2, 67)]
    last = costs(0, unit_limit=2, pick=Pick.LAST)
    assert run(cart, group(step(last))).taken(0) == [(0, 1, 2, 68)]


def test_a_million_units_with_a_limit_are_one_run():
    answer = run([line(3, 10**6)], group(step(off(1, Place.UNIT, unit_limit=999_999))))
    assert answer.taken(0) == [(0, 0, 999_999, 999_999)]


def test_later_effects_see_what_earlier_ones_left_and_one_cap_holds_for_all():
    assert taken([line(100)], percent(1000), percent(1000)) == 19
    assert taken([line(100)], percent(1000), percent(1000), cap_minor=15) == 15
    assert taken([line(100)], percent(1000, cap_minor=3), percent(1000)) == 13


def test_the_first_effect_that_gives_anything_may_act_alone():
    never = off(50, tiers=(Tier(1000, Kind.OFF, 50),))
    assert taken([line(100)], never, off(7), off(5), first_only=1) == 7


# --- tiers ---------------------------------------------------------------------------------------

TIERS = (Tier(100, Kind.OFF, 10), Tier(200, Kind.PERCENT, 1000, 15))


@pytest.mark.parametrize(("price", "expected", "tier"), [(100, 10, 1), (199, 10, 1), (300, 15, 2)])
def test_the_last_tier_reached_counts(price, expected, tier):
    answer = run([line(price)], group(step(off(0, tiers=TIERS))))
    assert (answer.offs, answer.results[0].tier) == ([expected], tier)


def test_no_tier_reached_is_a_condition_not_met():
    row = run([line(99)], group(step(off(0, tiers=TIERS)))).results[0]
    assert (row.status, row.cond) == (Status.CONDITION_NOT_MET, -1)
    assert (row.measure, row.required, row.actual) == (Measure.AMOUNT, 100, 99)


def test_tiers_may_read_other_lines_and_quantities():
    tiers = (Tier(3, Kind.OFF, 10),)
    effect = off(0, tiers=tiers, tier_measure=Measure.QUANTITY, tier_lines=ALL_PRODUCTS)
    assert taken([line(50), line(1, 2)], effect, on=[0]) == 10


def test_so_much_for_each_full_multiple():
    tiers = (Tier(100, Kind.OFF, 10),)
    assert taken([line(350)], off(0, tiers=tiers, tier_every=1)) == 30


def test_graduated_tiers_go_by_unit_position_dearest_first():
    tiers = (Tier(2, Kind.PERCENT, 1000), Tier(4, Kind.PERCENT, 5000))
    effect = off(0, Place.UNIT, tiers=tiers, graduated=1)

    answer = run([line(100, 3), line(60, 3)], group(step(effect)))

    assert answer.taken(0) == [(0, 1, 2, 20), (1, 0, 3, 90)]
    assert answer.results[0].tier == 2


def test_the_second_unit_of_each_line():
    tiers = (Tier(2, Kind.PERCENT, 5000), Tier(3, Kind.OFF, 0))
    effect = off(0, Place.UNIT, tiers=tiers, graduated=1, limit_per_line=1)
    assert run([line(100, 3), line(60, 2)], group(step(effect))).payable == [250, 90]


# --- how often -----------------------------------------------------------------------------------


def test_a_multiplier_scales_amounts_and_unit_limits():
    often = {"times_measure": Measure.AMOUNT, "times_every": 100}
    assert taken([line(350)], off(10, scale=Scale.VALUE), **often) == 30
    assert taken([line(350)], off(10, scale=Scale.VALUE), times_max=2, **often) == 20
    units = off(10, Place.UNIT, unit_limit=1, scale=Scale.UNIT_LIMIT)
    assert taken([line(50, 7)], units, **often) == 30


def test_a_multiplier_that_is_not_reached_once():
    answer = run([line(99)], group(step(off(9), times_measure=Measure.AMOUNT, times_every=100)))
    row = answer.results[0]
    assert (row.status, row.required, row.actual) == (Status.CONDITION_NOT_MET, 100, 99)


# --- conditions ----------------------------------------------------------------------------------


def leaf(required, **more):
    return Cond(required=required, **more)


@pytest.mark.parametrize(
    ("cond", "met"),
    [
        (leaf(90), True),
        (leaf(91), False),
        (leaf(100, base=Base.LIST), True),
        (leaf(90, base=Base.ORIGINAL, compare=Compare.EQUAL), True),
        (leaf(90, compare=Compare.ABOVE), False),
        (leaf(90, compare=Compare.AT_MOST), True),
        (leaf(90, compare=Compare.BELOW), False),
        (leaf(80, base=Base.OTHER), True),
        (leaf(141, lines=ALL_WITH_DELIVERY), False),
        (leaf(140, lines=ALL_WITH_DELIVERY), True),
        (leaf(3, measure=Measure.QUANTITY, lines=ALL_WITH_DELIVERY), False),
        (leaf(2, measure=Measure.LINE_QUANTITY), True),
        (leaf(2, measure=Measure.DISTINCT), False),
        (leaf(0, lines=1, compare=Compare.EQUAL), True),
    ],
)
def test_measures_of_a_condition(cond, met):
    cart = [line(50, 2, outside_minor=10, other_minor=40), line(50, delivery=1)]
    answer = run(cart, group(step(off(5), conds=[cond], lists=[[]])))
    assert (answer.statuses == [Status.APPLIED]) is met


FACT = Cond(measure=Measure.FACT, required=2)
MET = Cond(required=0)


@pytest.mark.parametrize(
    ("fact", "conds", "met"),
    [
        (2, [FACT], True),
        (1, [FACT], False),
        (1, [FACT, Cond(Node.NOT, 1)], False),
        (0, [FACT, Cond(Node.NOT, 1)], True),
        (1, [FACT, MET, Cond(Node.ANY, 2)], True),
        (1, [FACT, MET, Cond(Node.ALL, 2)], False),
        (0, [FACT, MET], False),
    ],
)
def test_what_is_unknown_stays_unknown(fact, conds, met):
    answer = run([line(50)], group(step(off(5), conds=conds, facts=[fact])))
    assert (answer.statuses == [Status.APPLIED]) is met


def test_the_first_leaf_that_failed_is_told_and_all_of_them_in_a_trace():
    conds = [MET, FACT, Cond(required=99)]
    answer = run([line(50)], group(step(off(5), conds=conds, facts=[0])), trace=1)
    assert answer.results[0].cond == 1
    assert answer.leaves == [LeafRow(0, 0, 50, 2), LeafRow(0, 1, 0, 0), LeafRow(0, 2, 50, 0)]


def test_reduced_lines_are_left_out_if_so_told():
    cart = [line(100), line(100)]
    answer = run(cart, group(step(off(10), on=[0])), group(step(off(20), skip_reduced=1)))
    assert answer.payable == [90, 80]


# --- sets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("units", "expected", "times"), [(2, 0, 0), (3, 100, 1), (5, 100, 1), (7, 200, 2)]
)
def test_buy_two_get_one(units, expected, times):
    free = percent(10_000, pattern=(trigger(2), reward(1)))
    answer = run([line(100, units)], group(step(free)))
    assert (answer.offs, answer.results[0].times) == ([expected], times)


def test_what_a_set_lacks_is_told():
    row = run([line(100, 2)], group(step(percent(10_000, pattern=(trigger(2), reward(1)))))).results
    assert (row[0].status, row[0].measure) == (Status.CONDITION_NOT_MET, Measure.QUANTITY)
    assert (row[0].required, row[0].actual) == (1, 0)


def test_the_cheapest_of_three_is_free_whatever_the_order_of_lines():
    free = percent(10_000, pattern=(trigger(2), reward(1)))
    assert taken(lines(10, 30, 20), free) == taken(lines(30, 20, 10), free) == 10


def test_three_for_a_price_over_lines_and_sets():
    three = costs(100, Place.POOL, pattern=(reward(3),))
    answer = run([line(50, 4), line(40, 3)], group(step(three)))
    # 3 x 50, then 50 + 2 x 40; one unit is left.
    assert answer.payable == [200 - 50 - 12, 120 - 18]
    assert [(take.application, take.line) for take in answer.takes] == [(0, 0), (1, 0), (1, 1)]


def test_a_bundle_of_two_products():
    bundle = costs(100, Place.POOL, pattern=(reward(1, 1), reward(2, 2)))
    answer = run([line(80, 3), line(30, 4)], group(step(bundle, lists=[[0], [1]])))
    assert answer.total == 80 + 2 * 100


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"repeat_max": 2}, 200),
        ({"unit_limit": 1}, 100),
        ({"cap_minor": 250}, 250),
        ({}, 300),
    ],
)
def test_limits_of_sets(more, expected):
    free = percent(10_000, pattern=(trigger(2), reward(1)), **more)
    assert taken([line(100, 9)], free) == expected


def test_a_cap_that_bites_ends_the_sets():
    free = percent(10_000, pattern=(trigger(2), reward(1)), cap_minor=150)
    row = run([line(100, 9)], group(step(free))).results[0]
    assert (row.off_minor, row.times) == (150, 2)


@pytest.mark.parametrize(("partial", "expected"), [(0, 0), (1, 10)])
def test_a_last_set_may_have_fewer_rewards(partial, expected):
    free = percent(10_000, pattern=(trigger(1, 1), reward(2, 2)), partial=partial)
    assert taken(lines(50, 10), free, lists=[[0], [1]]) == expected


def test_a_set_may_be_booked_on_all_its_units():
    free = percent(10_000, pattern=(trigger(2), reward(1)), spread=1)
    answer = run([line(60, 2), line(30)], group(step(free)))
    assert answer.payable == [96, 24]


def test_used_units_are_no_triggers_again_unless_a_group_resets():
    first = step(percent(10_000, pattern=(trigger(1), reward(1)), mark=1), on=[0])
    again = percent(5000, pattern=(trigger(1), reward(1)), skip_trigger=Used.TRIGGER)

    def price(**more):
        return run([line(100, 2)], group(first), group(step(again), **more)).statuses[1]

    assert price() == Status.APPLIED  # the free unit triggers, the other is rewarded
    none = percent(5000, pattern=(trigger(1), reward(1)), skip_trigger=3)
    second = group(step(none))
    assert run([line(100, 2)], group(first), second).statuses[1] == Status.CONDITION_NOT_MET
    reset = group(step(none), resets=1)
    assert run([line(100, 2)], group(first), reset).statuses[1] == Status.CONDITION_NOT_MET
    three = group(step(none), resets=1)
    assert run([line(100, 3)], group(first), three).statuses[1] == Status.APPLIED


def test_a_million_units_in_sets_are_formed_at_once():
    free = percent(10_000, pattern=(trigger(2), reward(1)))
    answer = run([line(1, 999_999, outside_minor=7)], group(step(free)))
    assert answer.results[0].times == 333_333
    assert len(answer.takes) == 1


# --- gifts and earnings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "off_minor", "added", "worth"),
    [
        (GiftMode.ADD, 0, [GrantRow(0, 0, 3)], 60),
        (GiftMode.FREE, 40, [], 40),
        (GiftMode.TOP_UP, 40, [GrantRow(0, 0, 1)], 60),
    ],
)
def test_a_gift_is_added_or_found_in_the_cart(mode, off_minor, added, worth):
    gift = EffectOp(Kind.GIFT, lines=1, value=3, per=20, gift_mode=mode)
    answer = run([line(100), line(20, 2)], group(step(gift, on=[0], lists=[[1]])))
    assert (answer.offs, answer.grants) == ([off_minor], added)
    assert answer.results[0].worth_minor == worth


def test_what_is_earned_is_told_and_takes_nothing():
    effects = EffectOp(Kind.EARN, value=5), EffectOp(Kind.EARN_RATE, value=250)
    answer = run([line(100)], group(step(*effects)))
    assert (answer.payable, answer.statuses) == ([100], [Status.APPLIED])
    assert answer.grants == [GrantRow(0, 0, 5), GrantRow(0, 1, 3)]


# --- who pays ------------------------------------------------------------------------------------


def test_funders_bear_their_shares_and_roundings_cancel_out_over_takes():
    answer = run(lines(10, 10, 10, 10), group(step(off(1, Place.LINE), funders=[5000, 5000])))
    assert answer.shares == [1, 0, 0, 1, 1, 0, 0, 1]


def test_left_over_units_go_to_the_funders_that_lag_most():
    answer = run(lines(10, 10), group(step(off(5, Place.LINE), funders=[1000, 3000, 6000])))
    assert answer.shares == [1, 1, 3, 0, 2, 3]
