"""What all effects have in common."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities.bounds import Limit
from rangli.activities.lists import ListNumbers
from rangli.activities.program import EffectOp, Pick, Place
from rangli.activities.targets import ProductTarget
from rangli.core.errors import Violation


class AmountPer(StrEnum):
    """What a price, an amount or a percentage is for."""

    POOL = "POOL"
    UNIT = "UNIT"
    LINE = "LINE"

    def place(self) -> Place:
        """As the kernel names it."""
        return Place[self.name]


class UnitPick(StrEnum):
    """Which units are taken first, by what is left to pay on one."""

    DEAREST = "DEAREST"
    CHEAPEST = "CHEAPEST"
    FIRST = "FIRST"
    LAST = "LAST"

    def number(self) -> Pick:
        """As the kernel names it."""
        return Pick["POSITION" if self is UnitPick.FIRST else self.name]


UnitLimit = Annotated[Limit, Meta(description="Most units per cart; 0: no limit. With UNIT only.")]
LimitPick = Annotated[UnitPick, Meta(description="Which units a limit takes first.")]
SetPick = Annotated[UnitPick, Meta(description="Which units make the sets.")]
SetLimit = Annotated[Limit, Meta(description="Most times per cart; 0: no limit.")]


class EffectKind(Struct, frozen=True, kw_only=True):
    """One kind of effect; its fields are those of its message in `activity.proto`."""

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """What the kernel does for it, on the eligible lines or on lists of its own."""
        raise NotImplementedError

    def uncounted(self) -> tuple[ProductTarget, ...]:
        """Products that the activity's own conditions and multiplier must not count."""
        return ()

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say, for the message that stands at `path`."""
        return []

    def _limit_without_units(self, per: AmountPer, unit_limit: int, path: str) -> list[Violation]:
        """A limit of units is stated where units are not acted on."""
        if unit_limit and per is not AmountPer.UNIT:
            return [Violation(f"{path}.unit_limit", "goes with per = AMOUNT_PER_UNIT only")]
        return []
