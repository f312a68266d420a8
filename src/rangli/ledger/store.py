"""The SQL of decisions: accounts by name, locked rows for a book, and what a book has done.

All statements take whole batches, so a batch costs as many round trips as one request.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from asyncpg import Record

from rangli.ledger.book import AccountId, Book, Entry, HoldId, Transaction
from rangli.ledger.model import Account, AccountKey, Hold, HoldLeg, HoldState
from rangli.storage.columns import columns
from rangli.storage.postgres import Connection

_FIND = """
SELECT a.tenant, a.owner, a.kind, a.unit, a.expires_at, a.account_id
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
     AS w (tenant, owner, kind, unit, expires_at)
JOIN ledger_accounts a ON (a.tenant, a.owner, a.kind, a.unit) = (w.tenant, w.owner, w.kind, w.unit)
     AND a.expires_at IS NOT DISTINCT FROM w.expires_at
"""
# Sorted: two batches that open the same accounts wait for each other in one direction only.
_OPEN = """
INSERT INTO ledger_accounts (tenant, owner, kind, unit, expires_at, floor_minor)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                     $6::bigint[])
     AS w (tenant, owner, kind, unit, expires_at, floor_minor)
ORDER BY tenant, owner, kind, unit, expires_at
ON CONFLICT DO NOTHING
"""
_LOCK_HOLDS = """
SELECT h.tenant, h.hold_id, h.state, h.expires_at
FROM unnest($1::text[], $2::text[]) AS w (tenant, hold_id)
JOIN ledger_holds h USING (tenant, hold_id)
ORDER BY h.tenant, h.hold_id
FOR UPDATE OF h
"""
# A statement of its own: it must see what those who held the locks before have written.
_LEGS = """
SELECT l.tenant, l.hold_id, l.source_id, l.target_id,
       l.held_minor, l.captured_minor, l.released_minor, l.returned_minor
FROM unnest($1::text[], $2::text[]) AS w (tenant, hold_id)
JOIN ledger_hold_legs l USING (tenant, hold_id)
ORDER BY l.tenant, l.hold_id, l.leg
"""
# In the order of `account`.
ACCOUNT = """
a.tenant, a.owner, a.kind, a.unit, a.expires_at, a.account_id, a.floor_minor, a.frozen,
a.posted_minor, a.pending_out_minor, a.pending_in_minor, a.entry_count
"""
# Locked one by one in the order given, which is sorted, and the time is read as each is held: the
# last row's is after all of them.
_LOCK_ACCOUNTS = f"""
SELECT a.*, clock_timestamp()
FROM unnest($1::text[], $2::bigint[]) AS w (tenant, account_id),
LATERAL (
    SELECT {ACCOUNT} FROM ledger_accounts a
    WHERE a.tenant = w.tenant AND a.account_id = w.account_id
    FOR UPDATE
) a
"""
_NOW = "SELECT clock_timestamp()"

# The old count guards against writing rows that were not locked or have changed since.
_BALANCES = """
UPDATE ledger_accounts a
SET posted_minor = w.posted_minor, pending_out_minor = w.pending_out_minor,
    pending_in_minor = w.pending_in_minor, entry_count = w.entry_count, swept = false
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::bigint[])
     AS w (tenant, account_id, posted_minor, pending_out_minor, pending_in_minor, entry_count,
           old_count)
WHERE (a.tenant, a.account_id, a.entry_count) = (w.tenant, w.account_id, w.old_count)
"""
_FREEZE = """
WITH wanted AS (
    SELECT a.tenant, a.account_id
    FROM unnest($1::text[], $2::bigint[]) AS w (tenant, account_id)
    JOIN ledger_accounts a USING (tenant, account_id)
    ORDER BY a.tenant COLLATE "C", a.account_id
    FOR UPDATE OF a
)
UPDATE ledger_accounts a SET frozen = $3 FROM wanted w
WHERE (a.tenant, a.account_id) = (w.tenant, w.account_id)
"""
_HOLD = ("tenant", "hold_id", "state", "expires_at", "ended_at")
_LEG = (
    "tenant",
    "hold_id",
    "leg",
    "source_id",
    "target_id",
    "held_minor",
    "captured_minor",
    "released_minor",
    "returned_minor",
)
# A hold ends once: what has ended keeps its state, whatever a book says.
_CHANGED_HOLDS = """
UPDATE ledger_holds h
SET state = w.state,
    ended_at = CASE WHEN w.state <> 'PENDING' THEN coalesce(h.ended_at, clock_timestamp()) END
FROM unnest($1::text[], $2::text[], $3::text[]) AS w (tenant, hold_id, state)
WHERE (h.tenant, h.hold_id) = (w.tenant, w.hold_id) AND h.state IN ('PENDING', w.state)
"""
_CHANGED_LEGS = """
UPDATE ledger_hold_legs l
SET captured_minor = w.captured_minor, released_minor = w.released_minor,
    returned_minor = w.returned_minor
FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[])
     AS w (tenant, hold_id, leg, captured_minor, released_minor, returned_minor)
