"""Tender of orders: reserved, captured, released. Batches, as in `service`."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.core.errors import RangliError
from rangli.ledger import store as ledger
from rangli.ledger.makers import makers, refuse_of_another
from rangli.ledger.model import Cause
from rangli.storage.batcher import Asked
from rangli.storage.postgres import Connection
from rangli.storage.verdicts import each
from rangli.wallet import tender_store
from rangli.wallet.model import Capture, Refund, Release, ReservationSeen, Reserve
from rangli.wallet.service import METHOD
from rangli.wallet.store import ReservationId
from rangli.wallet.tender_book import Ready, TenderBook


async def reserve(
    conn: Connection, asked: Sequence[Asked[Reserve]]
) -> list[ReservationSeen | RangliError]:
    """Sets all tenders of a request aside or none, from the lots that expire first."""
    reserves = [(one.tenant, one.body) for one in asked]
    houses = await tender_store.opened(conn, reserves)
    book = await on_ledger(conn, await tender_store.ready(conn, houses=houses, reserves=reserves))

    def decide(one: Asked[Reserve]) -> ReservationSeen:
        cause = Cause(METHOD + "Reserve", one.request_id, one.body.order_id)
        return book.reserve(one.tenant, one.body, cause, actor=one.actor)

    verdicts = each(decide, asked)
    await tender_store.write(conn, book)
    return verdicts


async def capture(
    conn: Connection, asked: Sequence[Asked[Capture]]
) -> list[ReservationSeen | RangliError]:
    """Takes what is reserved, or a part of it."""
    keys = [key_of_reservation(one) for one in asked]
    late = [key_of_reservation(one) for one in asked if one.body.late]
    made_by = await makers(conn, keys)
    book = await on_ledger(conn, await tender_store.ready(conn, reservations=keys, late=late))

    def decide(one: Asked[Capture]) -> ReservationSeen:
        refuse_of_another(made_by, key_of_reservation(one), METHOD)
        return book.capture(one.tenant, one.body, cause_of(book, one, "Capture"), actor=one.actor)

    verdicts = each(decide, asked)
    await tender_store.write(conn, book)
    return verdicts


async def release(
    conn: Connection, asked: Sequence[Asked[Release]]
) -> list[ReservationSeen | RangliError]:
    """Gives back what is still reserved."""
    keys = [key_of_reservation(one) for one in asked]
    made_by = await makers(conn, keys)
    book = await on_ledger(conn, await tender_store.ready(conn, reservations=keys))

    def decide(one: Asked[Release]) -> ReservationSeen:
        refuse_of_another(made_by, key_of_reservation(one), METHOD)
        return book.release(one.tenant, one.body, cause_of(book, one, "Release"), actor=one.actor)

    verdicts = each(decide, asked)
    await tender_store.write(conn, book)
    return verdicts


async def on_ledger(conn: Connection, ready: Ready) -> TenderBook:
    """The book, on a ledger of its own."""
    return TenderBook(await ledger.locked(conn, accounts=ready.accounts, holds=ready.holds), ready)


def key_of_reservation(one: Asked[Capture] | Asked[Release] | Asked[Refund]) -> ReservationId:
    """Which reservation is meant."""
    return one.tenant, one.body.reservation_id


def cause_of(
    book: TenderBook, one: Asked[Capture] | Asked[Release] | Asked[Refund], verb: str
) -> Cause:
    """Why value moves, of a reservation; raises NotFound."""
    reservation, _ = book.known(*key_of_reservation(one))
    return Cause(METHOD + verb, one.request_id, reservation.order_id)
