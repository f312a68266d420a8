"""The SQL of limits themselves: put, found, and what is left of them.

Whoever counts or gives back holds the limits shared, whoever changes one holds it alone: so once a
change is answered, nothing is counted by what was before. They queue at gates, because a row that
is shared without a pause would never be had alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from zlib import crc32

from rangli.core.clock import EPOCH
from rangli.core.errors import NameTaken, NotFound
from rangli.counters.book import LimitKey
from rangli.counters.buckets import shares
from rangli.counters.model import Limit, LimitSpec, Period, Remaining, Subject, subject_of
from rangli.counters.periods import period_of
from rangli.storage.columns import columns
from rangli.storage.postgres import Connection, Record

# Advisory locks of this number are gates. Few, so that a batch of many limits passes few of them.
GATE = int.from_bytes(b"limt")
_GATES = 256

# In the order of `limit_of`.
LIMIT = """
l.limit_id, l.subject, l.period, l.most, l.time_zone, l.day_start_minute, l.buckets, l.measure,
l.bucket_rows, l.is_over, l.ended, l.revision, l.owner
"""
_PASS = "SELECT pg_advisory_xact_lock($1, gate) FROM unnest($2::int[]) AS gate"
_LOCK = f"""
SELECT {LIMIT} FROM counter_limits l WHERE l.tenant = $1 AND l.limit_id = any($2::text[])
ORDER BY l.limit_id FOR UPDATE
"""
_PUT = """
INSERT INTO counter_limits (tenant, limit_id, subject, period, most, time_zone, day_start_minute,
                            buckets, measure, bucket_rows, is_over, ended, revision, owner,
                            most_ever)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $5)
ON CONFLICT (tenant, limit_id) DO UPDATE
SET most = $5, time_zone = $6, day_start_minute = $7, buckets = $8, bucket_rows = $10,
    is_over = $11, ended = $12, revision = $13, owner = $14,
    most_ever = greatest(counter_limits.most_ever, $5)
"""
_LOCK_ROWS = """
SELECT used FROM counter_uses
WHERE (tenant, limit_id, subject_id, period_at) = ($1, $2, '', $3)
ORDER BY bucket FOR UPDATE
"""
_PUT_ROW = """
INSERT INTO counter_uses (tenant, limit_id, subject_id, period_at, bucket, used, most)
VALUES ($1, $2, '', $3, $4, 0, $5)
ON CONFLICT (tenant, limit_id, subject_id, period_at, bucket) DO UPDATE SET most = $5
"""
_FIND = f"""
SELECT w.tenant, l.*, clock_timestamp()
FROM unnest($1::text[], $2::text[]) AS w (tenant, limit_id),
LATERAL (
    SELECT {LIMIT} FROM counter_limits l
    WHERE l.tenant = w.tenant AND l.limit_id = w.limit_id OFFSET 0
) l
"""
_USED = """
SELECT w.place, u.used
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
     WITH ORDINALITY AS w (tenant, limit_id, subject_id, period_at, place),
LATERAL (
    SELECT coalesce(sum(u.used), 0)::bigint AS used FROM counter_uses u
    WHERE u.tenant = w.tenant AND u.limit_id = w.limit_id AND u.subject_id = w.subject_id
      AND u.period_at = w.period_at
) u
"""
_OF_OWNER = f"""
SELECT {LIMIT} FROM counter_limits l WHERE l.tenant = $1 AND l.owner = $2 ORDER BY l.limit_id
"""
# '~' comes behind all that ids are made of, so a prefix ends there: under a kept plan `starts_with`
# would read all that comes behind it.
_LIST = f"""
SELECT {LIMIT} FROM counter_limits l
WHERE l.tenant = $1 AND l.limit_id > $2 AND l.limit_id >= $3 AND l.limit_id < $3 || '~'
ORDER BY l.limit_id LIMIT $4
"""


async def put_limits(
    conn: Connection, tenant: str, limits: Sequence[LimitSpec], *, owner: str | None = None
) -> list[Limit]:
    """Makes the limits, or changes how much they allow; what is counted stays counted.

    owner: whose they are, such as "activity/a1"; its other limits are ended. None: an operator
        changes them, whosever they are, and what has ended stays so.
    Returns them as they are then, in order. Raises NameTaken if one of them counts something else.
    Waits for all that count on them.
    """
    wanted = {limit.limit_id: limit for limit in limits}
    owned = [] if owner is None else await find_limits(conn, tenant, owner)
    dropped = [
        limit.limit_id for limit in owned if limit.limit_id not in wanted and not limit.ended
    ]
    if not wanted and not dropped:
        return []
    before = await lock_limits(conn, tenant, [*wanted, *dropped])
    if owner is None:  # who does not say what one of it is
        wanted = {
            name: replace(limit, measure=before[name].measure) if name in before else limit
            for name, limit in wanted.items()
        }
    for limit_id, limit in wanted.items():
        if limit_id in before and before[limit_id].counts != limit.counts:
            raise NameTaken("limit", limit_id)
    for limit_id in dropped:
        await _store(conn, tenant, replace(before[limit_id], ended=True), before[limit_id])
    return [
        await _put(conn, tenant, limit, before.get(limit_id), owner)
        for limit_id, limit in wanted.items()
    ]


async def lock_limits(conn: Connection, tenant: str, limit_ids: Sequence[str]) -> dict[str, Limit]:
    """Those that exist; until the transaction ends nobody counts on any of them."""
    await conn.execute(_PASS, GATE, gates((tenant, limit_id) for limit_id in limit_ids))
    # A statement of its own: it must see what those who passed before have written.
    rows = await conn.fetch(_LOCK, tenant, limit_ids)
    return {row[0]: limit_of(row) for row in rows}


async def find_limits(conn: Connection, tenant: str, owner: str) -> list[Limit]:
    """The owner's limits by id, those included that have ended."""
    return [limit_of(row) for row in await conn.fetch(_OF_OWNER, tenant, owner)]


