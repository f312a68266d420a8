"""One effect per (tenant, method, request_id), and the same answer for every repeat.

`once` does one request in a transaction of its own; `batcher` does many in one. Both keep their
records with `find_records`, `insert_records` and `replay`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

import asyncpg

from rangli.core.errors import Invalid, Reason, Unavailable
from rangli.storage import detached
from rangli.storage.columns import columns
from rangli.storage.postgres import CHANGING, Connection, Pool, connection, transaction

# Each attempt waits `lock_timeout` (500 ms) for the first request of that key to end.
_ATTEMPTS = 10
_SWEEP_BATCH = 1000

_INSERT = """
    INSERT INTO idempotency_records (tenant, method, request_id, request_sha256)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
    RETURNING true
"""
_COLUMNS = ("tenant", "method", "request_id", "request_sha256", "response")
# OFFSET keeps the planner from joining: a hash of a table that was empty when the plan was made
# would be made of all its rows later on.
_FIND = """
    SELECT found.* FROM unnest($2::text[], $3::text[]) AS asked (tenant, request_id),
    LATERAL (
        SELECT tenant, request_id, request_sha256, response FROM idempotency_records
        WHERE tenant = asked.tenant AND method = $1 AND request_id = asked.request_id OFFSET 0
    ) AS found
"""
_SET_RESPONSE = """
    UPDATE idempotency_records SET response = $4
    WHERE tenant = $1 AND method = $2 AND request_id = $3
"""
_SET_RESPONSES = """
    UPDATE idempotency_records SET response = given.response
    FROM unnest($2::text[], $3::text[], $4::bytea[]) AS given (tenant, request_id, response)
    WHERE idempotency_records.method = $1
        AND idempotency_records.tenant = given.tenant
        AND idempotency_records.request_id = given.request_id
"""
_FORGET = """
    DELETE FROM idempotency_records
    USING unnest($2::text[], $3::text[]) AS asked (tenant, request_id)
    WHERE idempotency_records.method = $1
        AND idempotency_records.tenant = asked.tenant
        AND idempotency_records.request_id = asked.request_id
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
Key = tuple[str, str]  # tenant, request_id


class Record(NamedTuple):
    """What a key was used for, by the hash of its request, and what it answered.

    response: None only inside the transaction that makes it.
    """

    key: Key
    request_sha256: bytes
    response: bytes | None


class KeyTakenError(Exception):
    """Another transaction has used one of the keys meanwhile: ours must be rolled back."""


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
    key = (tenant, request_id)
    return await detached.finish(_once(pool, method, key, sha256(fingerprint), effect))


async def _once(pool: Pool, method: str, key: Key, request_sha256: bytes, effect: Effect) -> bytes:
    for _ in range(_ATTEMPTS):
        try:
            return await _attempt(pool, method, key, request_sha256, effect)
        except _StillRunningError:
            continue
    raise Unavailable("postgres", "an earlier request with this request_id is still under way")


async def _attempt(
    pool: Pool, method: str, key: Key, request_sha256: bytes, effect: Effect
) -> bytes:
    tenant, request_id = key
    async with transaction(pool) as conn:
        try:
            is_first = await conn.fetchval(_INSERT, tenant, method, request_id, request_sha256)
        except asyncpg.LockNotAvailableError:
            raise _StillRunningError from None
        if not is_first:
            found = await find_records(conn, method, [key])
            if not found:
                raise _StillRunningError  # swept between the two statements: the key is free again
            return replay(found[key], request_sha256)
        await conn.execute(CHANGING)  # the key was waited for in short turns
        response = await effect(conn)
        await conn.execute(_SET_RESPONSE, tenant, method, request_id, response)
    return response


def sha256(fingerprint: bytes) -> bytes:
    """By which requests of one key are told apart."""
    return hashlib.sha256(fingerprint).digest()


async def find_records(conn: Connection, method: str, keys: Iterable[Key]) -> dict[Key, Record]:
    """Those of the method's keys that have been used, by transactions that are committed."""
    rows = await conn.fetch(_FIND, method, *columns(keys, 2))
    return {(row[0], row[1]): Record((row[0], row[1]), row[2], row[3]) for row in rows}


async def insert_records(conn: Connection, method: str, records: Iterable[Record]) -> None:
    """Keep the records, in the order given; KeyTakenError if one of the keys has been used.

    Waits, up to `lock_timeout`, for transactions under way that use one of the keys. So that no two
    wait for each other, several records come sorted by key.
    """
    rows = ((key[0], method, key[1], sha256, response) for key, sha256, response in records)
    try:
        # COPY costs half of an INSERT that would pass over used keys, and hardly ever meets one.
        await conn.copy_records_to_table("idempotency_records", columns=_COLUMNS, records=rows)
    except asyncpg.UniqueViolationError:
        raise KeyTakenError from None


async def set_responses(
    conn: Connection, method: str, responses: Iterable[tuple[Key, bytes]]
) -> None:
    """Add the answers to records that this same transaction has inserted without."""
    keys, answers = zip(*responses, strict=True)
    await conn.execute(_SET_RESPONSES, method, *columns(keys, 2), answers)


async def forget_records(conn: Connection, method: str, keys: Iterable[Key]) -> None:
    """Delete records that this same transaction has inserted."""
    await conn.execute(_FORGET, method, *columns(keys, 2))


def replay(record: Record, request_sha256: bytes) -> bytes:
    """What the key answered; Invalid (IDEMPOTENCY_KEY_REUSED) if this is another request."""
    if record.request_sha256 != request_sha256:
        raise key_reused(record.key)
    assert record.response is not None  # its transaction is committed
    return record.response


def key_reused(key: Key) -> Invalid:
    """The refusal of a request whose key another request has used."""
    return Invalid(
        Reason.IDEMPOTENCY_KEY_REUSED,
        "this request_id was used for another request; choose a new one",
        metadata={"request_id": key[1]},
    )


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
