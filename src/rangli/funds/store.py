"""The only SQL of pools and of activities' funding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from asyncpg import Record

from rangli.funds.model import Balances, FundedShare, Funding, Level, Pool, PoolLevel, PoolState
from rangli.storage.columns import columns
from rangli.storage.postgres import Connection

COLUMNS = """
p.tenant, p.pool_id, p.parent_id, p.depth, p.display_name, p.funder, p.currency, p.time_zone,
p.warn_bps, p.slow_bps, p.daily_cap_minor, p.state, p.revision, p.budget_level, p.paused_until,
p.budget_account_id, p.spent_account_id, p.created_at
"""
_GET = f"SELECT {COLUMNS} FROM fund_pools p WHERE p.tenant = $1 AND p.pool_id = ANY($2)"
_FULL = f"""
SELECT {COLUMNS}, b.posted_minor + s.posted_minor AS budget_minor,
       b.pending_out_minor AS reserved_minor, s.posted_minor AS spent_minor,
       coalesce(d.used_minor, 0) AS today_minor
FROM fund_pools p
JOIN ledger_accounts b ON (b.tenant, b.account_id) = (p.tenant, p.budget_account_id)
JOIN ledger_accounts s ON (s.tenant, s.account_id) = (p.tenant, p.spent_account_id)
LEFT JOIN fund_pool_days d ON (d.tenant, d.pool_id, d.day)
     = (p.tenant, p.pool_id, (now() AT TIME ZONE p.time_zone)::date)
"""
_GET_FULL = f"{_FULL} WHERE p.tenant = $1 AND p.pool_id = $2"
_LIST = f"""
{_FULL} WHERE p.tenant = $1 AND p.pool_id > $2
  AND CASE WHEN $4::text IS NULL THEN true WHEN $4 = '' THEN p.parent_id IS NULL
           ELSE p.parent_id = $4 END
ORDER BY p.pool_id LIMIT $3
"""
_INSERT = """
INSERT INTO fund_pools
       (tenant, pool_id, parent_id, depth, display_name, funder, currency, time_zone, warn_bps,
        slow_bps, daily_cap_minor, state, revision, budget_level, budget_account_id,
        spent_account_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'OPEN', 1, $12, $13, $14)
ON CONFLICT DO NOTHING RETURNING true
"""
_UPDATE = """
UPDATE fund_pools p
SET display_name = w.display_name, warn_bps = w.warn_bps, slow_bps = w.slow_bps,
    daily_cap_minor = w.daily_cap_minor, state = w.state, revision = w.revision,
    budget_level = w.budget_level, paused_until = w.paused_until
FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::bigint[], $7::text[],
            $8::bigint[], $9::smallint[], $10::timestamptz[])
     AS w (tenant, pool_id, display_name, warn_bps, slow_bps, daily_cap_minor, state, revision,
           budget_level, paused_until)
WHERE (p.tenant, p.pool_id) = (w.tenant, w.pool_id)
"""
_OPEN_CHILD = """
SELECT pool_id FROM fund_pools WHERE tenant = $1 AND parent_id = $2 AND state <> 'CLOSED' LIMIT 1
"""
_LEVELS = f"""
SELECT {COLUMNS} FROM fund_pools p
WHERE tenant = $1 AND (state <> 'OPEN' OR budget_level > 1 OR paused_until IS NOT NULL)
"""
_RESTED = f"""
SELECT {COLUMNS} FROM fund_pools p WHERE p.paused_until <= statement_timestamp()
ORDER BY p.paused_until LIMIT $1
"""
# The version asked for, or the newest.
_FUNDINGS = """
SELECT w.tenant, w.activity_id, w.version, f.version AS is_version, f.currency, f.remainder_funder,
       f.allow_partial, s.funder, s.pool_id, s.share_bps, s.source_id, s.target_id
FROM unnest($1::text[], $2::text[], $3::int[]) AS w (tenant, activity_id, version)
JOIN LATERAL (
    SELECT * FROM fund_activities f WHERE f.tenant = w.tenant AND f.activity_id = w.activity_id
    AND (w.version = 0 OR f.version = w.version) ORDER BY f.version DESC LIMIT 1
) f ON true
JOIN fund_shares s ON (s.tenant, s.activity_id, s.version) = (f.tenant, f.activity_id, f.version)
ORDER BY w.tenant, w.activity_id, w.version, s.position
"""
_LOCK_FUNDING = "SELECT pg_advisory_xact_lock(hashtextextended('funding/' || $1 || ' ' || $2, 0))"
_INSERT_FUNDING = """
INSERT INTO fund_activities (tenant, activity_id, version, currency, remainder_funder,
                             allow_partial)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING true
"""
_INSERT_SHARES = """
INSERT INTO fund_shares (tenant, activity_id, version, position, funder, share_bps, pool_id,
                         source_id, target_id)
