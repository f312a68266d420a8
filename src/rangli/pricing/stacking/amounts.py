"""How much a kind of effect wants to take, before anything limits it."""

from __future__ import annotations

from rangli.activities.program import Kind, Scale
from rangli.core.money import share_half_up
from rangli.pricing.plan import VALUE_MAX, Money
from rangli.pricing.stacking.money import percent_off, percent_off_units
from rangli.pricing.stacking.problem import UNLIMITED
from rangli.pricing.stacking.state import Action
from rangli.pricing.stacking.work import Work


def scaled(value: int, kind: int, times: int) -> int:
    """A value so many times, if it is one that multiplies: an amount off, a gift or an earning."""
    return min(VALUE_MAX, value * times) if kind in {Kind.OFF, Kind.GIFT, Kind.EARN} else value


def off_units(action: Action, base: int, units: int, rule: Money) -> int:
    """What is wanted off units that are priced one by one."""
    if action.kind == Kind.PRICE:
        return max(0, base - action.value * units)
    if action.kind == Kind.OFF:
        return share_half_up(action.value, units, action.per)
    return percent_off_units(base, units, action.value, rule.rounding, rule.rounding_of)


def off_whole(action: Action, base: int, rule: Money) -> int:
    """What is wanted off a line or a pool as a whole."""
    if action.kind == Kind.PRICE:
        return max(0, base - action.value)
    if action.kind == Kind.OFF:
        return action.value
    return percent_off(base, action.value, rule.rounding, rule.rounding_of)


def unit_limit(work: Work, number: int, times: int) -> int:
    """The most units that the effect allows."""
    effect = work.effect(number)
    if effect.unit_limit == 0:
        return UNLIMITED
    return min(VALUE_MAX, effect.unit_limit * (times if effect.scale & Scale.UNIT_LIMIT else 1))


def off_sets(action: Action, base: int, sets: int, rule: Money) -> int:
    """What is wanted off so many equal sets, each priced as a whole.

    Where their amount does not divide, `base % sets` of them cost one more.
    """
    each, dearer = divmod(base, sets)
    if action.kind == Kind.PRICE:
        dear = dearer * max(0, each + 1 - action.value)
        return dear + (sets - dearer) * max(0, each - action.value)
    if action.kind == Kind.OFF:
        return action.value * sets
    return percent_off_units(base, sets, action.value, rule.rounding, rule.rounding_of)
