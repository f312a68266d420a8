"""So many units cost so much together."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import PriceMinor
from rangli.activities.effects.kind import EffectKind, SetLimit, SetPick, UnitPick
from rangli.activities.lists import ListNumbers
from rangli.activities.program import ELIGIBLE, Component, EffectOp, Kind, Place, Role


class NForPrice(EffectKind, frozen=True, kw_only=True, tag="n_for_price"):
    """So many units cost so much together ("any 3 for 10")."""

    quantity: Annotated[int, Meta(ge=2, le=1000, description="Units of a set.")]
    price_minor: Annotated[PriceMinor, Meta(description="What a full set costs, in minor units.")]
    pick: SetPick = UnitPick.DEAREST
    repeat_max: SetLimit = 0

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One of sets, whose units share what the set loses."""
        units = Component(ELIGIBLE, self.quantity, Role.REWARD, self.pick.number())
        return (
            EffectOp(
                Kind.PRICE,
                Place.POOL,
                value=self.price_minor,
                pattern=(units,),
                repeat_max=self.repeat_max,
            ),
        )
