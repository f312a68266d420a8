"""The only SQL of reservations: the rows behind a book of funds, and what the book has done.

All statements take whole batches as arrays. What stands on a pool is read after its budget account
is locked, in statements of their own, so that they see what those who held the lock have written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

from rangli.funds import store
from rangli.funds.book import FundBook
from rangli.funds.model import Funding, Pool
from rangli.funds.records import Day, Done, Part, PoolId, Reservation, ReservationId
from rangli.funds.wanted import PartNow, ReservationNow, state_of
from rangli.ledger import store as ledger_store
from rangli.ledger.book import AccountId, Book
from rangli.ledger.model import HoldState
from rangli.storage.changes import announce
from rangli.storage.columns import columns
from rangli.storage.outbox import emit_all
from rangli.storage.postgres import Connection

_POOLS = f"""
SELECT {store.COLUMNS} FROM unnest($1::text[], $2::text[]) AS w (tenant, pool_id)
JOIN fund_pools p USING (tenant, pool_id)
"""
_DAYS = """
SELECT d.tenant, d.pool_id, d.day, d.used_minor
FROM unnest($1::text[], $2::text[], $3::date[]) AS w (tenant, pool_id, day)
JOIN fund_pool_days d USING (tenant, pool_id, day)
"""
_RESERVATIONS = """
SELECT r.tenant, r.reservation_id, r.order_id, r.currency, r.expires_at, r.is_open,
       p.activity_id, p.version, p.funder, p.pool_id, p.day, p.counted_minor
FROM unnest($1::text[], $2::text[]) AS w (tenant, reservation_id)
JOIN fund_reservations r USING (tenant, reservation_id)
JOIN fund_reservation_parts p USING (tenant, reservation_id)
ORDER BY r.tenant, r.reservation_id, p.leg
"""
_NOW = """
SELECT r.order_id, r.currency, h.state, h.expires_at, clock_timestamp(),
       p.activity_id, p.version, p.funder, p.pool_id,
       l.held_minor, l.captured_minor, l.released_minor, l.returned_minor
FROM fund_reservations r
JOIN fund_reservation_parts p USING (tenant, reservation_id)
JOIN ledger_holds h ON (h.tenant, h.hold_id) = (r.tenant, r.reservation_id)
JOIN ledger_hold_legs l ON (l.tenant, l.hold_id, l.leg) = (p.tenant, p.reservation_id, p.leg)
WHERE r.tenant = $1 AND r.reservation_id = $2 ORDER BY p.leg
"""
# Holds that the ledger has ended, whose expiry no day knows of yet.
# statement_timestamp() bounds the index's scan; clock_timestamp() reads all that is not due yet.
_EXPIRED = """
SELECT r.tenant, r.reservation_id FROM fund_reservations r
JOIN ledger_holds h ON (h.tenant, h.hold_id) = (r.tenant, r.reservation_id)
WHERE r.is_open AND r.expires_at <= statement_timestamp() AND h.state = 'EXPIRED'
ORDER BY r.expires_at LIMIT $1
"""
_ALONE = "SELECT pg_try_advisory_xact_lock($1)"
_SWEEPING = int.from_bytes(b"fund")
_PUT_RESERVATIONS = """
INSERT INTO fund_reservations (tenant, reservation_id, order_id, currency, expires_at, is_open)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bool[])
"""
_PUT_PARTS = """
INSERT INTO fund_reservation_parts
       (tenant, reservation_id, leg, activity_id, version, funder, pool_id, day, counted_minor)
SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::int[], $6::text[],
                     $7::text[], $8::date[], $9::bigint[])
"""
_END = """
UPDATE fund_reservations r SET is_open = w.is_open
FROM unnest($1::text[], $2::text[], $3::bool[]) AS w (tenant, reservation_id, is_open)
WHERE (r.tenant, r.reservation_id) = (w.tenant, w.reservation_id) AND r.is_open <> w.is_open
"""
_COUNT = """
UPDATE fund_reservation_parts p SET counted_minor = w.counted_minor
FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[])
     AS w (tenant, reservation_id, leg, counted_minor)
