"""Field types of the activity model, with bounds and the words that a form shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from rangli.core.errors import Violation
from rangli.core.ids import printable
from rangli.core.money import CART_MINOR_MAX, LINE_MINOR_MAX

# More units than any cart holds.
QUANTITY_BOUND = 10**9

AmountMinor = Annotated[int, Meta(ge=1, le=LINE_MINOR_MAX)]
PriceMinor = Annotated[int, Meta(ge=0, le=LINE_MINOR_MAX)]
ThresholdMinor = Annotated[int, Meta(ge=1, le=CART_MINOR_MAX)]
CapMinor = Annotated[int, Meta(ge=0, le=CART_MINOR_MAX)]
Quantity = Annotated[int, Meta(ge=1, le=QUANTITY_BOUND)]
Limit = Annotated[int, Meta(ge=0, le=QUANTITY_BOUND)]  # 0: none
OffBps = Annotated[int, Meta(ge=1, le=10_000)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
ResourceId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,100}\Z")]
SetIds = Annotated[tuple[ResourceId, ...], Meta(max_length=100)]
Names = Annotated[tuple[Name, ...], Meta(max_length=1000)]
Method = Annotated[str, Meta(min_length=1, max_length=50)]


def unprintable(path: str, names: Iterable[str]) -> list[Violation]:
    """A violation for each name that no cart can hold."""
    return [
        Violation(f"{path}[{index}]", "must hold no control or invisible characters")
        for index, name in enumerate(names)
        if not printable(name)
    ]
