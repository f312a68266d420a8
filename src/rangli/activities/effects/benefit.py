"""What the units of a multi-buy lose."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities.bounds import AmountMinor, OffBps, PriceMinor
from rangli.activities.program import Kind
from rangli.core.errors import Violation
from rangli.core.money import BPS


class Benefit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A percentage or an amount off, or a price: exactly one."""

    off_bps: Annotated[OffBps | None, Meta(description="Basis points off; 10,000 is free.")] = None
    amount_off_minor: Annotated[
        AmountMinor | None, Meta(description="Amount off, in minor units.")
    ] = None
    price_minor: Annotated[
        PriceMinor | None, Meta(description="What it costs, in minor units.")
    ] = None

    def kind_and_value(self) -> tuple[Kind, int]:
        """As the kernel reads it."""
        if self.price_minor is not None:
            return Kind.PRICE, self.price_minor
        if self.amount_off_minor is not None:
            return Kind.OFF, self.amount_off_minor
        return Kind.PERCENT, self.off_bps or BPS

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        stated = (self.off_bps, self.amount_off_minor, self.price_minor)
        if sum(value is not None for value in stated) == 1:
            return []
        return [Violation(path, "set one of off_bps, amount_off_minor and price_minor")]
