"""An amount off the pool, each unit or each line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import AmountMinor
from rangli.activities.effects.kind import EffectKind
from rangli.activities.program import Op, TierOp
from rangli.core.errors import Violation


class AmountPer(StrEnum):
    """What an amount is taken off of."""

    POOL = "POOL"
    UNIT = "UNIT"
    LINE = "LINE"


_OPS = {AmountPer.POOL: Op.POOL_OFF, AmountPer.UNIT: Op.UNIT_OFF, AmountPer.LINE: Op.LINE_OFF}


class AmountOff(EffectKind, frozen=True, kw_only=True, tag="amount_off"):
    """An amount off; never more than what is left to pay."""

    amount_minor: Annotated[AmountMinor, Meta(description="Amount off, in minor units.")]
    per: Annotated[
        AmountPer,
        Meta(description="Off the eligible lines together, off each unit, or off each line."),
    ] = AmountPer.POOL
    unit_limit: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            description="Most units per cart, dearest first; 0: no limit. With UNIT only.",
        ),
    ] = 0

    def tier_ops(self) -> tuple[TierOp, ...]:
        """One tier, always reached."""
        return (TierOp(_OPS[self.per], self.amount_minor, unit_limit=self.unit_limit),)

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        if self.unit_limit and self.per is not AmountPer.UNIT:
            return [Violation(f"{path}.unit_limit", "goes with per = AMOUNT_PER_UNIT only")]
        return []
