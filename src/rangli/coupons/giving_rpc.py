"""Claims and issues over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence, Sized
from typing import TypeVar

import structlog
from google.protobuf.message import DecodeError

from rangli.core.call import KIB, CallContext, Method
from rangli.core.errors import Invalid, RangliError, Reason, Violation
from rangli.counters.filter import Filter
from rangli.coupons import asked_rpc as read
from rangli.coupons.answer_rpc import claimed
from rangli.coupons.claims import Claim, ClaimDesk
from rangli.coupons.giving import give
from rangli.coupons.model import Coupon, Giving
from rangli.storage.batcher import Asked, Batching
from rangli.storage.postgres import Connection
from rangli.storage.stores import Stores
from rangli.v1 import coupon_service_pb2 as pb
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of
from rangli.wire.status import to_status

_CLAIMS_MAX = 100
_ISSUES_MAX = 1_000
_FAULT = RangliError(Reason.INTERNAL_FAULT, "internal fault")
R = TypeVar("R")
_log = structlog.get_logger(__name__)


def methods(
    stores: Stores,
    batching: Batching,
    service: str,
    filter: Filter | None,  # noqa: A002
) -> tuple[Method, ...]:
    """As the service lists them."""
    rpc = _Giving(stores, batching, service, filter)
    return (
        Method("Claim", pb.ClaimRequest, rpc.claim, quick=rpc.quick_claim),
        Method("BatchClaim", pb.BatchClaimRequest, rpc.batch_claim, limit_bytes=1024 * KIB),
        Method("Issue", pb.IssueRequest, rpc.issue),
        Method(
            "BatchIssue",
            pb.BatchIssueRequest,
            rpc.batch_issue,
            limit_bytes=1024 * KIB,
            deadline_s_max=10.0,
        ),
    )


class _Giving:
    def __init__(
        self,
        stores: Stores,
        batching: Batching,
        service: str,
        filter: Filter | None,  # noqa: A002
    ) -> None:
        self._admission_key = stores.keys.admission
        self._desk = ClaimDesk(
            stores, batching, method=f"{service}/Claim", say=_said, filter=filter
        )
        self._issues = batching.batcher(f"{service}/Issue", _issue)

    async def quick_claim(self, call: CallContext, data: bytes) -> bytes | RangliError | None:
        """As `claim`, from bytes to the bytes that are kept, or a refusal."""
        try:
            request = pb.ClaimRequest.FromString(data)
        except DecodeError:
            return None  # of which the transport tells
        return await self._claimed(call, request)

    async def claim(self, call: CallContext, request: pb.ClaimRequest) -> pb.ClaimResponse:
        answer = await self._claimed(call, request)
        if isinstance(answer, RangliError):
            # One may be raised to many, each of whom would lengthen its trace.
            raise answer.with_traceback(None)
        return pb.ClaimResponse.FromString(answer)

    async def _claimed(self, call: CallContext, request: pb.ClaimRequest) -> bytes | RangliError:
        claim = read.claim(
            request,
            tenant=call.tenant,
            actor=call.actor,
            admission_key=self._admission_key,
            now=call.received_at,
        )
        asked = Asked(
            call.tenant, request_id_of(request.request_id), _print(claim), call.actor, claim
        )
        return await self._desk.claim(asked, deadline=call.deadline)

    async def batch_claim(
        self, call: CallContext, request: pb.BatchClaimRequest
    ) -> pb.BatchClaimResponse:
        _check_count("claims", request.claims, _CLAIMS_MAX)
        items = await _each(call, self.claim, request.claims)
        return pb.BatchClaimResponse(items=items)

    async def issue(self, call: CallContext, request: pb.IssueRequest) -> pb.ClaimResponse:
        asked = Asked(
            call.tenant,
            request_id_of(request.request_id),
            fingerprint(request),
            call.actor,
            read.issue(request, tenant=call.tenant, actor=call.actor),
        )
        answer = await self._issues.submit(asked, deadline=call.deadline)
        return pb.ClaimResponse.FromString(answer)

    async def batch_issue(
        self, call: CallContext, request: pb.BatchIssueRequest
    ) -> pb.BatchIssueResponse:
        _check_count("issues", request.issues, _ISSUES_MAX)
        items = await _each(call, self.issue, request.issues)
        return pb.BatchIssueResponse(items=items)


def _print(claim: Claim) -> bytes:
    """By which claims of a request_id are told apart: not by the token, which a gate may renew."""
    one = claim.giving
    said = (one.batch_id, one.user_id, one.device_id, one.phone, one.channel)
    return "\0".join(said).encode()


async def _issue(conn: Connection, asked: Sequence[Asked[Giving]]) -> list[bytes | RangliError]:
    verdicts = await give(conn, [one.body for one in asked])
    return [_said(one) if isinstance(one, Coupon) else one for one in verdicts]


def _said(coupon: Coupon) -> bytes:
    return claimed(coupon).SerializeToString()


async def _each(
    call: CallContext,
    do: Callable[[CallContext, R], Awaitable[pb.ClaimResponse]],
    requests: Iterable[R],
) -> list[pb.BatchClaimResponse.Item]:
    """What each of the requests is answered, alone and all at once: a fault is its own alone."""

    async def item(request: R) -> pb.BatchClaimResponse.Item:
        try:
            return pb.BatchClaimResponse.Item(coupon=(await do(call, request)).coupon)
        except RangliError as refusal:
            return pb.BatchClaimResponse.Item(error=to_status(refusal))
        except Exception as fault:
            _log.error("fault", method=call.method, exc_info=fault)
            return pb.BatchClaimResponse.Item(error=to_status(_FAULT))

    return await asyncio.gather(*(item(request) for request in requests))


def _check_count(path: str, requests: Sized, most: int) -> None:
    if not 1 <= len(requests) <= most:
        raise Invalid.fields(Violation(path, f"must be 1 to {most}, not {len(requests)}"))
