"""Something earned on completion."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import AmountMinor, OffBps
from rangli.activities.effects.kind import EffectKind
from rangli.activities.lists import ListNumbers
from rangli.activities.program import EffectOp, Kind, Scale
from rangli.core.errors import Violation
from rangli.core.ids import RESOURCE, printable


class EarningKind(StrEnum):
    """What is earned when the order is completed."""

    POINTS = "POINTS"
    BALANCE = "BALANCE"
    COUPON = "COUPON"


class Earn(EffectKind, frozen=True, kw_only=True, tag="earn"):
    """Something earned on completion; the price is not changed."""

    kind: Annotated[EarningKind, Meta(description="What is earned.")]
    subject: Annotated[
        str, Meta(max_length=100, description="A points account, or the coupon's activity.")
    ] = ""
    amount: Annotated[
        AmountMinor | None,
        Meta(description="Points, minor units or coupons; a multiplier multiplies it."),
    ] = None
    rate_bps: Annotated[
        OffBps | None,
        Meta(description="Basis points of what is paid for the eligible lines; or else amount."),
    ] = None

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One, by amount or by rate."""
        if self.rate_bps is not None:
            return (EffectOp(Kind.EARN_RATE, value=self.rate_bps),)
        return (EffectOp(Kind.EARN, value=self.amount or 0, scale=Scale.VALUE),)

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = []
        if (self.amount is None) == (self.rate_bps is None):
            found.append(Violation(path, "set one of amount and rate_bps"))
        if self.kind is EarningKind.COUPON:
            if self.rate_bps is not None:
                found.append(Violation(f"{path}.rate_bps", "coupons are counted: set amount"))
            if not RESOURCE.fullmatch(self.subject):
                found.append(Violation(f"{path}.subject", "must be the coupon's activity"))
        elif not printable(self.subject):
            words = "must hold no control or invisible characters"
            found.append(Violation(f"{path}.subject", words))
        return found
