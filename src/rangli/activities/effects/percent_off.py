"""A percentage off the eligible lines together."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import CapMinor, OffBps
from rangli.activities.effects.kind import EffectKind
from rangli.activities.program import Op, TierOp


class PercentOff(EffectKind, frozen=True, kw_only=True, tag="percent_off"):
    """A percentage off the eligible lines together: rounded once, half up, shared out exactly."""

    off_bps: Annotated[OffBps, Meta(description="Basis points: 1,000 is 10 % off.")]
    cap_minor: Annotated[
        CapMinor, Meta(description="The most that is given per cart, in minor units; 0: no cap.")
    ] = 0

    def tier_ops(self) -> tuple[TierOp, ...]:
        """One tier, always reached, over the pool."""
        return (TierOp(Op.POOL_PERCENT, self.off_bps, cap_minor=self.cap_minor),)
