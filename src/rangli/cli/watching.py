"""An issue job as people see it: in a line, and while it goes on."""

from __future__ import annotations

import asyncio
import time

from tqdm import tqdm

from rangli.client import CallRefused, RangliClient
from rangli.v1.coupon_jobs_pb2 import (
    ISSUE_JOB_STATE_DONE,
    ISSUE_JOB_STATE_RUNNING,
    IssueJob,
    IssueJobState,
)

_LOOK_EVERY_S = 0.5
# A server that restarts is waited for so long: its successor goes on with the job.
_PATIENCE_S = 60.0


def line(job: IssueJob) -> str:
    """How it stands: `job-1 RUNNING: 40 of 100 given, 2 had it, 1 failed; at most 5 a second`."""
    said = f"{job.job_id} {state_of(job)}: {job.given:,} of {job.members:,} given"
    if job.had:
        said += f", {job.had:,} had it"
    if job.failed:
        said += f", {job.failed:,} failed"
    if job.per_s_max:
        said += f"; at most {job.per_s_max:,} a second"
    return f"{said}; {job.problem}" if job.problem else said


def state_of(job: IssueJob) -> str:
    """In a word."""
    return IssueJobState.Name(job.state).removeprefix("ISSUE_JOB_STATE_")


def ended_well(job: IssueJob) -> bool:
    """Whether every member has a coupon."""
    return job.state == ISSUE_JOB_STATE_DONE and not job.failed


async def watched(client: RangliClient, job_id: str) -> IssueJob:
    """The job, once it does not run any more; meanwhile a bar on stderr. Raises CallRefused."""
    job = await client.coupons.job(job_id)
    with tqdm(
        desc=job_id, total=job.members, initial=_done(job), unit=" users", mininterval=0
    ) as bar:
        while job.state == ISSUE_JOB_STATE_RUNNING:
            await asyncio.sleep(_LOOK_EVERY_S)
            job = await _patiently(client, job_id)
            bar.set_postfix(given=job.given, had=job.had, failed=job.failed, refresh=False)
            bar.update(_done(job) - bar.n)
    return job


async def _patiently(client: RangliClient, job_id: str) -> IssueJob:
    give_up_at = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return await client.coupons.job(job_id)
        except CallRefused as refusal:
            away = refusal.code.name in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
            if not away or time.monotonic() > give_up_at:
                raise
        await asyncio.sleep(_LOOK_EVERY_S)


def _done(job: IssueJob) -> int:
    return job.given + job.had + job.failed
