"""What a wallet knows: pockets of lots, tenders, reservations, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias, TypeVar
from zlib import crc32

from rangli.ledger.model import AccountKey, Hold, HoldState, Kind

T = TypeVar("T")
# So much of the lot that ends then; None: never.
LotPart: TypeAlias = tuple[datetime | None, int]

AMOUNT_MAX = 10**12
TENDERS_MAX = 20
# Lots shown of one pocket; what is left of others is in the sums.
LOTS_SHOWN_MAX = 500
# Over so many accounts the other side of each purpose is spread, so that the wallets of a tenant do
# not all wait for one row. May be changed: what was booked stays where it is, sums are by kind.
HOUSES = 16


class WalletKind(StrEnum):
    """What kind of value; also the kind of its lots' accounts."""

    BALANCE = "balance"
    POINTS = "points"
    CASH = "cash"


class Pocket(NamedTuple):
    """One kind and unit of one user: a row of lots, each an account of the ledger."""

    tenant: str
    user_id: str
    kind: WalletKind
    unit: str

    @property
    def owner(self) -> str:
        """Whose the lots' accounts are."""
        return owner_of(self.user_id)

    def lot(self, expires_at: datetime | None) -> AccountKey:
        """The account of the lot that ends then; None: never."""
        return AccountKey(self.tenant, self.owner, self.kind, self.unit, expires_at)

    def house(self, purpose: str) -> AccountKey:
        """The other side: "issued" for credits and debits, "tendered" for what was paid."""
        owner = f"house/{crc32(self.user_id.encode()) % HOUSES}"
        return AccountKey(self.tenant, owner, f"{purpose}:{self.kind}", self.unit)


def owner_of(user_id: str) -> str:
    """The owner of a user's accounts."""
    return f"user/{user_id}"


@dataclass(frozen=True, slots=True)
class Credit:
    """Value for a pocket.  expires_at: None: never."""

    user_id: str
    kind: WalletKind
    unit: str
    amount: int
    expires_at: datetime | None
    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Debit:
    """A correction: so much out of a pocket, from the lots that expire first."""

    user_id: str
    kind: WalletKind
    unit: str
    amount: int
    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Debited:
    """A debit: the ledger's transaction, and what each lot gave."""

    transaction_id: str
    lots: tuple[LotPart, ...]


@dataclass(frozen=True, slots=True)
class TenderAmount:
    """So much of one kind and unit."""

    kind: WalletKind
    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class AskedTender:
    """One way to pay: so much, in its unit, for so much money of the order."""

    kind: WalletKind
    unit: str
    amount: int
    pays_minor: int


@dataclass(frozen=True, slots=True)
class Reserve:
    """Tenders to be set aside for an order; external_minor is paid elsewhere."""

    user_id: str
    order_id: str
    ttl_s: int
    tenders: tuple[AskedTender, ...]
    currency: str
    external_minor: int


@dataclass(frozen=True, slots=True)
class Capture:
    """How much to take of which tender; no amounts: all that is reserved."""

    reservation_id: str
    amounts: tuple[TenderAmount, ...]
    final: bool
    late: bool


