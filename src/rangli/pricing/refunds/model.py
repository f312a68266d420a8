"""An order as it was paid, what of it is kept, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rangli.activities.live import LiveActivity
from rangli.activities.spec import RefundPolicy
from rangli.core.money import apportion_largest_remainder
from rangli.pricing.cart import Cart, Delivery, Line
from rangli.pricing.matched import Candidate
from rangli.pricing.plan import CartRow
from rangli.pricing.policy import Policy


@dataclass(frozen=True, slots=True)
class Take:
    """What an activity took off `units` units of a piece, from `unit_first` on.

    activity: its number in `Order.activities`. funders: their parts, in the activity's order.
    """

    activity: int
    off_minor: int
    unit_first: int
    units: int
    funders: tuple[int, ...]

    def kept_minor(self, kept: int) -> int:
        """What of it the first `kept` units of the piece bear."""
        return self.off_minor * min(max(kept - self.unit_first, 0), self.units) // self.units

    def kept_units(self, kept: int) -> int:
        """How many of its units are among the first `kept` ones."""
        return min(max(kept - self.unit_first, 0), self.units)


@dataclass(frozen=True, slots=True)
class Piece:
    """A line of the order, or a delivery group. row: what the kernel knows of it."""

    piece_id: str
    row: CartRow
    takes: tuple[Take, ...]

    def before_minor(self, kept: int) -> int:
        """What the first `kept` units cost before activities."""
        row = self.row
        return row.unit_minor * kept - row.outside_minor * kept // row.quantity

    def funders(self, activity: int) -> list[int]:
        """What each funder of an activity bears of all that it took off."""
        rows = (take.funders for take in self.takes if take.activity == activity)
        return [sum(parts) for parts in zip(*rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity that acted or could have, as it was. Pieces are the rows of its candidate.

    group: number in the policy; None: it has no place there.
    place: its place among those that had applied; -1: it had not. tier, times: of then.
    """

    candidate: Candidate
    group: int | None
    place: int = -1
    tier: int = 0
    times: int = 0

    @property
    def live(self) -> LiveActivity:
        """The activity itself."""
        return self.candidate.activity

    @property
    def applied(self) -> bool:
        """Whether it had."""
        return self.place >= 0

    @property
    def refund_policy(self) -> RefundPolicy:
        """What becomes of its discount."""
        return self.live.refund_policy


@dataclass(frozen=True, slots=True)
class Gift:
    """Units of a product that an activity added. worth_minor: of one of them."""

    activity: int
    sku: str
    quantity: int
    worth_minor: int


@dataclass(frozen=True, slots=True)
class Order:
    """What was paid, and all that it depended on.

    lines, deliveries: of the cart, in the order that decides ties. pieces: both, in that order.
    activities: in acting order.
    """

    cart: Cart
    policy: Policy
    lines: tuple[Line, ...]
    deliveries: tuple[Delivery, ...]
    pieces: tuple[Piece, ...]
    activities: tuple[Activity, ...]
    gifts: tuple[Gift, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What of an order is kept. units: of each piece. gifts: units by sku."""

    units: tuple[int, ...]
    gifts: Mapping[str, int]

    def without(self, returned: Returned) -> Held:
        """What is left after a return of no more than is there."""
        return Held(
            tuple(kept - returned.units.get(number, 0) for number, kept in enumerate(self.units)),
            {sku: kept - returned.gifts.get(sku, 0) for sku, kept in self.gifts.items()},
        )


@dataclass(frozen=True, slots=True)
class Returned:
    """What comes back at once. units: by number of the piece. gifts: by sku. Above 0."""

    units: Mapping[int, int]
    gifts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Off:
    """What of an activity's discount stays on a piece.

    share_minor: the kept units' part of what it had been.
    funders: their parts of off_minor; none: in the proportions of what it had been.
    """

    off_minor: int
    share_minor: int
    funders: tuple[int, ...] = ()

    def parts(self, whole: Sequence[int]) -> Sequence[int]:
        """What each funder bears of it; whole: what they bore of the whole."""
        return self.funders or apportion_largest_remainder(self.off_minor, whole)


# What of discounts stays: by activity, then by piece. What is missing is nothing.
Offs = Mapping[int, Mapping[int, Off]]


@dataclass(frozen=True, slots=True)
class Required:
    """What should come back, since it was got for conditions that no longer hold.

    name: of a piece, or the sku of a gift. kept_minor: what is due for it as long as it does not.
    """

    activity: int
    name: str
    quantity: int
    gift: bool
    kept_minor: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is due for what is kept.

    due: of each piece, in minor units. gift_due: by sku, for gifts that are kept and would not be
        given any more. given: how many units of each of the order's gifts would be given.
    """

    due: tuple[int, ...]
    gift_due: Mapping[str, int]
    offs: Offs
    given: tuple[int, ...]
    required: tuple[Required, ...]

    @property
    def due_minor(self) -> int:
        """All that is due."""
        return sum(self.due) + sum(self.gift_due.values())


def whole(order: Order) -> Held:
    """All of an order."""
    gifts: dict[str, int] = {}
    for gift in order.gifts:
        gifts[gift.sku] = gifts.get(gift.sku, 0) + gift.quantity
    return Held(tuple(piece.row.quantity for piece in order.pieces), gifts)
