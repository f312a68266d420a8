"""The bounds that `plan.py` and `program.py` state, as a check: what both kernels refuse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rangli.activities.policies.spec import GROUPS_MAX
from rangli.activities.program import (
    ALL_WITH_DELIVERY,
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
    OtherPrice,
    Pick,
    Place,
    Program,
    Programs,
    Role,
    Rounding,
    RoundingOf,
    Scale,
    StopScope,
    Tier,
    Used,
    Weight,
)
from rangli.core.money import BPS, CART_MINOR_MAX, LINE_MINOR_MAX, LINES_MAX, QUANTITY_MAX
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
    rows,
    width,
)

DELIVERIES_MAX = 100
NODES_MAX = 10**6
EFFECTS_MAX = 20

# Every kind takes a value; those off a price may stand in patterns, entries and graduated tiers.
_OFF_KINDS = {Kind.PRICE, Kind.OFF, Kind.PERCENT}
_RATES = {Kind.PERCENT, Kind.EARN_RATE}
_BASES = set(Base) - {Base.OTHER}
_MEASURES = set(Measure) - {Measure.FACT}


def check(programs: Programs, tree: Tree, plan: Plan) -> None:
    """Raise ValueError if tree or plan, or a program that a step uses, breaks its bounds."""
    groups = _tree(tree)
    cart = _rows(plan.cart, CartRow)
    _cart(cart)
    steps = _rows(plan.steps, StepRow)
    _plan(plan, steps)
    _steps(programs, plan, steps, groups, len(cart))


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _rows(numbers: Sequence[int], row: type) -> list[Any]:
    _require(len(numbers) % width(row) == 0, f"not whole rows of {row.__name__}")
    return rows(numbers, row)


def _bits(*flags: int) -> bool:
    return all(flag in {0, 1} for flag in flags)


def _limit(*values: int) -> bool:
    return all(0 <= value <= VALUE_MAX for value in values)


# --- the policy -----------------------------------------------------------------------------


def _tree(tree: Tree) -> list[Group]:
    groups: list[Group] = _rows(tree.groups, Group)
    _require(len(groups) <= GROUPS_MAX, "number of groups")
    _require(1 <= tree.node_limit <= NODES_MAX, "node_limit")
    _require(len(tree.money) == width(Money), "one row of money")
    _money(_rows(tree.money, Money)[0])
    last_path: list[int] = []
    for number, group in enumerate(groups):
        _group(group)
        # Preorder: the parent is the group before, or one of those it stands in.
        while last_path and last_path[-1] != group.parent:
            last_path.pop()
        _require(group.parent == -1 or bool(last_path), "parent is not in preorder")
        last_path.append(number)
        above = [groups[each] for each in last_path[:-1]]
        _require(all(each.scope == Scope.CART for each in above), "scope above child groups")
        _require(all(each.mode != Mode.BEST for each in above), "a BEST group with child groups")
        if group.mode == Mode.BEST:
            _require(all(each.mode == Mode.ALL for each in above), "BEST stands under ALL only")
    return groups


def _group(group: Group) -> None:
    _require(group.mode in set(Mode) and group.scope in set(Scope), "mode or scope")
    _require(group.base in _BASES, "base of a group")
    _require(_limit(group.most, group.limit_minor), "most or limit_minor")
    _require(_bits(group.any_order, group.resets, group.zero_counts), "a group's flags")
    _require(group.mode != Mode.BEST or group.scope != Scope.UNIT, "BEST by unit")


def _money(money: Money) -> None:
    _require(money.rounding in set(Rounding), "rounding")
    _require(money.rounding_of in set(RoundingOf), "rounding_of")
    _require(money.weight in set(Weight), "weight")
    _require(money.share_rounding in set(Rounding), "share_rounding")
    _require(money.leftover in set(Leftover), "leftover")
    _require(_bits(money.share_again), "share_again")


# --- the cart -------------------------------------------------------------------------------


def _cart(cart: Sequence[CartRow]) -> None:
    _require(all(_bits(row.delivery) for row in cart), "delivery")
    deliveries = sum(row.delivery for row in cart)
    _require(deliveries <= DELIVERIES_MAX, "number of delivery groups")
    _require(len(cart) - deliveries <= LINES_MAX, "number of lines")
    list_minor = other_minor = 0
    for row in cart:
        _require(1 <= row.quantity <= (1 if row.delivery else QUANTITY_MAX), "quantity")
        amount = row.unit_minor * row.quantity
        _require(0 <= amount <= LINE_MINOR_MAX, "list amount of a line")
        _require(0 <= row.outside_minor <= amount, "outside_minor")
        _require(0 <= row.floor_minor <= amount - row.outside_minor, "floor_minor")
        _require(row.other_minor >= -1, "other_minor")
        _require(row.other_minor * row.quantity <= LINE_MINOR_MAX, "other amount of a line")
        list_minor += amount
        other_minor += max(0, row.other_minor) * row.quantity
    _require(list_minor <= CART_MINOR_MAX, "list amount of the cart")
    _require(other_minor <= CART_MINOR_MAX, "other amount of the cart")


# --- the steps ------------------------------------------------------------------------------


def _plan(plan: Plan, steps: Sequence[StepRow]) -> None:
    _require(plan.off_max_minor == NO_LIMIT or _limit(plan.off_max_minor), "off_max_minor")
    _require(0 <= plan.node_limit <= NODES_MAX, "node_limit")
    _require(_bits(plan.trace), "trace")
    for step in steps:
        counts = step.lines, step.lists, step.facts
        _require(all(0 <= count <= VALUE_MAX for count in counts), "counts of a step")
        _require(_bits(step.entries), "entries of a step")
    _require(sum(step.lines for step in steps) == len(plan.lines), "number of lines of steps")
    _require(sum(step.lists for step in steps) == len(plan.list_ends), "number of lists")
    _require(sum(step.facts for step in steps) == len(plan.facts), "number of facts")
    _require(all(fact in {0, 1, 2} for fact in plan.facts), "a fact")
    entries = sum(step.lines for step in steps if step.entries)
    _require(len(plan.entries) == entries * width(EntryRow), "number of entries")
    ends = [0, *plan.list_ends]
    _require(ends == sorted(ends) and ends[-1] == len(plan.list_lines), "list_ends")
    for entry in _rows(plan.entries, EntryRow):
        _require(entry.kind in _OFF_KINDS, "kind of an entry")
        _value(entry.kind, entry.value)
        _require(1 <= entry.per <= VALUE_MAX, "per of an entry")


def _steps(
    programs: Programs, plan: Plan, steps: Sequence[StepRow], groups: Sequence[Group], cart: int
) -> None:
    parents = {group.parent for group in groups}
    line = lists = group = 0
    ends = [0, *plan.list_ends]
    for step in steps:
        _require(group <= step.group < len(groups), "group of a step falls or is none")
        group = step.group
        _require(group not in parents, "a step in a group with child groups")
        _require(0 <= step.program < len(programs.programs), "program of a step")
        _step(step)
        _rising(plan.lines[line : line + step.lines], cart)
        line += step.lines
        for each in range(lists, lists + step.lists):
            _rising(plan.list_lines[ends[each] : ends[each + 1]], cart)
        lists += step.lists
        _program(programs.programs[step.program], step)


def _rising(lines: Iterable[int], cart: int) -> None:
    last = -1
    for line in lines:
        _require(last < line < cart, "lines do not rise or name no line")
        last = line


def _step(step: StepRow) -> None:
    flags = step.credential, step.exclusive, step.stop_matched, step.cut
    _require(_bits(*flags), "a step's flags")
    _require(step.exclusion >= 0, "exclusion")
    _require(step.stop in set(StopScope), "stop")
    for left in (step.amount_left, step.units_left, step.uses_left):
        _require(left == NO_LIMIT or _limit(left), "what a limit leaves")


# --- the programs ---------------------------------------------------------------------------


def _program(program: Program, step: StepRow) -> None:
    _conds(program.conds, step)
    _require(1 <= len(program.effects) <= EFFECTS_MAX, "number of effects")
    for effect in program.effects:
        _effect(effect, step)
    _require(all(1 <= bps <= BPS for bps in program.funder_bps), "funder_bps")
    _require(sum(program.funder_bps) == BPS, "shares of funders")
    _require(0 <= program.remainder_funder <= len(program.funder_bps), "remainder_funder")
    flags = program.first_only, program.skip_reduced, program.cap_other_price
    _require(_bits(*flags), "a program's flags")
    _require(_limit(program.cap_minor, program.times_max), "cap_minor or times_max")
    _require(program.base == 0 or program.base in _BASES, "base of a program")
    if program.times_measure:
        _require(program.times_measure in _MEASURES, "times_measure")
        _require(program.times_base in set(Base), "times_base")
        _list(program.times_lines, step)
        _require(1 <= program.times_every <= VALUE_MAX, "times_every")


def _list(number: int, step: StepRow) -> None:
    _require(ALL_WITH_DELIVERY <= number <= step.lists, "number of a list of lines")


def _conds(conds: Sequence[Cond], step: StepRow) -> None:
    """Postfix: no row joins more rows than stand before it."""
    depth = 0
    for cond in conds:
        _require(cond.node in set(Node), "node")
        if cond.node == Node.LEAF:
            _require(cond.arity == 0, "arity of a leaf")
            _leaf(cond, step)
            depth += 1
            continue
        _require(1 <= cond.arity <= depth, "arity")
        _require(cond.node != Node.NOT or cond.arity == 1, "arity of NOT")
        depth -= cond.arity - 1


def _leaf(cond: Cond, step: StepRow) -> None:
    _require(cond.measure in set(Measure) and cond.compare in set(Compare), "measure or compare")
    if cond.measure == Measure.FACT:
        _require(cond.compare == Compare.AT_LEAST and cond.required == 2, "a fact's comparison")
        _require(0 <= cond.fact < step.facts, "number of a fact")
        return
    _require(cond.measure != Measure.AMOUNT or cond.base in set(Base), "base of a leaf")
    _require(_limit(cond.required), "required")
    _list(cond.lines, step)


def _effect(effect: EffectOp, step: StepRow) -> None:
    _require(effect.kind in set(Kind) and effect.place in set(Place), "kind or place")
    _require(effect.kind != Kind.ENTRY or step.entries == 1, "ENTRY without entries")
    _list(effect.lines, step)
    _value(effect.kind, effect.value)
    _require(1 <= effect.per <= VALUE_MAX or (effect.kind == Kind.GIFT and effect.per == 0), "per")
    _require(_limit(effect.cap_minor, effect.unit_limit, effect.repeat_max), "a limit")
    _require(effect.pick in set(Pick), "pick")
    _require(0 <= effect.scale <= Scale.VALUE | Scale.UNIT_LIMIT, "scale")
    used = Used.TRIGGER | Used.REWARD
    _require(0 <= effect.skip_trigger <= used and 0 <= effect.skip_reward <= used, "skip")
    flags = effect.limit_per_line, effect.partial, effect.spread, effect.mark
    _require(_bits(*flags, effect.graduated, effect.tier_every), "an effect's flags")
    _roundings(effect)
    _require(effect.kind != Kind.GIFT or effect.gift_mode in set(GiftMode), "gift_mode")
    _require(0 <= effect.other_price <= OtherPrice.VALUE | OtherPrice.CAP, "other_price")
    _tiers(effect, step)
    if effect.pattern:
        _pattern(effect, step)


def _value(kind: int, value: int) -> None:
    _require(0 <= value <= (BPS if kind in _RATES else VALUE_MAX), "value")


def _roundings(effect: EffectOp) -> None:
    for number, kind in (
        (effect.rounding, Rounding),
        (effect.rounding_of, RoundingOf),
        (effect.weight, Weight),
        (effect.share_rounding, Rounding),
        (effect.leftover, Leftover),
    ):
        _require(number == 0 or number in set(kind), "an effect's rounding")


def _tiers(effect: EffectOp, step: StepRow) -> None:
    tiers = effect.tiers
    _require(bool(tiers) or not (effect.graduated or effect.tier_every), "no tiers")
    if not tiers:
        return
    _require(effect.tier_measure in _MEASURES and effect.tier_base in set(Base), "what tiers read")
    _list(effect.tier_lines, step)
    last = -1
    for tier in tiers:
        _require(last < tier.minimum <= VALUE_MAX, "minimum of a tier")
        last = tier.minimum
        _tier(tier, effect, step)
    if effect.graduated:
        _require(effect.place == Place.UNIT and not effect.pattern, "place of graduated tiers")
        _require(all(tier.kind in _OFF_KINDS for tier in tiers), "kind of graduated tiers")
        _require(effect.kind in _OFF_KINDS, "kind of a graduated effect")
    if effect.tier_every:
        _require(len(tiers) == 1 and not effect.graduated, "tier_every with several tiers")
        _require(tiers[0].kind == Kind.OFF and tiers[0].minimum >= 1, "tier_every")


def _tier(tier: Tier, effect: EffectOp, step: StepRow) -> None:
    _require(tier.kind in set(Kind), "kind of a tier")
    _require(tier.kind != Kind.ENTRY or step.entries == 1, "ENTRY without entries")
    gift = tier.kind == Kind.GIFT
    _require(not gift or effect.gift_mode in set(GiftMode), "gift_mode")
    _require(gift or effect.per >= 1, "per")
    _value(tier.kind, tier.value)
    _require(_limit(tier.cap_minor), "cap_minor of a tier")


def _pattern(effect: EffectOp, step: StepRow) -> None:
    kinds = {tier.kind for tier in effect.tiers} or {effect.kind}
    _require(kinds <= _OFF_KINDS, "kind with a pattern")
    _require(effect.place != Place.LINE, "place with a pattern")
    for part in effect.pattern:
        _component(part, step)
    _require(any(part.role == Role.REWARD for part in effect.pattern), "no reward")


def _component(part: Component, step: StepRow) -> None:
    _list(part.lines, step)
    _require(1 <= part.count <= QUANTITY_MAX, "count")
    _require(part.role in set(Role) and part.pick in set(Pick), "role or pick")
