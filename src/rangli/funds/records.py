"""What is kept of reservations, and what a book of funds has to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from rangli.funds.model import Balances, Level, Pool
from rangli.funds.wanted import PartNow, ReservationNow, state_of
from rangli.ledger.model import Hold, HoldLeg
from rangli.storage.outbox import Event

PoolId = tuple[str, str]  # tenant, pool_id
ReservationId = tuple[str, str]  # tenant, reservation_id
Day = tuple[str, str, date]  # tenant, pool_id, its business day
# Who acts where nobody asked: expiries, and levels that many requests together have moved.
ITSELF = "rangli"


@dataclass(slots=True)
class Part:
    """What a leg of a hold is for. counted_minor: what it counts for its pool's day."""

    activity_id: str
    version: int
    funder: str
    pool_id: str | None
    day: date | None
    counted_minor: int


@dataclass(slots=True)
class Reservation:
    """A hold's purpose. parts: one for each leg.  is_open: it may yet expire, or be counted so."""

    tenant: str
    reservation_id: str
    order_id: str
    currency: str
    expires_at: datetime
    is_open: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """What a transaction spent of a leg, or, below zero, gave back."""

    tenant: str
    transaction_id: str
    leg: int
    reservation_id: str
    amount_minor: int
    occurred_at: datetime


@dataclass(slots=True)
class Done:
    """What is to be written, besides what the ledger's book did."""

    reservations: dict[ReservationId, Reservation] = field(default_factory=dict)  # new ones
    changed: dict[ReservationId, Reservation] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    days: dict[Day, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)


def counts(leg: HoldLeg) -> int:
    """What a leg counts for its day: what is still set aside, and what is spent for good."""
    return leg.held_minor - leg.released_minor - leg.returned_minor


def seen(reservation: Reservation, hold: Hold, now: datetime) -> ReservationNow:
    """The reservation as it stands."""
    return ReservationNow(
        reservation.reservation_id,
        reservation.order_id,
        reservation.currency,
        state_of(hold.state, hold.expires_at, now),
        hold.expires_at,
        tuple(
            PartNow(
                part.activity_id,
                part.version,
                part.funder,
                part.pool_id,
                reserved_minor=leg.held_minor,
                spent_minor=leg.captured_minor,
                released_minor=leg.released_minor,
                refunded_minor=leg.returned_minor,
            )
            for part, leg in zip(reservation.parts, hold.legs, strict=True)
        ),
    )


def crossing(pool: Pool, was: Level, balances: Balances) -> Event:
    """That a pool's level has changed."""
    until = pool.standing.paused_until
    return Event(
        pool.tenant,
        "pool",
        pool.pool_id,
        "pool.level_changed",
        ITSELF,
        {
            "level": pool.level.name,
            "was": was.name,
            "revision": pool.revision,
            "budget_minor": balances.budget_minor,
            "reserved_minor": balances.reserved_minor,
            "spent_minor": balances.spent_minor,
            "paused_until": until.isoformat() if until else None,
        },
    )
