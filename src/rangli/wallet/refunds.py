"""Refunds: to the tenders by what each paid, and to the lots that each came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rangli.core.errors import RangliError, Reason, Refused
from rangli.ledger import store as ledger
from rangli.ledger.book import Book
from rangli.ledger.model import AccountKey, Cause, Hold, HoldLeg, Leg
from rangli.storage.batcher import Asked
from rangli.storage.outbox import Event, emit_all
from rangli.storage.postgres import Connection
from rangli.wallet import store
from rangli.wallet.model import (
    LotBack,
    Refund,
    Refunded,
    Reservation,
    Tender,
    TenderBack,
)
from rangli.wallet.orders import event, key_of_reservation, known, named, seen_in
from rangli.wallet.service import METHOD, ends_of
from rangli.wallet.store import ReservationId
from rangli.wallet.tender import fill, share_refund, units_of, worth_minor

_SECOND = timedelta(seconds=1)


async def refund(conn: Connection, asked: Sequence[Asked[Refund]]) -> list[Refunded | RangliError]:
    """Gives back, of each reservation's captured tender, what is asked."""
    extended = await _extended(conn, asked)
    ids = await ledger.open_accounts(conn, {key: 0 for keys in extended for key in keys.values()})
    found = await store.locked_reservations(conn, [key_of_reservation(one) for one in asked])
    book = await ledger.locked(conn, holds=found, accounts=[(key.tenant, ids[key]) for key in ids])
    changed: dict[ReservationId, Reservation] = {}
    events: list[Event] = []
    verdicts: list[Refunded | RangliError] = []
    for one, keys in zip(asked, extended, strict=True):
        try:
            reservation, hold = known(book, found, one)
            back = _backs(reservation, hold, one.body)
            onward = {names: (key, ids[key]) for names, key in keys.items()}
            lots = _give_back(book, reservation, back, one, onward)
        except RangliError as refusal:
            verdicts.append(refusal)
            continue
        key = (one.tenant, reservation.reservation_id)
        changed[key] = found[key] = back.applied_to(reservation)
        done = Refunded(
            seen_in(book, found[key]),
            tuple(
                TenderBack(tender.kind, tender.unit, part.amount, part.refund_minor, lots[place])
                for place, (tender, part) in enumerate(
                    zip(reservation.tenders, back.tenders, strict=True)
                )
                if part.amount or part.refund_minor
            ),
            back.external_minor,
        )
        verdicts.append(done)
        events.append(_event(one, done))
    await ledger.write(conn, book)
    await store.update_refunded(conn, list(changed.values()))
    await emit_all(conn, events)
    return verdicts


@dataclass(frozen=True, slots=True)
class _Part:
    """What one tender gives back: units, and the money that is."""

    amount: int
    refund_minor: int


@dataclass(frozen=True, slots=True)
class _Back:
    """What a reservation gives back."""

    tenders: tuple[_Part, ...]
    external_minor: int

    def applied_to(self, reservation: Reservation) -> Reservation:
        """The reservation with this refunded."""
        return replace(
            reservation,
            external_refunded_minor=reservation.external_refunded_minor + self.external_minor,
            tenders=tuple(
                replace(tender, refunded_minor=tender.refunded_minor + part.refund_minor)
                for tender, part in zip(reservation.tenders, self.tenders, strict=True)
            ),
        )


def _backs(reservation: Reservation, hold: Hold, body: Refund) -> _Back:
    """What each tender and the external part give back.

    Raises Invalid, and Refused (RETURN_EXCEEDS_CAPTURED).
    """
    external_paid = reservation.external_minor if _captured(hold.legs) else 0
    if body.refund_minor:
        return _shared(reservation, hold, body.refund_minor, external_paid)
    left = external_paid - reservation.external_refunded_minor
    if body.external_minor > left:
        raise _exceeds(hold, left, body.external_minor)
    parts = [_Part(0, 0)] * len(reservation.tenders)
    for place, asked in enumerate(body.amounts):
        tender = named(reservation, asked, place)
        parts[reservation.tenders.index(tender)] = _explicit(tender, hold, asked.amount)
    return _Back(tuple(parts), body.external_minor)


def _shared(reservation: Reservation, hold: Hold, refund_minor: int, external_paid: int) -> _Back:
    """Money, by what each has paid, the external part last."""
    tenders = reservation.tenders
    captured = [_captured(tender.of(hold.legs)) for tender in tenders]
    paid = [
        worth_minor(units, amount=tender.amount, pays_minor=tender.pays_minor)
        for tender, units in zip(tenders, captured, strict=True)
    ]
    before = [tender.refunded_minor for tender in tenders]
    all_paid = [*paid, external_paid]
    all_before = [*before, reservation.external_refunded_minor]
    left = sum(all_paid) - sum(all_before)
    if refund_minor > left:
        raise _exceeds(hold, left, refund_minor)
    *shares, external = share_refund(refund_minor, all_paid, all_before)
    parts = []
    for tender, units, share in zip(tenders, captured, shares, strict=True):
        # Without a share its points stay, unless this is the end: those that paid less than one
        # minor unit come back with the rest.
        after = tender.refunded_minor + share
        due = (
            units_of(after, amount=tender.amount, pays_minor=tender.pays_minor, captured=units)
            if share or refund_minor == left
            else 0
        )
        parts.append(_Part(max(0, due - _returned(tender, hold)), share))
    return _Back(tuple(parts), external)


