"""What some units of an order bear of its price: pure integers, by the order's snapshot.

Units are counted from the first one of each line: of n units that bear a discount the first k bear
amount * k / n of it, rounded down. So whatever the shipments, all of them together bear just the
whole, and what a shipment bears is what its units lower a refund by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rangli.checkout.model import Units
from rangli.funds.model import next_parts
from rangli.pricing.refunds.model import Held, Order, Returned, whole
from rangli.pricing.refunds.settlement import Refund
from rangli.wallet.model import AskedTender
from rangli.wallet.tender import worth_minor


@dataclass(frozen=True, slots=True)
class Borne:
    """What units bear: the money to be paid for them, and each activity's discount, by its id."""

    payable_minor: int
    discounts: Mapping[str, int]


def held_of(paid: Order, units: Units) -> Held:
    """The units as a refund counts them."""
    names = [line.line_id for line in paid.lines]
    deliveries = [int(one.delivery_id in units.delivery_ids) for one in paid.deliveries]
    return Held(
        (*(units.lines.get(name, 0) for name in names), *deliveries),
        {sku: units.gifts.get(sku, 0) for sku in whole(paid).gifts},
    )


def returned(paid: Order, units: Units) -> Returned:
    """The units as what comes back."""
    held = held_of(paid, units)
    return Returned(
        {number: n for number, n in enumerate(held.units) if n},
        {sku: n for sku, n in held.gifts.items() if n},
    )


def borne(paid: Order, units: Units) -> Borne:
    """What the first so many units of each line bear, and these delivery groups."""
    payable = 0
    discounts: dict[str, int] = {}
    for piece, count in zip(paid.pieces, held_of(paid, units).units, strict=True):
        payable += piece.before_minor(count)
        for take in piece.takes:
            kept = take.kept_minor(count)
            payable -= kept
            name = paid.activities[take.activity].live.activity_id
            discounts[name] = discounts.get(name, 0) + kept
    return Borne(payable, discounts)


def next_tender(
    tenders: Sequence[AskedTender],
    captured: Sequence[int],
    *,
    external_minor: int,
    external_paid_minor: int,
    due_minor: int,
    payable_minor: int,
) -> tuple[list[int], int]:
    """What each tender pays of the next shipment, in its units, and what is paid elsewhere.

    captured: what each has given so far, in its units.  external_minor: what of payable_minor is
    paid elsewhere in all, external_paid_minor so far.
    due_minor: what this shipment and all before it cost, of payable_minor in all.

    Each follows its part of the whole, and once everything is shipped each has given just that.
    Points come in whole ones, as many as their part is worth in full: what is missing the others
    pay, and pay less later. Only where they have too little left is one point taken early. So
    wherever the shipments end, what was taken is worth what is due and less than one point more.
    """
    points = [place for place, tender in enumerate(tenders) if _in_steps(tender)]
    rest = [place for place in range(len(tenders)) if place not in points]
    whole_minor = [*(tenders[place].pays_minor for place in rest), external_minor]
    done_minor = [*(captured[place] for place in rest), external_paid_minor]
    left_minor = sum(whole_minor) - sum(done_minor)
    missing_minor = due_minor - external_paid_minor - sum(map(_worth, tenders, captured))
    units = list(captured)
    for place in points:
        tender, before = tenders[place], units[place]
        due = max(before, tender.amount * due_minor // payable_minor)
        units[place] = min(due, _most(tender, before, missing_minor))
        missing_minor -= _worth(tender, units[place]) - _worth(tender, before)
    for place in points:
        tender, before = tenders[place], units[place]
        units[place] = _least(tender, before, missing_minor - left_minor)
        missing_minor -= _worth(tender, units[place]) - _worth(tender, before)
    *shares, external = next_parts(max(0, missing_minor), whole_minor, done_minor)
    for place, share in zip(rest, shares, strict=True):
        units[place] += share
    return [now - before for now, before in zip(units, captured, strict=True)], external


def borne_by_funder(paid: Order, refund: Refund) -> dict[str, dict[str, int]]:
    """What funders bear of what is kept after a refund: by activity_id, then by name."""
    sums: dict[str, dict[str, int]] = {}
    for number, of_pieces in refund.after.offs.items():
        live = paid.activities[number].live
        by_name = sums.setdefault(live.activity_id, {})
        for place, off in of_pieces.items():
            parts = off.parts(paid.pieces[place].funders(number)) if off.off_minor else ()
            for funder, minor in zip(live.funders, parts, strict=False):
                by_name[funder] = by_name.get(funder, 0) + minor
    return sums


def ended(paid: Order, last: Refund) -> tuple[set[str], set[str]]:
    """The activities, and the credentials, by their ids, of which nothing is left."""
    nothing_kept = not any(last.held.units)
    left_activities: set[str] = set()
    left_coupons: set[str] = set()
    activities: set[str] = set()
    coupons: set[str] = set()
    gave = {take.activity for piece in paid.pieces for take in piece.takes}
    gave |= {gift.activity for gift in paid.gifts}
    gifts = {
        gift.activity
        for gift, units in zip(paid.gifts, last.after.given, strict=True)
        if units and last.held.gifts.get(gift.sku)
    }
    for number, activity in enumerate(paid.activities):
        if not activity.applied:
            continue
        names = activity.live.activity_id, activity.candidate.shown.credential_id
        activities.add(names[0])
        coupons.add(names[1])
        offs = last.after.offs.get(number, {}).values()
        # One that only earns something earns it as long as anything is kept.
        if number in gifts or any(off.off_minor for off in offs) or number not in gave:
            left_activities.add(names[0])
            left_coupons.add(names[1])
    if nothing_kept:
        return activities, coupons
    return activities - left_activities, coupons - left_coupons


def _in_steps(tender: AskedTender) -> bool:
    return tender.amount != tender.pays_minor


def _most(tender: AskedTender, before: int, more_minor: int) -> int:
    """So many units at most, those before among them, that are worth no more than so much more."""
    if more_minor < 0:
        return before
    most_minor = _worth(tender, before) + more_minor
    # worth = pays * units // amount <= most: the units before the first that is worth more.
    return min(tender.amount, (tender.amount * (most_minor + 1) - 1) // tender.pays_minor)


def _least(tender: AskedTender, before: int, more_minor: int) -> int:
    """So few units, those before among them, that are worth so much more; all if they are not."""
    if more_minor <= 0:
        return before
    least_minor = _worth(tender, before) + more_minor
    return min(tender.amount, -(-tender.amount * least_minor // tender.pays_minor))


def _worth(tender: AskedTender, units: int) -> int:
    return worth_minor(units, amount=tender.amount, pays_minor=tender.pays_minor)
