"""Spend so much, get so much off."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities.bounds import AmountMinor, CapMinor, OffBps, ThresholdMinor
from rangli.activities.effects.kind import EffectKind
from rangli.activities.program import Op, TierOp
from rangli.core.errors import Violation


class Tier(Struct, frozen=True, kw_only=True):
    """One step of a threshold: an amount or a percentage off from an amount on."""

    min_amount_minor: Annotated[
        ThresholdMinor,
        Meta(description="The eligible lines must come to this much, on what is left to pay."),
    ]
    amount_off_minor: Annotated[
        AmountMinor | None, Meta(description="Amount off, in minor units; or else off_bps.")
    ] = None
    off_bps: Annotated[
        OffBps | None, Meta(description="Basis points off; or else amount_off_minor.")
    ] = None
    cap_minor: Annotated[
        CapMinor, Meta(description="With off_bps: the most that is given; 0: no cap.")
    ] = 0


class ThresholdOff(EffectKind, frozen=True, kw_only=True, tag="threshold_off"):
    """Spend so much, get so much off: the highest tier reached counts."""

    tiers: Annotated[
        tuple[Tier, ...],
        Meta(min_length=1, max_length=20, description="The steps, thresholds rising."),
    ]
    every_multiple: Annotated[
        bool,
        Meta(description="Give it again for each full multiple of the threshold."),
    ] = False

    def tier_ops(self) -> tuple[TierOp, ...]:
        """The same tiers for the kernel."""
        return tuple(
            TierOp(
                Op.POOL_PERCENT if tier.amount_off_minor is None else Op.POOL_OFF,
                tier.amount_off_minor or tier.off_bps or 0,
                min_amount_minor=tier.min_amount_minor,
                cap_minor=tier.cap_minor,
                every=self.every_multiple,
            )
            for tier in self.tiers
        )

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = []
        before = 0
        for index, tier in enumerate(self.tiers):
            at = f"{path}.tiers[{index}]"
            if (tier.amount_off_minor is None) == (tier.off_bps is None):
                found.append(Violation(at, "set one of amount_off_minor and off_bps"))
            if tier.cap_minor and tier.off_bps is None:
                found.append(Violation(f"{at}.cap_minor", "goes with off_bps only"))
            if (tier.amount_off_minor or 0) > tier.min_amount_minor:
                found.append(
                    Violation(f"{at}.amount_off_minor", "must not exceed min_amount_minor")
                )
            if tier.min_amount_minor <= before:
                found.append(Violation(f"{at}.min_amount_minor", "must be above the tier before"))
            before = tier.min_amount_minor
        if self.every_multiple and (len(self.tiers) != 1 or self.tiers[0].amount_off_minor is None):
            found.append(
                Violation(f"{path}.every_multiple", "needs a single tier with amount_off_minor")
            )
        return found
