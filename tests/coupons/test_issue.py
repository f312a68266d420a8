"""Operators and other systems send coupons: once for each thing they are for."""

from __future__ import annotations

import asyncio

import pytest

from rangli.core.errors import Invalid, NameTaken
from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.mint import USABLE, VOID, Mint, counted, refused
from tests.world import request_id


async def test_a_grant_key_brings_one_coupon_for_good(mint: Mint) -> None:
    await mint.batch(per_user_max=0)

    first = await mint.issue("ann", grant_key="order-completed/o-17", reason="thank you")
    again = await mint.issue("ann", grant_key="order-completed/o-17")
    other = await mint.issue("ann", grant_key="order-completed/o-18")

    assert first.source == pb.COUPON_SOURCE_ISSUED
    assert again == first
    assert other.coupon_id != first.coupon_id
    assert (await mint.seen()).given == 2


async def test_a_grant_key_gets_its_coupon_as_it_is_by_now(mint: Mint) -> None:
    await mint.batch(stock=1, transferable=True)
    first = await mint.issue("ann", grant_key="g1")
    moved = await mint.transfer(first, "ben")
    await mint.void(moved, restock=True)
    await mint.verb("Close")

    again = await mint.issue("ann", grant_key="g1")

    assert (again.coupon_id, again.user_id, again.state) == (first.coupon_id, "ben", VOID)
    assert (await mint.seen()).given == 0


async def test_a_grant_key_is_for_one_user_and_one_batch(mint: Mint) -> None:
    await mint.batch("b1")
    await mint.batch("b2")
    await mint.issue("ann", grant_key="g1")

    with pytest.raises(NameTaken):
        await mint.issue("ben", grant_key="g1")
    with pytest.raises(NameTaken):
        await mint.issue("ann", grant_key="g1", batch_id="b2")
    assert (await mint.seen("b2")).given == 0


async def test_a_grant_key_used_in_two_processes_at_once_brings_one_coupon(
    mints: list[Mint],
) -> None:
    await mints[0].batch(per_user_max=0, stock=1_000)

    given = await asyncio.gather(
        *(mints[i % 2].issue("ann", grant_key=f"g{i // 20}") for i in range(200))
    )

    assert len({coupon.coupon_id for coupon in given}) == 10
    assert (await mints[0].seen()).given == 10


async def test_a_grant_that_was_refused_may_be_given_later(mint: Mint) -> None:
    await mint.batch(stock=0)
    assert (await refused(mint.issue("ann", grant_key="g1")))["reason"] == "SOLD_OUT"
    await mint.update(stock=1)

    assert (await mint.issue("ann", grant_key="g1")).state == USABLE


async def test_issues_count_for_the_same_stock_and_limits_as_claims(mint: Mint) -> None:
    await mint.batch(stock=2)
    await mint.issue("ann")

    assert (await refused(mint.claim("ann")))["reason"] == "LIMIT_REACHED"
    await mint.claim("ben")
    assert (await refused(mint.issue("cid")))["reason"] == "SOLD_OUT"


async def test_each_of_a_batch_of_issues_is_answered_for_itself(mint: Mint) -> None:
    await mint.batch(stock=2)
    issues = [
        pb.IssueRequest(request_id=request_id(), batch_id="b1", user_id=user)
        for user in ("ann", "ann", "", "ben", "cid")
    ]

    answer = await mint.call("BatchIssue", pb.BatchIssueRequest(issues=issues))

    kinds = [item.WhichOneof("result") for item in answer.items]
    assert kinds == ["coupon", "error", "error", "coupon", "error"]
    assert [item.coupon.user_id for item in answer.items if item.HasField("coupon")] == [
        "ann",
        "ben",
    ]
    for wrong in ([], issues * 201):
        with pytest.raises(Invalid, match="issues"):
            await mint.call("BatchIssue", pb.BatchIssueRequest(issues=wrong))


async def test_a_thousand_are_issued_at_once_and_again_with_the_same_answers(mint: Mint) -> None:
    await mint.batch(stock=1_000)
    request = pb.BatchIssueRequest(
        issues=[
            pb.IssueRequest(request_id=request_id(), batch_id="b1", user_id=f"u{number}")
            for number in range(1_000)
        ]
    )

    first = await mint.call("BatchIssue", request)
    again = await mint.call("BatchIssue", request)

    assert again == first
    assert len({item.coupon.coupon_id for item in first.items}) == 1_000
    assert (await mint.seen()).left == 0


async def test_issuing_and_claiming_the_last_ones_at_once_never_exceeds_the_stock(
    mints: list[Mint],
) -> None:
    await mints[0].batch(stock=30, stock_buckets=3)

    outcomes = await asyncio.gather(
        *(mints[0].claim(f"c{number}") for number in range(40)),
        *(mints[1].issue(f"i{number}") for number in range(40)),
        return_exceptions=True,
    )

    assert counted(outcomes) == {"OK": 30, "SOLD_OUT": 50}
