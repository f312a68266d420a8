"""The price entries' only SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

from asyncpg import Record

from rangli.activities.entries import Entry
from rangli.storage.postgres import Connection

_NEXT_IMPORT = "SELECT nextval('price_import_ids')"
_COLUMNS = (
    "tenant",
    "activity_id",
    "import_id",
    "row_number",
    "sku",
    "store_set_id",
    "starts_at",
    "ends_at",
    "op",
    "value",
    "per_quantity",
)
_ENTRY = "sku, store_set_id, starts_at, ends_at, op, value, per_quantity"
# Of entries with the same sku, stores and start the newest counts, and it may say "removed".
_IN_FORCE = f"""
SELECT {_ENTRY} FROM (
    SELECT DISTINCT ON (sku, store_set_id, starts_at) {_ENTRY} FROM price_entries
    WHERE tenant = $1 AND activity_id = $2 AND ($3::text[] IS NULL OR sku = ANY($3))
    ORDER BY sku, store_set_id, starts_at, import_id DESC, row_number DESC
) AS newest
WHERE op <> 0 AND ($4::timestamptz IS NULL OR (starts_at <= $4 AND $4 < ends_at))
ORDER BY sku, store_set_id, starts_at
"""
# Catalogues keep instants as integers; making them here spares each process a datetime an entry.
_INSTANT = "(extract(epoch FROM {0}) * 1000000)::bigint"
_BOOK = f"""
SELECT sku, store_set_id, {_INSTANT.format("starts_at")} AS starts_us,
       {_INSTANT.format("ends_at")} AS ends_us, op, value, per_quantity
FROM (
    SELECT DISTINCT ON (sku, store_set_id, starts_at) {_ENTRY} FROM price_entries
    WHERE tenant = $1 AND activity_id = $2
    ORDER BY sku, store_set_id COLLATE "C", starts_at, import_id DESC, row_number DESC
) AS newest
WHERE op <> 0
ORDER BY sku, store_set_id COLLATE "C", starts_at
"""
_STORE_SETS = """
SELECT DISTINCT store_set_id COLLATE "C" AS store_set_id FROM price_entries
WHERE tenant = $1 AND activity_id = $2 ORDER BY 1
"""
_IMPORT = f"""
SELECT sku, store_set_id, {_INSTANT.format("starts_at")} AS starts_us,
       {_INSTANT.format("ends_at")} AS ends_us, op, value, per_quantity
FROM price_entries
WHERE tenant = $1 AND activity_id = $2 AND import_id = $3
ORDER BY row_number LIMIT $4
"""


async def append(conn: Connection, tenant: str, activity_id: str, entries: Iterable[Entry]) -> int:
    """Writes the entries as one import; returns its id."""
    import_id = int(await conn.fetchval(_NEXT_IMPORT))
    await conn.copy_records_to_table(
        "price_entries",
        columns=_COLUMNS,
        records=(
            (tenant, activity_id, import_id, row_number, *entry)
            for row_number, entry in enumerate(entries)
        ),
    )
    return import_id


async def in_force(
    conn: Connection, tenant: str, activity_id: str, skus: Sequence[str], at: datetime | None
) -> list[Entry]:
    """The entries that count for these products, at that instant or at any."""
    rows = await conn.fetch(_IN_FORCE, tenant, activity_id, list(skus), at)
    return [Entry(*row) for row in rows]


async def store_sets(conn: Connection, tenant: str, activity_id: str) -> list[str]:
    """The store sets that the book's entries name, in the order in which `book` sorts them."""
    rows = await conn.fetch(_STORE_SETS, tenant, activity_id)
    return [row["store_set_id"] for row in rows]


async def book(conn: Connection, tenant: str, activity_id: str) -> AsyncIterator[list[Record]]:
    """All entries that count, by sku, stores and start, in chunks. Needs an open transaction."""
    cursor = await conn.cursor(_BOOK, tenant, activity_id)
    while rows := await cursor.fetch(10_000):
        yield rows


async def imported(
    conn: Connection, tenant: str, activity_id: str, import_id: int, *, limit: int
) -> list[Record]:
    """The first `limit` entries of one import, in its order."""
    return list(await conn.fetch(_IMPORT, tenant, activity_id, import_id, limit))
