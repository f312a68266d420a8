"""The sets' only SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from asyncpg import Record

from rangli.selection.model import MemberSet, SetKind
from rangli.storage.columns import columns
from rangli.storage.postgres import Connection
from rangli.storage.turns import in_turns

_COLUMNS = "set_id, kind, display_name, version, member_count, updated_at"
_GET = f"SELECT {_COLUMNS} FROM sets WHERE tenant = $1 AND set_id = $2"
_LIST = f"""
SELECT {_COLUMNS} FROM sets WHERE tenant = $1 AND set_id > $2 ORDER BY set_id LIMIT $3
"""
# The row lock puts concurrent imports of one set behind each other.
_NEXT_VERSION = f"""
INSERT INTO sets (tenant, set_id, kind, display_name, version, member_count, updated_at)
VALUES ($1, $2, $3, $4, 1, $5, now())
ON CONFLICT (tenant, set_id) DO UPDATE
SET version = sets.version + 1, member_count = $5, updated_at = now(),
    display_name = CASE WHEN $6 THEN $4 ELSE sets.display_name END
RETURNING {_COLUMNS}
"""
_KINDS = "SELECT set_id, kind FROM sets WHERE tenant = $1 AND set_id = ANY($2)"
_MEMBERS = """
SELECT m.member FROM sets s JOIN set_members m ON (m.tenant, m.set_id) = (s.tenant, s.set_id)
     AND m.version = coalesce($3, s.version)
WHERE s.tenant = $1 AND s.set_id = $2
"""
# OFFSET keeps the planner from joining, for which it might read millions of members.
_MEMBERSHIPS = """
SELECT k.tenant, k.set_id, k.member
FROM unnest($1::text[], $2::text[], $3::text[]) AS k (tenant, set_id, member)
JOIN sets s USING (tenant, set_id),
LATERAL (
    SELECT FROM set_members m
    WHERE (m.tenant, m.set_id, m.version, m.member)
        = (s.tenant, s.set_id, s.version, k.member) OFFSET 0
) m
"""
_NTH = """
SELECT member FROM (
    SELECT member, row_number() OVER (ORDER BY member) AS place FROM set_members
    WHERE tenant = $1 AND set_id = $2 AND version = $3
) AS placed
WHERE place % $4 = 0 ORDER BY member
"""
_AFTER = """
SELECT member FROM set_members
WHERE tenant = $1 AND set_id = $2 AND version = $3 AND member > $4 AND member <= $5
ORDER BY member LIMIT $6
"""
_LAST = "SELECT max(member) FROM set_members WHERE tenant = $1 AND set_id = $2 AND version = $3"
# Enough to make a round trip cheap, few enough that other calls wait some milliseconds only.
_CHUNK = 10_000
_ALL = "SELECT set_id FROM sets WHERE tenant = $1"


async def get(conn: Connection, tenant: str, set_id: str) -> MemberSet | None:
    """The set of that name, if there is one."""
    row = await conn.fetchrow(_GET, tenant, set_id)
    return _set(row) if row else None


async def list_after(conn: Connection, tenant: str, *, after: str, size: int) -> list[MemberSet]:
    """The next sets by id."""
    return [_set(row) for row in await conn.fetch(_LIST, tenant, after, size)]


async def put(
    conn: Connection,
    tenant: str,
    set_id: str,
    *,
    kind: SetKind,
    display_name: str,
    members: Iterable[str],
    member_count: int,
) -> MemberSet:
    """Writes the members as the set's next version. Members must be distinct."""
    row = await conn.fetchrow(
        _NEXT_VERSION,
        tenant,
        set_id,
        kind.value,
        display_name or set_id,
        member_count,
        bool(display_name),
    )
    written = _set(row)
    await conn.copy_records_to_table(
        "set_members",
        columns=("tenant", "set_id", "version", "member"),
        records=in_turns((tenant, set_id, written.version, member) for member in members),
    )
    return written


async def kinds(conn: Connection, tenant: str, set_ids: Iterable[str]) -> dict[str, SetKind]:
    """Which of the sets exist, and their kinds."""
    rows = await conn.fetch(_KINDS, tenant, list(set_ids))
    return {row["set_id"]: SetKind(row["kind"]) for row in rows}


async def memberships(
    conn: Connection, asked: Iterable[tuple[str, str, str]]
) -> set[tuple[str, str, str]]:
    """Those of the (tenant, set_id, member) that are so in the sets' newest versions."""
    return {tuple(row) for row in await conn.fetch(_MEMBERSHIPS, *columns(asked, 3))}


async def all_ids(conn: Connection, tenant: str) -> list[str]:
    """Every set's id."""
    return [row["set_id"] for row in await conn.fetch(_ALL, tenant)]


async def members(
    conn: Connection, tenant: str, set_id: str, *, version: int | None = None
) -> AsyncIterator[list[str]]:
    """The members of that version, or of the newest, in chunks. Needs an open transaction."""
    cursor = await conn.cursor(_MEMBERS, tenant, set_id, version)
    while rows := await cursor.fetch(_CHUNK):
        yield [row[0] for row in rows]


async def shards(
    conn: Connection, tenant: str, set_id: str, version: int, *, size: int
) -> list[str]:
    """Where to cut a version's members, in their order, so that each part has that size at most.

    The last member of each part; of a set that has none: nothing.
    """
    ends = [row[0] for row in await conn.fetch(_NTH, tenant, set_id, version, size)]
    last = await conn.fetchval(_LAST, tenant, set_id, version)
    return ends if last is None or ends[-1:] == [last] else [*ends, last]


async def members_after(
    conn: Connection, tenant: str, set_id: str, version: int, *, after: str, upto: str, limit: int
) -> list[str]:
    """A version's next members in their order: those after that one, up to another."""
    rows = await conn.fetch(_AFTER, tenant, set_id, version, after, upto, limit)
    return [row[0] for row in rows]


def _set(row: Record | None) -> MemberSet:
    assert row is not None  # the statement returns one
    return MemberSet(**{**row, "kind": SetKind(row["kind"])})