WHERE (p.tenant, p.reservation_id, p.leg) = (w.tenant, w.reservation_id, w.leg)
  AND p.counted_minor <> w.counted_minor
"""
_MOVES = """
INSERT INTO fund_moves (tenant, transaction_id, leg, reservation_id, amount_minor, occurred_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::bigint[],
                     $6::timestamptz[])
"""
_PUT_DAYS = """
INSERT INTO fund_pool_days (tenant, pool_id, day, used_minor)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::bigint[])
ON CONFLICT (tenant, pool_id, day) DO UPDATE SET used_minor = excluded.used_minor
"""


# By tenant, activity_id and the version that was asked for.
Fundings: TypeAlias = Mapping[tuple[str, str, int], Funding]


async def for_fundings(conn: Connection, fundings: Fundings) -> FundBook:
    """A book in which these fundings can be reserved; their accounts are locked."""
    ledger = await ledger_store.locked(conn, accounts=accounts_of(fundings))
    return await on_ledger(conn, ledger, fundings=fundings)


async def for_reservations(conn: Connection, wanted: Iterable[ReservationId]) -> FundBook:
    """A book of these reservations; their holds and accounts are locked."""
    keys = list(dict.fromkeys(wanted))
    return await on_ledger(conn, await ledger_store.locked(conn, holds=keys), reservations=keys)


def accounts_of(fundings: Fundings) -> set[AccountId]:
    """What the ledger has to lock for these fundings to be reserved."""
    return {
        (tenant, account)
        for (tenant, _, _), funding in fundings.items()
        for share in funding.shares
        for account in (share.source_id, share.target_id)
    }


async def on_ledger(
    conn: Connection,
    ledger: Book,
    *,
    fundings: Fundings | None = None,
    reservations: Sequence[ReservationId] = (),
) -> FundBook:
    """A book on a ledger that has locked the fundings' accounts and the reservations' holds."""
    found = await _reservations(conn, reservations) if reservations else []
    pools = {
        (tenant, share.pool_id)
        for (tenant, _, _), funding in (fundings or {}).items()
        for share in funding.shares
        if share.pool_id is not None
    } | {
        (reservation.tenant, part.pool_id)
        for reservation in found
        for part in reservation.parts
        if part.pool_id is not None
    }
    return FundBook(ledger, fundings=fundings, reservations=found, pools=await _pools(conn, pools))


async def for_pools(
    conn: Connection, pools: Iterable[Pool], *, house: Iterable[AccountId] = ()
) -> FundBook:
    """A book of these pools, as they are now that their accounts, and `house`, are locked."""
    wanted = list(pools)
    accounts = {
        (pool.tenant, account)
        for pool in wanted
        for account in (pool.budget_account_id, pool.spent_account_id)
    }
    ledger = await ledger_store.locked(conn, accounts=[*accounts, *house])
    found = await _pools(conn, [(pool.tenant, pool.pool_id) for pool in wanted])
    book = FundBook(ledger, pools=found)
    await fill_days(conn, book)
    return book


async def fill_days(conn: Connection, book: FundBook, more: Iterable[Day] = ()) -> None:
    """Reads what is used of the pools' days: today's, those reservations count for, and `more`."""
    days: set[Day] = set(more)
    days |= {(*key, p.day_of(book.ledger.now)) for key, p in book.pools.items()}
    for (tenant, _), reservation in book.reservations.items():
        for part in reservation.parts:
            if part.pool_id is not None and part.day is not None:
                days.add((tenant, part.pool_id, part.day))
    rows = await conn.fetch(_DAYS, *columns(days, 3)) if days else []
    book.days = {(row[0], row[1], row[2]): row[3] for row in rows}


async def is_alone(conn: Connection) -> bool:
    """Whether no other process sweeps until this transaction ends."""
    return bool(await conn.fetchval(_ALONE, _SWEEPING))


async def expired(conn: Connection, size: int) -> list[ReservationId]:
    """Reservations that have expired and are not counted so yet."""
    return [(row[0], row[1]) for row in await conn.fetch(_EXPIRED, size)]


async def get(conn: Connection, tenant: str, reservation_id: str) -> ReservationNow | None:
    """A reservation as it stands at this moment."""
    rows = await conn.fetch(_NOW, tenant, reservation_id)
    if not rows:
        return None
    order_id, currency, state, expires_at, now = rows[0][:5]
    return ReservationNow(
        reservation_id,
        order_id,
        currency,
        state_of(HoldState(state), expires_at, now),
        expires_at,
        tuple(PartNow(*row[5:]) for row in rows),
    )


async def write(conn: Connection, book: FundBook) -> None:
    """Writes everything the book and its ledger did, judges the pools, and tells of it."""
    moved = book.judge()
    done = book.done
    await ledger_store.write(conn, book.ledger)
    if done.reservations:
        await _put_new(conn, done)
    if done.changed:
        await _put_changed(conn, done.changed.values())
    if done.moves:
        moves = [
            (m.tenant, m.transaction_id, m.leg, m.reservation_id, m.amount_minor, m.occurred_at)
            for m in done.moves
        ]
        await conn.execute(_MOVES, *columns(moves, 6))
    if done.days:
        await conn.execute(
            _PUT_DAYS, *columns([(*day, used) for day, used in done.days.items()], 4)
        )
    await store.update(conn, done.pools)
    await emit_all(conn, done.events)
    # Last: it holds the tenant's head. In order, since a batch may be of several tenants.
    for pool in sorted(moved, key=lambda pool: (pool.tenant, pool.pool_id)):
        await announce_standing(conn, pool)


async def announce_standing(conn: Connection, pool: Pool) -> None:
    """Tells the tenant's catalogues that the pool stands otherwise."""
    await announce(
        conn,
        pool.tenant,
        kind="FUNDING",
        subject_id=pool.pool_id,
        subject_version=pool.revision,
        held=pool.is_paused,
    )


