"""Off delivery."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from rangli.activities.bounds import CapMinor, Method, unprintable
from rangli.activities.effects.benefit import Benefit
from rangli.activities.effects.kind import EffectKind
from rangli.activities.lists import ListNumbers
from rangli.activities.program import EffectOp, Kind, Place, Scale
from rangli.activities.targets import DeliveryTarget
from rangli.core.errors import Violation


class ShippingOff(EffectKind, frozen=True, kw_only=True, tag="shipping_off"):
    """Off delivery groups. A cart without delivery groups is not touched."""

    benefit: Annotated[
        Benefit, Meta(description="What each delivery group loses, or costs; 10,000 bps: free.")
    ]
    methods: Annotated[
        tuple[Method, ...],
        Meta(max_length=20, description="Only delivery groups with one of these; none: all."),
    ] = ()
    cap_minor: Annotated[
        CapMinor, Meta(description="The most that is given per cart, in minor units; 0: no cap.")
    ] = 0

    def ops(self, lists: ListNumbers) -> tuple[EffectOp, ...]:
        """One, on each delivery group; a capped percentage is one pool, so that they share it."""
        kind, value = self.benefit.kind_and_value()
        shared = kind is Kind.PERCENT and self.cap_minor
        return (
            EffectOp(
                kind,
                Place.POOL if shared else Place.LINE,
                lines=lists.number(DeliveryTarget(self.methods)),
                value=value,
                cap_minor=self.cap_minor,
                scale=Scale.VALUE if kind is Kind.OFF else 0,
            ),
        )

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = self.benefit.violations(f"{path}.benefit")
        return found + unprintable(f"{path}.methods", self.methods)
