"""Refunds: to the tenders by what each paid, and to the lots that each came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rangli.core.errors import RangliError, Reason, Refused
from rangli.ledger import store as ledger
from rangli.ledger.makers import makers, refuse_of_another
from rangli.ledger.model import Cause, Hold, HoldLeg, Leg
from rangli.storage.batcher import Asked
from rangli.storage.postgres import Connection
from rangli.storage.verdicts import each
from rangli.wallet import extending, tender_store
from rangli.wallet.extending import Onward
from rangli.wallet.model import (
    LotBack,
    Refund,
    Refunded,
    Reservation,
    Tender,
    TenderBack,
)
from rangli.wallet.orders import cause_of, key_of_reservation
from rangli.wallet.service import METHOD
from rangli.wallet.tender import fill, share_refund, units_of, worth_minor
from rangli.wallet.tender_book import TenderBook, named


async def refund(conn: Connection, asked: Sequence[Asked[Refund]]) -> list[Refunded | RangliError]:
    """Gives back, of each reservation's captured tender, what is asked."""
    keys = [key_of_reservation(one) for one in asked]
    extended = await extending.opened(
        conn, [(key, one.body.extend_s) for key, one in zip(keys, asked, strict=True)]
    )
    made_by = await makers(conn, keys)
    ready = await tender_store.ready(conn, reservations=keys)
    lots = extending.accounts_of(extended)
    book = TenderBook(await ledger.locked(conn, holds=ready.holds, accounts=lots), ready)

    def decide(one: Asked[Refund], onward: Onward) -> Refunded:
        refuse_of_another(made_by, key_of_reservation(one), METHOD)
        cause = cause_of(book, one, "Refund")
        return give_back(book, one.tenant, one.body, cause, actor=one.actor, onward=onward)

    verdicts = each(decide, asked, extended)
    await tender_store.write(conn, book)
    return verdicts


def give_back(
    book: TenderBook,
    tenant: str,
    body: Refund,
    cause: Cause,
    *,
    actor: str,
    onward: Onward | None = None,
    external_paid_minor: int | None = None,
) -> Refunded:
    """One refund, decided in the book. Raises Invalid, NotFound, Refused.

    external_paid_minor: what was paid elsewhere; None: all that was said when it was reserved, as
        soon as anything of the tender is captured.
    """
    reservation, hold = book.known(tenant, body.reservation_id)
    if external_paid_minor is None:
        external_paid_minor = reservation.external_minor if _captured(hold.legs) else 0
    back = _backs(reservation, hold, body, external_paid_minor)
    lots = _give_back(book, reservation, back, cause, onward or {})
    key = (tenant, reservation.reservation_id)
    after = book.reservations[key] = back.applied_to(reservation)
    book.changed[key] = None
    tenders = tuple(
        TenderBack(tender.kind, tender.unit, part.amount, part.refund_minor, lots[place])
        for place, (tender, part) in enumerate(zip(after.tenders, back.tenders, strict=True))
        if part.amount or part.refund_minor
    )
    now = book.tell(
        after,
        "refunded",
        actor,
        refunded=[
            {
                "kind": one.kind.value,
                "unit": one.unit,
                "amount": one.amount,
                "refund_minor": one.refund_minor,
            }
            for one in tenders
        ],
        external_minor=back.external_minor,
        reason=body.reason,
    )
    return Refunded(now, tenders, back.external_minor)


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


def _backs(reservation: Reservation, hold: Hold, body: Refund, external_paid: int) -> _Back:
    """What each tender and the external part give back.

    Raises Invalid, and Refused (RETURN_EXCEEDS_CAPTURED).
    """
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
    book: TenderBook, reservation: Reservation, back: _Back, cause: Cause, onward: Onward
) -> list[tuple[LotBack, ...]]:
    """Moves it, the lot that expires last first; what the lots of each tender got."""
    ledger_book = book.ledger
    tenant, hold_id = reservation.tenant, reservation.reservation_id
    legs = ledger_book.holds[tenant, hold_id].legs
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
            ends_at = book.ends_of(tenant, leg.source_id)
            expired = ends_at is not None and ends_at <= ledger_book.now
            extended_to = None
            if expired and (tender.kind, tender.unit) in onward:
                lot, account_id = onward[tender.kind, tender.unit]
                moves.append(Leg(leg.source_id, account_id, amount))
                extended_to = lot.expires_at
            got.append(LotBack(ends_at, amount, expired, extended_to))
        lots.append(tuple(got))
    if any(amounts):
        ledger_book.give_back(tenant, hold_id, amounts, cause)
    if moves:
        ledger_book.post(tenant, moves, cause, settling=True)
    return lots


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
