"""What callers ask of budgets for their orders, and what they are told: plain values.

path: where something stands in the request, for violations ("items[2]").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rangli.ledger.model import HoldState

TTL_S_DEFAULT = 900
TTL_S_MAX = 7 * 86_400
ITEMS_MAX = 100


@dataclass(frozen=True, slots=True)
class FunderPart:
    """So much of one funder."""

    path: str
    funder: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ReserveItem:
    """What an activity gives on an order.

    version: of the activity's funding; 0: the newest.
    parts: who pays what of it, summing to the amount; none: by the shares.
    allow_partial: less is better than nothing.
    """

    path: str
    activity_id: str
    version: int
    amount_minor: int
    parts: tuple[FunderPart, ...] = ()
    allow_partial: bool = False


@dataclass(frozen=True, slots=True)
class Reserve:
    """Sets aside what an order's activities give, all or nothing."""

    order_id: str
    items: tuple[ReserveItem, ...]
    ttl_s: int = TTL_S_DEFAULT


@dataclass(frozen=True, slots=True)
class BatchSpend:
    """Reserves and spends at once. occurred_at: the value date; None: now."""

    order_id: str
    items: tuple[ReserveItem, ...]
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AmountItem:
    """A part of what an activity has of a reservation; 0: all that is left.

    parts: whose, summing to the amount; none: as each funder bore it.
    """

    path: str
    activity_id: str
    amount_minor: int
    parts: tuple[FunderPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Spend:
    """Spends what is reserved. items: none, all of it.

    final: the rest is released.  late: if it has expired, it is taken anew.
    """

    reservation_id: str
    items: tuple[AmountItem, ...] = ()
    final: bool = False
    late: bool = False
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Gives up what is still reserved."""

    reservation_id: str


@dataclass(frozen=True, slots=True)
class Refund:
    """Gives back what was spent. items: none, all of it. occurred_at: the value date; None: now."""

    reservation_id: str
    items: tuple[AmountItem, ...] = ()
    occurred_at: datetime | None = None


class ReservationState(StrEnum):
    """RESERVED until it ends, once, in one of the other ways."""

    RESERVED = "RESERVED"
    SPENT = "SPENT"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class PartNow:
    """What a funder bears of an activity on an order: reserved = spent + released + what is left.

    refunded_minor: of what was spent.
    """

    activity_id: str
    version: int
    funder: str
    pool_id: str | None
    reserved_minor: int
    spent_minor: int
    released_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class ReservationNow:
    """A reservation as it stands."""

    reservation_id: str
    order_id: str
    currency: str
    state: ReservationState
    expires_at: datetime
    parts: tuple[PartNow, ...]


@dataclass(frozen=True, slots=True)
class Refunded:
    """What a refund gave back. parts: (activity_id, funder, pool_id, amount_minor)."""

    reservation: ReservationNow
    parts: tuple[tuple[str, str, str | None, int], ...]


_STATES = {
    HoldState.PENDING: ReservationState.RESERVED,
    HoldState.POSTED: ReservationState.SPENT,
    HoldState.VOIDED: ReservationState.RELEASED,
    HoldState.EXPIRED: ReservationState.EXPIRED,
}


def state_of(state: HoldState, expires_at: datetime, now: datetime) -> ReservationState:
    """A hold's state here; one whose time has passed is EXPIRED whether anybody swept it or not."""
    if state is HoldState.PENDING and expires_at <= now:
        return ReservationState.EXPIRED
    return _STATES[state]