SELECT $1, $2, $3, place - 1, funder, share_bps, pool_id, source_id, target_id
FROM unnest($4::text[], $5::int[], $6::text[], $7::bigint[], $8::bigint[]) WITH ORDINALITY
     AS w (funder, share_bps, pool_id, source_id, target_id, place)
"""


async def get(conn: Connection, tenant: str, pool_ids: Iterable[str]) -> dict[str, Pool]:
    """Those pools that exist, by id."""
    return {row["pool_id"]: pool(row) for row in await conn.fetch(_GET, tenant, list(pool_ids))}


async def get_full(
    conn: Connection, tenant: str, pool_id: str
) -> tuple[Pool, Balances, int] | None:
    """A pool, its balances and what of them is of today; one moment's."""
    row = await conn.fetchrow(_GET_FULL, tenant, pool_id)
    return _full(row) if row else None


async def list_after(
    conn: Connection, tenant: str, *, after: str, size: int, parent_id: str | None
) -> list[tuple[Pool, Balances, int]]:
    """The next pools by id: all, the roots ("") or a parent's children."""
    return [_full(row) for row in await conn.fetch(_LIST, tenant, after, size, parent_id)]


async def transaction_at(conn: Connection) -> datetime:
    """When this transaction began, which is what a pool made in it has for `created_at`."""
    at: datetime = await conn.fetchval("SELECT now()")
    return at


async def insert(conn: Connection, made: Pool) -> bool:
    """Writes a new pool; False if its name is taken."""
    return bool(
        await conn.fetchval(
            _INSERT, made.tenant, made.pool_id, made.parent_id, made.depth, made.display_name,
            made.funder, made.currency, made.time_zone, made.warn_bps, made.slow_bps,
            made.daily_cap_minor, made.budget_level, made.budget_account_id, made.spent_account_id,
        )
    )  # fmt: skip


async def update(conn: Connection, changed: Sequence[Pool]) -> None:
    """Writes what can change of pools. Whoever calls has locked their budget accounts."""
    rows = [
        (p.tenant, p.pool_id, p.display_name, p.warn_bps, p.slow_bps, p.daily_cap_minor, p.state,
         p.revision, p.budget_level, p.paused_until)
        for p in changed
    ]  # fmt: skip
    if rows:
        await conn.execute(_UPDATE, *zip(*rows, strict=True))


async def open_child(conn: Connection, tenant: str, pool_id: str) -> str | None:
    """A child that is not closed, if there is one."""
    child: str | None = await conn.fetchval(_OPEN_CHILD, tenant, pool_id)
    return child


async def levels(conn: Connection, tenant: str) -> dict[str, PoolLevel]:
    """The levels of all pools that are not OK, by id."""
    return {row["pool_id"]: pool(row).standing for row in await conn.fetch(_LEVELS, tenant)}


async def rested(conn: Connection, size: int) -> list[Pool]:
    """Pools whose next business day has begun."""
    return [pool(row) for row in await conn.fetch(_RESTED, size)]


async def fundings(
    conn: Connection, wanted: Iterable[tuple[str, str, int]]
) -> dict[tuple[str, str, int], Funding]:
    """By (tenant, activity_id, version), 0 for the newest; those that exist."""
    found = {}
    rows = await conn.fetch(_FUNDINGS, *columns(wanted, 3))
    for key, group in groupby(rows, key=lambda row: tuple(row[:3])):
        shares = list(group)
        first = shares[0]
        found[key] = Funding(
            first["activity_id"],
            first["is_version"],
            first["currency"],
            first["remainder_funder"],
            tuple(
                FundedShare(
                    s["funder"], s["pool_id"], s["share_bps"], s["source_id"], s["target_id"]
                )
                for s in shares
            ),
            first["allow_partial"],
        )
    return found


async def lock_funding(conn: Connection, tenant: str, activity_id: str) -> None:
    """Nobody else sets the activity's funding until this transaction ends."""
    await conn.execute(_LOCK_FUNDING, tenant, activity_id)


async def insert_funding(conn: Connection, tenant: str, funding: Funding) -> bool:
    """Writes an activity's funding; False if there is one of that version."""
    key = (tenant, funding.activity_id, funding.version)
    made = await conn.fetchval(
        _INSERT_FUNDING, *key, funding.currency, funding.remainder_funder, funding.allow_partial
    )
    if not made:
        return False
    rows = [
        (share.funder, share.share_bps, share.pool_id, share.source_id, share.target_id)
        for share in funding.shares
    ]
    await conn.execute(_INSERT_SHARES, *key, *zip(*rows, strict=True))
    return True


def pool(row: Record) -> Pool:
    """The pool of a row with `COLUMNS` first."""
    values = dict(zip(Pool.__slots__, row[: len(Pool.__slots__)], strict=True))
    values["state"] = PoolState(values["state"])
    values["budget_level"] = Level(values["budget_level"])
    return Pool(**values)


def _full(row: Record) -> tuple[Pool, Balances, int]:
    balances = Balances(row["budget_minor"], row["reserved_minor"], row["spent_minor"])
    return pool(row), balances, row["today_minor"]
