"""What operators do with jobs."""

from __future__ import annotations

from math import ceil
from typing import Any

from rangli.core.errors import Invalid, NotFound, Reason, Refused, Violation
from rangli.core.ids import new_id
from rangli.coupons import batch_store, job_store
from rangli.coupons.job_model import SHARDS_MAX, Job, JobChange, JobKey, JobState
from rangli.coupons.model import BatchState
from rangli.selection import service as selection
from rangli.selection import store as sets
from rangli.selection.model import SetKind
from rangli.storage.outbox import emit
from rangli.storage.postgres import Connection

# A shard of fewer members than one step does is not worth its row.
_SHARD_MIN = 500
_FROM = {
    JobChange.PAUSE: (JobState.RUNNING,),
    # A DONE one goes on with its failures, if there are any.
    JobChange.RESUME: (JobState.PAUSED, JobState.STOPPED, JobState.DONE),
    JobChange.CANCEL: (JobState.RUNNING, JobState.PAUSED, JobState.STOPPED),
    JobChange.SPEED: (JobState.RUNNING, JobState.PAUSED, JobState.STOPPED),
}
_TO = {
    JobChange.PAUSE: JobState.PAUSED,
    JobChange.RESUME: JobState.RUNNING,
    JobChange.CANCEL: JobState.CANCELLED,
}
_HAPPENED = {
    JobChange.PAUSE: "issue_job_paused",
    JobChange.RESUME: "issue_job_resumed",
    JobChange.CANCEL: "issue_job_cancelled",
    JobChange.SPEED: "issue_job_speed_changed",
}


async def start(
    conn: Connection,
    tenant: str,
    *,
    actor: str,
    batch_id: str,
    set_id: str,
    per_s_max: int,
    reason: str,
) -> Job:
    """A job for the members of the set as it is now; a later version changes nothing of it.

    Raises NotFound, Refused (WRONG_STATE: the batch is closed), Invalid (no set of users).
    """
    batch = await batch_store.get(conn, tenant, batch_id)
    if batch is None:
        raise NotFound("coupon batch", batch_id)
    if batch.state is BatchState.CLOSED:
        raise Refused(
            Reason.WRONG_STATE,
            f"the batch {batch_id!r} is closed",
            metadata={"batch_id": batch_id, "state": batch.state, "allowed": "OPEN, PAUSED"},
        )
    users = await selection.get_set(conn, tenant, set_id)
    if users.kind is not SetKind.USER:
        raise Invalid.fields(Violation("set_id", f"must be a set of users, not of {users.kind}"))
    size = max(_SHARD_MIN, ceil(users.member_count / SHARDS_MAX))
    ends = await sets.shards(conn, tenant, set_id, users.version, size=size)
    key = JobKey(tenant, new_id("job"))
    await job_store.insert(
        conn,
        key,
        batch_id=batch_id,
        set_id=set_id,
        set_version=users.version,
        members=users.member_count,
        per_s_max=per_s_max,
        actor=actor,
        reason=reason,
        ends=ends,
    )
    job = await get(conn, key)
    await tell(
        conn,
        job,
        actor,
        "issue_job_started",
        set_id=set_id,
        set_version=users.version,
        members=users.member_count,
        reason=reason,
    )
    return job


async def change(
    conn: Connection, key: JobKey, what: JobChange, *, actor: str, per_s_max: int
) -> Job:
    """Once this is committed a job that was paused or cancelled gives nothing any more.

    per_s_max: with SPEED.  Raises NotFound, Refused (WRONG_STATE).
    """
    if what in (JobChange.RESUME, JobChange.SPEED):
        await job_store.lock_shards(conn, key)
    state = await job_store.locked_state(conn, key, alone=True)
    job = await get(conn, key)
    finished = job.state is JobState.DONE and not job.failed
    if state not in _FROM[what] or finished:
        raise Refused(
            Reason.WRONG_STATE,
            f"the job {key.job_id!r} is {state}",
            metadata={"job_id": key.job_id, "state": state, "allowed": ", ".join(_FROM[what])},
        )
    if what is JobChange.SPEED:
        await job_store.set_speed(conn, key, per_s_max)
    else:
        if what is JobChange.RESUME:
            await job_store.retry(conn, key)
            await job_store.set_speed(conn, key, job.per_s_max)
        await job_store.set_state(conn, key, _TO[what])
    facts = {"per_s_max": per_s_max} if what is JobChange.SPEED else {}
    await tell(conn, job, actor, _HAPPENED[what], **facts)
    return await get(conn, key)


async def get(conn: Connection, key: JobKey) -> Job:
    """The job; raises NotFound."""
    job = await job_store.get(conn, key)
    if job is None:
        raise NotFound("issue job", key.job_id)
    return job


async def tell(conn: Connection, job: Job, actor: str, what: str, **facts: Any) -> None:
    """Writes the event."""
    await emit(
        conn,
        tenant=job.tenant,
        subject_kind="coupon_batch",
        subject_id=job.batch_id,
        event_type=f"coupon_batch.{what}",
        actor=actor,
        payload={"job_id": job.job_id, **facts},
    )
