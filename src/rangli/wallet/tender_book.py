"""Decisions on tender: what orders set aside, take, give up and give back. Pure.

A `TenderBook` stands on a `ledger.book.Book` whose accounts and holds are locked. Each call sees
what the calls before it did; a refused call leaves everything as it was. `tender_store` says what
is to be locked for it, and writes what is in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from rangli.core.errors import Invalid, NotFound, Violation
from rangli.ledger.book import AccountId, Book
from rangli.ledger.checks import ended
from rangli.ledger.model import LEGS_MAX, AccountKey, Cause, Hold, HoldState, Leg
from rangli.storage.outbox import Event
from rangli.wallet import lots
from rangli.wallet.model import (
    AskedTender,
    Capture,
    Pocket,
    Release,
    Reservation,
    ReservationSeen,
    Reserve,
    Tender,
    TenderAmount,
    seen,
)
from rangli.wallet.service import ends_of, key_of
from rangli.wallet.store import ReservationId, WalletKey
from rangli.wallet.tender import fill


@dataclass(frozen=True, slots=True)
class Ready:
    """What a `TenderBook` needs, read while the wallets are locked.

    houses: accounts for what is tendered.  lot_ids: of each pocket the lots that may pay.
    found: the reservations that there are, locked.
    """

    houses: Mapping[AccountKey, int] = field(default_factory=dict)
    frozen: frozenset[WalletKey] = frozenset()
    lot_ids: Mapping[Pocket, list[int]] = field(default_factory=dict)
    found: Mapping[ReservationId, Reservation] = field(default_factory=dict)

    @property
    def accounts(self) -> list[AccountId]:
        """What the ledger has to lock, besides the reservations' holds."""
        return [
            *((key.tenant, account_id) for key, account_id in self.houses.items()),
            *((pocket.tenant, one) for pocket, ids in self.lot_ids.items() for one in ids),
        ]

    @property
    def holds(self) -> list[ReservationId]:
        """The reservations' holds, which the ledger has to lock too."""
        return list(self.found)


class TenderMark(NamedTuple):
    """How far a book had come; of the ledger `marks` knows that."""

    reservations: dict[ReservationId, Reservation]
    made: int
    changed: frozenset[ReservationId]
    events: int


