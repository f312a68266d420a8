"""What is kept of an order, as a cart of its own that the kernel can price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from rangli.activities.catalogue import Catalogue
from rangli.activities.effects.gift import Gift
from rangli.activities.live import LiveActivity
from rangli.activities.pricebook import Offered
from rangli.activities.program import EffectOp, Kind, Program, assemble
from rangli.pricing.asked import Asked
from rangli.pricing.cart import Cart, Delivery, Line
from rangli.pricing.matched import NOTHING, Candidate
from rangli.pricing.plan import GrantRow, Outcome
from rangli.pricing.policy import Policy
from rangli.pricing.quote import priced
from rangli.pricing.refunds.model import Held, Order
from rangli.pricing.steps import Step, plan_of


@dataclass(frozen=True, slots=True)
class KeptCart:
    """Lines and delivery groups of which something is kept, with what is kept of each.

    pieces: their numbers in the order, by row. row_of: the other way round.
    """

    cart: Cart
    lines: Sequence[Line]
    deliveries: Sequence[Delivery]
    pieces: Sequence[int]
    row_of: Mapping[int, int]

    def without_floors(self) -> KeptCart:
        """The same, but no line must cost anything.

        Few units may have had what a floor allowed on all: what stays of it must not be cut.
        """
        lines = [replace(line, floor_minor=0) for line in self.lines]
        return replace(self, lines=lines, cart=replace(self.cart, lines=lines))

    def candidate(self, candidate: Candidate, closed: Set[int] = frozenset()) -> Candidate | None:
        """The same on these rows, on none of the closed pieces; None if no line of it is kept."""
        places = [
            (self.row_of[piece], place)
            for place, piece in enumerate(candidate.lines)
            if piece in self.row_of and piece not in closed
        ]
        if not places:
            return None
        offered = candidate.offered
        return replace(
            candidate,
            lines=[row for row, _ in places],
            lists=[
                [self.row_of[n] for n in numbers if n in self.row_of] for numbers in candidate.lists
            ],
            offered=[offered[place] for _, place in places] if offered is not None else None,
        )

    def fixed(self, activity: LiveActivity, amounts: Mapping[int, int]) -> Candidate | None:
        """A step that takes these amounts, by piece, off whole lines; None if there are none.

        Nothing of the activity but its stacking and its funders counts any more.
        """
        pieces = sorted(piece for piece, minor in amounts.items() if minor)
        if not pieces:
            return None
        quantities = [line.quantity for line in self.lines] + [1] * len(self.deliveries)
        rows = [self.row_of[piece] for piece in pieces]
        program = Program(
            conds=(),
            effects=(EffectOp(Kind.ENTRY),),
            funder_bps=activity.program.funder_bps,
            remainder_funder=activity.program.remainder_funder,
        )
        # Another name, since limits and programs go by it.
        fixed = replace(activity, activity_id=f"{activity.activity_id} (fixed)", program=program)
        offered = [
            Offered(Kind.OFF, amounts[piece], quantities[row])
            for piece, row in zip(pieces, rows, strict=True)
        ]
        return Candidate(fixed, NOTHING, rows, offered=offered)

    def price(self, steps: Sequence[Step], policy: Policy) -> Outcome:
        """What the kernel makes of these steps."""
        activities = {c.activity.activity_id: c.activity for _, c in steps}
        catalogue = Catalogue(
            tenant="",
            programs=assemble([activity.program for activity in activities.values()]),
            program_numbers={name: number for number, name in enumerate(activities)},
        )
        plan = plan_of(
            catalogue,
            self.cart,
            self.lines,
            deliveries=self.deliveries,
            steps=steps,
            policy=policy,
        )
        cart, lines, deliveries = self.cart, self.lines, self.deliveries
        return priced(Asked(catalogue, cart, policy, lines, deliveries, steps, (), plan))


def kept_cart(order: Order, held: Held) -> KeptCart:
    """The cart of what is kept, with everything else about it as it was."""
    pieces = [number for number, units in enumerate(held.units) if units]
    lines, deliveries = [], []
    for number in pieces:
        if number < len(order.lines):
            row, units = order.pieces[number].row, held.units[number]
            outside_minor = row.outside_minor * units // row.quantity
            line = order.lines[number]
            lines.append(replace(line, quantity=units, outside_minor=outside_minor))
        else:
            deliveries.append(order.deliveries[number - len(order.lines)])
    # The cart's own is in the lines' already.
    cart = replace(order.cart, lines=lines, deliveries=deliveries, outside_minor=0, explain=False)
    row_of = {piece: row for row, piece in enumerate(pieces)}
    return KeptCart(cart, lines, deliveries, pieces, row_of)


def gifts_of(activity: LiveActivity, grants: Iterable[GrantRow]) -> dict[str, int]:
    """Units by sku that an activity's grants add."""
    units: dict[str, int] = {}
    for grant in grants:
        effect = activity.spec.effects[activity.effect_of[grant.effect]]
        if isinstance(effect, Gift):
            units[effect.sku] = units.get(effect.sku, 0) + grant.amount
    return units
