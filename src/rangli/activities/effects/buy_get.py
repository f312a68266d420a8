"""Buy some, get others for less."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.effects.benefit import Benefit
from rangli.activities.effects.kind import EffectKind, SetLimit, UnitPick
from rangli.activities.lists import ListNumbers
from rangli.activities.program import ELIGIBLE, Component, EffectOp, Place, Role
from rangli.activities.targets import ProductTarget
from rangli.core.errors import Violation
from rangli.core.money import BPS, QUANTITY_MAX

_Units = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]


class BuyGet(EffectKind, frozen=True, kw_only=True, tag="buy_get"):
    """Buy some, get others for less ("buy two, get one free")."""

    buy_quantity: Annotated[_Units, Meta(description="Units to be bought.")]
    get_quantity: Annotated[_Units, Meta(description="Units that cost less for them.")]
    get_products: Annotated[
        ProductTarget | None, Meta(description="Products to be got; default: the activity's.")
    ] = None
    benefit: Annotated[
        Benefit | None, Meta(description="What the units got lose; default: they are free.")
    ] = None
    buy_pick: Annotated[UnitPick, Meta(description="Which units count as bought.")] = (
        UnitPick.DEAREST
    )
    get_pick: Annotated[UnitPick, Meta(description="Which units are got.")] = UnitPick.CHEAPEST
    repeat_max: SetLimit = 0
    partial: Annotated[
        bool, Meta(description="Fewer units are got if the cart holds fewer; else none.")
    ] = False
    spread: Annotated[
        bool, Meta(description="The discount is booked on all units that took part.")
    ] = False

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One of sets: what is bought, and what is got."""
        kind, value = (self.benefit or Benefit(off_bps=BPS)).kind_and_value()
        got = lists.number(self.get_products)
        bought = Component(ELIGIBLE, self.buy_quantity, Role.TRIGGER, self.buy_pick.number())
        return (
            EffectOp(
                kind,
                Place.UNIT,
                value=value,
                pattern=(
                    bought,
                    Component(got, self.get_quantity, Role.REWARD, self.get_pick.number()),
                ),
                repeat_max=self.repeat_max,
                partial=int(self.partial),
                spread=int(self.spread),
            ),
        )

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = self.benefit.violations(f"{path}.benefit") if self.benefit is not None else []
        if self.get_products is not None:
            found += self.get_products.violations(f"{path}.get_products")
        return found
