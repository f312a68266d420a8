"""Amounts of an activity for other currencies, and for some channels only."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from rangli.activities.bounds import CapMinor
from rangli.activities.conditions import Compare, Condition
from rangli.activities.effects import Effect
from rangli.activities.effects.earn import Earn, EarningKind
from rangli.activities.measures import Measure
from rangli.activities.multiplier import Multiplier
from rangli.activities.targets import ProductTarget

AMOUNTS_MAX = 50


class Amounts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in place of an activity's own parts on carts of a currency or channel."""

    currency: Annotated[
        str, Meta(description="Of the carts it is for: ISO 4217; default: the activity's.")
    ] = ""
    channels: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...],
        Meta(max_length=50, description="Only carts of these channels; none: of all."),
    ] = ()
    products: Annotated[
        ProductTarget | None,
        Meta(description="The activity's products, within other list prices."),
    ] = None
    conditions: Annotated[
        tuple[Condition, ...], Meta(max_length=10, description="None: the activity's.")
    ] = ()
    effect: Annotated[Effect | None, Meta(description="Default: the activity's effects.")] = None
    more_effects: Annotated[
        tuple[Effect, ...], Meta(max_length=9, description="Act after `effect`.")
    ] = ()
    cap_minor: Annotated[
        CapMinor | None, Meta(description="0: no cap; default: the activity's.")
    ] = None
    multiplier: Annotated[Multiplier | None, Meta(description="Default: the activity's.")] = None

    def given(self) -> dict[str, Any]:
        """What stands in place of the activity's own, by name of the spec's field."""
        parts = ("products", "conditions", "cap_minor", "multiplier")
        given = {
            name: getattr(self, name) for name in parts if getattr(self, name) not in ((), None)
        }
        if self.effect is not None:
            given |= {"effect": self.effect, "more_effects": self.more_effects}
        return given


def of_one_currency(said: Any) -> bool:
    """Whether what is stated holds an amount of money, which is of one currency only.

    Nothing is nothing in each of them. What a rule reads is not looked at.
    """
    if isinstance(said, tuple):
        return any(of_one_currency(item) for item in said)
    if not isinstance(said, Struct):
        return False
    if isinstance(said, Compare) and said.measure is Measure.AMOUNT and said.value:
        return True
    if isinstance(said, Multiplier) and said.measure is Measure.AMOUNT:
        return True
    if isinstance(said, Earn) and said.kind is EarningKind.BALANCE and said.amount:
        return True
    return any(
        (field.name.endswith("_minor") and bool(value)) or of_one_currency(value)
        for field in msgspec.structs.fields(said)
        for value in (getattr(said, field.name),)
    )


def without_prices(target: ProductTarget | None) -> ProductTarget | None:
    """The target without its bounds of list prices."""
    if target is None:
        return None
    return msgspec.structs.replace(
        target, min_list_minor=0, max_list_minor=0, exclude=without_prices(target.exclude)
    )
