"""What the wallet pays of an order whose price is lower than it was told: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rangli.core.errors import Invalid, Violation
from rangli.wallet.model import AskedTender


def fitted(
    tenders: Sequence[AskedTender], payable_minor: int, expected_minor: int | None
) -> tuple[AskedTender, ...]:
    """The tenders as far as they pay the price; what they pay too much, the last ones don't.

    expected_minor: the price that the shopper was told; None: none. More than that, or without it
    more than the price, they may not pay. Raises Invalid.
    """
    paid = sum(tender.pays_minor for tender in tenders)
    most = payable_minor if expected_minor is None else max(payable_minor, expected_minor)
    if paid > most:
        raise Invalid.fields(Violation("tenders", f"pay {paid} of {most} in all"))
    over = max(0, paid - payable_minor)
    kept: list[AskedTender] = []
    for tender in reversed(tenders):
        less = min(over, tender.pays_minor)
        over -= less
        pays = tender.pays_minor - less
        if pays:
            # Points come in whole ones: rather a part of one too many than too few.
            amount = -(-tender.amount * pays // tender.pays_minor)
            kept.append(replace(tender, amount=amount, pays_minor=pays))
    return tuple(reversed(kept))
