"""How fractions of a minor unit are rounded and shared out; stated by policies and activities."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities import program


class RoundingMode(StrEnum):
    """How a fraction of a minor unit is rounded."""

    HALF_UP = "HALF_UP"
    HALF_DOWN = "HALF_DOWN"
    HALF_EVEN = "HALF_EVEN"
    DOWN = "DOWN"
    UP = "UP"


class RoundingOf(StrEnum):
    """What is rounded; the other follows from it."""

    DISCOUNT = "DISCOUNT"
    PRICE = "PRICE"


class ShareWeight(StrEnum):
    """By what an amount off several lines is shared out."""

    RUNNING = "RUNNING"
    LIST = "LIST"
    QUANTITY = "QUANTITY"
    EQUAL = "EQUAL"
    OTHER_PRICE = "OTHER_PRICE"

    def number(self) -> program.Weight:
        """As the kernel names it."""
        return program.Weight["OTHER" if self is ShareWeight.OTHER_PRICE else self.name]


class Leftover(StrEnum):
    """Who gets the minor units that rounded shares leave over."""

    LARGEST_ERROR = "LARGEST_ERROR"
    FIRST = "FIRST"
    LAST = "LAST"
    DEAREST = "DEAREST"
    CARRY = "CARRY"


class Rounding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How amounts are rounded and shared out. What is left out is as the policy says."""

    mode: Annotated[RoundingMode | None, Meta(description="Of fractions.")] = None
    of: Annotated[RoundingOf | None, Meta(description="What is rounded.")] = None
    weight: Annotated[ShareWeight | None, Meta(description="By what shares are made.")] = None
    share_mode: Annotated[RoundingMode | None, Meta(description="Of fractions of shares.")] = None
    leftover: Annotated[Leftover | None, Meta(description="Who gets what is left over.")] = None
