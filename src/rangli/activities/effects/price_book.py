"""Prices from the activity's own price entries."""

from __future__ import annotations

from rangli.activities.effects.kind import EffectKind
from rangli.activities.program import Op, TierOp


class PriceBook(EffectKind, frozen=True, kw_only=True, tag="price_book"):
    """The prices in the activity's price entries, imported with ImportPriceEntries."""

    def tier_ops(self) -> tuple[TierOp, ...]:
        """One tier, always reached; each line brings the operation of its entry."""
        return (TierOp(Op.ENTRY),)
