"""How much of a reservation is meant: an amount for each of its legs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from rangli.core.errors import Invalid, Reason, Refused, Violation
from rangli.funds.model import next_parts
from rangli.funds.records import Reservation
from rangli.funds.wanted import AmountItem, ReservationState, state_of
from rangli.ledger.model import Hold

# Of an activity ("" for all): how much is left, and how much wanted.
Exceeded: TypeAlias = Callable[[str, int, int], Refused]


def by_leg(
    reservation: Reservation,
    items: Sequence[AmountItem],
    *,
    whole: Sequence[int],
    done: Sequence[int],
    exceeded: Exceeded,
) -> list[int]:
    """What the items ask for of each leg; all that is left if there are none.

    whole: what there was.  done: of it, what is gone.
    exceeded: makes the refusal if more is asked than is left.  Raises Invalid too.
    """
    left = [there - gone for there, gone in zip(whole, done, strict=True)]
    if not items:
        if not any(left):
            raise exceeded("", 0, 0)
        return left
    legs_of: dict[str, list[int]] = {}
    for leg, part in enumerate(reservation.parts):
        legs_of.setdefault(part.activity_id, []).append(leg)
    amounts = [0] * len(left)
    for item in items:
        legs = legs_of.get(item.activity_id)
        if legs is None:
            raise Invalid.fields(
                Violation(f"{item.path}.activity_id", "is not in this reservation")
            )
        left_minor = sum(left[leg] for leg in legs)
        amount = item.amount_minor or left_minor
        if not 0 < amount <= left_minor:
            raise exceeded(item.activity_id, left_minor, amount)
        if item.parts:
            shared = _as_said(reservation, item, legs, left, exceeded)
        else:
            shared = next_parts(amount, [whole[leg] for leg in legs], [done[leg] for leg in legs])
        for leg, part_minor in zip(legs, shared, strict=True):
            amounts[leg] = part_minor
    return amounts


def _as_said(
    reservation: Reservation,
    item: AmountItem,
    legs: Sequence[int],
    left: Sequence[int],
    exceeded: Exceeded,
) -> list[int]:
    leg_of = {reservation.parts[leg].funder: leg for leg in legs}
    said: dict[int, int] = {}
    for part in item.parts:
        leg = leg_of.get(part.funder)
        if leg is None:
            raise Invalid.fields(
                Violation(f"{part.path}.funder", "bears nothing of this activity's amount")
            )
        if part.amount_minor > left[leg]:
            raise exceeded(item.activity_id, left[leg], part.amount_minor)
        said[leg] = part.amount_minor
    return [said.get(leg, 0) for leg in legs]


def refuse_ended(hold: Hold, now: datetime, *, late: bool) -> None:
    """Only what is reserved can be spent, or, if it is late, what has expired."""
    state = state_of(hold.state, hold.expires_at, now)
    usable = (ReservationState.RESERVED, *([ReservationState.EXPIRED] if late else []))
    if state not in usable:
        raise Refused(
            Reason.RESERVATION_ENDED,
            f"the reservation cannot be spent: it is {state}",
            metadata={"hold_id": hold.hold_id, "state": hold.state_at(now)},
        )


def less_is_left(
    hold: Hold, now: datetime, activity_id: str, left_minor: int, wanted_minor: int
) -> Refused:
    """More would be spent than is reserved."""
    return Refused(
        Reason.RESERVATION_ENDED,
        "less than that is left of the reservation",
        metadata={
            "hold_id": hold.hold_id,
            "state": hold.state_at(now),
            "activity_id": activity_id,
            "left_minor": left_minor,
            "wanted_minor": wanted_minor,
        },
    )


def less_was_spent(hold: Hold, activity_id: str, left_minor: int, wanted_minor: int) -> Refused:
    """More would be refunded than was spent."""
    return Refused(
        Reason.RETURN_EXCEEDS_CAPTURED,
        "more would be refunded than was spent and not refunded yet",
        metadata={
            "hold_id": hold.hold_id,
            "activity_id": activity_id,
            "returnable_minor": left_minor,
            "wanted_minor": wanted_minor,
        },
    )
