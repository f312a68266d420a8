"""Every n-th unit costs less."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.effects.benefit import Benefit
from rangli.activities.effects.kind import EffectKind, SetLimit, UnitPick
from rangli.activities.lists import ListNumbers
from rangli.activities.program import ELIGIBLE, Component, EffectOp, Pick, Place, Role
from rangli.core.errors import Violation


class NthUnit(EffectKind, frozen=True, kw_only=True, tag="nth_unit"):
    """Every n-th unit costs less ("the second at half price")."""

    n: Annotated[int, Meta(ge=2, le=100, description="2: every second unit.")]
    benefit: Annotated[Benefit, Meta(description="What each n-th unit loses.")]
    pick: Annotated[
        UnitPick,
        Meta(description="CHEAPEST: the cheapest of all; DEAREST: each n-th from the dearest on."),
    ] = UnitPick.CHEAPEST
    repeat_max: SetLimit = 0

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One of sets: n - 1 units to go before, from the dearest on, and the one that loses."""
        kind, value = self.benefit.kind_and_value()
        before = Component(ELIGIBLE, self.n - 1, Role.TRIGGER, Pick.DEAREST)
        loses = Component(ELIGIBLE, 1, Role.REWARD, self.pick.number())
        return (
            EffectOp(
                kind,
                Place.UNIT,
                value=value,
                pattern=(before, loses),
                repeat_max=self.repeat_max,
            ),
        )

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = self.benefit.violations(f"{path}.benefit")
        if self.pick not in (UnitPick.CHEAPEST, UnitPick.DEAREST):
            found.append(Violation(f"{path}.pick", "must be CHEAPEST or DEAREST"))
        return found
