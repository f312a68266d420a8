"""How tenders share a refund, and how a tender shares it among its lots: pure integers."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.core.money import apportion_largest_remainder


def share_refund(
    refund_minor: int, paid_minor: Sequence[int], refunded_minor: Sequence[int]
) -> list[int]:
    """What each part gives back of a refund, by what each has paid; the shares sum exactly to it.

    paid_minor: what each part has paid.  refunded_minor: what each has given back before.

    Shared by how far each part is behind its exact share of all refunds so far, this one included,
    by largest remainder, ties to the earlier part. So no part is ever a whole unit ahead of its
    share, however many small refunds there are, and none gives more than it paid; when all is
    refunded, each has given back just what it paid. (To apportion the sum of all refunds anew would
    not do: by largest remainder a part may shrink when the sum grows.)

    refund_minor is 0 to what all parts have left; else ValueError.
    """
    paid = sum(paid_minor)
    total = sum(refunded_minor) + refund_minor
    if refund_minor < 0 or total > paid:
        raise ValueError("a refund is 0 to what is left of what was paid")
    behind = [
        max(0, total * mine - before * paid)
        for mine, before in zip(paid_minor, refunded_minor, strict=True)
    ]
    return apportion_largest_remainder(refund_minor, behind if refund_minor else [0] * len(behind))


def worth_minor(units: int, *, amount: int, pays_minor: int) -> int:
    """What so many of a tender's `amount` units have paid, rounded down; all of them: all."""
    return pays_minor * units // amount


def units_of(refunded_minor: int, *, amount: int, pays_minor: int, captured: int) -> int:
    """How many of a tender's captured units so much of its money is, rounded down.

    When all the money that they paid is refunded, all of them.
    """
    if refunded_minor >= worth_minor(captured, amount=amount, pays_minor=pays_minor):
        return captured
    return amount * refunded_minor // pays_minor


def fill(amount: int, limits: Sequence[int]) -> list[int]:
    """The amount poured into parts of these sizes, first to last; ValueError if it overflows."""
    parts = []
    for limit in limits:
        parts.append(min(amount, limit))
        amount -= parts[-1]
    if amount:
        raise ValueError("more than all parts hold")
    return parts
