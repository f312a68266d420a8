"""Spend or buy so much, get so much off."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities import program
from rangli.activities.bounds import (
    AmountMinor,
    CapMinor,
    OffBps,
    PriceMinor,
    Quantity,
    ThresholdMinor,
)
from rangli.activities.effects.kind import AmountPer, EffectKind, UnitPick
from rangli.activities.lists import ListNumbers
from rangli.activities.measures import ConditionBase, not_of_amount
from rangli.activities.program import EffectOp, Kind, Measure, Scale
from rangli.activities.targets import ProductTarget
from rangli.core.errors import Violation
from rangli.core.money import BPS


class Tier(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a threshold: an amount or percentage off, or a price, from a minimum on."""

    min_amount_minor: Annotated[
        ThresholdMinor | None,
        Meta(description="From this amount on, in minor units; or else min_quantity."),
    ] = None
    min_quantity: Annotated[
        Quantity | None, Meta(description="From so many units on; or else min_amount_minor.")
    ] = None
    amount_off_minor: Annotated[
        AmountMinor | None, Meta(description="Amount off, in minor units.")
    ] = None
    off_bps: Annotated[OffBps | None, Meta(description="Or basis points off.")] = None
    price_minor: Annotated[
        PriceMinor | None, Meta(description="Or what it costs, in minor units.")
    ] = None
    cap_minor: Annotated[
        CapMinor, Meta(description="With off_bps: the most that is given; 0: no cap.")
    ] = 0

    def row(self) -> program.Tier:
        """As the kernel reads it."""
        minimum = self.min_amount_minor or self.min_quantity or 0
        if self.price_minor is not None:
            return program.Tier(minimum, Kind.PRICE, self.price_minor)
        if self.amount_off_minor is not None:
            return program.Tier(minimum, Kind.OFF, self.amount_off_minor)
        return program.Tier(minimum, Kind.PERCENT, self.off_bps or BPS, self.cap_minor)

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = []
        if (self.min_amount_minor is None) == (self.min_quantity is None):
            found.append(Violation(path, "set one of min_amount_minor and min_quantity"))
        stated = (self.amount_off_minor, self.off_bps, self.price_minor)
        if sum(value is not None for value in stated) != 1:
            words = "set one of amount_off_minor, off_bps and price_minor"
            found.append(Violation(path, words))
        if self.cap_minor and self.off_bps is None:
            found.append(Violation(f"{path}.cap_minor", "goes with off_bps only"))
        return found


class ThresholdOff(EffectKind, frozen=True, kw_only=True, tag="threshold_off"):
    """Spend or buy so much, get so much off: the highest tier reached counts."""

    tiers: Annotated[
        tuple[Tier, ...],
        Meta(min_length=1, max_length=20, description="The steps, minima rising."),
    ]
    every_multiple: Annotated[
        bool,
        Meta(description="Give it again for each full multiple of the minimum."),
    ] = False
    per: Annotated[
        AmountPer, Meta(description="Off the eligible lines together, each unit, or each line.")
    ] = AmountPer.POOL
    graduated: Annotated[
        bool,
        Meta(description="Each tier is for the units from its minimum up to the next one's only."),
    ] = False
    pick: Annotated[UnitPick, Meta(description="Which units come first; with graduated only.")] = (
        UnitPick.DEAREST
    )
    base: Annotated[
        ConditionBase, Meta(description="The amounts that minima are compared with.")
    ] = ConditionBase.RUNNING
    counted: Annotated[
        ProductTarget | None, Meta(description="Which products count; default: the activity's.")
    ] = None

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One, with the same tiers."""
        tiers = tuple(tier.row() for tier in self.tiers)
        return (
            EffectOp(
                tiers[0].kind,
                self.per.place(),
                tiers=tiers,
                tier_measure=Measure.AMOUNT if self._by_amount() else Measure.QUANTITY,
                tier_base=self.base.number(),
                tier_lines=lists.number(self.counted),
                tier_every=int(self.every_multiple),
                graduated=int(self.graduated),
                pick=self.pick.number(),
                scale=Scale.VALUE,
            ),
        )

    def _by_amount(self) -> bool:
        return self.tiers[0].min_amount_minor is not None

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = self._of_tiers(path)
        only = self.tiers[0] if len(self.tiers) == 1 else None
        if self.every_multiple and (only is None or only.amount_off_minor is None):
            words = "needs a single tier with amount_off_minor"
            found.append(Violation(f"{path}.every_multiple", words))
        if self.graduated:
            found += self._of_graduated(path)
        elif self.pick is not UnitPick.DEAREST:
            found.append(Violation(f"{path}.pick", "goes with graduated only"))
        if not self._by_amount():
            found += not_of_amount(self.base, path)
        if self.counted is not None:
            found += self.counted.violations(f"{path}.counted")
        return found

    def _of_tiers(self, path: str) -> list[Violation]:
        found = []
        name = "min_amount_minor" if self._by_amount() else "min_quantity"
        before = 0
        for index, tier in enumerate(self.tiers):
            at = f"{path}.tiers[{index}]"
            found += tier.violations(at)
            minimum = getattr(tier, name)
            if minimum is None:
                if index:
                    found.append(Violation(at, f"must set {name}, as the first tier does"))
                continue
            if minimum <= before:
                found.append(Violation(f"{at}.{name}", "must be above the tier before"))
            before = minimum
            # Off the very products that are counted, more than they come to is a slip of the pen.
            least = tier.min_amount_minor if self.counted is None else None
            if least is not None and (tier.amount_off_minor or 0) > least:
                words = "must not exceed min_amount_minor"
                found.append(Violation(f"{at}.amount_off_minor", words))
        return found

    def _of_graduated(self, path: str) -> list[Violation]:
        found = []
        if self._by_amount():
            found.append(Violation(f"{path}.graduated", "goes with min_quantity only"))
        if self.per is not AmountPer.UNIT:
            found.append(Violation(f"{path}.per", "must be AMOUNT_PER_UNIT if graduated"))
        if self.every_multiple:
            found.append(Violation(f"{path}.every_multiple", "does not go with graduated"))
        if self.counted is not None:
            found.append(Violation(f"{path}.counted", "does not go with graduated"))
        return found
