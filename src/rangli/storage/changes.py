"""The feed of catalogue changes: what a transaction changed, told to every process.

A change is a row numbered by the tenant's version, written in the transaction that makes the
change, and a NOTIFY that reaches listeners when it commits. The row is the truth; the notification
only saves waiting for the next poll.
"""

from __future__ import annotations

from rangli.storage.postgres import Connection

CHANNEL = "rangli_catalogue"

# The head's row lock keeps a tenant's versions in the order of their commits: nobody ever sees
# version 8 while 7 may still appear.
_NEXT_VERSION = """
INSERT INTO catalogue_heads (tenant, version) VALUES ($1, 1)
ON CONFLICT (tenant) DO UPDATE SET version = catalogue_heads.version + 1
RETURNING version
"""
_RECORD = """
INSERT INTO catalogue_changes (tenant, version, kind, subject_id, subject_version, held)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_NOTIFY = "SELECT pg_notify($1, $2)"


async def announce(
    conn: Connection,
    tenant: str,
    *,
    kind: str,
    subject_id: str,
    subject_version: int,
    held: bool = False,
) -> int:
    """Records a change in the caller's transaction; returns the tenant's new catalogue version.

    Call it last: it holds the tenant's head until the transaction ends.
    kind: ACTIVITY, SET, ENTRIES, POLICY, ASSIGNMENT (of a channel, to a policy) or FUNDING (a
        budget pool's level).
    subject_version: the activity's live version, the set's version, the entries' import id, the
        policy's version, or the assignment's or the pool's revision.
    held: the activity is paused, cancelled or archived; the pool is PAUSED.
    """
    version = int(await conn.fetchval(_NEXT_VERSION, tenant))
    await conn.execute(_RECORD, tenant, version, kind, subject_id, subject_version, held)
    await conn.execute(_NOTIFY, CHANNEL, tenant)
    return version
