"""What orders do with budgets: batches of requests decided in one transaction, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from rangli.core.errors import NotFound, RangliError
from rangli.funds import spending_store, store
from rangli.funds.book import FundBook
from rangli.funds.records import Day
from rangli.funds.wanted import (
    BatchSpend,
    Refund,
    Refunded,
    Release,
    ReservationNow,
    Reserve,
    Spend,
)
from rangli.ledger.book import HoldId
from rangli.ledger.makers import makers, refuse_of_another
from rangli.ledger.model import Cause
from rangli.storage.batcher import Asked
from rangli.storage.postgres import Connection
from rangli.storage.verdicts import each

Body = TypeVar("Body")
Answer = TypeVar("Answer")


async def reserve(
    conn: Connection, asked: Sequence[Asked[Reserve]], method: str
) -> list[ReservationNow | RangliError]:
    """A verdict for each; see `FundBook.reserve`."""
    book = await _to_reserve(conn, asked)
    await spending_store.fill_days(conn, book)

    def verb(one: Asked[Reserve]) -> ReservationNow:
        cause = Cause(method, one.request_id, one.body.order_id)
        return book.reserve(one.tenant, one.body, cause, actor=one.actor)

    return await _decided(conn, book, asked, verb)


async def batch_spend(
    conn: Connection, asked: Sequence[Asked[BatchSpend]], method: str
) -> list[ReservationNow | RangliError]:
    """A verdict for each; see `FundBook.batch_spend`."""
    book = await _to_reserve(conn, asked)
    dated = [one for one in asked if one.body.occurred_at is not None]
    await spending_store.fill_days(
        conn, book, {day for one in dated for day in _days(book, one, one.body.occurred_at)}
    )

    def verb(one: Asked[BatchSpend]) -> ReservationNow:
        wanted = one.body
        at = wanted.occurred_at or book.ledger.now
        cause = Cause(method, one.request_id, wanted.order_id, at)
        return book.batch_spend(one.tenant, wanted, cause, actor=one.actor)

    return await _decided(conn, book, asked, verb)


async def spend(
    conn: Connection, asked: Sequence[Asked[Spend]], method: str
) -> list[ReservationNow | RangliError]:
    """A verdict for each; see `FundBook.spend`."""
    book, made_by = await _of_reservations(conn, asked)

    def verb(one: Asked[Spend]) -> ReservationNow:
        refuse_of_another(made_by, (one.tenant, one.body.reservation_id), method)
        cause = _cause(book, one, method, one.body.occurred_at)
        return book.spend(one.tenant, one.body, cause, actor=one.actor)

    return await _decided(conn, book, asked, verb)


async def release(
    conn: Connection, asked: Sequence[Asked[Release]], method: str
) -> list[ReservationNow | RangliError]:
    """A verdict for each; see `FundBook.release`."""
    book, made_by = await _of_reservations(conn, asked)

    def verb(one: Asked[Release]) -> ReservationNow:
        refuse_of_another(made_by, (one.tenant, one.body.reservation_id), method)
        return book.release(one.tenant, one.body, _cause(book, one, method), actor=one.actor)

    return await _decided(conn, book, asked, verb)


async def refund(
    conn: Connection, asked: Sequence[Asked[Refund]], method: str
) -> list[Refunded | RangliError]:
    """A verdict for each; see `FundBook.refund`."""
    book, made_by = await _of_reservations(conn, asked)

    def verb(one: Asked[Refund]) -> Refunded:
        refuse_of_another(made_by, (one.tenant, one.body.reservation_id), method)
        cause = _cause(book, one, method, one.body.occurred_at)
        return book.refund(one.tenant, one.body, cause, actor=one.actor)

    return await _decided(conn, book, asked, verb)


async def get(conn: Connection, tenant: str, reservation_id: str) -> ReservationNow:
    """The reservation as it stands; raises NotFound."""
    found = await spending_store.get(conn, tenant, reservation_id)
    if found is None:
        raise NotFound("reservation", reservation_id)
    return found


async def _to_reserve(
    conn: Connection, asked: Sequence[Asked[Reserve]] | Sequence[Asked[BatchSpend]]
) -> FundBook:
    wanted = {
        (one.tenant, item.activity_id, item.version) for one in asked for item in one.body.items
    }
    return await spending_store.for_fundings(conn, await store.fundings(conn, wanted))


async def _of_reservations(
    conn: Connection, asked: Sequence[Asked[Any]]
) -> tuple[FundBook, Mapping[HoldId, str]]:
    """The book, and which service made each reservation."""
    keys = [(one.tenant, one.body.reservation_id) for one in asked]
    made_by = await makers(conn, keys)
    book = await spending_store.for_reservations(conn, keys)
    await spending_store.fill_days(conn, book)
    return book, made_by


async def _decided(
    conn: Connection,
    book: FundBook,
    asked: Sequence[Asked[Body]],
    verb: Callable[[Asked[Body]], Answer],
) -> list[Answer | RangliError]:
    verdicts = each(verb, asked)
    await spending_store.write(conn, book)
    return verdicts


def _cause(
    book: FundBook, one: Asked[Any], method: str, occurred_at: datetime | None = None
) -> Cause:
    reservation = book.reservations.get((one.tenant, one.body.reservation_id))
    order_id = reservation.order_id if reservation else ""
    # Said outright, so that the journal and what is told of it have one date.
    return Cause(method, one.request_id, order_id, occurred_at or book.ledger.now)


def _days(book: FundBook, one: Asked[BatchSpend], at: datetime | None) -> set[Day]:
    """The days of its pools that an order of another day counts for."""
    days: set[Day] = set()
    for item in one.body.items:
        funding = book.fundings.get((one.tenant, item.activity_id, item.version))
        for share in funding.shares if funding and at else ():
            pool = book.pools.get((one.tenant, share.pool_id or ""))
            if pool is not None and at is not None:
                days.add((one.tenant, pool.pool_id, pool.day_of(at)))
    return days
