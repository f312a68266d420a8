"""The same cart in parts of a minor unit: every amount so many times as large. See `finely.py`."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from typing import Any

from rangli.activities.program import EffectOp, Kind, Measure, Program, Programs, Tier, assemble
from rangli.core.money import CART_MINOR_MAX, LINE_MINOR_MAX
from rangli.pricing.plan import VALUE_MAX, CartRow, EntryRow, Group, Plan, StepRow, Tree, rows


def line_minor_max(digits: int) -> int:
    """The most that a line may cost at list price."""
    return int(LINE_MINOR_MAX // 10**digits)


def cart_minor_max(digits: int) -> int:
    """The most that a cart may cost at list prices, in either basis."""
    return int(CART_MINOR_MAX // 10**digits) - 1


def fits(plan: Plan, digits: int) -> bool:
    """Whether a cart is small enough to be computed with so many further digits."""
    cart = rows(plan.cart, CartRow)
    listed = [row.unit_minor * row.quantity for row in cart]
    other = [max(0, row.other_minor) * row.quantity for row in cart]
    return max([0, *listed, *other]) <= line_minor_max(digits) and max(
        sum(listed), sum(other)
    ) <= cart_minor_max(digits)


def enlarged(programs: Programs, tree: Tree, plan: Plan, scale: int) -> tuple[Programs, Tree, Plan]:
    """All three with amounts so many times as large. Programs are numbered as the steps are."""
    steps = rows(plan.steps, StepRow)
    return (
        assemble([_larger_program(programs.programs[step.program], scale) for step in steps]),
        _larger_tree(tree, scale),
        _larger_plan(plan, steps, scale),
    )


def _times(minor: int, scale: int) -> int:
    """More than any cart holds is as good as what it is cut to."""
    return min(VALUE_MAX, minor * scale)


def _value(kind: int, value: int, scale: int) -> int:
    return _times(value, scale) if kind in {Kind.PRICE, Kind.OFF} else value


def _larger_program(program: Program, scale: int) -> Program:
    by_amount = program.times_measure == Measure.AMOUNT
    return replace(
        program,
        conds=tuple(
            replace(cond, required=_times(cond.required, scale))
            if cond.measure == Measure.AMOUNT
            else cond
            for cond in program.conds
        ),
        effects=tuple(_larger_effect(effect, scale) for effect in program.effects),
        cap_minor=_times(program.cap_minor, scale),
        times_every=_times(program.times_every, scale) if by_amount else program.times_every,
    )


def _larger_effect(effect: EffectOp, scale: int) -> EffectOp:
    by_amount = effect.tier_measure == Measure.AMOUNT and not effect.graduated
    tiers: list[Tier] = []
    for tier in effect.tiers:
        minimum = _times(tier.minimum, scale) if by_amount else tier.minimum
        if tiers and tiers[-1].minimum == minimum:
            break  # no cart reaches either
        value, cap_minor = _value(tier.kind, tier.value, scale), _times(tier.cap_minor, scale)
        tiers.append(replace(tier, minimum=minimum, value=value, cap_minor=cap_minor))
    return replace(
        effect,
        value=_value(effect.kind, effect.value, scale),
        per=_times(effect.per, scale) if effect.kind == Kind.GIFT else effect.per,
        cap_minor=_times(effect.cap_minor, scale),
        tiers=tuple(tiers),
    )


def _larger_tree(tree: Tree, scale: int) -> Tree:
    groups = [
        replace(group, limit_minor=_times(group.limit_minor, scale))
        for group in rows(tree.groups, Group)
    ]
    return replace(tree, groups=flat(groups))


def _larger_plan(plan: Plan, steps: Sequence[StepRow], scale: int) -> Plan:
    def left(minor: int) -> int:
        return _times(minor, scale) if minor > 0 else minor

    return replace(
        plan,
        cart=flat(
            replace(
                row,
                unit_minor=row.unit_minor * scale,
                outside_minor=row.outside_minor * scale,
                floor_minor=row.floor_minor * scale,
                other_minor=left(row.other_minor),
            )
            for row in rows(plan.cart, CartRow)
        ),
        steps=flat(
            replace(step, program=number, amount_left=left(step.amount_left))
            for number, step in enumerate(steps)
        ),
        entries=flat(
            replace(entry, value=_value(entry.kind, entry.value, scale))
            for entry in rows(plan.entries, EntryRow)
        ),
        off_max_minor=left(plan.off_max_minor),
    )


def flat(items: Iterable[Any]) -> array[int]:
    """Rows as the kernel reads them."""
    return array("q", [number for item in items for number in astuple(item)])