async def _pools(conn: Connection, wanted: Collection[PoolId]) -> list[Pool]:
    if not wanted:
        return []
    return [store.pool(row) for row in await conn.fetch(_POOLS, *columns(wanted, 2))]


async def _reservations(conn: Connection, keys: Sequence[ReservationId]) -> list[Reservation]:
    rows = await conn.fetch(_RESERVATIONS, *columns(keys, 2))
    found = []
    for head, group in groupby(rows, key=lambda row: tuple(row[:6])):
        tenant, reservation_id, order_id, currency, expires_at, is_open = head
        parts = tuple(Part(*row[6:]) for row in group)
        found.append(
            Reservation(tenant, reservation_id, order_id, currency, expires_at, is_open, parts)
        )
    return found


async def _put_new(conn: Connection, done: Done) -> None:
    heads = [
        (r.tenant, r.reservation_id, r.order_id, r.currency, r.expires_at, r.is_open)
        for r in done.reservations.values()
    ]
    parts = [
        (r.tenant, r.reservation_id, leg, p.activity_id, p.version, p.funder, p.pool_id, p.day,
         p.counted_minor)
        for r in done.reservations.values()
        for leg, p in enumerate(r.parts)
    ]  # fmt: skip
    await conn.execute(_PUT_RESERVATIONS, *columns(heads, 6))
    await conn.execute(_PUT_PARTS, *columns(parts, 9))


async def _put_changed(conn: Connection, changed: Collection[Reservation]) -> None:
    heads = [(r.tenant, r.reservation_id, r.is_open) for r in changed]
    counted = [
        (r.tenant, r.reservation_id, leg, p.counted_minor)
        for r in changed
        for leg, p in enumerate(r.parts)
    ]
    await conn.execute(_END, *columns(heads, 3))
    await conn.execute(_COUNT, *columns(counted, 4))
