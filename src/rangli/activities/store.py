"""The activities' only SQL, price entries aside (`entry_store.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from asyncpg import Record

from rangli.activities.model import Activity, RunState, VersionState
from rangli.activities.spec import ActivitySpec, decode, encode
from rangli.storage.postgres import Connection

_SELECT = """
SELECT a.activity_id, a.run_state, a.live_version, a.latest_version, a.revision, a.price_entries,
       a.created_at, a.updated_at, v.version, v.state AS version_state, v.spec,
       (l.spec #>> '{schedule,starts_at}')::timestamptz AS live_starts_at,
       (l.spec #>> '{schedule,ends_at}')::timestamptz AS live_ends_at
FROM activities a
JOIN activity_versions v ON (v.tenant, v.activity_id) = (a.tenant, a.activity_id)
     AND v.version = %s
LEFT JOIN activity_versions l ON (l.tenant, l.activity_id, l.version)
     = (a.tenant, a.activity_id, a.live_version)
"""
_NEWEST = _SELECT % "a.latest_version"
_GET = _NEWEST + "WHERE a.tenant = $1 AND a.activity_id = $2"
# A statement of its own: had the lock to be waited for, only the next one sees what the other
# transaction wrote. A join that locks would pair the row's new state with the old version's.
_LOCK = "SELECT true FROM activities WHERE tenant = $1 AND activity_id = $2 FOR UPDATE"
_GET_VERSION = _SELECT % "$3" + "WHERE a.tenant = $1 AND a.activity_id = $2"
_LIST = _NEWEST + "WHERE a.tenant = $1 AND a.activity_id > $2 ORDER BY a.activity_id LIMIT $3"
# What carts are priced with: the live versions, cancelled and archived ones too, since past
# instants can be priced and a coupon holder is told why it gives nothing.
_LIVE = (
    _SELECT % "a.live_version" + "WHERE a.tenant = $1 AND ($2::text IS NULL OR a.activity_id = $2)"
)
# Pairs of an activity and one of its versions.
_AT_VERSIONS = f"""
{_SELECT % "v.version"}
JOIN unnest($2::text[], $3::int[]) wanted (activity_id, version)
     ON (wanted.activity_id, wanted.version) = (a.activity_id, v.version)
WHERE a.tenant = $1
"""
_UNPUBLISHED = (
    _NEWEST + "WHERE a.tenant = $1 AND a.run_state = 'UNPUBLISHED' ORDER BY a.activity_id LIMIT $2"
)
_INSERT = """
INSERT INTO activities (tenant, activity_id, run_state, latest_version, revision, created_at,
                        updated_at)
VALUES ($1, $2, 'UNPUBLISHED', 1, 1, now(), now())
ON CONFLICT DO NOTHING RETURNING activity_id
"""
_PUT_VERSION = """
INSERT INTO activity_versions (tenant, activity_id, version, state, spec)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant, activity_id, version) DO UPDATE SET state = $4, spec = $5
"""
_SUPERSEDE = """
UPDATE activity_versions SET state = 'SUPERSEDED'
WHERE tenant = $1 AND activity_id = $2 AND state = 'LIVE' AND version <> $3
"""
_MOVE = """
UPDATE activities SET run_state = $3, live_version = $4, latest_version = $5,
       revision = revision + 1, updated_at = now()
WHERE tenant = $1 AND activity_id = $2 RETURNING revision
"""
_ADD_ENTRIES = """
UPDATE activities SET price_entries = price_entries + $3, revision = revision + 1,
       updated_at = now()
WHERE tenant = $1 AND activity_id = $2 RETURNING revision, latest_version
"""
# Two transactions that publish the same code wait for each other; each then sees what it must.
_LOCK_CODE = "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))"
_CODE_HOLDERS = """
SELECT a.activity_id
FROM activities a
JOIN activity_versions v ON (v.tenant, v.activity_id, v.version)
     = (a.tenant, a.activity_id, a.live_version)
WHERE v.tenant = $1 AND lower(v.spec ->> 'public_code') = $2 AND v.spec ? 'public_code'
  AND a.activity_id <> $3 AND a.run_state IN ('PUBLISHED', 'PAUSED')
  AND (v.spec #>> '{schedule,starts_at}')::timestamptz < $5
  AND (v.spec #>> '{schedule,ends_at}')::timestamptz > $4
ORDER BY a.activity_id LIMIT 1
"""
_RECORD = """
INSERT INTO activity_changes (tenant, activity_id, revision, version, verb, actor, reason,
                              changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, now())
"""


async def get(
    conn: Connection, tenant: str, activity_id: str, *, version: int = 0
) -> Activity | None:
    """The activity with that version's spec (0: the newest), if there is one."""
    if version:
        row = await conn.fetchrow(_GET_VERSION, tenant, activity_id, version)
    else:
        row = await conn.fetchrow(_GET, tenant, activity_id)
    return _activity(row) if row else None


async def get_locked(conn: Connection, tenant: str, activity_id: str) -> Activity | None:
    """The activity with its newest version; nobody else changes it until the transaction ends."""
    await conn.execute(_LOCK, tenant, activity_id)
    return await get(conn, tenant, activity_id)


async def list_after(conn: Connection, tenant: str, *, after: str, size: int) -> list[Activity]:
    """The next activities by id, with their newest versions."""
    return [_activity(row) for row in await conn.fetch(_LIST, tenant, after, size)]


async def live(conn: Connection, tenant: str, activity_id: str | None = None) -> list[Activity]:
    """Activities that were ever published (all, or that one), with their live versions."""
    return [_activity(row) for row in await conn.fetch(_LIVE, tenant, activity_id)]


async def at_versions(conn: Connection, tenant: str, versions: Mapping[str, int]) -> list[Activity]:
    """These activities, each with the spec of that version; names without one are left out."""
    rows = await conn.fetch(_AT_VERSIONS, tenant, list(versions), list(versions.values()))
    return [_activity(row) for row in rows]


async def code_holder(
    conn: Connection,
    tenant: str,
    code: str,
    *,
    besides: str,
    starts_at: datetime,
    ends_at: datetime,
) -> str | None:
    """Another activity that is published with the casefolded code and runs at some of that time.

    Until the transaction ends nobody else is told about the code.
    """
    await conn.execute(_LOCK_CODE, tenant, code)
    found: str | None = await conn.fetchval(
        _CODE_HOLDERS, tenant, code, besides, starts_at, ends_at
    )
    return found


async def unpublished(conn: Connection, tenant: str, *, limit: int) -> list[Activity]:
    """The first `limit` activities by id that never were published, with their newest versions."""
    return [_activity(row) for row in await conn.fetch(_UNPUBLISHED, tenant, limit)]


async def insert(conn: Connection, tenant: str, activity_id: str, spec: ActivitySpec) -> bool:
    """A new activity with version 1 as a DRAFT; False if the name is taken."""
    if await conn.fetchval(_INSERT, tenant, activity_id) is None:
        return False
    await put_version(conn, tenant, activity_id, version=1, state=VersionState.DRAFT, spec=spec)
    return True


async def put_version(
    conn: Connection,
    tenant: str,
    activity_id: str,
    *,
    version: int,
    state: VersionState,
    spec: ActivitySpec,
) -> None:
    """Writes a version, new or not; a live one takes the place of the live one before it."""
    await conn.execute(_PUT_VERSION, tenant, activity_id, version, state.value, encode(spec))
    if state is VersionState.LIVE:
        await conn.execute(_SUPERSEDE, tenant, activity_id, version)


async def move(
    conn: Connection,
    tenant: str,
    activity_id: str,
    *,
    run_state: RunState,
    live_version: int,
    latest_version: int,
) -> int:
    """Sets where the activity stands; returns its new revision."""
    return int(
        await conn.fetchval(
            _MOVE, tenant, activity_id, run_state.value, live_version, latest_version
        )
    )


async def add_entries(
    conn: Connection, tenant: str, activity_id: str, count: int
) -> tuple[int, int]:
    """Counts price entries that came; returns the new revision and the newest version."""
    row = await conn.fetchrow(_ADD_ENTRIES, tenant, activity_id, count)
    assert row is not None  # the caller has just read it
    return row["revision"], row["latest_version"]


async def record(
    conn: Connection,
    tenant: str,
    activity_id: str,
    *,
    revision: int,
    version: int,
    verb: str,
    actor: str,
    reason: str,
) -> None:
    """The audit's row: who did what, and why."""
    await conn.execute(_RECORD, tenant, activity_id, revision, version, verb, actor, reason)


def _activity(row: Record) -> Activity:
    fields = dict(row)
    fields["run_state"] = RunState(fields["run_state"])
    fields["version_state"] = VersionState(fields["version_state"])
    fields["spec"] = decode(fields["spec"])
    return Activity(**fields)
