"""A cart's price: who took what off which line, and why others gave nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rangli.activities.effects.earn import Earn
from rangli.activities.effects.gift import Gift
from rangli.activities.live import LiveActivity
from rangli.activities.program import Compare, Measure
from rangli.activities.spec import Layer
from rangli.pricing.cart import Cart
from rangli.pricing.matched import Shown, WhyNot
from rangli.pricing.plan import ResultRow
from rangli.pricing.policy import Policy
from rangli.pricing.steps import Step


@dataclass(slots=True)
class Adjustment:
    """What one effect of an activity took off some units of a line.

    applied: which activity: its place in `Quote.applied`.
    funder_minor: what each of the activity's funders pays of it, in their order.
    effect: which of the activity's effects. application: which of its sets.
    unit_first, units: which units; units = 0: all of the line.
    """

    applied: int
    amount_minor: int
    funder_minor: list[int]
    effect: int
    application: int
    unit_first: int
    units: int


@dataclass(slots=True)
class QuotedLine:
    """A line's or delivery group's price, with its adjustments in acting order."""

    line_id: str
    list_minor: int
    outside_minor: int
    payable_minor: int
    adjustments: list[Adjustment] = field(default_factory=list)

    @property
    def discount_minor(self) -> int:
        """What the adjustments come to."""
        return self.list_minor - self.outside_minor - self.payable_minor


@dataclass(slots=True)
class LeafTrace:
    """What a condition required, and what it was.

    path: where it stands in the activity's spec.
    met: None if what it reads is unknown.
    """

    path: str
    measure: Measure
    compare: Compare
    required: int
    actual: int
    met: bool | None


@dataclass(slots=True)
class Applied:
    """An activity that took something off, or gives something.

    funder_minor: what each of its funders pays in all, in their order.
    """

    activity: LiveActivity
    shown: Shown
    group: str
    result: ResultRow
    funder_minor: list[int]
    conditions: list[LeafTrace]


@dataclass(slots=True)
class NotApplied:
    """An activity that gave nothing, and why.

    result: what the kernel said, if its turn came.
    beaten_by: the activity that won or excluded it.
    """

    activity_id: str
    shown: Shown
    why: WhyNot
    group: str = ""
    result: ResultRow | None = None
    measure: Measure | None = None
    beaten_by: str = ""
    conditions: list[LeafTrace] = field(default_factory=list)


@dataclass(slots=True)
class Added:
    """A gift that is added to the cart. applied: as in `Adjustment`."""

    applied: int
    gift: Gift
    quantity: int


@dataclass(slots=True)
class Earned:
    """Something earned when the order is completed. applied: as in `Adjustment`."""

    applied: int
    earn: Earn
    amount: int


@dataclass(slots=True)
class Quote:
    """A cart's price. Lines and deliveries stand in the cart's order; everything sums exactly.

    steps: all that acted or could have, in acting order; their line numbers are places in
        `row_ids`, lines and delivery groups in the order that decides ties.
    """

    cart: Cart
    catalogue_version: int
    policy: Policy
    lines: list[QuotedLine]
    deliveries: list[QuotedLine]
    applied: list[Applied]
    not_applied: list[NotApplied]
    added: list[Added]
    earned: list[Earned]
    steps: Sequence[Step]
    row_ids: list[str]
    proven: bool
    gap_minor: int
    nodes: int

    @property
    def payable_minor(self) -> int:
        """What the cart costs."""
        return sum(row.payable_minor for row in (*self.lines, *self.deliveries))

    def layers(self) -> list[tuple[Layer, int]]:
        """What the layers that took something off came to, in their order."""
        sums = dict.fromkeys(Layer, 0)
        for applied in self.applied:
            sums[applied.activity.layer] += applied.result.off_minor
        return [(layer, minor) for layer, minor in sums.items() if minor]

    def funders(self) -> list[tuple[str, int]]:
        """What each funder pays in all, by name."""
        sums: dict[str, int] = {}
        for applied in self.applied:
            for funder, minor in zip(applied.activity.funders, applied.funder_minor, strict=True):
                sums[funder] = sums.get(funder, 0) + minor
        return sorted((funder, minor) for funder, minor in sums.items() if minor)