WHERE (l.tenant, l.hold_id, l.leg) = (w.tenant, w.hold_id, w.leg)
"""


async def open_accounts(
    conn: Connection, wanted: Mapping[AccountKey, int | None]
) -> dict[AccountKey, int]:
    """The accounts' ids; those that do not exist are made, with the floor given (None: no floor).

    An account that exists keeps its floor. Call it before anything is locked.
    """
    found = await find_accounts(conn, wanted)
    missing = [key for key in wanted if key not in found]
    if missing:
        await conn.execute(_OPEN, *columns(missing, 5), [wanted[key] for key in missing])
        # Also those that others have made meanwhile: the insert waited for them.
        found |= await find_accounts(conn, missing)
    return found


async def find_accounts(conn: Connection, keys: Iterable[AccountKey]) -> dict[AccountKey, int]:
    """The ids of those accounts that exist."""
    keys = list(keys)
    if not keys:
        return {}
    rows = await conn.fetch(_FIND, *columns(keys, 5))
    return {AccountKey._make(row[:5]): row[5] for row in rows}


async def freeze(conn: Connection, accounts: Iterable[AccountId], *, frozen: bool) -> None:
    """Lets nothing new out of the accounts, or lets it out again. Locks them, in order."""
    await conn.execute(_FREEZE, *columns(accounts, 2), frozen)


async def locked(
    conn: Connection,
    *,
    accounts: Iterable[AccountId] = (),
    holds: Iterable[HoldId] = (),
) -> Book:
    """A book on these holds, their legs' accounts, and these accounts; all locked, in order.

    What does not exist is absent from the book. The locks last until the transaction ends.
    """
    hold_ids = list(dict.fromkeys(holds))
    found = await _locked_holds(conn, hold_ids) if hold_ids else []
    account_ids = dict.fromkeys(accounts)
    for hold in found:
        for leg in hold.legs:
            account_ids[hold.tenant, leg.source_id] = None
            account_ids[hold.tenant, leg.target_id] = None
    rows = await conn.fetch(_LOCK_ACCOUNTS, *columns(sorted(account_ids), 2))
    now = rows[-1][-1] if rows else await conn.fetchval(_NOW)
    return Book(now, [account(row) for row in rows], found)


async def write(conn: Connection, book: Book) -> None:
    """Writes everything the book did since it was locked or last written, in few statements.

    Raises RuntimeError, a fault of ours, if a row was not locked or has changed since.
    """
    if not book.transactions:
        return
    await _copy(conn, "ledger_transactions", Transaction._fields, book.transactions)
    await _copy(conn, "ledger_entries", Entry._fields, book.entries)
    balances = [_balances(book.accounts[key], old) for key, old in book.touched.items()]
    _all(await conn.execute(_BALANCES, *columns(balances, 7)), balances)
    if book.new_holds:
        await _insert_holds(conn, [book.holds[key] for key in book.new_holds], book.now)
    if book.changed_holds:
        await _update_holds(conn, [book.holds[key] for key in book.changed_holds])
    book.forget()


def account(row: Record) -> Account:
    """The account of a row that begins with the columns of `ACCOUNT`."""
    return Account(AccountKey(*row[:5]), *row[5:12])


async def _locked_holds(conn: Connection, hold_ids: Sequence[HoldId]) -> list[Hold]:
    keyed = columns(hold_ids, 2)
    heads = await conn.fetch(_LOCK_HOLDS, *keyed)
    if not heads:
        return []
    legs = {
        key: tuple(HoldLeg(*row[2:]) for row in rows)
        for key, rows in groupby(await conn.fetch(_LEGS, *keyed), key=lambda row: row[:2])
    }
    return [
        Hold(tenant, hold_id, HoldState(state), expires_at, legs[tenant, hold_id])
        for tenant, hold_id, state, expires_at in heads
    ]


async def _insert_holds(conn: Connection, holds: Sequence[Hold], now: datetime) -> None:
    heads = [
        (hold.tenant, hold.hold_id, hold.state, hold.expires_at,
         None if hold.state is HoldState.PENDING else now)
        for hold in holds
    ]  # fmt: skip
    legs = [
        (hold.tenant, hold.hold_id, number, leg.source_id, leg.target_id, leg.held_minor,
         leg.captured_minor, leg.released_minor, leg.returned_minor)
        for hold in holds
        for number, leg in enumerate(hold.legs)
    ]  # fmt: skip
    await _copy(conn, "ledger_holds", _HOLD, heads)
    await _copy(conn, "ledger_hold_legs", _LEG, legs)


async def _update_holds(conn: Connection, holds: Sequence[Hold]) -> None:
    heads = [(hold.tenant, hold.hold_id, hold.state) for hold in holds]
    legs = [
        (hold.tenant, hold.hold_id, number, leg.captured_minor, leg.released_minor,
         leg.returned_minor)
        for hold in holds
        for number, leg in enumerate(hold.legs)
    ]  # fmt: skip
    _all(await conn.execute(_CHANGED_HOLDS, *columns(heads, 3)), heads)
    _all(await conn.execute(_CHANGED_LEGS, *columns(legs, 6)), legs)


async def _copy(
    conn: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Inserts the rows by COPY: half the work of an INSERT from arrays, on either side."""
    await conn.copy_records_to_table(table, columns=columns, records=rows)


def _all(status: str, rows: Collection[object]) -> None:
    """Whether a statement changed as many rows as it should."""
    if status != f"UPDATE {len(rows)}":
        raise RuntimeError(f"{status} instead of {len(rows)} rows: they were not locked")


def _balances(now: Account, old_count: int) -> tuple[Any, ...]:
    return (
        now.key.tenant,
        now.account_id,
        now.posted_minor,
        now.pending_out_minor,
        now.pending_in_minor,
        now.entry_count,
        old_count,
    )
