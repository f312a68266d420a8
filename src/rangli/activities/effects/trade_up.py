"""Who buys enough may have some of these at a price (换购)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import PriceMinor
from rangli.activities.effects.kind import EffectKind, LimitPick, UnitPick
from rangli.activities.lists import ListNumbers
from rangli.activities.program import EffectOp, Kind, Place, Scale
from rangli.activities.targets import ProductTarget
from rangli.core.errors import Violation


class TradeUp(EffectKind, frozen=True, kw_only=True, tag="trade_up"):
    """Who buys enough may have some of these at a price; they don't count for the conditions."""

    products: Annotated[ProductTarget, Meta(description="The products unlocked.")]
    price_minor: Annotated[
        PriceMinor, Meta(description="What each unlocked unit costs, in minor units.")
    ]
    unit_limit: Annotated[
        int,
        Meta(ge=1, le=1000, description="Most units per cart; a multiplier multiplies it."),
    ]
    pick: LimitPick = UnitPick.DEAREST

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One, on a list of its own."""
        return (
            EffectOp(
                Kind.PRICE,
                Place.UNIT,
                lines=lists.number(self.products),
                value=self.price_minor,
                unit_limit=self.unit_limit,
                pick=self.pick.number(),
                scale=Scale.UNIT_LIMIT,
            ),
        )

    def uncounted(self) -> tuple[ProductTarget, ...]:
        """What is unlocked cannot be what unlocks it."""
        return (self.products,)

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        return self.products.violations(f"{path}.products")
