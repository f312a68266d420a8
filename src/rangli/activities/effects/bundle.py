"""Several products together cost less."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities.effects.benefit import Benefit
from rangli.activities.effects.kind import EffectKind, SetLimit, SetPick, UnitPick
from rangli.activities.lists import ListNumbers
from rangli.activities.program import Component, EffectOp, Place, Role
from rangli.activities.targets import ProductTarget
from rangli.core.errors import Violation


class BundlePart(Struct, frozen=True, kw_only=True):
    """One part of a bundle."""

    products: Annotated[ProductTarget, Meta(description="What the part is.")]
    quantity: Annotated[int, Meta(ge=1, le=1000, description="Units of it.")]


class Bundle(EffectKind, frozen=True, kw_only=True, tag="bundle"):
    """Several products together cost less. The activity's `products` name all of them."""

    parts: Annotated[
        tuple[BundlePart, ...], Meta(min_length=1, max_length=10, description="What makes a set.")
    ]
    benefit: Annotated[Benefit, Meta(description="What each full set loses, or costs.")]
    pick: SetPick = UnitPick.DEAREST
    repeat_max: SetLimit = 0

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One of sets, whose units share what the set loses."""
        kind, value = self.benefit.kind_and_value()
        pick = self.pick.number()
        return (
            EffectOp(
                kind,
                Place.POOL,
                value=value,
                pattern=tuple(
                    Component(lists.number(part.products), part.quantity, Role.REWARD, pick)
                    for part in self.parts
                ),
                repeat_max=self.repeat_max,
            ),
        )

    def outside(self, products: ProductTarget, path: str) -> list[Violation]:
        """Parts that name a sku which the activity's products, single skus all, do not name.

        What sets, categories, brands and tags hold is not known here.
        """
        if not products.names_only_skus():
            return []
        return [
            Violation(f"{path}.parts[{index}].products.skus[{n}]", "must be in `products` too")
            for index, part in enumerate(self.parts)
            for n, sku in enumerate(part.products.skus)
            if sku not in products.skus
        ]

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = self.benefit.violations(f"{path}.benefit")
        for index, part in enumerate(self.parts):
            found += part.products.violations(f"{path}.parts[{index}].products")
        return found
