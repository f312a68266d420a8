"""What is refused before anything is priced."""

from __future__ import annotations

from array import array

import pytest

from rangli.activities.program import Cond, EffectOp, Kind, Measure, Node, Place, Tier
from rangli.pricing.plan import Group, Mode, Money, Scope
from tests.pricing.kernels import Node as Tree
from tests.pricing.kernels import built, group, line, off, percent, reference, reward, run, step

MANY = 10**13


def refused(cart, *groups, **more):
    with pytest.raises(ValueError, match=r"\w"):
        run(cart, *groups, **more)


@pytest.mark.parametrize(
    "row",
    [
        line(-1),
        line(1, 0),
        line(1, 10**6 + 1),
        line(10**12 + 1),
        line(10**7, 10**6),
        line(1, 2, delivery=1),
        line(1, delivery=2),
        line(5, outside_minor=6),
        line(5, outside_minor=3, floor_minor=3),
        line(5, other_minor=-2),
        line(5, 10, other_minor=10**12),
    ],
)
def test_lines_out_of_bounds(row):
    refused([row])


def test_carts_that_are_too_large():
    refused([line(1)] * 501)
    refused([line(1, delivery=1)] * 101)
    refused([line(10**12)] * 11)
    assert run([line(10**12)] * 10).total == MANY
    assert run([line(1)] * 500 + [line(1, delivery=1)] * 100).total == 600


@pytest.mark.parametrize(
    "effect",
    [
        EffectOp(9),
        off(1, 4),
        off(-1),
        off(MANY + 1),
        percent(10_001),
        EffectOp(Kind.EARN_RATE, value=10_001),
        off(1, per=0),
        off(1, cap_minor=-1),
        off(1, unit_limit=MANY + 1),
        off(1, pick=5),
        off(1, scale=4),
        off(1, mark=2),
        off(1, skip_reward=4),
        off(1, rounding=6),
        off(1, leftover=6),
        off(1, weight=6),
        off(1, other_price=4),
        off(1, lines=1),
        off(1, lines=-3),
        EffectOp(Kind.ENTRY),
        EffectOp(Kind.GIFT, value=1),
        off(1, tiers=(Tier(5, Kind.OFF, 1), Tier(5, Kind.OFF, 2))),
        off(1, tiers=(Tier(5, Kind.PERCENT, 10_001),)),
        off(1, tiers=(Tier(0, Kind.OFF, 1),), tier_every=1),
        off(1, tier_every=1),
        off(1, graduated=1),
        off(1, tiers=(Tier(1, Kind.OFF, 1),), graduated=1),
        off(1, tiers=(Tier(1, Kind.OFF, 1),), tier_measure=Measure.FACT),
        off(1, Place.LINE, pattern=(reward(1),)),
        off(1, pattern=(reward(0),)),
        off(1, pattern=(reward(1, 1),)),
        EffectOp(Kind.EARN, pattern=(reward(1),)),
    ],
)
def test_effects_out_of_bounds(effect):
    refused([line(1)], group(step(effect)))


@pytest.mark.parametrize(
    "conds",
    [
        [Cond(6)],
        [Cond(Node.ALL, 1)],
        [Cond(), Cond(Node.ANY, 2)],
        [Cond(), Cond(Node.ANY, 0)],
        [Cond(), Cond(), Cond(Node.NOT, 2)],
        [Cond(arity=1)],
        [Cond(required=-1)],
        [Cond(base=6)],
        [Cond(lines=1)],
        [Cond(measure=Measure.FACT, required=2)],
    ],
)
def test_conditions_out_of_bounds(conds):
    refused([line(1)], group(step(off(1), conds=conds)))


@pytest.mark.parametrize(
    "more",
    [
        {"funders": [9_999]},
        {"funders": [10_000, 0]},
        {"cap_minor": -1},
        {"cap_other_price": 2},
        {"base": 5},
        {"times_measure": 5},
        {"times_measure": 1, "times_every": 0},
        {"times_measure": 1, "times_base": 6},
        {"on": [1]},
        {"on": [0, 0]},
        {"facts": [3]},
        {"exclusion": -1},
        {"stop": 4},
        {"cut": 2},
        {"amount_left": -2},
        {"uses_left": MANY + 1},
    ],
)
def test_steps_out_of_bounds(more):
    refused([line(1)], group(step(off(1), **more)))


BEST = Group(mode=Mode.BEST)


@pytest.mark.parametrize(
    "root",
    [
        group(mode=6),
        group(scope=4),
        group(base=5),
        group(most=-1),
        group(resets=2),
        group(mode=Mode.BEST, scope=Scope.UNIT),
        group(group(), scope=Scope.LINE),
        group(group(), mode=Mode.BEST),
        group(Tree(BEST, []), mode=Mode.LARGEST),
        group(group(), step(off(1))),
    ],
)
def test_policies_out_of_bounds(root):
    refused([line(1)], root)


def test_best_may_stand_under_groups_that_act_in_order():
    assert run([line(9)], group(group(Tree(BEST, [step(off(1))])))).payable == [8]


@pytest.mark.parametrize(
    ("money", "more"),
    [
        (Money(rounding=0), {}),
        (Money(share_again=2), {}),
        (Money(), {"node_limit": 0}),
        (Money(), {"node_limit": 10**6 + 1}),
        (Money(), {"off_max_minor": -2}),
        (Money(), {"trace": 2}),
    ],
)
def test_what_else_is_out_of_bounds(money, more):
    refused([line(1)], money=money, **more)


@pytest.mark.parametrize(
    "name", ["cart", "steps", "lines", "entries", "list_ends", "list_lines", "facts"]
)
def test_arrays_with_a_number_too_many(name):
    programs, tree, plan = built([line(1)], group(step(off(1))))
    setattr(plan, name, getattr(plan, name) + array("q", [0]))

    with pytest.raises(ValueError, match=r"\w"):
        reference(programs, tree, plan)
