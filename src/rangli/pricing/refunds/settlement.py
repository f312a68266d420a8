"""What is due for what is kept of an order, and what returns in a row refund."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rangli.activities.spec import RefundPolicy
from rangli.core.money import apportion_largest_remainder
from rangli.pricing.refunds.judging import Earlier, judge
from rangli.pricing.refunds.kept import KeptCart, kept_cart
from rangli.pricing.refunds.model import (
    Activity,
    Held,
    Off,
    Offs,
    Order,
    Piece,
    Required,
    Returned,
    Settlement,
    whole,
)
from rangli.pricing.refunds.repricing import Repriced, is_repriced, reprice

_Offs = dict[int, dict[int, Off]]
# By number of a piece and how many of its units are kept: what stays of each activity's discount.
_Known = dict[tuple[int, int], dict[int, Off]]
# As many as take a few milliseconds.
_PAIRS_AT_ONCE = 20_000
_NO_OFF = Off(0, 0)
_JUDGED = (RefundPolicy.CLAWBACK, RefundPolicy.REQUIRE_RETURN)


@dataclass(frozen=True, slots=True)
class Refund:
    """What one return comes to.

    held: what is kept after it. before, after: what was due before it, and is.
    refund_minor: paid back, 0 or more. owed_minor: what its leaving took back beyond that; later
        refunds are lower by it.
    """

    returned: Returned
    held: Held
    before: Settlement
    after: Settlement
    refund_minor: int
    owed_minor: int


def refunds(order: Order, returns: Iterable[Returned]) -> Iterator[Refund]:
    """What each return in turn refunds; none of them returns more than is left."""
    held = whole(order)
    known: _Known = {}
    before = _as_paid(order, _shares(order, held, known), held)
    owed_minor = 0
    for returned in returns:
        held = held.without(returned)
        after = _settle(order, _shares(order, held, known), held)
        back_minor = before.due_minor - after.due_minor - owed_minor
        refund_minor, owed_minor = max(0, back_minor), max(0, -back_minor)
        yield Refund(returned, held, before, after, refund_minor, owed_minor)
        before = after


def takes_long(order: Order, returns: Sequence[Returned]) -> bool:
    """Whether this would keep others waiting: a search, or a great many activities times lines."""
    priced = any(is_repriced(activity) for activity in order.activities)
    if priced and (order.policy.tree.node_limit > 1 or order.cart.node_limit > 1):
        return True
    prices = 1 + sum(_is_judged(activity) for activity in order.activities)
    prices += len(order.activities) if priced else 0
    return len(returns) * prices * len(order.pieces) > _PAIRS_AT_ONCE


def _settle(order: Order, offs: _Offs, held: Held) -> Settlement:
    """What is due for what is kept, once something has been returned. offs: its shares."""
    kept = kept_cart(order, held)
    given = [gift.quantity for gift in order.gifts]
    fell = _judge_all(order, kept, offs, given)
    if any(is_repriced(activity) for activity in order.activities):
        _renew(order, offs, given, reprice(order, kept, offs))
    due_for_gifts = _due_for_gifts(order, held, given)
    required = [
        *_required_units(order, held, offs, fell),
        *_required_gifts(order, due_for_gifts),
    ]
    return Settlement(
        due=_due(order, held, offs),
        gift_due=_by_sku(order, due_for_gifts),
        offs=offs,
        given=tuple(given),
        required=tuple(required),
    )


def _as_paid(order: Order, offs: _Offs, held: Held) -> Settlement:
    """What is due as long as nothing has been returned: what was paid."""
    given = tuple(gift.quantity for gift in order.gifts)
    return Settlement(_due(order, held, offs), {}, offs, given, ())


def _judge_all(order: Order, kept: KeptCart, offs: _Offs, given: list[int]) -> list[int]:
    """Judges again what must still reach its conditions; returns what no longer does.

    Lowers what stays of its discount, and what is given of its gifts.
    """
    fell: list[int] = []
    if not any(_is_judged(activity) for activity in order.activities):
        return fell
    kept, earlier = kept.without_floors(), Earlier()
    applied = [number for number, activity in enumerate(order.activities) if activity.applied]
    for number in sorted(applied, key=lambda number: order.activities[number].place):
        activity, shares = order.activities[number], offs.get(number, {})
        earlier.enter(activity.group)
        if _is_judged(activity):
            verdict = judge(order, kept, number, shares=shares, earlier=earlier)
            if verdict.fell:
                fell.append(number)
                _reduce(shares, verdict.off_minor)
                _give(order, number, verdict.gifts, given)
        earlier.acted(shares)
    return fell


def _is_judged(activity: Activity) -> bool:
    return activity.applied and activity.refund_policy in _JUDGED


def _shares(order: Order, held: Held, known: _Known) -> _Offs:
    """Every discount's part on the units that are kept.

    known: parts found before; most lines are kept as they were from one return to the next.
    """
    offs: _Offs = {}
    for number, kept in enumerate(held.units):
        if not kept:
            continue
        parts = known.get((number, kept))
        if parts is None:
            parts = known[number, kept] = _parts(order.pieces[number], kept)
        for activity, off in parts.items():
            offs.setdefault(activity, {})[number] = off
    return offs


def _parts(piece: Piece, kept: int) -> dict[int, Off]:
    """What of each activity's discount the first `kept` units bear."""
    sums: dict[int, int] = {}
    for take in piece.takes:
        sums[take.activity] = sums.get(take.activity, 0) + take.kept_minor(kept)
    return {activity: Off(minor, minor) for activity, minor in sums.items() if minor}


