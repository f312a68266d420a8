"""Prices from the activity's own price entries."""

from __future__ import annotations

from rangli.activities.effects.kind import EffectKind
from rangli.activities.lists import ListNumbers
from rangli.activities.program import EffectOp, Kind


class PriceBook(EffectKind, frozen=True, kw_only=True, tag="price_book"):
    """The prices in the activity's price entries, imported with ImportPriceEntries."""

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One; each line brings what its entry does."""
        return (EffectOp(Kind.ENTRY),)
