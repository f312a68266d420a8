"""Tender of orders: reserved, captured, released. Batches, as in `service`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rangli.core.errors import Invalid, NotFound, RangliError, Violation
from rangli.ledger import store as ledger
from rangli.ledger.book import Book
from rangli.ledger.checks import ended
from rangli.ledger.model import LEGS_MAX, Cause, Hold, HoldState, Leg
from rangli.storage.batcher import Asked
from rangli.storage.outbox import Event, emit_all
from rangli.storage.postgres import Connection
from rangli.wallet import lots, store
from rangli.wallet.model import (
    AskedTender,
    Capture,
    Pocket,
    Refund,
    Release,
    Reservation,
    ReservationSeen,
    Reserve,
    Tender,
    TenderAmount,
    seen,
)
from rangli.wallet.service import METHOD, accounts_of, each, ends_of, key_of, wanted_of
from rangli.wallet.store import ReservationId, WalletKey
from rangli.wallet.tender import fill


async def reserve(
    conn: Connection, asked: Sequence[Asked[Reserve]]
) -> list[ReservationSeen | RangliError]:
    """Sets all tenders of a request aside or none, from the lots that expire first."""
    tenders = [(_pocket(one, t), t.amount) for one in asked for t in one.body.tenders]
    houses = await ledger.open_accounts(conn, {p.house("tendered"): None for p, _ in tenders})
    frozen = await store.lock_wallets(conn, [key_of(pocket) for pocket, _ in tenders])
    lot_ids = await store.lots(conn, wanted_of(tenders))
    book = await ledger.locked(conn, accounts=accounts_of(houses, lot_ids))
    made: list[Reservation] = []
    events: list[Event] = []

    def decide(one: Asked[Reserve]) -> ReservationSeen:
        pockets = [_pocket(one, tender) for tender in one.body.tenders]
        for pocket in pockets:
            if key_of(pocket) in frozen:
                raise lots.frozen(pocket)
        legs: list[Leg] = []
        kept: list[Tender] = []
        for pocket, asked_for in zip(pockets, one.body.tenders, strict=True):
            taken = lots.take(
                book, pocket, lot_ids[pocket], asked_for.amount, lots_max=LEGS_MAX - len(legs)
            )
            kept.append(
                Tender(
                    asked_for.kind,
                    asked_for.unit,
                    asked_for.amount,
                    asked_for.pays_minor,
                    refunded_minor=0,
                    leg_from=len(legs),
                    leg_count=len(taken),
                )
            )
            house = houses[pocket.house("tendered")]
            legs += [Leg(account_id, house, amount) for account_id, amount in taken]
        body = one.body
        cause = Cause(METHOD + "Reserve", one.request_id, body.order_id)
        hold = book.hold(one.tenant, legs, cause, ttl_s=body.ttl_s)
        reservation = Reservation(
            one.tenant,
            hold.hold_id,
            body.user_id,
            body.order_id,
            body.currency,
            body.external_minor,
            external_refunded_minor=0,
            tenders=tuple(kept),
        )
        made.append(reservation)
        events.append(event(one, "reserved", now := seen_in(book, reservation)))
        return now

    verdicts = each(decide, asked)
    await ledger.write(conn, book)
    await store.insert(conn, made)
    await emit_all(conn, events)
    return verdicts


async def capture(
    conn: Connection, asked: Sequence[Asked[Capture]]
) -> list[ReservationSeen | RangliError]:
    """Takes what is reserved, or a part of it."""
    found = await store.locked_reservations(conn, [key_of_reservation(one) for one in asked])
    # What comes late takes from lots once more, as a new reservation would.
    late = [
        WalletKey(r.tenant, r.user_id, tender.kind)
        for one in asked
        if one.body.late and (r := found.get(key_of_reservation(one)))
        for tender in r.tenders
    ]
    if late:
        await store.lock_wallets(conn, late)
    book = await ledger.locked(conn, holds=found)
    events: list[Event] = []

    def decide(one: Asked[Capture]) -> ReservationSeen:
        reservation, hold = known(book, found, one)
        cause = Cause(METHOD + "Capture", one.request_id, reservation.order_id)
        book.capture(
            one.tenant,
            hold.hold_id,
            cause,
            amounts_minor=_parts(book, reservation, hold, one.body),
            final=one.body.final,
            late=one.body.late,
        )
        events.append(event(one, "captured", now := seen_in(book, reservation)))
        return now

    verdicts = each(decide, asked)
    await ledger.write(conn, book)
    await emit_all(conn, events)
    return verdicts


async def release(
    conn: Connection, asked: Sequence[Asked[Release]]
) -> list[ReservationSeen | RangliError]:
    """Gives back what is still reserved."""
    found = await store.locked_reservations(conn, [key_of_reservation(one) for one in asked])
    book = await ledger.locked(conn, holds=found)
    events: list[Event] = []

    def decide(one: Asked[Release]) -> ReservationSeen:
        reservation, hold = known(book, found, one)
        cause = Cause(METHOD + "Release", one.request_id, reservation.order_id)
        done = book.void(one.tenant, hold.hold_id, cause)
        now = seen_in(book, reservation)
        if done:
            events.append(event(one, "released", now, reason=one.body.reason))
        return now

    verdicts = each(decide, asked)
    await ledger.write(conn, book)
    await emit_all(conn, events)
    return verdicts


def key_of_reservation(one: Asked[Capture] | Asked[Release] | Asked[Refund]) -> ReservationId:
    """Which reservation is meant."""
    return one.tenant, one.body.reservation_id


def known(
    book: Book,
    found: Mapping[ReservationId, Reservation],
    one: Asked[Capture] | Asked[Release] | Asked[Refund],
) -> tuple[Reservation, Hold]:
    """The reservation and its hold; raises NotFound."""
    key = key_of_reservation(one)
    if key not in found:
        raise NotFound("reservation", one.body.reservation_id)
    return found[key], book.holds[key]


def named(reservation: Reservation, amount: TenderAmount, place: int) -> Tender:
    """The tender that an amount of a request names; raises Invalid."""
    tender = reservation.tender(amount.kind, amount.unit)
    if tender is None:
        raise Invalid.fields(
            Violation(f"tenders[{place}]", "is no tender of this reservation, by kind and unit")
        )
    return tender


def seen_in(book: Book, reservation: Reservation) -> ReservationSeen:
    """The reservation as it is in the book now."""
    hold = book.holds[reservation.tenant, reservation.reservation_id]
    ends = [ends_of(book, hold.tenant, leg.source_id) for leg in hold.legs]
    return seen(reservation, hold, book.now, ends)


def event(
    one: Asked[Reserve] | Asked[Capture] | Asked[Release] | Asked[Refund],
    verb: str,
    now: ReservationSeen,
    **facts: object,
) -> Event:
    """What has happened to a reservation; its events keep their order, by its hold's lock."""
    reservation = now.reservation
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
    return Event(
        one.tenant, "tender", reservation.reservation_id, f"tender.{verb}", one.actor, payload
    )


def _pocket(one: Asked[Reserve], tender: AskedTender) -> Pocket:
    return Pocket(one.tenant, one.body.user_id, tender.kind, tender.unit)


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
