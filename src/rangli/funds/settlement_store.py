"""The only SQL of settlement: what moved in a period, summed and compared. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.funds.settlement import (
    DIFFERENCES_MAX,
    Difference,
    Kind,
    Period,
    Row,
    RowKey,
    Settled,
    Source,
    SourceTotal,
)
from rangli.storage.columns import columns
from rangli.storage.postgres import Connection

# What was spent and refunded in the period, and for which part. The audit holds these rows against
# the ledger's entries.
_MOVED = """
SELECT p.funder COLLATE "C" AS funder, coalesce(p.pool_id, '') AS pool_id, p.activity_id,
       r.currency COLLATE "C" AS currency, r.order_id, m.amount_minor
FROM fund_moves m
JOIN fund_reservation_parts p USING (tenant, reservation_id, leg)
JOIN fund_reservations r USING (tenant, reservation_id)
WHERE m.tenant = $1 AND m.occurred_at >= $2 AND m.occurred_at < $3
"""
_RESERVED = """
SELECT p.funder COLLATE "C" AS funder, coalesce(p.pool_id, '') AS pool_id, p.activity_id,
       r.currency COLLATE "C" AS currency,
       l.held_minor - l.captured_minor - l.released_minor AS amount_minor
FROM fund_reservations r
JOIN fund_reservation_parts p USING (tenant, reservation_id)
JOIN ledger_hold_legs l ON (l.tenant, l.hold_id, l.leg) = (p.tenant, p.reservation_id, p.leg)
WHERE r.tenant = $1 AND r.is_open
"""


def _settled(by: str) -> str:
    """The report by these columns; $4 is the funder, or '' for all."""
    return f"""
    WITH moved AS (
        SELECT {by}, count(DISTINCT order_id) AS orders,
               coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0) AS spent,
               coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0) AS refunded
        FROM ({_MOVED}) m WHERE $4 IN ('', funder) GROUP BY {by}
    ), reserved AS (
        SELECT {by}, sum(amount_minor) AS reserved
        FROM ({_RESERVED}) r WHERE $4 IN ('', funder) AND amount_minor > 0 GROUP BY {by}
    )
    SELECT {by}, coalesce(reserved, 0)::bigint, coalesce(spent, 0)::bigint,
           coalesce(refunded, 0)::bigint, coalesce(orders, 0)::bigint
    FROM moved FULL JOIN reserved USING ({by})
    """


_KEY = "funder, pool_id, activity_id, currency"
_ROWS = f"{_settled(_KEY)} WHERE ({_KEY}) > ($5, $6, $7, $8) ORDER BY {_KEY} LIMIT $9"
_TOTALS = f"{_settled('currency')} ORDER BY currency"

# Per order and activity: by funder where the source tells funders, else all of them together. $9
# are the sources, so that the planner knows how few they are.
_COMPARED = f"""
WITH said AS (
    SELECT source, order_id, activity_id, funder, sum(amount_minor) AS amount
    FROM unnest($4::smallint[], $5::text[], $6::text[], $7::text[], $8::bigint[])
         AS s (source, order_id, activity_id, funder, amount_minor)
    GROUP BY 1, 2, 3, 4
), told AS (
    SELECT source, order_id, activity_id, bool_or(funder <> '') AS by_funder
    FROM said GROUP BY 1, 2, 3
), journal AS (
    SELECT s.source, j.order_id, j.activity_id,
           CASE WHEN t.by_funder THEN j.funder ELSE '' END AS funder, sum(j.amount_minor) AS amount
    FROM unnest($9::smallint[]) s (source) CROSS JOIN ({_MOVED}) j
    LEFT JOIN told t USING (source, order_id, activity_id)
    GROUP BY 1, 2, 3, 4
), compared AS (
    SELECT source, order_id, activity_id, funder,
           coalesce(s.amount, 0)::bigint AS source_minor,
           coalesce(j.amount, 0)::bigint AS journal_minor,
           CASE WHEN j.amount IS NULL THEN 1 WHEN s.amount IS NULL THEN 2 ELSE 3 END AS kind
    FROM said s FULL JOIN journal j USING (source, order_id, activity_id, funder)
)
"""
_DIFFERENCES = f"""
{_COMPARED}
SELECT source, kind, order_id, activity_id, funder, source_minor, journal_minor FROM compared
WHERE source_minor <> journal_minor
ORDER BY source, order_id COLLATE "C", activity_id COLLATE "C", funder COLLATE "C" LIMIT $10
"""
_COUNTS = f"""
{_COMPARED}
SELECT source, sum(source_minor)::bigint, sum(journal_minor)::bigint,
       count(*) FILTER (WHERE kind = 1 AND source_minor <> journal_minor),
       count(*) FILTER (WHERE kind = 2 AND source_minor <> journal_minor),
       count(*) FILTER (WHERE kind = 3 AND source_minor <> journal_minor)
FROM compared GROUP BY source ORDER BY source
"""


async def report(
    conn: Connection, tenant: str, period: Period, *, funder: str, after: RowKey, size: int
) -> list[tuple[RowKey, Settled]]:
    """The report's next rows, by their key. funder: "" for all."""
    args = (tenant, period.starts_at, period.ends_at, funder)
    rows = await conn.fetch(_ROWS, *args, *after, size)
    return [(RowKey(*row[:4]), Settled(*row[4:])) for row in rows]


async def totals(
    conn: Connection, tenant: str, period: Period, *, funder: str
) -> list[tuple[str, Settled]]:
    """What all rows of the report sum to, by currency."""
    rows = await conn.fetch(_TOTALS, tenant, period.starts_at, period.ends_at, funder)
    return [(row[0], Settled(*row[1:])) for row in rows]


async def reconcile(
    conn: Connection, tenant: str, period: Period, said: Sequence[Row]
) -> tuple[list[SourceTotal], list[Difference]]:
    """How each source compares, and the first `DIFFERENCES_MAX` differences.

    Needs a transaction that sees one moment.
    """
    # All of a period is held against all that is said. Joins row by row, or merged by their first
    # column alone, can look cheap to the planner and take minutes; by hash they never do.
    await conn.execute("SET LOCAL enable_nestloop = off")
    await conn.execute("SET LOCAL enable_mergejoin = off")
    sources = sorted({row.source for row in said})
    args = (tenant, period.starts_at, period.ends_at, *columns(said, 5), sources)
    counted = [SourceTotal(Source(row[0]), *row[1:]) for row in await conn.fetch(_COUNTS, *args)]
    rows = await conn.fetch(_DIFFERENCES, *args, DIFFERENCES_MAX)
    return counted, [Difference(Source(row[0]), Kind(row[1]), *row[2:]) for row in rows]