class TenderBook:
    """Reservations of tender around a ledger's book.

    made, changed, events: what is to be written.
    """

    def __init__(self, ledger: Book, ready: Ready) -> None:
        self.ledger = ledger
        self.reservations = dict(ready.found)
        self.made: list[ReservationId] = []
        self.changed: dict[ReservationId, None] = {}
        self.events: list[Event] = []
        self._houses = ready.houses
        self._frozen = ready.frozen
        self._lot_ids = {pocket: list(ids) for pocket, ids in ready.lot_ids.items()}

    def reserve(self, tenant: str, body: Reserve, cause: Cause, *, actor: str) -> ReservationSeen:
        """Sets all tenders aside or none, from the lots that expire first. Raises Refused."""
        pockets = [pocket_of(tenant, body.user_id, tender) for tender in body.tenders]
        for pocket in pockets:
            if key_of(pocket) in self._frozen:
                raise lots.frozen(pocket)
        legs: list[Leg] = []
        kept: list[Tender] = []
        for pocket, asked in zip(pockets, body.tenders, strict=True):
            taken = lots.take(
                self.ledger,
                pocket,
                self._lot_ids[pocket],
                asked.amount,
                lots_max=LEGS_MAX - len(legs),
            )
            kept.append(
                Tender(
                    asked.kind,
                    asked.unit,
                    asked.amount,
                    asked.pays_minor,
                    refunded_minor=0,
                    leg_from=len(legs),
                    leg_count=len(taken),
                )
            )
            house = self._houses[pocket.house("tendered")]
            legs += [Leg(account_id, house, amount) for account_id, amount in taken]
        hold = self.ledger.hold(tenant, legs, cause, ttl_s=body.ttl_s)
        reservation = Reservation(
            tenant,
            hold.hold_id,
            body.user_id,
            body.order_id,
            body.currency,
            body.external_minor,
            external_refunded_minor=0,
            tenders=tuple(kept),
        )
        self.reservations[tenant, hold.hold_id] = reservation
        self.made.append((tenant, hold.hold_id))
        return self.tell(reservation, "reserved", actor)

    def capture(self, tenant: str, body: Capture, cause: Cause, *, actor: str) -> ReservationSeen:
        """Takes what is reserved, or a part of it. Raises Invalid, NotFound, Refused."""
        reservation, hold = self.known(tenant, body.reservation_id)
        self.ledger.capture(
            tenant,
            hold.hold_id,
            cause,
            amounts_minor=_parts(self.ledger, reservation, hold, body),
            final=body.final,
            late=body.late,
        )
        return self.tell(reservation, "captured", actor)

    def release(self, tenant: str, body: Release, cause: Cause, *, actor: str) -> ReservationSeen:
        """Gives back what is still reserved, once. Raises NotFound, Refused.

        What it gives back to pockets that are locked can be reserved again at once.
        """
        reservation, hold = self.known(tenant, body.reservation_id)
        if self.ledger.void(tenant, hold.hold_id, cause) is None:
            return self.now(reservation)
        for tender in reservation.tenders:
            self._add_lots(
                reservation.pocket(tender), [leg.source_id for leg in tender.of(hold.legs)]
            )
        return self.tell(reservation, "released", actor, reason=body.reason)

    def known(self, tenant: str, reservation_id: str) -> tuple[Reservation, Hold]:
        """The reservation and its hold; raises NotFound."""
        key = (tenant, reservation_id)
        if key not in self.reservations:
            raise NotFound("reservation", reservation_id)
        return self.reservations[key], self.ledger.holds[key]

    def now(self, reservation: Reservation) -> ReservationSeen:
        """The reservation as it is at this point."""
        hold = self.ledger.holds[reservation.tenant, reservation.reservation_id]
        ends = [self.ends_of(hold.tenant, leg.source_id) for leg in hold.legs]
        return seen(reservation, hold, self.ledger.now, ends)

    def ends_of(self, tenant: str, account_id: int) -> datetime | None:
        """When the lot expires."""
        return ends_of(self.ledger, tenant, account_id)

    def tell(
        self, reservation: Reservation, verb: str, actor: str, **facts: object
    ) -> ReservationSeen:
        """Notes what has happened to a reservation; its hold's lock keeps its events in order."""
        now = self.now(reservation)
        payload = {
            "user_id": reservation.user_id,
            "order_id": reservation.order_id,
            "state": now.state.value,
            "tenders": [
                {
                    "kind": t.tender.kind.value,
                    "unit": t.tender.unit,
                    "amount": t.tender.amount,
                    "captured": t.captured,
                    "released": t.released,
                    "returned": t.returned,
                }
                for t in now.tenders
            ],
            **facts,
        }
        self.events.append(
            Event(
                reservation.tenant,
                "tender",
                reservation.reservation_id,
                f"tender.{verb}",
                actor,
                payload,
            )
        )
        return now

    def mark(self) -> TenderMark:
        """The book as it is, for `undo`."""
        return TenderMark(
            dict(self.reservations), len(self.made), frozenset(self.changed), len(self.events)
        )

    def undo(self, at: TenderMark) -> None:
        """The book as it was at the mark; the ledger's is undone by itself."""
        self.reservations = dict(at.reservations)
        self.changed = {key: None for key in self.changed if key in at.changed}
        del self.made[at.made :], self.events[at.events :]

    def _add_lots(self, pocket: Pocket, account_ids: Iterable[int]) -> None:
        """More lots that may pay, in the order in which they do."""
        if pocket not in self._lot_ids:
            return

        def place(account_id: int) -> tuple[bool, datetime | None, int]:
            ends_at = self.ends_of(pocket.tenant, account_id)
            return ends_at is None, ends_at, account_id

        self._lot_ids[pocket] = sorted({*self._lot_ids[pocket], *account_ids}, key=place)


def pocket_of(tenant: str, user_id: str, tender: AskedTender) -> Pocket:
    """Where the tender comes from."""
    return Pocket(tenant, user_id, tender.kind, tender.unit)


def named(reservation: Reservation, amount: TenderAmount, place: int) -> Tender:
    """The tender that an amount of a request names; raises Invalid."""
    tender = reservation.tender(amount.kind, amount.unit)
    if tender is None:
        raise Invalid.fields(
            Violation(f"tenders[{place}]", "is no tender of this reservation, by kind and unit")
        )
    return tender


def _parts(book: Book, reservation: Reservation, hold: Hold, body: Capture) -> list[int] | None:
    """Of each leg what is asked, first-expiring lot first; None: all of it.

    What has expired is taken again from those lots that still hold it.
    Raises Invalid and Refused (RESERVATION_ENDED), if a tender has less left.
    """
    if not body.amounts:
        return None
    again = body.late and hold.state is HoldState.EXPIRED
    left = [leg.released_minor if again else leg.left_minor for leg in hold.legs]
    parts = [0] * len(left)
    for place, asked in enumerate(body.amounts):
        tender = named(reservation, asked, place)
        limits = tender.of(left)
        if asked.amount > sum(limits):
            why = f"of {asked.kind} {asked.unit} {sum(limits)} is left, not {asked.amount}"
            raise ended(hold, book.now, why)
        if again:
            held = tender.of([_available(book, hold, leg.source_id) for leg in hold.legs])
            fitting = [min(pair) for pair in zip(limits, held, strict=True)]
            # If all of them together hold too little, the first that does is named.
            limits = fitting if sum(fitting) >= asked.amount else limits
        begin = tender.leg_from
        parts[begin : begin + tender.leg_count] = fill(asked.amount, limits)
    return parts


def _available(book: Book, hold: Hold, lot_id: int) -> int:
    return max(0, book.account(hold.tenant, lot_id).available_minor)