def _explicit(tender: Tender, hold: Hold, amount: int) -> _Part:
    """So many units of a tender."""
    returned = _returned(tender, hold)
    left = _captured(tender.of(hold.legs)) - returned
    if amount > left:
        raise _exceeds(hold, left, amount, kind=tender.kind, unit=tender.unit)
    worth = worth_minor(returned + amount, amount=tender.amount, pays_minor=tender.pays_minor)
    return _Part(amount, max(0, worth - tender.refunded_minor))


def _give_back(
    book: Book,
    reservation: Reservation,
    back: _Back,
    one: Asked[Refund],
    onward: Mapping[tuple[str, str], tuple[AccountKey, int]],
) -> list[tuple[LotBack, ...]]:
    """Moves it, the lot that expires last first; what the lots of each tender got.

    onward: by kind and unit, the lot into which what has expired moves on.
    """
    tenant, hold_id = reservation.tenant, reservation.reservation_id
    legs = book.holds[tenant, hold_id].legs
    cause = Cause(METHOD + "Refund", one.request_id, reservation.order_id)
    amounts: list[int] = []
    lots: list[tuple[LotBack, ...]] = []
    moves: list[Leg] = []
    for tender, part in zip(reservation.tenders, back.tenders, strict=True):
        mine = tender.of(legs)
        room = [leg.captured_minor - leg.returned_minor for leg in mine]
        parts = fill(part.amount, room[::-1])[::-1]
        amounts += parts
        got = []
        for leg, amount in zip(mine, parts, strict=True):
            if not amount:
                continue
            ends_at = ends_of(book, tenant, leg.source_id)
            expired = ends_at is not None and ends_at <= book.now
            extended_to = None
            if expired and (tender.kind, tender.unit) in onward:
                lot, account_id = onward[tender.kind, tender.unit]
                moves.append(Leg(leg.source_id, account_id, amount))
                extended_to = lot.expires_at
            got.append(LotBack(ends_at, amount, expired, extended_to))
        lots.append(tuple(got))
    if any(amounts):
        book.give_back(tenant, hold_id, amounts, cause)
    if moves:
        book.post(tenant, moves, cause, settling=True)
    return lots


async def _extended(
    conn: Connection, asked: Sequence[Asked[Refund]]
) -> list[dict[tuple[str, str], AccountKey]]:
    """For each request the lots into which what has expired moves on, by kind and unit.

    None for requests that leave expired lots as they are.
    """
    none: list[dict[tuple[str, str], AccountKey]] = [{} for _ in asked]
    if all(one.body.extend_s is None for one in asked):
        return none
    keys = [key_of_reservation(one) for one in asked]
    found = await store.reservations(conn, keys)
    ending = await store.ending(conn, keys)
    now = await store.clock(conn)
    return [
        {
            (tender.kind, tender.unit): found[key].pocket(tender).lot(_end(now, one.body.extend_s))
            for tender in found[key].tenders
            if (tender.kind, tender.unit) in there
        }
        if one.body.extend_s is not None and key in found
        else {}
        for one, key, there in zip(asked, keys, ending, strict=True)
    ]


def _end(now: datetime, extend_s: int) -> datetime:
    """The whole second that begins then or next, so that refunds of one second share a lot."""
    at = now + timedelta(seconds=extend_s)
    whole = at.replace(microsecond=0)
    return whole if whole == at else whole + _SECOND


def _captured(legs: Sequence[HoldLeg]) -> int:
    return sum(leg.captured_minor for leg in legs)


def _returned(tender: Tender, hold: Hold) -> int:
    return sum(leg.returned_minor for leg in tender.of(hold.legs))


def _exceeds(hold: Hold, returnable: int, wanted: int, **where: str) -> Refused:
    return Refused(
        Reason.RETURN_EXCEEDS_CAPTURED,
        f"{returnable} is left to refund, not {wanted}",
        metadata={
            "hold_id": hold.hold_id,
            "returnable_minor": returnable,
            "wanted_minor": wanted,
            **where,
        },
    )


def _event(one: Asked[Refund], done: Refunded) -> Event:
    return event(
        one,
        "refunded",
        done.reservation,
        refunded=[
            {
                "kind": back.kind.value,
                "unit": back.unit,
                "amount": back.amount,
                "refund_minor": back.refund_minor,
            }
            for back in done.tenders
        ],
        external_minor=done.external_minor,
        reason=one.body.reason,
    )
