"""Jobs of a tenant, called as a transport calls the service, and worked off as workers do."""

from __future__ import annotations

from typing import Any

from rangli.coupons.job_runner import JobRunner
from rangli.storage.postgres import Pool
from rangli.v1 import coupon_service_pb2 as pb
from rangli.v1 import selection_service_pb2 as sb
from tests.coupons.mint import Mint
from tests.world import request_id

RUNNING, PAUSED = pb.ISSUE_JOB_STATE_RUNNING, pb.ISSUE_JOB_STATE_PAUSED
DONE, STOPPED = pb.ISSUE_JOB_STATE_DONE, pb.ISSUE_JOB_STATE_STOPPED
CANCELLED = pb.ISSUE_JOB_STATE_CANCELLED


class Office:
    """The jobs of a tenant: coupons of "b1" for the members of "everybody"."""

    def __init__(self, mint: Mint) -> None:
        self.mint = mint

    @property
    def pg(self) -> Pool:
        return self.mint.world.stores.pg

    async def members(self, count: int) -> list[str]:
        """Makes the set."""
        users = [f"user-{number:05}" for number in range(count)]
        header = sb.ImportSetRequest.Header(
            request_id=request_id(), set_id="everybody", kind=sb.SET_KIND_USER
        )
        messages = [sb.ImportSetRequest(header=header)]
        messages += [
            sb.ImportSetRequest(members=users[at : at + 10_000]) for at in range(0, count, 10_000)
        ]
        await self.mint.world.call("ImportSet", messages)
        return users

    async def start(self, **fields: Any) -> pb.IssueJob:
        fields = {"request_id": request_id(), "batch_id": "b1", "set_id": "everybody"} | fields
        return await self.mint.call("StartIssueJob", pb.StartIssueJobRequest(**fields))

    async def get(self, job: pb.IssueJob) -> pb.IssueJob:
        return await self.mint.call("GetIssueJob", pb.GetIssueJobRequest(job_id=job.job_id))

    async def change(self, job: pb.IssueJob, change: str, **fields: Any) -> pb.IssueJob:
        request = pb.ChangeIssueJobRequest(
            request_id=request_id(),
            job_id=job.job_id,
            change=f"ISSUE_JOB_CHANGE_{change}",
            **fields,
        )
        return await self.mint.call("ChangeIssueJob", request)

    async def failures(self, job: pb.IssueJob, **fields: Any) -> pb.ListIssueFailuresResponse:
        request = pb.ListIssueFailuresRequest(job_id=job.job_id, **fields)
        return await self.mint.call("ListIssueFailures", request)

    async def work(self) -> None:
        """All that is due, by one worker."""
        await JobRunner(self.pg).round()

    async def done(self, **fields: Any) -> pb.IssueJob:
        """A job, worked off."""
        job = await self.start(**fields)
        await self.work()
        return await self.get(job)

    async def holders(self) -> dict[str, int]:
        """Who has coupons, and how many."""
        rows = await self.mint.world.rows(
            "SELECT user_id, count(*) FROM coupons WHERE tenant = $1 GROUP BY user_id"
        )
        return {row[0]: row[1] for row in rows}
