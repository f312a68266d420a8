"""Programs, policies and plans by chance: everything that the kernels' bounds allow.

Draws from a `Random`, so that one generator serves Hypothesis (`st.randoms()`, which shrinks what
fails) and quick sweeps over many thousand seeds.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from functools import cache
from itertools import pairwise
from operator import attrgetter
from random import Random
from typing import Any

from rangli.activities.program import (
    ALL_PRODUCTS,
    ALL_WITH_DELIVERY,
    ELIGIBLE,
    Base,
    Compare,
    Component,
    Cond,
    EffectOp,
    GiftMode,
    Kind,
    Leftover,
    Measure,
    Node,
    Pick,
    Place,
    Program,
    Programs,
    Role,
    Rounding,
    RoundingOf,
    StopScope,
    Tier,
    Weight,
    assemble,
)
from rangli.core.money import BPS, LINE_MINOR_MAX, QUANTITY_MAX
from rangli.pricing.plan import (
    NO_LIMIT,
    VALUE_MAX,
    CartRow,
    EntryRow,
    Group,
    Mode,
    Money,
    Plan,
    Scope,
    StepRow,
    Tree,
    width,
)

Problem = tuple[Programs, Tree, Plan]

_RATES = [0, 1, 333, 500, 1_000, 3_333, 5_000, 9_999, BPS]
_DISCOUNT_BASES = [Base.RUNNING, Base.GROUP_START, Base.LIST, Base.ORIGINAL]


def rows(items: Iterable[Any]) -> array[int]:
    """Rows as the kernels read them."""
    return array("q", (int(value) for item in items for value in _values(type(item))(item)))


@cache
def _values(row: type) -> Callable[[Any], tuple[Any, ...]]:
    """All fields of a row; quicker than `astuple`, which copies deeply."""
    return attrgetter(*(field.name for field in fields(row)))


def table(row: type, numbers: array[int]) -> list[Any]:
    """The rows that an array holds."""
    step = width(row)
    assert len(numbers) % step == 0
    return [row(*numbers[at : at + step]) for at in range(0, len(numbers), step)]


def problem(chance: Random, *, lines_max: int = 6, steps_max: int = 8, bests: int = 2) -> Problem:
    """A cart, a policy of up to seven groups and up to eight activities.

    bests: how often a group is BEST, beside five times something else; 0: never.
    """
    # Small numbers make ties, roundings and clamps; large ones reach for overflow.
    most = chance.choice([12, 300, 2_000, 2_000, VALUE_MAX])
    cart = [_cart_row(chance, most) for _ in range(chance.randint(1, lines_max))]
    cart.sort(key=lambda row: row.delivery)
    groups = _groups(chance, most, bests)
    leaves = _leaves(groups)
    programs: list[Program] = []
    steps: list[StepRow] = []
    plan = Plan(rows(cart), *(array("q") for _ in range(6)))
    for leaf in leaves:
        for _ in range(chance.choice([0, 1, 2, 2, 3])):
            if len(steps) < steps_max:
                _add_step(
                    chance,
                    plan,
                    steps=steps,
                    programs=programs,
                    leaf=leaf,
                    group=groups[leaf],
                    lines=len(cart),
                    most=most,
                )
    plan.steps = rows(steps)
    list_minor = sum(row.unit_minor * row.quantity for row in cart)
    plan.off_max_minor = chance.choice([NO_LIMIT, NO_LIMIT, chance.randint(0, list_minor)])
    plan.trace = chance.randint(0, 1)
    tree = Tree(rows(groups), rows([_money(chance)]), chance.choice([1, 3, 50, 5_000]))
    return assemble(programs), tree, plan


def _cart_row(chance: Random, most: int) -> CartRow:
    quantity = chance.choice([1, chance.randint(1, 5), chance.randint(1, min(most, QUANTITY_MAX))])
    delivery = chance.random() < 0.1
    if delivery:
        quantity = 1
    unit_max = min(most, LINE_MINOR_MAX // quantity)
    unit_minor = chance.choice([unit_max, chance.randint(0, unit_max)])
    list_minor = unit_minor * quantity
    outside_minor = chance.choice([0, 0, 0, chance.randint(0, list_minor)])
    left_minor = list_minor - outside_minor
    return CartRow(
        unit_minor,
        quantity,
        outside_minor,
        floor_minor=chance.choice([0, 0, 0, left_minor, chance.randint(0, left_minor)]),
        other_minor=chance.choice([-1, chance.randint(0, unit_max)]),
        product=chance.randint(0, 3),
        delivery=int(delivery),
    )


def _groups(chance: Random, most: int, bests: int) -> list[Group]:
    """A forest in preorder; only leaves get steps."""
    groups: list[Group] = []
    for _ in range(chance.randint(1, 4)):
        root = len(groups)
        groups.append(_group(chance, most, -1, bests=bests))
        if chance.random() < 0.25:
            groups[root].scope = Scope.CART
            groups[root].any_order = 0
            if groups[root].mode == Mode.BEST:
                groups[root].mode = Mode.LARGEST
            inside = bests if groups[root].mode == Mode.ALL else 0
            children = range(chance.randint(1, 3))
            groups += [_group(chance, most, root, bests=inside) for _ in children]
    return groups


def _group(chance: Random, most: int, parent: int, *, bests: int) -> Group:
    modes = [Mode.ALL, Mode.ALL, Mode.FIRST, Mode.LARGEST, Mode.SMALLEST]
    mode = chance.choice([*modes, *[Mode.BEST] * bests])
    scope = chance.choice([Scope.CART, Scope.CART, Scope.LINE, Scope.UNIT])
    if mode == Mode.BEST and scope == Scope.UNIT:
        scope = Scope.LINE
    return Group(
        parent=parent,
        mode=mode,
        scope=scope,
        base=chance.choice([Base.RUNNING, *_DISCOUNT_BASES]),
        most=chance.choice([0, 0, 1, 2]),
        limit_minor=chance.choice([0, 0, 0, chance.randint(1, most)]),
        any_order=int(mode == Mode.BEST and scope == Scope.CART and chance.random() < 0.3),
        resets=chance.randint(0, 1),
        zero_counts=int(chance.random() < 0.2),
    )


def _leaves(groups: list[Group]) -> list[int]:
    parents = {group.parent for group in groups}
    return [number for number in range(len(groups)) if number not in parents]


def _money(chance: Random) -> Money:
    if chance.random() < 0.4:
        return Money()
    return Money(
        chance.choice(list(Rounding)),
        chance.choice(list(RoundingOf)),
        chance.choice(list(Weight)),
        chance.choice(list(Rounding)),
        chance.choice(list(Leftover)),
        chance.randint(0, 1),
    )


def _add_step(
    chance: Random,
    plan: Plan,
    *,
    steps: list[StepRow],
    programs: list[Program],
    leaf: int,
    group: Group,
    lines: int,
    most: int,
) -> None:
    lists = chance.choice([0, 0, 1, 2])
    facts = chance.choice([0, 0, 1])
    own = _some(chance, lines)
    entries = chance.random() < 0.15
    plan.lines.extend(own)
    if entries:
        plan.entries.extend(rows(_entry(chance, most) for _ in own))
    for _ in range(lists):
        plan.list_lines.extend(_some(chance, lines))
        plan.list_ends.append(len(plan.list_lines))
    plan.facts.extend(chance.randint(0, 2) for _ in range(facts))
    steps.append(
        StepRow(
            leaf,
            len(programs),
            len(own),
            lists,
            facts,
            entries=int(entries),
            credential=chance.randint(0, 1),
            exclusion=chance.choice([*[0] * 9, 1, 1]),
            exclusive=int(chance.random() < 0.02),
            stop=chance.choice([*[StopScope.NONE] * 24, *StopScope]),
            stop_matched=chance.randint(0, 1),
            labels=chance.choice([0, 1, 2, 3]),
            allows=chance.choice([*[-1] * 12, 1, 2]),
            amount_left=chance.choice([*[NO_LIMIT] * 12, 0, chance.randint(0, most)]),
            units_left=chance.choice([*[NO_LIMIT] * 12, chance.randint(0, 6)]),
            uses_left=chance.choice([*[NO_LIMIT] * 12, chance.randint(0, 3)]),
            cut=chance.randint(0, 1),
        )
    )
    programs.append(
        _program(chance, lists, facts, most, entries=entries, unit_scope=group.scope == Scope.UNIT)
    )


def _program(
    chance: Random, lists: int, facts: int, most: int, *, entries: bool, unit_scope: bool
) -> Program:
    cuts = sorted(chance.sample(range(1, BPS), chance.choice([0, 0, 1, 2, 3])))
    effects = tuple(
        _effect(chance, lists, most, entries=entries, unit_scope=unit_scope)
        for _ in range(1 if unit_scope else chance.choice([1, 1, 1, 2]))
    )
    times = chance.choice([0, 0, 0, Measure.AMOUNT, Measure.QUANTITY, Measure.DISTINCT])
    return Program(
        conds=_conds(chance, lists, facts, most),
        effects=effects,
        funder_bps=tuple(end - start for start, end in pairwise([0, *cuts, BPS])),
        # Taken from what is drawn already, so that numbers of plans stay those of the same plans.
        remainder_funder=sum(cuts) % (len(cuts) + 2),
        first_only=chance.randint(0, 1),
        cap_minor=chance.choice([0, 0, 0, chance.randint(1, most)]),
        base=chance.choice([0, 0, 0, *_DISCOUNT_BASES]),
        times_measure=times,
        times_base=chance.choice([*_DISCOUNT_BASES, Base.OTHER]),
        times_lines=_lines(chance, lists),
        times_every=chance.choice([1, 2, chance.randint(1, most)]),
        times_max=chance.choice([0, 0, 1, 3]),
        skip_reduced=int(chance.random() < 0.1),
        cap_other_price=int(chance.random() < 0.1),
    )


def _conds(chance: Random, lists: int, facts: int, most: int) -> tuple[Cond, ...]:
    """Postfix, depth at most two."""
    found: list[Cond] = []
    for _ in range(chance.choice([0, 0, 0, 1, 1, 2])):
        leaves = [_leaf(chance, lists, facts, most) for _ in range(chance.choice([1, 1, 2, 3]))]
        found += leaves
        if len(leaves) > 1 or chance.random() < 0.1:
            found.append(Cond(chance.choice([Node.ALL, Node.ANY]), len(leaves)))
        if chance.random() < 0.15:
            found.append(Cond(Node.NOT, 1))
    return tuple(found)


def _leaf(chance: Random, lists: int, facts: int, most: int) -> Cond:
    if facts and chance.random() < 0.4:
        return Cond(measure=Measure.FACT, required=2, fact=chance.randrange(facts))
    measure = chance.choice(
        [Measure.AMOUNT, Measure.AMOUNT, Measure.QUANTITY, Measure.LINE_QUANTITY, Measure.DISTINCT]
    )
    return Cond(
        measure=measure,
        compare=chance.choice([Compare.AT_LEAST] * 4 + list(Compare)),
        base=chance.choice([Base.RUNNING, *Base]),
        required=chance.choice([0, chance.randint(0, 5), chance.randint(0, most)]),
        lines=_lines(chance, lists),
    )


def _lines(chance: Random, lists: int) -> int:
    return chance.choice(
        [ELIGIBLE, ELIGIBLE, ELIGIBLE, ALL_PRODUCTS, ALL_WITH_DELIVERY, *range(1, lists + 1)]
    )


def _effect(chance: Random, lists: int, most: int, *, entries: bool, unit_scope: bool) -> EffectOp:
    if entries:
        kind = Kind.ENTRY
    elif unit_scope:
        kind = chance.choice([Kind.PRICE, Kind.OFF, Kind.PERCENT])
    else:
        kind = chance.choice([*[Kind.PRICE, Kind.OFF, Kind.PERCENT] * 3, *list(Kind)[4:]])
    patterned = kind in (Kind.PRICE, Kind.OFF, Kind.PERCENT) and chance.random() < 0.3
    patterned = patterned and not unit_scope
    place = chance.choice([Place.UNIT, Place.POOL] if patterned else list(Place))
    if unit_scope:
        place = Place.UNIT
    graduated = place == Place.UNIT and not patterned and chance.random() < 0.1
    least = 1 if graduated else 0
    tiers = _tiers(chance, most, least) if chance.random() < 0.2 or graduated else ()
    if kind not in (Kind.PRICE, Kind.OFF, Kind.PERCENT):
        tiers, graduated = (), False
    every = len(tiers) == 1 and tiers[0].kind == Kind.OFF and tiers[0].minimum > 0
    return EffectOp(
        kind=kind,
        place=place,
        lines=ELIGIBLE if entries else _lines(chance, lists),
        value=_value(chance, kind, most),
        per=chance.choice([1, 1, chance.randint(1, 7)]),
        cap_minor=chance.choice([0, 0, 0, chance.randint(1, most)]),
        unit_limit=chance.choice([0, 0, chance.randint(1, 9)]),
        limit_per_line=chance.randint(0, 1),
        pick=chance.choice(list(Pick)),
        scale=chance.randint(0, 3),
        tiers=tiers,
        tier_measure=Measure.QUANTITY if graduated else chance.choice(list(Measure)[:4]),
        tier_base=chance.choice([*_DISCOUNT_BASES, Base.OTHER]),
        tier_lines=_lines(chance, lists),
        graduated=int(graduated),
        tier_every=int(every and not graduated and chance.random() < 0.5),
        pattern=_pattern(chance, lists) if patterned else (),
        repeat_max=chance.choice([0, 0, 1, 2]),
        partial=chance.randint(0, 1),
        spread=chance.randint(0, 1),
        skip_trigger=chance.choice([0, 3, chance.randint(0, 3)]),
        skip_reward=chance.choice([0, 3, chance.randint(0, 3)]),
        mark=chance.randint(0, 1),
        rounding=chance.choice([0, 0, *Rounding]),
        rounding_of=chance.choice([0, 0, *RoundingOf]),
        weight=chance.choice([0, 0, *Weight]),
        share_rounding=chance.choice([0, 0, *Rounding]),
        leftover=chance.choice([0, 0, *Leftover]),
        gift_mode=chance.choice(list(GiftMode)) if kind == Kind.GIFT else 0,
        other_price=chance.choice([0, 0, 0, 0, 1, 2, 3]),
    )


def _tiers(chance: Random, most: int, least: int) -> tuple[Tier, ...]:
    tiers: list[Tier] = []
    minimum = chance.choice([least, 1, chance.randint(least, most)])
    for _ in range(chance.choice([1, 1, 2, 3])):
        kind = chance.choice([Kind.PRICE, Kind.OFF, Kind.PERCENT])
        cap_minor = chance.choice([0, 0, chance.randint(1, most)])
        tiers.append(Tier(minimum, kind, _value(chance, kind, most), cap_minor))
        minimum = min(VALUE_MAX, minimum + chance.choice([1, 2, chance.randint(1, most)]))
        if minimum <= tiers[-1].minimum:
            break
    return tuple(tiers)


def _pattern(chance: Random, lists: int) -> tuple[Component, ...]:
    parts = [
        Component(
            _lines(chance, lists),
            chance.choice([1, 1, 2, 3]),
            chance.choice([Role.TRIGGER, Role.REWARD]),
            chance.choice(list(Pick)),
        )
        for _ in range(chance.choice([0, 1, 2]))
    ]
    reward = Component(
        _lines(chance, lists), chance.choice([1, 1, 2]), Role.REWARD, chance.choice(list(Pick))
    )
    return (*parts, reward)


def _value(chance: Random, kind: Kind, most: int) -> int:
    if kind in (Kind.PERCENT, Kind.EARN_RATE):
        return chance.choice([chance.choice(_RATES), chance.randint(0, BPS)])
    if kind == Kind.GIFT:
        return chance.randint(1, 3)
    return chance.choice([most, chance.randint(0, most), chance.randint(0, 5)])


def _entry(chance: Random, most: int) -> EntryRow:
    kind = chance.choice([Kind.PRICE, Kind.OFF, Kind.PERCENT])
    return EntryRow(kind, _value(chance, kind, most), chance.randint(1, 4))


def _some(chance: Random, lines: int) -> list[int]:
    share = chance.choice([0.5, 1.0])
    return [line for line in range(lines) if chance.random() < share]


def mutilate(chance: Random, made: Problem) -> Problem:
    """The problem with one number changed, added or taken out, mostly out of bounds then."""
    programs, tree, plan = made
    strange = chance.choice(
        [chance.randint(-3, 12), 501, QUANTITY_MAX + 1, VALUE_MAX + 1, 2**62, 2**63 - 1, -(2**63)]
    )
    if programs.programs and chance.random() < 0.4:
        changed = list(programs.programs)
        number = chance.randrange(len(changed))
        changed[number] = _with_strange(chance, changed[number], strange)
        return assemble(changed), tree, plan
    numbers = chance.choice(
        [
            tree.groups,
            tree.money,
            plan.cart,
            plan.steps,
            plan.lines,
            plan.entries,
            plan.list_ends,
            plan.list_lines,
            plan.facts,
        ]
    )
    way = chance.randint(0, 4)
    if way == 0 or not numbers:
        numbers.append(strange)
    elif way == 1:
        numbers.pop()
    else:
        numbers[chance.randrange(len(numbers))] = strange
    return made


def _with_strange(chance: Random, row: Any, strange: int) -> Any:
    """The row with one of its integers, or one of its rows', replaced."""
    name = chance.choice([each.name for each in fields(row)])
    value = getattr(row, name)
    if not isinstance(value, tuple):
        return replace(row, **{name: strange})
    if not value or chance.random() < 0.1:
        return replace(row, **{name: ()})
    number = chance.randrange(len(value))
    inside = value[number]
    inside = strange if isinstance(inside, int) else _with_strange(chance, inside, strange)
    return replace(row, **{name: (*value[:number], inside, *value[number + 1 :])})
