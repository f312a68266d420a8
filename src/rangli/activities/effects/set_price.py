"""A fixed price of a unit, a line or all eligible lines together."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import PriceMinor
from rangli.activities.effects.kind import AmountPer, EffectKind, LimitPick, UnitLimit, UnitPick
from rangli.activities.lists import ListNumbers
from rangli.activities.program import EffectOp, Kind
from rangli.core.errors import Violation


class SetPrice(EffectKind, frozen=True, kw_only=True, tag="set_price"):
    """Each unit costs this much. Never raises a price."""

    price_minor: Annotated[PriceMinor, Meta(description="The price, in minor units.")]
    per: Annotated[
        AmountPer, Meta(description="Of each unit, each line, or the eligible lines together.")
    ] = AmountPer.UNIT
    unit_limit: UnitLimit = 0
    pick: LimitPick = UnitPick.DEAREST

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One, on the eligible lines."""
        return (
            EffectOp(
                Kind.PRICE,
                self.per.place(),
                value=self.price_minor,
                unit_limit=self.unit_limit,
                pick=self.pick.number(),
            ),
        )

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        return self._limit_without_units(self.per, self.unit_limit, path)
