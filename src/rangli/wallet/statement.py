"""The statement of a pocket: the entries of all its lots, at the cost of the page that is read.

Each lot is read downward from where it stood at the page's beginning, a bit at a time, until enough
entries are known of which no lot can have a later one. An account's entries are numbered without
gaps and in the order of their instants, so where it stood at an instant is found by halving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from rangli.ledger.model import Kind
from rangli.storage.postgres import Connection, Record
from rangli.wallet.model import Line, Place, Pocket

# low: the last entry that is known to be of the instant or before.
_LOTS = """
WITH RECURSIVE lot AS MATERIALIZED (
    SELECT account_id, expires_at, entry_count FROM ledger_accounts
    WHERE (tenant, owner, kind, unit) = ($1, $2, $3, $4)
), halving AS (
    SELECT account_id, CASE WHEN $5::timestamptz IS NULL THEN entry_count ELSE 0 END AS low,
           entry_count AS high
    FROM lot
    UNION ALL
    SELECT account_id, CASE WHEN earlier THEN middle ELSE low END,
           CASE WHEN earlier THEN high ELSE middle - 1 END
    FROM (SELECT *, (low + high + 1) / 2 AS middle FROM halving WHERE low < high) h,
    LATERAL (
        SELECT (
            SELECT t.posted_at FROM ledger_transactions t
            WHERE t.tenant = e.tenant AND t.transaction_id = e.transaction_id
        ) <= $5 AS earlier
        FROM ledger_entries e
        WHERE e.tenant = $1 AND e.account_id = h.account_id AND e.entry_no = h.middle
        OFFSET 0
    ) e
)
SELECT lot.account_id, lot.expires_at, halving.low, coalesce((
    SELECT e.balance_minor FROM ledger_entries e
    WHERE e.tenant = $1 AND e.account_id = lot.account_id AND e.entry_no <= halving.low
        AND e.phase = 0
    ORDER BY e.entry_no DESC LIMIT 1
), 0) AS balance_minor
FROM lot JOIN halving USING (account_id) WHERE halving.low = halving.high
"""
_READ = """
SELECT e.account_id, e.entry_no, e.amount_minor, e.transaction_id, t.*
FROM unnest($2::bigint[], $3::bigint[]) AS w (account_id, low),
LATERAL (
    SELECT * FROM ledger_entries e
    WHERE e.tenant = $1 AND e.account_id = w.account_id AND e.entry_no <= w.low AND e.phase = 0
    ORDER BY e.entry_no DESC LIMIT $4
) e,
LATERAL (
    SELECT t.posted_at, t.kind, t.method, t.reference, t.hold_id FROM ledger_transactions t
    WHERE t.tenant = $1 AND t.transaction_id = e.transaction_id OFFSET 0
) t
"""
# PostgreSQL takes an account for one of the usual size. Of a usual one reading all and sorting it
# looks cheaper than following the key's order; of a large one it is not.
_IN_ORDER = "SET LOCAL enable_sort = off"
_ORDERS = """
SELECT reservation_id, order_id FROM wallet_reservations
WHERE tenant = $1 AND reservation_id = ANY($2::text[])
"""


class _Entry(NamedTuple):
    """place: by which entries are sorted, each has its own."""

    place: Place
    row: Record


@dataclass(slots=True)
class _Lot:
    """low: the entries up to here are still to be read, and are of `read_to` or before.

    read_to: None as long as nothing has been read.
    """

    account_id: int
    expires_at: datetime | None
    low: int
    read_to: datetime | None = None


async def statement(
    conn: Connection, pocket: Pocket, *, size: int, before: Place | None
) -> list[Line]:
    """The next entries of the pocket's lots, newest first, each with the balance of all after it.

    before: the last entry of the page that came before.

    Of one moment's entries what came back stands first, what went out last, so that no balance is
    shown below what there ever was. `conn` reads one moment.
    """
    moment = before.posted_at if before else None
    await conn.execute(_IN_ORDER)
    rows = await conn.fetch(_LOTS, pocket.tenant, pocket.owner, pocket.kind, pocket.unit, moment)
    lots = {
        row["account_id"]: _Lot(row["account_id"], row["expires_at"], row["low"]) for row in rows
    }
    entries = await _newest(conn, pocket.tenant, list(lots.values()), size=size, before=before)
    balance = sum(row["balance_minor"] for row in rows)
    page = []
    for entry in entries:
        if before is None or entry.place < before:
            page.append((entry, balance))
        balance -= entry.row["amount_minor"]
    return await _lines(conn, pocket.tenant, lots, page[:size])


async def _newest(
    conn: Connection, tenant: str, lots: Sequence[_Lot], *, size: int, before: Place | None
) -> list[_Entry]:
    """So many of the lots' entries before that place, and all that are later, newest first."""
    entries: list[_Entry] = []
    amount = size
    while True:  # ends when all is read, at the latest; each time twice as much is
        unread = [lot for lot in lots if lot.low]
        if any(lot.read_to is None for lot in unread):
            wanted = [lot for lot in unread if lot.read_to is None]
        else:
            # What is later than all that is still unread has its place.
            moments = [lot.read_to for lot in unread if lot.read_to is not None]
            horizon = max(moments, default=None)
            known = [one for one in entries if horizon is None or one.place.posted_at > horizon]
            if horizon is None or sum(not before or one.place < before for one in known) >= size:
                return sorted(known, reverse=True)
            wanted = [lot for lot in unread if lot.read_to == horizon]
        entries += await _read(conn, tenant, wanted, amount)
        amount *= 2


async def _read(conn: Connection, tenant: str, lots: Sequence[_Lot], amount: int) -> list[_Entry]:
    """The next so many entries of each lot."""
    rows = await conn.fetch(
        _READ, tenant, [lot.account_id for lot in lots], [lot.low for lot in lots], amount
    )
    by_lot: dict[int, list[_Entry]] = {lot.account_id: [] for lot in lots}
    for row in rows:
        by_lot[row["account_id"]].append(_Entry(_place(row), row))
    for lot in lots:
        read = by_lot[lot.account_id]
        lowest = min((one.place.entry_no for one in read), default=1)
        lot.low = lowest - 1 if len(read) == amount else 0
        lot.read_to = min((one.place.posted_at for one in read), default=None)
    return [entry for read in by_lot.values() for entry in read]


def _place(row: Record) -> Place:
    amount = row["amount_minor"]
    turn = 2 if amount < 0 else 0 if row["kind"] == Kind.RETURN else 1
    return Place(row["posted_at"], turn, row["transaction_id"], row["account_id"], row["entry_no"])


async def _lines(
    conn: Connection, tenant: str, lots: dict[int, _Lot], page: Sequence[tuple[_Entry, int]]
) -> list[Line]:
    held = list({entry.row["hold_id"] for entry, _ in page} - {None})
    rows = await conn.fetch(_ORDERS, tenant, held) if held else []
    orders = {row["reservation_id"]: row["order_id"] for row in rows}
    return [
        Line(
            place=place,
            kind=Kind(row["kind"]),
            method=row["method"],
            amount=row["amount_minor"],
            balance=balance,
            lot_expires_at=lots[place.account_id].expires_at,
            reference=row["reference"],
            order_id=orders.get(row["hold_id"], ""),
            reservation_id=row["hold_id"] if row["hold_id"] in orders else "",
        )
        for (place, row), balance in page
    ]
