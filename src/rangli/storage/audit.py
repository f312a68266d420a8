"""What must hold at all times, asked of the database itself.

A check is a query for what is broken: no rows, no fault. All checks of an audit see one snapshot,
so it may run while the service works, and nobody waits for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rangli.storage.postgres import Connection, Pool, moment

ROWS_MAX = 20
# Every check's rows name their tenant, so that one can be picked here.
_BROKEN = """
SELECT broken.*, count(*) OVER () AS found FROM ({sql}) AS broken
WHERE $1::text IS NULL OR broken.tenant = $1
ORDER BY broken LIMIT {rows_max}
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold.

    name: unique, such as "ledger.balances".
    invariant: which of the design's it belongs to, "I4".
    meaning: what holds, as a sentence for an operator.
    sql: a SELECT without parameters whose rows are what is broken: `tenant`, the ids of the row,
        and where it can be said `expected` and `actual`.
    """

    name: str
    invariant: str
    meaning: str
    sql: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that failed.

    rows: at most `ROWS_MAX`, as the check's columns.  count: how many there are.
    """

    check: Check
    rows: tuple[Mapping[str, Any], ...]
    count: int


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """`postgres.moment` for who compares whole tables, not for who looks up some rows."""
    async with moment(pool) as conn:
        # Where statistics lag behind, joins row by row would look cheap and take minutes.
        await conn.execute("SET LOCAL enable_nestloop = off")
        yield conn


async def audit(
    conn: Connection, checks: Iterable[Check], *, tenant: str | None = None
) -> list[Finding]:
    """The checks that fail, in their order; of one tenant, or of all."""
    findings = []
    for check in checks:
        rows = await conn.fetch(_BROKEN.format(sql=check.sql, rows_max=ROWS_MAX), tenant)
        if rows:
            facts = [{key: value for key, value in row.items() if key != "found"} for row in rows]
            findings.append(Finding(check, tuple(facts), rows[0]["found"]))
    return findings
