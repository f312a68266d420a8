"""What can be asked of a cart before an activity acts. All kinds are in this one list."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities import program
from rangli.activities.bounds import ThresholdMinor
from rangli.activities.program import Cond, Measure
from rangli.activities.targets import ProductTarget


class ConditionBase(StrEnum):
    """The amounts a condition reads."""

    RUNNING = "RUNNING"
    LIST = "LIST"


class MinAmount(Struct, frozen=True, kw_only=True, tag="min_amount"):
    """The products must come to at least this much."""

    amount_minor: Annotated[ThresholdMinor, Meta(description="Least amount, in minor units.")]
    base: Annotated[
        ConditionBase, Meta(description="Read what is left to pay, or list prices.")
    ] = ConditionBase.RUNNING
    products: Annotated[
        ProductTarget | None, Meta(description="Which products count; default: the activity's.")
    ] = None

    def cond(self) -> Cond:
        """As the kernel reads it."""
        own = self.products is not None
        return Cond(Measure.AMOUNT, program.ConditionBase[self.base.name], self.amount_minor, own)


class MinQuantity(Struct, frozen=True, kw_only=True, tag="min_quantity"):
    """The cart must hold at least so many units."""

    quantity: Annotated[int, Meta(ge=1, le=10**9, description="Least number of units.")]
    products: Annotated[
        ProductTarget | None, Meta(description="Which products count; default: the activity's.")
    ] = None

    def cond(self) -> Cond:
        """As the kernel reads it."""
        return Cond(
            Measure.QUANTITY,
            program.ConditionBase.RUNNING,
            self.quantity,
            self.products is not None,
        )


Condition = MinAmount | MinQuantity

CONDITIONS: dict[str, type[Condition]] = {"min_amount": MinAmount, "min_quantity": MinQuantity}