@dataclass(frozen=True, slots=True)
class Release:
    """To give up what is still reserved."""

    reservation_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refund:
    """Money to be shared, or (refund_minor = 0) how much of which tender and of the external part.

    extend_s: None: what goes back to an expired lot expires again.
    """

    reservation_id: str
    refund_minor: int
    amounts: tuple[TenderAmount, ...]
    external_minor: int
    extend_s: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeFreeze:
    """To freeze kinds of a wallet, or to unfreeze them."""

    user_id: str
    kinds: tuple[WalletKind, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Tender:
    """A tender of a reservation, and which of the hold's legs are its lots."""

    kind: WalletKind
    unit: str
    amount: int
    pays_minor: int
    refunded_minor: int
    leg_from: int
    leg_count: int

    def of(self, legs: Sequence[T]) -> Sequence[T]:
        """Its part of what is there for each leg of the hold, first-expiring lot first."""
        return legs[self.leg_from : self.leg_from + self.leg_count]


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a reservation pays; the hold of the same name says what has become of it."""

    tenant: str
    reservation_id: str
    user_id: str
    order_id: str
    currency: str
    external_minor: int
    external_refunded_minor: int
    tenders: tuple[Tender, ...]

    def pocket(self, tender: Tender) -> Pocket:
        """Where the tender comes from."""
        return Pocket(self.tenant, self.user_id, tender.kind, tender.unit)

    def tender(self, kind: WalletKind, unit: str) -> Tender | None:
        """The tender of that kind and unit."""
        return next((t for t in self.tenders if (t.kind, t.unit) == (kind, unit)), None)


@dataclass(frozen=True, slots=True)
class TenderSeen:
    """A tender and what has become of it.  lots: as reserved."""

    tender: Tender
    captured: int
    released: int
    returned: int
    lots: tuple[LotPart, ...]


@dataclass(frozen=True, slots=True)
class ReservationSeen:
    """A reservation at one moment."""

    reservation: Reservation
    state: HoldState
    expires_at: datetime
    tenders: tuple[TenderSeen, ...]


def seen(
    reservation: Reservation, hold: Hold, now: datetime, lot_ends: Sequence[datetime | None]
) -> ReservationSeen:
    """The reservation as its hold is now; later changes of the hold do not show in it.

    lot_ends: of each leg, when its lot expires.
    """
    return ReservationSeen(
        reservation,
        hold.state_at(now),
        hold.expires_at,
        tuple(
            TenderSeen(
                tender,
                sum(leg.captured_minor for leg in tender.of(hold.legs)),
                sum(leg.released_minor for leg in tender.of(hold.legs)),
                sum(leg.returned_minor for leg in tender.of(hold.legs)),
                tuple(
                    (ends_at, leg.held_minor)
                    for ends_at, leg in zip(tender.of(lot_ends), tender.of(hold.legs), strict=True)
                ),
            )
            for tender in reservation.tenders
        ),
    )


@dataclass(frozen=True, slots=True)
class LotBack:
    """What a refund gave back to one lot.

    expired: the lot's time had passed.  extended_to: the end of the lot it was moved on into.
    """

    expires_at: datetime | None
    amount: int
    expired: bool
    extended_to: datetime | None


@dataclass(frozen=True, slots=True)
class TenderBack:
    """What a refund gave back of one tender, and what that was worth."""

    kind: WalletKind
    unit: str
    amount: int
    refund_minor: int
    lots: tuple[LotBack, ...]


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund; external_minor is for the caller to pay back."""

    reservation: ReservationSeen
    tenders: tuple[TenderBack, ...]
    external_minor: int


@dataclass(frozen=True, slots=True)
class Freeze:
    """A kind out of which nothing goes."""

    kind: WalletKind
    reason: str
    frozen_at: datetime


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as shown; available is 0 once its time has passed."""

    expires_at: datetime | None
    available: int
    reserved: int


@dataclass(frozen=True, slots=True)
class PocketSeen:
    """One kind and unit as shown: sums over all lots, the first of the lots, how many there are."""

    kind: WalletKind
    unit: str
    available: int
    reserved: int
    expiring: int
    lots: tuple[Lot, ...]
    lots_total: int


class Place(NamedTuple):
    """Where an entry stands in a statement: by time; at one time by turn, what goes out last."""

    posted_at: datetime
    turn: int
    transaction_id: str
    account_id: int
    entry_no: int


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of a statement.  kind, method: of its transaction.  balance: over all lots."""

    place: Place
    kind: Kind
    method: str
    amount: int
    balance: int
    lot_expires_at: datetime | None
    reference: str
    order_id: str
    reservation_id: str
