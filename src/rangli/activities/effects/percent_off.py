"""A percentage off the eligible lines."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import CapMinor, OffBps
from rangli.activities.effects.kind import AmountPer, EffectKind, LimitPick, UnitLimit, UnitPick
from rangli.activities.lists import ListNumbers
from rangli.activities.program import EffectOp, Kind
from rangli.core.errors import Violation


class PercentOff(EffectKind, frozen=True, kw_only=True, tag="percent_off"):
    """A percentage off, by default off the eligible lines together: rounded once, then shared."""

    off_bps: Annotated[OffBps, Meta(description="Basis points: 1,000 is 10 % off.")]
    cap_minor: Annotated[
        CapMinor, Meta(description="The most that is given per cart, in minor units; 0: no cap.")
    ] = 0
    per: Annotated[
        AmountPer, Meta(description="Rounded once for all, for each line, or for each unit.")
    ] = AmountPer.POOL
    unit_limit: UnitLimit = 0
    pick: LimitPick = UnitPick.DEAREST
    limit_bounds_money: Annotated[
        bool,
        Meta(description="With LINE: of so many units of a line, less what the line has lost."),
    ] = False

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One, on the eligible lines."""
        return (
            EffectOp(
                Kind.PERCENT,
                self.per.place(),
                value=self.off_bps,
                cap_minor=self.cap_minor,
                unit_limit=self.unit_limit,
                pick=self.pick.number(),
            ),
        )

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        if not self.limit_bounds_money:
            return self._limit_without_units(self.per, self.unit_limit, path)
        found = []
        if self.per is not AmountPer.LINE:
            found.append(
                Violation(f"{path}.per", "must be AMOUNT_PER_LINE with limit_bounds_money")
            )
        if not self.unit_limit:
            found.append(Violation(f"{path}.unit_limit", "is required with limit_bounds_money"))
        if self.pick is not UnitPick.DEAREST:
            words = "does not go with limit_bounds_money, which takes no units"
            found.append(Violation(f"{path}.pick", words))
        return found
