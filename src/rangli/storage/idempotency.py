"""One effect per (tenant, method, request_id), and the same answer for every repeat."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

import asyncpg

from rangli.core.errors import Invalid, Reason, Unavailable
from rangli.storage import detached
from rangli.storage.postgres import Connection, Pool, connection, transaction

# Each attempt waits `lock_timeout` (500 ms) for the first request of that key to end.
_ATTEMPTS = 10
_SWEEP_BATCH = 1000

_INSERT = """
    INSERT INTO idempotency_records (tenant, method, request_id, request_sha256)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
    RETURNING true
"""
_SELECT = """
    SELECT request_sha256, response FROM idempotency_records
    WHERE tenant = $1 AND method = $2 AND request_id = $3
"""
_SET_RESPONSE = """
    UPDATE idempotency_records SET response = $4
    WHERE tenant = $1 AND method = $2 AND request_id = $3
"""
_CUTOFF = "SELECT now() - make_interval(secs => $1)"
_SWEEP = """
    DELETE FROM idempotency_records WHERE (tenant, method, request_id) IN (
        SELECT tenant, method, request_id FROM idempotency_records
        WHERE created_at < $1
        ORDER BY created_at LIMIT $2
        FOR UPDATE SKIP LOCKED
    )
"""

Effect = Callable[[Connection], Awaitable[bytes]]


class _StillRunningError(Exception):
    """The first request of this key has not ended yet."""


async def once(
    pool: Pool,
    *,
    tenant: str,
    method: str,
    request_id: str,
    fingerprint: bytes,
    effect: Effect,
) -> bytes:
    """The answer of `effect`, which happens at most once for this key; repeats get the first's.

    effect: does all its work through the connection it is given, inside one transaction with the
        record, and returns the answer to be stored. Whatever it raises rolls everything back and
        stores nothing, so a refused request may be repeated and succeed later.
    fingerprint: equal for equal requests, such as the serialised message; only a hash is kept.

    A concurrent repeat waits for the first and then replays it, or tries itself if the first was
    rolled back. The transaction goes on to its end even if the caller is cancelled; `detached`
    knows it. Invalid (IDEMPOTENCY_KEY_REUSED) if the key came with another request; Unavailable
    if Postgres is away, also when it is lost at the commit: a repeat finds out what happened.
    """
    key = (tenant, method, request_id)
    request_sha256 = hashlib.sha256(fingerprint).digest()
    return await detached.finish(_once(pool, key, request_sha256, effect))


async def _once(
    pool: Pool, key: tuple[str, str, str], request_sha256: bytes, effect: Effect
) -> bytes:
    for _ in range(_ATTEMPTS):
        try:
            return await _attempt(pool, key, request_sha256, effect)
        except _StillRunningError:
            continue
    raise Unavailable("postgres", "an earlier request with this request_id is still under way")


async def _attempt(
    pool: Pool, key: tuple[str, str, str], request_sha256: bytes, effect: Effect
) -> bytes:
    async with transaction(pool) as conn:
        try:
            is_first = await conn.fetchval(_INSERT, *key, request_sha256)
        except asyncpg.LockNotAvailableError:
            raise _StillRunningError from None
        if not is_first:
            return await _replay(conn, key, request_sha256)
        response = await effect(conn)
        await conn.execute(_SET_RESPONSE, *key, response)
    return response


async def _replay(conn: Connection, key: tuple[str, str, str], request_sha256: bytes) -> bytes:
    record = await conn.fetchrow(_SELECT, *key)
    if record is None:
        raise _StillRunningError  # swept between the two statements: the key is free again
    if record["request_sha256"] != request_sha256:
        raise Invalid(
            Reason.IDEMPOTENCY_KEY_REUSED,
            "this request_id was used for another request; choose a new one",
            metadata={"request_id": key[2]},
        )
    return bytes(record["response"])


async def sweep_idempotency(pool: Pool, older_than_s: float) -> int:
    """Delete records older than that, by Postgres' clock; how many were deleted.

    In small transactions, so that nobody waits for it; several may sweep at once.
    """
    swept = 0
    async with connection(pool) as conn:
        cutoff = await conn.fetchval(_CUTOFF, older_than_s)
        while True:  # ends: nothing before the cutoff is added
            status = await conn.execute(_SWEEP, cutoff, _SWEEP_BATCH)
            deleted = int(status.split()[-1])
            swept += deleted
            if deleted < _SWEEP_BATCH:
                return swept
