"""Rounding and sharing out: whole minor units only."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.activities.program import Leftover, Rounding, RoundingOf
from rangli.core.money import BPS


def rounded(numerator: int, denominator: int, rounding: int) -> int:
    """A quotient of non-negative integers as a whole number."""
    whole, rest = divmod(numerator, denominator)
    if rounding == Rounding.UP:
        return whole + (rest > 0)
    if rounding == Rounding.DOWN or 2 * rest < denominator:
        return whole
    if 2 * rest > denominator or rounding == Rounding.HALF_UP:
        return whole + 1
    return whole if rounding == Rounding.HALF_DOWN else whole + whole % 2


def percent_off(base: int, bps: int, rounding: int, rounding_of: int) -> int:
    """What a rate takes off an amount. Either the discount is rounded or the price that is left."""
    if rounding_of == RoundingOf.DISCOUNT:
        return rounded(base * bps, BPS, rounding)
    return base - rounded(base * (BPS - bps), BPS, rounding)


def percent_off_units(base: int, units: int, bps: int, rounding: int, rounding_of: int) -> int:
    """The same for each of equal units (or sets), rounded one by one.

    They cost the same, but for the minor units that do not divide: `base % units` of them cost one
    more.
    """
    each, dearer = divmod(base, units)
    dear = percent_off(each + 1, bps, rounding, rounding_of) if dearer else 0
    return dearer * dear + (units - dearer) * percent_off(each, bps, rounding, rounding_of)


def shares(total: int, weights: Sequence[int], rounding: int, leftover: int) -> list[int]:
    """Split `total` by `weights`; parts sum exactly to it, none is negative.

    Each part is its exact share rounded; then the leftover rule makes up for the difference. If all
    weights are zero, all weigh the same. See `Leftover`.
    """
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    if leftover == Leftover.CARRY:
        return _carried(total, weights, whole, rounding)
    parts = [rounded(total * weight, whole, rounding) for weight in weights]
    rest = total - sum(parts)
    if leftover == Leftover.LAST:
        return _to_the_last(parts, rest)
    order = list(range(len(parts)))
    if leftover == Leftover.LARGEST_ERROR:
        # How much less than its share a part has. Where parts give back: how much more.
        sign = 1 if rest > 0 else -1
        order.sort(key=lambda i: -sign * (total * weights[i] - parts[i] * whole))
    elif leftover == Leftover.DEAREST:
        order.sort(key=lambda i: -weights[i])
    return _one_each(parts, rest, order)


def _carried(total: int, weights: Sequence[int], whole: int, rounding: int) -> list[int]:
    """Sums of the shares so far are rounded; a part is what its sum adds."""
    parts, so_far, placed = [], 0, 0
    for weight in weights:
        so_far += weight
        upto = rounded(total * so_far, whole, rounding)
        parts.append(upto - placed)
        placed = upto
    return parts


def _to_the_last(parts: list[int], rest: int) -> list[int]:
    for i in reversed(range(len(parts))):
        change = max(rest, -parts[i])
        parts[i] += change
        rest -= change
    return parts


def _one_each(parts: list[int], rest: int, order: Sequence[int]) -> list[int]:
    """Fewer units are left over than there are parts, so once through is enough, but for parts
    that have nothing to give back: then again.
    """
    sign = 1 if rest > 0 else -1
    while rest:
        for i in order:
            if rest and parts[i] + sign >= 0:
                parts[i] += sign
                rest -= sign
    return parts


def shared(
    total: int, weights: Sequence[int], most: Sequence[int], rule: tuple[int, int, int]
) -> list[int]:
    """Split `total` by `weights`, no part above its `most` (which is above 0).

    rule: share rounding, leftover, and whether what parts cannot take is shared again, with the
    same weights, among those that can still take something; else it is lost, and the parts sum to
    less.
    """
    rounding, leftover, again = rule
    parts = [0] * len(weights)
    while total > 0:
        open_parts = [i for i in range(len(parts)) if parts[i] < most[i]]
        if not open_parts:
            break
        wanted = shares(total, [weights[i] for i in open_parts], rounding, leftover)
        for i, want in zip(open_parts, wanted, strict=True):
            got = min(want, most[i] - parts[i])
            parts[i] += got
            total -= got
        if not again:
            break
    return parts


def by_left(total: int, lefts: Sequence[int]) -> list[int]:
    """Split at most their sum by what is left: rounded down, largest error, ties to the earlier."""
    return (
        shares(total, lefts, Rounding.DOWN, Leftover.LARGEST_ERROR) if total else [0] * len(lefts)
    )
