"""How often an activity is given."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities.bounds import QUANTITY_BOUND, Limit, ThresholdMinor
from rangli.activities.measures import ConditionBase, Measure, not_of_amount
from rangli.activities.targets import ProductTarget
from rangli.core.errors import Violation


class Multiplier(Struct, frozen=True, kw_only=True):
    """Once for each full `every` of the measure."""

    measure: Annotated[Measure, Meta(description="AMOUNT, QUANTITY or DISTINCT.")]
    every: Annotated[ThresholdMinor, Meta(description="Minor units, or units or products.")]
    most: Annotated[Limit, Meta(description="At most so often; 0: no limit.")] = 0
    base: Annotated[
        ConditionBase, Meta(description="Which amounts are read; with AMOUNT only.")
    ] = ConditionBase.RUNNING
    products: Annotated[
        ProductTarget | None, Meta(description="Which products count; default: the activity's.")
    ] = None

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = []
        if self.measure is Measure.LINE_QUANTITY:
            found.append(Violation(f"{path}.measure", "must be AMOUNT, QUANTITY or DISTINCT"))
        if self.measure is not Measure.AMOUNT:
            if self.every > QUANTITY_BOUND:
                found.append(Violation(f"{path}.every", f"must be at most {QUANTITY_BOUND}"))
            found += not_of_amount(self.base, path)
        if self.products is not None:
            found += self.products.violations(f"{path}.products")
        return found
