"""What an activity can give away of a product's price at most, in basis points."""

from __future__ import annotations

from rangli.activities.live import LiveActivity
from rangli.activities.program import (
    ELIGIBLE,
    Compare,
    Kind,
    Measure,
    Place,
    Role,
)
from rangli.activities.program import EffectOp as Effect
from rangli.core.money import BPS
from rangli.pricing.lint.unreachable import required


def share_bps(activity: LiveActivity, price_minor: int | None) -> int:
    """The most it gives away of what a unit of one of its products costs when its turn comes.

    price_minor: what the unit costs at least; None if nobody knows. Then prices and amounts off
    single products count as nothing, since without a price they say nothing.
    """
    program = activity.program
    shares = [_effect(activity, effect, price_minor) for effect in program.effects]
    if program.first_only:
        return max(shares)
    left = BPS
    for share in shares:
        left = left * (BPS - share) // BPS
    return BPS - left


def _effect(activity: LiveActivity, effect: Effect, price_minor: int | None) -> int:
    if effect.kind not in (Kind.PRICE, Kind.OFF, Kind.PERCENT):
        return 0  # gifts and earnings leave the price as it is
    steps = [(t.kind, t.value, t.minimum) for t in effect.tiers] or [(effect.kind, effect.value, 0)]
    amount_least, units_least = _least(activity)
    best = 0
    for kind, value, minimum in steps:
        amount, units = amount_least, units_least
        if effect.tiers and effect.tier_lines == effect.lines:
            amount = max(amount, minimum if effect.tier_measure == Measure.AMOUNT else 0)
            units = max(units, minimum if effect.tier_measure == Measure.QUANTITY else 0)
        if effect.pattern:
            share = _in_set(effect, kind, value, price_minor)
        elif kind == Kind.PERCENT:
            share = value
        elif kind == Kind.PRICE:
            share = _price(activity, effect, value, price_minor)
        else:
            share = _off(activity, effect, value, amount=amount, units=units, price=price_minor)
        best = max(best, share)
    return best


def _least(activity: LiveActivity) -> tuple[int, int]:
    """What its products must come to, and how many units there must be, before it acts."""
    program = activity.program
    amount, units = 0, 1
    for cond in required(program.conds):
        if cond.lines != ELIGIBLE or cond.compare not in (Compare.AT_LEAST, Compare.EQUAL):
            continue
        if cond.measure == Measure.AMOUNT:
            amount = max(amount, cond.required)
        elif cond.measure in (Measure.QUANTITY, Measure.LINE_QUANTITY):
            units = max(units, cond.required)
    if program.times_measure == Measure.AMOUNT and program.times_lines == ELIGIBLE:
        amount = max(amount, program.times_every)
    return amount, units


def _price(activity: LiveActivity, effect: Effect, value: int, price_minor: int | None) -> int:
    if value == 0:
        return BPS
    target = activity.products
    if price_minor is None and target is not None and target.max_list_minor:
        price_minor = target.max_list_minor
    if price_minor is None or effect.place == Place.POOL:
        return 0
    return _of(max(0, price_minor - value), price_minor)


def _off(
    activity: LiveActivity,
    effect: Effect,
    value: int,
    *,
    amount: int,
    units: int,
    price: int | None,
) -> int:
    target = activity.products
    if effect.place == Place.UNIT:
        if price is None and target is not None and target.min_list_minor:
            price = target.min_list_minor
        return _of(value, price * effect.per) if price is not None else 0
    if price is not None:
        amount = max(amount, units * price)
    if amount:
        return _of(value, amount)
    # Nothing is known of single products' prices; of everything it is: something costs little.
    return BPS if target is not None and target.all else 0


def _in_set(effect: Effect, kind: int, value: int, price_minor: int | None) -> int:
    """Of a set of a pattern: its rewards' share of all units, if all may be the same product."""
    rewards = sum(c.count for c in effect.pattern if c.role == Role.REWARD)
    alike = len({c.lines for c in effect.pattern}) == 1
    units = sum(c.count for c in effect.pattern) if alike else rewards
    if kind == Kind.PERCENT:
        return value * rewards // units
    if kind == Kind.PRICE and value == 0:
        return _of(rewards, units)
    if price_minor is None:
        return 0
    pool = effect.place == Place.POOL
    whole = rewards * price_minor if pool else price_minor
    off = value if kind == Kind.OFF else max(0, whole - value)
    return _of(off if pool else off * rewards, units * price_minor)


def _of(part: int, whole: int) -> int:
    return min(BPS, -(-part * BPS // whole)) if whole > 0 else BPS
