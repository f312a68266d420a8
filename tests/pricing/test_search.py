"""The search for the cheapest cart, against trying out everything."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations, product
from random import Random

import pytest

from rangli.activities.program import Base, EffectOp, Kind, Place, Program, Tier, assemble
from rangli.pricing import _stacking, stacking
from rangli.pricing.plan import CartRow, EntryRow, Group, Mode, Money, Plan, Scope, StepRow, Tree
from tests.pricing.strategies import Problem, problem, rows, table

kernels = pytest.mark.parametrize(
    ("price", "cases"),
    [(_stacking.price, 10_000), (stacking.price, 400)],
    ids=["compiled", "reference"],
)
_CHOICES_MAX = 32


@kernels
def test_small_carts_come_out_as_cheap_as_trying_everything(price, cases):
    chosen = proven = by_line = seed = 0
    while chosen < cases:
        seed += 1
        made = _fitted(problem(Random(seed), lines_max=3, steps_max=4, bests=12))
        ways = list(_ways(made))
        if not 2 <= len(ways) <= _CHOICES_MAX:
            continue
        made[2].node_limit = 1_000_000
        chosen += 1

        outcome = price(*made)

        assert outcome.proven, f"seed {seed}"
        best = min(sum(_stacking.price(*way).payable) for way in ways)
        assert sum(outcome.payable) == best, f"seed {seed}"
        proven += outcome.nodes > 1
        by_line += Scope.LINE in _open_scopes(made)
    # A test of which all cases are trivial would show nothing.
    assert proven > cases // 20
    assert by_line > cases // 20


@kernels
def test_a_lower_item_price_that_breaks_a_threshold_is_not_taken(price, cases):
    cart = rows([CartRow(5_500), CartRow(5_000, product=1)])
    programs = assemble(
        [
            Program((), (EffectOp(Kind.PRICE, Place.UNIT, value=4_900),), (10_000,)),
            Program((), (EffectOp(Kind.OFF, tiers=(Tier(10_000, Kind.OFF, 2_000),)),), (10_000,)),
        ]
    )
    groups = [Group(mode=Mode.BEST, scope=Scope.LINE, most=1), Group(mode=Mode.LARGEST)]
    steps = rows([StepRow(0, 0, 1), StepRow(1, 1, 2)])
    tree = Tree(rows(groups), rows([Money()]), node_limit=1_000)
    empty = array("q")
    plan = Plan(cart, steps, array("q", [0, 0, 1]), empty, empty, empty, empty)

    outcome = price(programs, tree, plan)

    assert (sum(outcome.payable), outcome.proven) == (8_500, 1)
    plan.node_limit = 1
    assert sum(price(programs, tree, plan).payable) == 9_900


@kernels
def test_a_hostile_cart_ends_at_its_node_limit_with_the_best_found_so_far(price, cases):
    made = hostile(Random(7), lines=100, coupons=60)
    limit = 2_000 if price is _stacking.price else 12
    made[2].node_limit = 1
    first = price(*made)
    made[2].node_limit = limit

    outcome = price(*made)

    assert outcome.nodes == limit
    assert not outcome.proven
    assert 0 < outcome.gap_minor <= sum(outcome.payable)
    assert sum(outcome.payable) <= sum(first.payable)


def hostile(chance: Random, *, lines: int, coupons: int) -> Problem:
    """Overlapping coupons with thresholds, of which any subset may be used."""
    cart = rows(CartRow(chance.randint(500, 9_999), chance.randint(1, 3)) for _ in range(lines))
    programs, steps, touched = [], [], array("q")
    for number in range(coupons):
        own = sorted(chance.sample(range(lines), chance.randint(lines // 4, lines)))
        touched.extend(own)
        minimum = chance.randint(10_000, 200_000)
        kind = chance.choice([Kind.OFF, Kind.PERCENT])
        value = chance.randint(500, 3_000) if kind == Kind.OFF else chance.randint(100, 1_500)
        effect = EffectOp(kind, tiers=(Tier(minimum, kind, value),))
        programs.append(Program((), (effect,), (10_000,)))
        steps.append(StepRow(0, number, len(own), credential=1))
    empty = array("q")
    return (
        assemble(programs),
        Tree(rows([Group(mode=Mode.BEST, most=10)]), rows([Money()]), 2_000),
        Plan(cart, rows(steps), touched, empty, empty, empty, empty),
    )


def _fitted(made: Problem) -> Problem:
    """The problem, with what is open in it such that it can be tried out one by one.

    Winners of lines act with the tier and multiplier they bid with, which a plan without the search
    cannot say; so there effects act on each line by itself. What counts although it takes nothing
    (zero_counts, stop_matched) counts whether it is chosen or not: nor can that be said.
    """
    programs, tree, plan = made
    groups = table(Group, tree.groups)
    steps = table(StepRow, plan.steps)
    changed = list(programs.programs)
    for number, group in enumerate(groups):
        if group.mode != Mode.BEST:
            continue
        members = [index for index, step in enumerate(steps) if step.group == number]
        group.zero_counts = 0
        for index in members:
            steps[index].stop_matched = 0
        if any(steps[index].entries for index in members):
            group.scope = Scope.CART
        if group.scope == Scope.LINE:
            group.most, group.limit_minor = 1, 0
            group.base = Base.LIST if group.base == Base.LIST else Base.RUNNING
            for index in members:
                step = steps[index]
                changed[step.program] = _by_line(changed[step.program])
                plain = StepRow(number, step.program, step.lines, step.lists, step.facts)
                steps[index] = replace(plain, credential=step.credential)
    plan.steps = rows(steps)
    return assemble(changed), replace(tree, groups=rows(groups)), plan


def _open_scopes(made: Problem) -> set[int]:
    """What the choices that are left to the search are for: the cart, or each line."""
    _, tree, plan = made
    groups = table(Group, tree.groups)
    stepped = [groups[step.group] for step in table(StepRow, plan.steps)]
    return {group.scope for group in stepped if group.mode == Mode.BEST}


def _by_line(program: Program) -> Program:
    effect = program.effects[0]
    kind = effect.kind if effect.kind in (Kind.PRICE, Kind.PERCENT) else Kind.OFF
    effect = EffectOp(kind, Place.LINE, value=effect.value, rounding=effect.rounding)
    return replace(program, conds=(), effects=(effect,), times_measure=0, cap_minor=0)


def _ways(made: Problem) -> Iterator[Problem]:
    """The problem with every choice that is open made in advance."""
    programs, tree, plan = made
    groups = table(Group, tree.groups)
    steps = table(StepRow, plan.steps)
    alternatives = []
    for number, group in enumerate(groups):
        members = [index for index, step in enumerate(steps) if step.group == number]
        if group.mode != Mode.BEST or not members:
            alternatives.append([[(index, None) for index in members]])
        elif group.scope == Scope.LINE:
            alternatives.append(_assignments(plan, steps, members))
        else:
            alternatives.append(_subsets(group, members))
    fixed = [
        replace(group, mode=Mode.ALL, scope=Scope.CART, most=0, any_order=0)
        if group.mode == Mode.BEST
        else group
        for group in groups
    ]
    fixed_tree = Tree(rows(fixed), tree.money, 1)
    count = 1
    for options in alternatives:
        count *= len(options)
    if count > _CHOICES_MAX:
        return
    for choice in product(*alternatives):
        kept = [item for group in choice for item in group]
        yield programs, fixed_tree, _only(plan, steps, kept)


_Kept = tuple[int, list[int] | None]


def _subsets(group: Group, members: Sequence[int]) -> list[list[_Kept]]:
    most = group.most or len(members)
    sizes = range(min(most, len(members)) + 1)
    arrange = permutations if group.any_order else combinations
    return [[(index, None) for index in way] for size in sizes for way in arrange(members, size)]


def _assignments(plan: Plan, steps: Sequence[StepRow], members: Sequence[int]) -> list[list[_Kept]]:
    """Per line one of the members that touch it, or none."""
    lines_of = _lines_of(plan, steps)
    lines = sorted({line for index in members for line in lines_of[index]})
    rivals = [[-1, *(i for i in members if line in lines_of[i])] for line in lines]
    count = 1
    for options in rivals:
        count *= len(options)
    if count > _CHOICES_MAX:
        return [[]] * (_CHOICES_MAX + 1)
    return [
        [(i, [n for n, w in zip(lines, winners, strict=True) if w == i]) for i in members]
        for winners in product(*rivals)
    ]


def _lines_of(plan: Plan, steps: Sequence[StepRow]) -> list[list[int]]:
    found, at = [], 0
    for step in steps:
        found.append(list(plan.lines[at : at + step.lines]))
        at += step.lines
    return found


def _only(plan: Plan, steps: Sequence[StepRow], kept: Sequence[_Kept]) -> Plan:
    """The plan with these steps alone, in this order, on these of their lines."""
    lines_of = _lines_of(plan, steps)
    entries = table(EntryRow, plan.entries)
    made = Plan(plan.cart, *(array("q") for _ in range(6)), off_max_minor=plan.off_max_minor)
    made.node_limit = 1
    chosen = []
    for index, lines in kept:
        step = steps[index]
        before = steps[:index]
        own = lines_of[index] if lines is None else lines
        made.lines.extend(own)
        if step.entries:
            first = sum(other.lines for other in before if other.entries)
            made.entries.extend(rows(entries[first : first + step.lines]))
        first_list = sum(other.lists for other in before)
        for number in range(first_list, first_list + step.lists):
            begin = plan.list_ends[number - 1] if number else 0
            made.list_lines.extend(plan.list_lines[begin : plan.list_ends[number]])
            made.list_ends.append(len(made.list_lines))
        first_fact = sum(other.facts for other in before)
        made.facts.extend(plan.facts[first_fact : first_fact + step.facts])
        chosen.append(replace(step, lines=len(own)))
    made.steps = rows(chosen)
    return made
