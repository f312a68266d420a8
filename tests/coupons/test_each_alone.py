"""A fault that nobody expects is the answer of the one request that has met it."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
import structlog
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import ErrorInfo

from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.mint import Mint
from tests.world import request_id


def reason_of(item: pb.BatchClaimResponse.Item) -> str:
    info = ErrorInfo()
    assert item.error.details[0].Unpack(info)
    return info.reason


def claims(users: list[str]) -> Any:
    return pb.BatchClaimRequest(
        claims=[
            pb.ClaimRequest(request_id=request_id(), batch_id="b1", user_id=user) for user in users
        ]
    )


def issues(users: list[str]) -> Any:
    return pb.BatchIssueRequest(
        issues=[
            pb.IssueRequest(request_id=request_id(), batch_id="b1", user_id=user) for user in users
        ]
    )


@pytest.mark.parametrize(("method", "ask"), [("BatchClaim", claims), ("BatchIssue", issues)])
async def test_a_fault_of_one_leaves_the_others_their_verdicts(
    mint: Mint, method: str, ask: Any
) -> None:
    await mint.batch()
    with structlog.testing.capture_logs() as logs:
        async with mint.nothing_for("ben"):
            answer = await mint.call(method, ask(["ann", "ben", "ann", "cid"]))

    kinds = [item.WhichOneof("result") for item in answer.items]
    assert kinds == ["coupon", "error", "error", "coupon"]
    assert [reason_of(answer.items[place]) for place in (1, 2)] == [
        *("INTERNAL_FAULT", "LIMIT_REACHED")
    ]
    assert answer.items[1].error.code == code_pb2.INTERNAL
    assert "ben" not in str(answer.items[1].error)
    (fault,) = [log for log in logs if log["event"] == "fault"]
    assert fault["log_level"] == "error"
    assert isinstance(fault["exc_info"], asyncpg.CheckViolationError)
    assert fault["method"] == f"rangli.v1.CouponService/{method}"
    assert (await mint.seen()).given == 2
