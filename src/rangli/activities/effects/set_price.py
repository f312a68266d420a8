"""Each unit costs a fixed price."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import PriceMinor
from rangli.activities.effects.kind import EffectKind
from rangli.activities.program import Op, TierOp


class SetPrice(EffectKind, frozen=True, kw_only=True, tag="set_price"):
    """Each unit costs this much. Never raises a price."""

    price_minor: Annotated[PriceMinor, Meta(description="Price of one unit, in minor units.")]

    def tier_ops(self) -> tuple[TierOp, ...]:
        """One tier, always reached."""
        return (TierOp(Op.UNIT_PRICE, self.price_minor),)
