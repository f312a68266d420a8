"""An amount off the pool, each unit or each line."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import AmountMinor, CapMinor
from rangli.activities.effects.kind import AmountPer, EffectKind, LimitPick, UnitLimit, UnitPick
from rangli.activities.lists import ListNumbers
from rangli.activities.program import EffectOp, Kind, Scale
from rangli.core.errors import Violation


class AmountOff(EffectKind, frozen=True, kw_only=True, tag="amount_off"):
    """An amount off; never more than what is left to pay."""

    amount_minor: Annotated[AmountMinor, Meta(description="Amount off, in minor units.")]
    per: Annotated[
        AmountPer,
        Meta(description="Off the eligible lines together, off each unit, or off each line."),
    ] = AmountPer.POOL
    unit_limit: UnitLimit = 0
    pick: LimitPick = UnitPick.DEAREST
    cap_minor: Annotated[
        CapMinor, Meta(description="The most that is given per cart, in minor units; 0: no cap.")
    ] = 0

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One, on the eligible lines."""
        return (
            EffectOp(
                Kind.OFF,
                self.per.place(),
                value=self.amount_minor,
                cap_minor=self.cap_minor,
                unit_limit=self.unit_limit,
                pick=self.pick.number(),
                scale=Scale.VALUE,
            ),
        )

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        return self._limit_without_units(self.per, self.unit_limit, path)