async def get_limit(conn: Connection, tenant: str, limit_id: str) -> Limit:
    """The limit. Raises NotFound."""
    rows = await conn.fetch(_FIND, [tenant], [limit_id])
    if not rows:
        raise NotFound("limit", limit_id)
    return limit_of(rows[0][1:])


async def list_limits(
    conn: Connection, tenant: str, *, prefix: str, after: str, size: int
) -> list[Limit]:
    """At most `size` whose ids begin with the prefix and come after `after`, by id."""
    return [limit_of(row) for row in await conn.fetch(_LIST, tenant, after, prefix, size)]


async def remaining(
    conn: Connection, items: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], Remaining]:
    """What is left for each (tenant, limit_id, subject_id) now; absent if there is no such limit.

    Locks nothing.
    """
    rows = await conn.fetch(_FIND, *columns(dict.fromkeys(item[:2] for item in items), 2))
    found = {(row[0], row[1]): (limit_of(row[1:]), row[14]) for row in rows}
    known = [
        (item, limit, period_of(limit, now))
        for item in dict.fromkeys(items)
        if item[:2] in found
        for limit, now in (found[item[:2]],)
    ]
    asked = [
        (item[0], item[1], subject_of(limit, item[2]), period_at)
        for item, limit, (period_at, _) in known
    ]
    used = {row[0]: row[1] for row in await conn.fetch(_USED, *columns(asked, 4))}
    return {
        item: Remaining(limit, item[2], used[place], *period)
        for place, (item, limit, period) in enumerate(known, start=1)
    }


def gates(limits: Iterable[LimitKey]) -> list[int]:
    """The gates of these limits, in the order in which they are passed."""
    return sorted({crc32("/".join(key).encode()) % _GATES for key in limits})


def limit_of(row: Record | Sequence[Any]) -> Limit:
    """The limit of a row that begins with the columns of `LIMIT`."""
    limit_id, subject, period, *others = row[:13]
    return Limit(limit_id, Subject(subject), Period(period), *others)


async def _put(
    conn: Connection, tenant: str, wanted: LimitSpec, before: Limit | None, owner: str | None
) -> Limit:
    rows = [row[0] for row in await conn.fetch(_LOCK_ROWS, tenant, wanted.limit_id, EPOCH)]
    buckets = 1
    if wanted.is_stock:
        buckets = wanted.buckets or (before.buckets if before else 1)
        rows += [0] * (buckets - len(rows))
    after = Limit(
        wanted.limit_id,
        wanted.subject,
        wanted.period,
        wanted.most,
        wanted.time_zone,
        wanted.day_start_minute,
        buckets,
        wanted.measure,
        bucket_rows=len(rows) if wanted.is_stock else 0,
        is_over=wanted.is_stock and sum(rows) > wanted.most,
        ended=before is not None and owner is None and before.ended,
        revision=before.revision if before else 1,
        owner=owner or (before.owner if before else None),
    )
    stored = await _store(conn, tenant, after, before)
    if wanted.is_stock and stored != before:
        share_of = shares(rows, wanted.most, buckets)
        await conn.executemany(
            _PUT_ROW,
            [(tenant, wanted.limit_id, EPOCH, bucket, s) for bucket, s in enumerate(share_of)],
        )
    return stored


async def _store(conn: Connection, tenant: str, limit: Limit, before: Limit | None) -> Limit:
    """The limit as it is then; what has not changed keeps its revision."""
    if limit == before:
        return limit
    if before is not None:
        limit = replace(limit, revision=before.revision + 1)
    await conn.execute(
        _PUT,
        tenant,
        limit.limit_id,
        limit.subject,
        limit.period,
        limit.most,
        limit.time_zone,
        limit.day_start_minute,
        limit.buckets,
        limit.measure,
        limit.bucket_rows,
        limit.is_over,
        limit.ended,
        limit.revision,
        limit.owner,
    )
    return limit