def _reduce(offs: dict[int, Off], most_minor: int) -> None:
    """Leaves at most so much of a discount; every piece keeps a part of its own."""
    shares = [off.off_minor for off in offs.values()]
    if sum(shares) <= most_minor:
        return
    parts = apportion_largest_remainder(most_minor, shares)
    for piece, minor in zip(list(offs), parts, strict=True):
        offs[piece] = replace(offs[piece], off_minor=minor)


def _give(order: Order, number: int, gifts: Mapping[str, int], given: list[int]) -> None:
    """Lowers what is given of an activity's gifts to what it would give now, by sku."""
    left = dict(gifts)
    for place, gift in enumerate(order.gifts):
        if gift.activity == number:
            given[place] = min(gift.quantity, left.get(gift.sku, 0))
            left[gift.sku] = left.get(gift.sku, 0) - given[place]


def _renew(order: Order, offs: _Offs, given: list[int], repriced: Repriced) -> None:
    """Puts what a new price says in the place of what had stayed."""
    for number in offs.keys() | repriced.offs.keys():
        had, has = offs.setdefault(number, {}), repriced.offs.get(number, {})
        for piece in had.keys() | has.keys():
            before, now = had.get(piece, _NO_OFF), has.get(piece, _NO_OFF)
            if now.off_minor != before.off_minor:
                had[piece] = replace(now, share_minor=before.share_minor)
    for number, activity in enumerate(order.activities):
        if is_repriced(activity):
            _give(order, number, repriced.gifts.get(number, {}), given)


def _due(order: Order, held: Held, offs: Offs) -> tuple[int, ...]:
    """What each piece's kept units cost."""
    due = [piece.before_minor(kept) for piece, kept in zip(order.pieces, held.units, strict=True)]
    for of_activity in offs.values():
        for number, off in of_activity.items():
            due[number] -= off.off_minor
    # Below 0 only if a snapshot takes more off single units than they cost.
    return tuple(max(0, minor) for minor in due)


def _due_for_gifts(order: Order, held: Held, given: Sequence[int]) -> list[int]:
    """For each of the order's gifts, how many units of it are kept without being given any more."""
    surplus = dict(held.gifts)
    for gift, units in zip(order.gifts, given, strict=True):
        surplus[gift.sku] -= units
    found = []
    for gift, units in zip(order.gifts, given, strict=True):
        more = max(0, min(gift.quantity - units, surplus[gift.sku]))
        surplus[gift.sku] -= more
        found.append(more)
    return found


def _by_sku(order: Order, units: Sequence[int]) -> dict[str, int]:
    worth: dict[str, int] = {}
    for gift, count in zip(order.gifts, units, strict=True):
        worth[gift.sku] = worth.get(gift.sku, 0) + count * gift.worth_minor
    return worth


def _required_gifts(order: Order, units: Sequence[int]) -> Iterator[Required]:
    for gift, count in zip(order.gifts, units, strict=True):
        policy = order.activities[gift.activity].refund_policy
        if count and policy is RefundPolicy.REQUIRE_RETURN:
            yield Required(gift.activity, gift.sku, count, True, count * gift.worth_minor)


def _required_units(
    order: Order, held: Held, offs: Offs, fell: Iterable[int]
) -> Iterator[Required]:
    """Units that lost a discount, of the activities that want them back for it."""
    for number in fell:
        if order.activities[number].refund_policy is not RefundPolicy.REQUIRE_RETURN:
            continue
        for place, off in sorted(offs.get(number, {}).items()):
            lost_minor = off.share_minor - off.off_minor
            if lost_minor <= 0:
                continue
            piece, kept = order.pieces[place], held.units[place]
            # Several effects may have acted on the same units: those count once.
            runs = {
                (take.unit_first, take.units): take.kept_units(kept)
                for take in piece.takes
                if take.activity == number
            }
            bearing = min(kept, sum(runs.values()))
            units = -(-bearing * lost_minor // off.share_minor)
            yield Required(number, piece.piece_id, units, False, lost_minor)
