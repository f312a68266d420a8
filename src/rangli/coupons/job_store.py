"""The jobs' only SQL.

A shard's row is locked before its job's. The job's comes last: who gives coupons holds it for the
commit alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from rangli.coupons.job_model import (
    RETRIES,
    Failure,
    FailureSeen,
    Job,
    JobKey,
    JobState,
    Shard,
    Step,
)
from rangli.storage.postgres import Connection, Record

_JOB = """
j.tenant, j.job_id, j.batch_id, j.set_id, j.set_version, j.state, j.members, j.per_s_max, j.problem,
j.created_at, greatest(j.updated_at, s.updated_at) AS updated_at, s.given, s.had, s.failed
"""
_SUMS = """
LATERAL (
    SELECT coalesce(sum(given), 0)::bigint AS given, coalesce(sum(had), 0)::bigint AS had,
           coalesce(sum(failed), 0)::bigint AS failed, max(updated_at) AS updated_at
    FROM coupon_issue_shards WHERE (tenant, job_id) = (j.tenant, j.job_id)
) s
"""
_INSERT = """
INSERT INTO coupon_issue_jobs
    (tenant, job_id, batch_id, set_id, set_version, state, members, per_s_max, actor, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_INSERT_SHARDS = """
INSERT INTO coupon_issue_shards (tenant, job_id, shard, after_member, upto_member, done, next_at)
SELECT $1, $2, shard, after_member, upto_member, done, now()
FROM unnest($3::smallint[], $4::text[], $5::text[], $6::boolean[])
     AS n (shard, after_member, upto_member, done)
"""
_GET = f"SELECT {_JOB} FROM coupon_issue_jobs j, {_SUMS} WHERE j.tenant = $1 AND j.job_id = $2"
_LIST = f"""
SELECT {_JOB} FROM coupon_issue_jobs j, {_SUMS}
WHERE j.tenant = $1 AND ($2 = '' OR j.batch_id = $2) AND ($3 = '' OR j.job_id < $3)
ORDER BY j.job_id DESC LIMIT $4
"""
_TAKE = """
SELECT s.tenant, s.job_id, s.shard, s.after_member AS after, s.upto_member AS upto,
       j.batch_id, j.set_id, j.set_version, j.per_s_max, j.actor, j.reason,
       (SELECT count(*) FROM coupon_issue_shards l
        WHERE (l.tenant, l.job_id) = (j.tenant, j.job_id) AND NOT l.done) AS live
FROM coupon_issue_jobs j JOIN coupon_issue_shards s USING (tenant, job_id)
WHERE j.state = 'RUNNING' AND NOT s.done AND s.next_at <= clock_timestamp()
ORDER BY s.next_at, s.tenant, s.job_id, s.shard LIMIT 1
FOR UPDATE OF s SKIP LOCKED
"""
# What it is late by it may make up for, but not more than a second of it.
_MOVE = """
UPDATE coupon_issue_shards
SET after_member = $4, done = $5, given = given + $6, had = had + $7, failed = failed + $8,
    updated_at = clock_timestamp(),
    next_at = greatest(next_at, clock_timestamp() - interval '1 second') + make_interval(secs => $9)
WHERE tenant = $1 AND job_id = $2 AND shard = $3
"""
_LOCK_SHARDS = """
SELECT shard FROM coupon_issue_shards WHERE tenant = $1 AND job_id = $2 ORDER BY shard FOR UPDATE
"""
_STATE = "SELECT state FROM coupon_issue_jobs WHERE tenant = $1 AND job_id = $2"
_IS_DONE = """
SELECT NOT EXISTS (
    SELECT FROM coupon_issue_shards WHERE tenant = $1 AND job_id = $2 AND NOT done
)
"""
_SET_STATE = """
UPDATE coupon_issue_jobs SET state = $3, problem = $4, updated_at = clock_timestamp()
WHERE tenant = $1 AND job_id = $2
"""
_SET_SPEED = """
UPDATE coupon_issue_jobs SET per_s_max = $3, updated_at = clock_timestamp()
WHERE tenant = $1 AND job_id = $2
"""
# One after the other, as fast as the speed allows: not all at once.
_SPREAD = """
UPDATE coupon_issue_shards SET next_at = clock_timestamp()
    + make_interval(secs => CASE WHEN $3 > 0 THEN greatest(shard, 0) / $3::float8 ELSE 0 END)
WHERE tenant = $1 AND job_id = $2 AND NOT done
"""
_RETRY = """
UPDATE coupon_issue_shards SET after_member = '', done = NOT EXISTS (
    SELECT FROM coupon_issue_failures WHERE tenant = $1 AND job_id = $2
)
WHERE tenant = $1 AND job_id = $2 AND shard = -1
"""
_FAILED_AFTER = """
SELECT user_id FROM coupon_issue_failures
WHERE tenant = $1 AND job_id = $2 AND user_id > $3 ORDER BY user_id LIMIT $4
"""
_FAILURES = """
SELECT user_id, reason, message, failed_at FROM coupon_issue_failures
WHERE tenant = $1 AND job_id = $2 AND user_id > $3 ORDER BY user_id LIMIT $4
"""
_FORGET = """
DELETE FROM coupon_issue_failures WHERE tenant = $1 AND job_id = $2 AND user_id = ANY($3::text[])
"""
_FAIL = """
INSERT INTO coupon_issue_failures (tenant, job_id, user_id, reason, message)
SELECT $1, $2, user_id, reason, message
FROM unnest($3::text[], $4::text[], $5::text[]) AS n (user_id, reason, message)
ON CONFLICT (tenant, job_id, user_id)
DO UPDATE SET reason = excluded.reason, message = excluded.message, failed_at = now()
"""


async def insert(
    conn: Connection,
    key: JobKey,
    *,
    batch_id: str,
    set_id: str,
    set_version: int,
    members: int,
    per_s_max: int,
    actor: str,
    reason: str,
    ends: Sequence[str],
) -> None:
    """A new job. ends: the last member of each shard; none: there is nothing to do."""
    state = JobState.RUNNING if ends else JobState.DONE
    await conn.execute(
        _INSERT, *key, batch_id, set_id, set_version, state.value, members, per_s_max, actor, reason
    )
    shards = [(RETRIES, "", "", True)]
    shards += [
        (number, after, upto, False)
        for number, (after, upto) in enumerate(zip(["", *ends], ends, strict=False))
    ]
    await conn.execute(_INSERT_SHARDS, *key, *zip(*shards, strict=True))
    await conn.execute(_SPREAD, *key, per_s_max)


async def get(conn: Connection, key: JobKey) -> Job | None:
    """The job, if there is one."""
    row = await conn.fetchrow(_GET, *key)
    return _job(row) if row else None


async def list_before(
    conn: Connection, tenant: str, *, batch_id: str, before: str, size: int
) -> list[Job]:
    """The next jobs, newest first; of a batch, or "": of all."""
    return [_job(row) for row in await conn.fetch(_LIST, tenant, batch_id, before, size)]


async def take(conn: Connection) -> Shard | None:
    """A shard that is due and that nobody works on, for this transaction alone."""
    row = await conn.fetchrow(_TAKE)
    return Shard(**row) if row else None


async def move(conn: Connection, of: Shard, step: Step) -> None:
    """What the step has done is done; when the next is due follows from the job's speed."""
    rest_s = step.members * of.live / of.per_s_max if of.per_s_max else 0.0
    await conn.execute(
        _MOVE,
        *(*of.key, of.shard, step.after, step.is_last),
        *(step.given, step.had, step.failed, rest_s),
    )


async def lock_shards(conn: Connection, key: JobKey) -> None:
    """Waits until nobody works on the job; nobody does until the transaction ends."""
    await conn.fetch(_LOCK_SHARDS, *key)


async def locked_state(conn: Connection, key: JobKey, *, alone: bool) -> JobState | None:
    """The job's state, which stays so; to be changed only if locked alone."""
    state = await conn.fetchval(_STATE + (" FOR UPDATE" if alone else " FOR SHARE"), *key)
    return JobState(state) if state is not None else None


async def is_done(conn: Connection, key: JobKey) -> bool:
    """Whether all its shards are."""
    return bool(await conn.fetchval(_IS_DONE, *key))


async def set_state(conn: Connection, key: JobKey, state: JobState, problem: str = "") -> None:
    """Of a job that is locked alone."""
    await conn.execute(_SET_STATE, *key, state.value, problem)


async def set_speed(conn: Connection, key: JobKey, per_s_max: int) -> None:
    """Of a job that is locked alone, with its shards."""
    await conn.execute(_SET_SPEED, *key, per_s_max)
    await conn.execute(_SPREAD, *key, per_s_max)


async def retry(conn: Connection, key: JobKey) -> None:
    """The failures are to be done again; the shards are locked."""
    await conn.execute(_RETRY, *key)


async def failed_after(conn: Connection, key: JobKey, *, after: str, limit: int) -> list[str]:
    """The next users who failed."""
    return [row[0] for row in await conn.fetch(_FAILED_AFTER, *key, after, limit)]


async def failures(conn: Connection, key: JobKey, *, after: str, size: int) -> list[FailureSeen]:
    """The next failures by user."""
    rows = await conn.fetch(_FAILURES, *key, after, size)
    return [FailureSeen(Failure(row[0], row[1], row[2]), row[3]) for row in rows]


async def write_failures(
    conn: Connection, key: JobKey, *, failed: Iterable[Failure], forget: Collection[str]
) -> None:
    """Keeps who failed, and forgets who did before and does no more."""
    if forget:
        await conn.execute(_FORGET, *key, list(forget))
    columns: list[Sequence[Any]] = list(zip(*failed, strict=True))
    if columns:
        await conn.execute(_FAIL, *key, *columns)


def _job(row: Record) -> Job:
    return Job(**{**row, "state": JobState(row["state"])})
