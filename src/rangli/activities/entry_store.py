"""The price entries' only SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import starmap

from rangli.activities.entries import Entry
from rangli.activities.pricebook import Run
from rangli.storage.postgres import Connection
from rangli.storage.turns import in_turns

_COLUMNS = (
    "tenant",
    "activity_id",
    "import_id",
    "row_number",
    "sku",
    "store_set_id",
    "starts_us",
    "ends_us",
    "kind",
    "value",
    "per_quantity",
)
_ENTRY = ", ".join(_COLUMNS[4:])
# Of entries with the same sku, stores and start the newest counts, and it may say "removed".
_NEWEST = f"""
    SELECT DISTINCT ON (sku, store_set_id, starts_us) {_ENTRY} FROM price_entries
    WHERE tenant = $1 AND activity_id = $2 %s
    ORDER BY sku, store_set_id, starts_us, import_id DESC, row_number DESC
"""
_OF_SKUS = f"""
SELECT {_ENTRY} FROM ({_NEWEST % "AND sku = ANY($3)"}) AS newest
WHERE kind <> 0 AND ($4::bigint IS NULL OR (starts_us <= $4 AND $4 < ends_us))
ORDER BY sku, store_set_id, starts_us LIMIT $5
"""
# Columns of arrays: a process takes in a product's fifty weeks as fast as a single one.
_BOOK = f"""
SELECT sku, store_set_id, array_agg(starts_us ORDER BY starts_us),
       array_agg(ends_us ORDER BY starts_us), array_agg(kind ORDER BY starts_us),
       array_agg(value ORDER BY starts_us), array_agg(per_quantity ORDER BY starts_us)
FROM ({_NEWEST % "AND import_id <= $3"}) AS newest
WHERE kind <> 0 GROUP BY sku, store_set_id ORDER BY sku, store_set_id
"""
# A book of a million entries is sorted in memory.
_SORT_IN_MEMORY = "SET LOCAL work_mem = '256MB'"
_STORE_SETS = """
SELECT DISTINCT store_set_id FROM price_entries
WHERE tenant = $1 AND activity_id = $2 ORDER BY store_set_id
"""
_NEWEST_IMPORT = """
SELECT max(import_id) FROM price_entries WHERE tenant = $1 AND activity_id = $2
"""
_IMPORT = f"""
SELECT {_ENTRY} FROM price_entries
WHERE tenant = $1 AND activity_id = $2 AND import_id = $3
ORDER BY row_number LIMIT $4
"""
# Import ids of a book must rise in the order of commits, as its catalogues take them in. So one
# import waits for another, rather than failing after it has been sent a million rows.
_PATIENT = "SET LOCAL lock_timeout = '60s'"
_LOCK_BOOK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_NEXT_IMPORT = "SELECT nextval('price_import_ids')"
# Enough rows to make a round trip cheap, few enough that other calls wait some milliseconds only.
_CHUNK = 1_000


async def append(conn: Connection, tenant: str, activity_id: str, entries: Iterable[Entry]) -> int:
    """Writes the entries as one import; returns its id. Imports of a book follow each other."""
    await conn.execute(_PATIENT)
    await conn.execute(_LOCK_BOOK, f"{tenant}/{activity_id}")
    import_id = int(await conn.fetchval(_NEXT_IMPORT))
    await conn.copy_records_to_table(
        "price_entries",
        columns=_COLUMNS,
        records=in_turns(
            (tenant, activity_id, import_id, row_number, *entry)
            for row_number, entry in enumerate(entries)
        ),
    )
    return import_id


async def in_force(
    conn: Connection,
    tenant: str,
    activity_id: str,
    skus: Sequence[str],
    at_us: int | None,
    *,
    limit: int,
) -> list[Entry]:
    """The first `limit` entries that count for these products, at that instant or at any."""
    rows = await conn.fetch(_OF_SKUS, tenant, activity_id, list(skus), at_us, limit)
    return [Entry(*row) for row in rows]


async def store_sets(conn: Connection, tenant: str, activity_id: str) -> list[str]:
    """The store sets that the book's entries name, in the order in which `book` sorts them."""
    rows = await conn.fetch(_STORE_SETS, tenant, activity_id)
    return [row["store_set_id"] for row in rows]


async def newest_import(conn: Connection, tenant: str, activity_id: str) -> int:
    """The book's newest import; imports of a book are numbered in the order of their commits."""
    return int(await conn.fetchval(_NEWEST_IMPORT, tenant, activity_id) or 0)


async def book(
    conn: Connection, tenant: str, activity_id: str, *, upto_import: int
) -> AsyncIterator[Iterable[Run]]:
    """All entries of the imports up to that one that count, by sku and stores, in chunks.

    Needs an open transaction.
    """
    await conn.execute(_SORT_IN_MEMORY)
    cursor = await conn.cursor(_BOOK, tenant, activity_id, upto_import)
    while rows := await cursor.fetch(_CHUNK):
        yield starmap(Run, rows)


async def imported(
    conn: Connection, tenant: str, activity_id: str, import_id: int, *, limit: int
) -> list[Entry]:
    """The first `limit` entries of one import, in its order."""
    rows = await conn.fetch(_IMPORT, tenant, activity_id, import_id, limit)
    return [Entry(*row) for row in rows]
