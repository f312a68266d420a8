"""The policies' only SQL."""

from __future__ import annotations

from asyncpg import Record

from rangli.activities.policies.model import Assignment, StoredPolicy
from rangli.activities.policies.spec import PolicySpec, decode, encode
from rangli.storage.postgres import Connection

# A tenant's policies change one at a time, so that versions have no gaps and bounds hold.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('policies/' || $1, 0))"
_COUNT = "SELECT count(DISTINCT policy_id) FROM policy_versions WHERE tenant = $1"
_COUNT_CHANNELS = "SELECT count(DISTINCT channel) FROM policy_assignments WHERE tenant = $1"
_NEWEST_VERSION = """
SELECT max(version) FROM policy_versions WHERE tenant = $1 AND policy_id = $2
"""
_NEWEST_REVISION = """
SELECT max(revision) FROM policy_assignments WHERE tenant = $1 AND channel = $2
"""
_INSERT = """
INSERT INTO policy_versions (tenant, policy_id, version, spec, actor, reason, created_at)
VALUES ($1, $2, $3, $4, $5, $6, now())
"""
_ASSIGN = """
INSERT INTO policy_assignments (tenant, channel, revision, policy_id, version, actor, reason,
                                created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, now())
"""
_GET = """
SELECT spec, created_at FROM policy_versions
WHERE tenant = $1 AND policy_id = $2 AND ($3 = 0 OR version = $3)
ORDER BY version DESC LIMIT 1
"""
# What a catalogue version knew: the newest version or revision that it, or one before it, told of.
_TOLD = """
SELECT subject_id, max(subject_version) FROM catalogue_changes
WHERE tenant = $1 AND kind = '{kind}' AND version <= $2 GROUP BY subject_id
"""
_NEWEST = f"""
SELECT v.spec, v.created_at
FROM policy_versions v JOIN ({_TOLD.format(kind="POLICY")}) told (policy_id, version)
     USING (policy_id, version)
WHERE v.tenant = $1 ORDER BY v.policy_id COLLATE "C"
"""
_ASSIGNMENTS = f"""
SELECT a.channel, a.policy_id, a.version
FROM policy_assignments a JOIN ({_TOLD.format(kind="ASSIGNMENT")}) told (channel, revision)
     USING (channel, revision)
WHERE a.tenant = $1 AND a.policy_id <> '' ORDER BY a.channel COLLATE "C"
"""
_EVER = 2**63 - 1


async def lock(conn: Connection, tenant: str) -> None:
    """Nobody else changes the tenant's policies or assignments until the transaction ends."""
    await conn.execute(_LOCK, tenant)


async def count(conn: Connection, tenant: str) -> int:
    """How many policies the tenant has."""
    return int(await conn.fetchval(_COUNT, tenant))


async def count_channels(conn: Connection, tenant: str) -> int:
    """How many channels ever had an assignment."""
    return int(await conn.fetchval(_COUNT_CHANNELS, tenant))


async def newest_version(conn: Connection, tenant: str, policy_id: str) -> int:
    """The policy's newest version; 0 if there is none."""
    return int(await conn.fetchval(_NEWEST_VERSION, tenant, policy_id) or 0)


async def newest_revision(conn: Connection, tenant: str, channel: str) -> int:
    """The newest revision of the channel's assignment; 0 if it never had one."""
    return int(await conn.fetchval(_NEWEST_REVISION, tenant, channel) or 0)


async def insert(
    conn: Connection, tenant: str, spec: PolicySpec, *, actor: str, reason: str
) -> None:
    """Writes a version that is not there yet."""
    await conn.execute(_INSERT, tenant, spec.policy_id, spec.version, encode(spec), actor, reason)


async def assign(
    conn: Connection,
    tenant: str,
    assignment: Assignment,
    *,
    revision: int,
    actor: str,
    reason: str,
) -> None:
    """Writes a revision that is not there yet."""
    await conn.execute(
        _ASSIGN,
        tenant,
        assignment.channel,
        revision,
        assignment.policy_id,
        assignment.version,
        actor,
        reason,
    )


async def get(
    conn: Connection, tenant: str, policy_id: str, *, version: int = 0
) -> StoredPolicy | None:
    """That version of the policy (0: the newest), if there is one."""
    row = await conn.fetchrow(_GET, tenant, policy_id, version)
    return _policy(row) if row else None


async def newest(
    conn: Connection, tenant: str, *, as_of_version: int = _EVER
) -> list[StoredPolicy]:
    """All policies by id, each at the newest version that this catalogue version knew."""
    return [_policy(row) for row in await conn.fetch(_NEWEST, tenant, as_of_version)]


async def assignments(
    conn: Connection, tenant: str, *, as_of_version: int = _EVER
) -> list[Assignment]:
    """What channels are priced with, by channel, as this catalogue version knew it."""
    return [Assignment(**row) for row in await conn.fetch(_ASSIGNMENTS, tenant, as_of_version)]


def _policy(row: Record) -> StoredPolicy:
    return StoredPolicy(decode(row["spec"]), row["created_at"])
