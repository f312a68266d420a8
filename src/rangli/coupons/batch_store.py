"""The batches' only SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from rangli.coupons.model import Batch, BatchKey, BatchState
from rangli.coupons.spec import BatchSpec, decode, encode
from rangli.storage.columns import columns
from rangli.storage.postgres import Connection, Record

_COLUMNS = "b.tenant, b.batch_id, b.state, b.spec, b.revision, b.created_at"
# Whoever gives coupons of a batch shares its gate, whoever changes the batch has it alone. A row's
# own lock would not do: those who share it go on to come in while somebody waits to have it alone,
# and a batch that all the world claims from could never be paused. At gates one waits in turn.
_GATE = "hashtextextended('coupon_batches ' || k.tenant || ' ' || k.batch_id, 0)"
_ALONE = f"""
SELECT pg_advisory_xact_lock({_GATE})
FROM unnest($1::text[], $2::text[]) AS k (tenant, batch_id)
"""
# OFFSET keeps the planner from joining: it would read all activities for a few.
_OFFERS = f"""
SELECT {_COLUMNS}, clock_timestamp() AS now, a.live_version AS activity_version,
       a.run_state = 'PUBLISHED' AND v.ends_at > clock_timestamp() AS runs
FROM %s
CROSS JOIN LATERAL (
    SELECT run_state, live_version FROM activities
    WHERE (tenant, activity_id) = (b.tenant, b.activity_id) OFFSET 0
) a
LEFT JOIN LATERAL (
    SELECT (spec #>> '{{schedule,ends_at}}')::timestamptz AS ends_at FROM activity_versions
    WHERE (tenant, activity_id, version) = (b.tenant, b.activity_id, a.live_version) OFFSET 0
) v ON true
"""
_KEYS = "unnest($1::text[], $2::text[]) AS k (tenant, batch_id)"
_BATCH = "SELECT * FROM coupon_batches WHERE (tenant, batch_id) = (k.tenant, k.batch_id)"
_READ = _OFFERS % f"{_KEYS} CROSS JOIN LATERAL ({_BATCH} OFFSET 0) b"
_ENTERED = f"(SELECT count(pg_advisory_xact_lock_shared({_GATE})) AS entered FROM {_KEYS}) gates"
# The gates first, in order; then each batch as it is by then, though the statement began before.
_ENTER = _OFFERS % (
    f"{_ENTERED} CROSS JOIN {_KEYS} CROSS JOIN LATERAL ({_BATCH} AND gates.entered > 0 FOR SHARE) b"
)
_GET = f"SELECT {_COLUMNS} FROM coupon_batches b WHERE b.tenant = $1 AND b.batch_id = $2"
_LIST = f"""
SELECT {_COLUMNS} FROM coupon_batches b
WHERE b.tenant = $1 AND ($2 = '' OR b.activity_id = $2) AND b.batch_id > $3
ORDER BY b.batch_id LIMIT $4
"""
_INSERT = """
INSERT INTO coupon_batches (tenant, batch_id, activity_id, state, spec)
VALUES ($1, $2, $3, 'OPEN', $4) ON CONFLICT DO NOTHING
RETURNING tenant, batch_id, state, spec, revision, created_at
"""
_UPDATE = """
UPDATE coupon_batches SET state = $3, spec = $4, revision = revision + 1
WHERE tenant = $1 AND batch_id = $2
RETURNING tenant, batch_id, state, spec, revision, created_at
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A batch, and how its activity stands.

    activity_version: the live one.  runs: it is published, and has not ended.  now: PostgreSQL's
    clock when this was so.
    """

    batch: Batch
    activity_version: int
    runs: bool
    now: datetime


async def offers(conn: Connection, keys: Collection[BatchKey]) -> dict[BatchKey, Offer]:
    """Those of the batches that there are, as they stand now."""
    return _offers(await conn.fetch(_READ, *columns(sorted(set(keys)), 2)))


async def entered(conn: Connection, keys: Collection[BatchKey]) -> dict[BatchKey, Offer]:
    """As `offers`; nobody changes them until the transaction ends."""
    return _offers(await conn.fetch(_ENTER, *columns(sorted(set(keys)), 2)))


async def alone(conn: Connection, tenant: str, batch_id: str) -> Batch | None:
    """The batch; until the transaction ends nobody else changes it or gives coupons of it."""
    await conn.execute(_ALONE, [tenant], [batch_id])
    return await get(conn, tenant, batch_id)


async def get(conn: Connection, tenant: str, batch_id: str) -> Batch | None:
    """The batch, if there is one."""
    row = await conn.fetchrow(_GET, tenant, batch_id)
    return _batch(row) if row else None


async def list_after(
    conn: Connection, tenant: str, *, activity_id: str, after: str, size: int
) -> list[Batch]:
    """The next batches by id; of an activity, or "": of all."""
    return [_batch(row) for row in await conn.fetch(_LIST, tenant, activity_id, after, size)]


async def insert(conn: Connection, tenant: str, batch_id: str, spec: BatchSpec) -> Batch | None:
    """A new batch, OPEN; None if the name is taken."""
    row = await conn.fetchrow(_INSERT, tenant, batch_id, spec.activity_id, encode(spec))
    return _batch(row) if row else None


async def update(conn: Connection, batch: Batch, state: BatchState, spec: BatchSpec) -> Batch:
    """The batch, which nobody else changes, as it is now."""
    row = await conn.fetchrow(_UPDATE, *batch.key, state.value, encode(spec))
    assert row is not None  # batches are never deleted
    return _batch(row)


def _offers(rows: Iterable[Record]) -> dict[BatchKey, Offer]:
    found = [
        Offer(_batch(row), row["activity_version"], bool(row["runs"]), row["now"]) for row in rows
    ]
    return {offer.batch.key: offer for offer in found}


def _batch(row: Record) -> Batch:
    return Batch(
        tenant=row["tenant"],
        batch_id=row["batch_id"],
        state=BatchState(row["state"]),
        spec=decode(row["spec"]),
        revision=row["revision"],
        created_at=row["created_at"],
    )
