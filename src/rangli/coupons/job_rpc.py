"""Jobs over the wire."""

from __future__ import annotations

import re

from rangli.core.call import CallContext, Method
from rangli.core.errors import Invalid, Violation
from rangli.coupons import job_service, job_store
from rangli.coupons.job_model import PER_S_MAX, FailureSeen, Job, JobChange, JobKey
from rangli.storage.idempotency import Effect, once
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import coupon_service_pb2 as pb
from rangli.wire.convert import enum_number, set_timestamp
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of, resource_id_of, text_of
from rangli.wire.paging import next_token, page_of

# Users have printable names; PostgreSQL takes no NUL.
_USER = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


def methods(stores: Stores) -> tuple[Method, ...]:
    """The methods of CouponService that concern jobs."""
    rpc = _Jobs(stores)
    return (
        # A set of millions is cut into shards first.
        Method("StartIssueJob", pb.StartIssueJobRequest, rpc.start, deadline_s_max=60.0),
        Method("GetIssueJob", pb.GetIssueJobRequest, rpc.get),
        Method("ListIssueJobs", pb.ListIssueJobsRequest, rpc.list_jobs),
        Method("ChangeIssueJob", pb.ChangeIssueJobRequest, rpc.change, deadline_s_max=10.0),
        Method("ListIssueFailures", pb.ListIssueFailuresRequest, rpc.list_failures),
    )


class _Jobs:
    def __init__(self, stores: Stores) -> None:
        self._pg = stores.pg

    async def start(self, call: CallContext, request: pb.StartIssueJobRequest) -> pb.IssueJob:
        batch_id = resource_id_of(request.batch_id, "batch_id")
        set_id = resource_id_of(request.set_id, "set_id")
        per_s_max = _speed(request.per_s_max)
        reason = text_of(request.reason, "reason", 500)

        async def effect(conn: Connection) -> bytes:
            job = await job_service.start(
                conn,
                call.tenant,
                actor=call.actor,
                batch_id=batch_id,
                set_id=set_id,
                per_s_max=per_s_max,
                reason=reason,
            )
            return _message(job).SerializeToString()

        return await self._once(call, request, effect)

    async def get(self, call: CallContext, request: pb.GetIssueJobRequest) -> pb.IssueJob:
        key = _key(call, request.job_id)
        async with connection(self._pg) as conn:
            return _message(await job_service.get(conn, key))

    async def list_jobs(
        self, call: CallContext, request: pb.ListIssueJobsRequest
    ) -> pb.ListIssueJobsResponse:
        batch_id = request.batch_id and resource_id_of(request.batch_id, "batch_id")
        page = page_of(request.page_size, request.page_token, size_default=50, size_max=200)
        async with connection(self._pg) as conn:
            found = await job_store.list_before(
                conn, call.tenant, batch_id=batch_id, before=page.after, size=page.size + 1
            )
        return pb.ListIssueJobsResponse(
            jobs=map(_message, found[: page.size]),
            next_page_token=next_token(page, [job.job_id for job in found]),
        )

    async def change(self, call: CallContext, request: pb.ChangeIssueJobRequest) -> pb.IssueJob:
        key = _key(call, request.job_id)
        what = _change(request.change)
        per_s_max = _speed(request.per_s_max)
        if per_s_max and what is not JobChange.SPEED:
            raise _invalid("per_s_max", "goes with SPEED only")

        async def effect(conn: Connection) -> bytes:
            job = await job_service.change(conn, key, what, actor=call.actor, per_s_max=per_s_max)
            return _message(job).SerializeToString()

        return await self._once(call, request, effect)

    async def list_failures(
        self, call: CallContext, request: pb.ListIssueFailuresRequest
    ) -> pb.ListIssueFailuresResponse:
        key = _key(call, request.job_id)
        page = page_of(request.page_size, request.page_token, size_max=1_000, cursor=_USER)
        async with connection(self._pg) as conn:
            await job_service.get(conn, key)
            found = await job_store.failures(conn, key, after=page.after, size=page.size + 1)
        return pb.ListIssueFailuresResponse(
            failures=map(_failure, found[: page.size]),
            next_page_token=next_token(page, [one.failure.user_id for one in found]),
        )

    async def _once(
        self,
        call: CallContext,
        request: pb.StartIssueJobRequest | pb.ChangeIssueJobRequest,
        effect: Effect,
    ) -> pb.IssueJob:
        answer = await once(
            self._pg,
            tenant=call.tenant,
            method=call.method,
            request_id=request_id_of(request.request_id),
            fingerprint=fingerprint(request),
            effect=effect,
        )
        return pb.IssueJob.FromString(answer)


def _key(call: CallContext, job_id: str) -> JobKey:
    return JobKey(call.tenant, resource_id_of(job_id, "job_id"))


def _speed(per_s_max: int) -> int:
    if not 0 <= per_s_max <= PER_S_MAX:
        raise _invalid("per_s_max", f"must be 0 to {PER_S_MAX}")
    return per_s_max


def _change(number: int) -> JobChange:
    if not number or number not in pb.IssueJobChange.values():
        raise _invalid("change", "must be an ISSUE_JOB_CHANGE other than UNSPECIFIED")
    name = pb.IssueJobChange.Name(number)
    return JobChange(name.removeprefix("ISSUE_JOB_CHANGE_"))


def _message(job: Job) -> pb.IssueJob:
    message = pb.IssueJob(
        job_id=job.job_id,
        batch_id=job.batch_id,
        set_id=job.set_id,
        set_version=job.set_version,
        state=enum_number(pb.IssueJobState.DESCRIPTOR, job.state.name),
        members=job.members,
        given=job.given,
        had=job.had,
        failed=job.failed,
        per_s_max=job.per_s_max,
        problem=job.problem,
    )
    set_timestamp(message.created_at, job.created_at)
    set_timestamp(message.updated_at, job.updated_at)
    return message


def _failure(seen: FailureSeen) -> pb.IssueFailure:
    message = pb.IssueFailure(
        user_id=seen.failure.user_id, reason=seen.failure.reason, message=seen.failure.message
    )
    set_timestamp(message.failed_at, seen.failed_at)
    return message


def _invalid(path: str, description: str) -> Invalid:
    return Invalid.fields(Violation(path, description))
