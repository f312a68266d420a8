"""A product for nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from rangli.activities import program
from rangli.activities.bounds import Name, PriceMinor
from rangli.activities.effects.kind import EffectKind
from rangli.activities.lists import ListNumbers
from rangli.activities.program import ELIGIBLE, EffectOp, Kind, Scale
from rangli.activities.targets import ProductTarget
from rangli.core.errors import Violation
from rangli.core.ids import printable


class GiftMode(StrEnum):
    """How a gift is given."""

    ADD = "ADD"
    FREE = "FREE"
    TOP_UP = "TOP_UP"


class Gift(EffectKind, frozen=True, kw_only=True, tag="gift"):
    """A product for nothing."""

    sku: Annotated[Name, Meta(description="The product.")]
    quantity: Annotated[
        int, Meta(ge=1, le=1000, description="Units; a multiplier multiplies them.")
    ] = 1
    worth_minor: Annotated[
        PriceMinor, Meta(description="What one unit is worth where activities compete.")
    ]
    mode: Annotated[
        GiftMode, Meta(description="Added to the cart, units in the cart become free, or both.")
    ] = GiftMode.ADD

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One; if units in the cart may become free, on a list of the gift's own."""
        adds = self.mode is GiftMode.ADD
        return (
            EffectOp(
                Kind.GIFT,
                lines=ELIGIBLE if adds else lists.number(ProductTarget(skus=(self.sku,))),
                value=self.quantity,
                per=self.worth_minor,
                scale=Scale.VALUE,
                gift_mode=program.GiftMode[self.mode.name],
            ),
        )

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        if printable(self.sku):
            return []
        return [Violation(f"{path}.sku", "must hold no control or invisible characters")]
