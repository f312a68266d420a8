"""Limits through the client, on the real server."""

from __future__ import annotations

import pytest

from rangli.client import CallRefused, RangliClient
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import counter_service_pb2 as pb


@pytest.fixture
async def client(address):
    async with RangliClient(address, actor="tests") as opened:
        yield opened


async def test_counts_are_reserved_confirmed_and_given_back(client):
    counters = client.counters
    put = pb.PutLimitRequest(limit_id="sale/day", subject=ab.LIMIT_SUBJECT_USER, most=2)
    limit = await counters.put_limit(put)
    item = pb.CountItem(limit_id="sale/day", subject_id="ann")

    for reservation_id in ("r1", "r2"):
        request = pb.ReserveCountsRequest(reservation_id=reservation_id, items=[item])
        assert (await counters.reserve(request)).state == pb.COUNT_STATE_RESERVED
    with pytest.raises(CallRefused) as refused:
        await counters.reserve(pb.ReserveCountsRequest(reservation_id="r3", items=[item]))
    kept = await counters.confirm(pb.ConfirmCountsRequest(reservation_id="r1"))
    back = await counters.roll_back(pb.RollBackCountsRequest(reservation_id="r2"))

    assert refused.value.reason == "LIMIT_REACHED"
    assert (kept.state, back.state) == (pb.COUNT_STATE_CONFIRMED, pb.COUNT_STATE_ROLLED_BACK)
    assert await counters.reservation("r2") == back
    (left,) = await counters.remaining(
        [pb.GetRemainingRequest.Item(limit_id="sale/day", subject_id="ann")]
    )
    assert (left.used, left.left) == (1, 1)
    assert await counters.limit("sale/day") == limit
    assert not put.request_id


async def test_limits_are_listed_page_after_page(client):
    for number in range(60):
        await client.counters.put_limit(
            pb.PutLimitRequest(
                limit_id=f"a/{number:02}", subject=ab.LIMIT_SUBJECT_ACTIVITY, most=number
            )
        )

    names = [limit.limit_id async for limit in client.counters.limits(prefix="a/")]

    assert names == [f"a/{number:02}" for number in range(60)]
    assert [limit async for limit in client.counters.limits(prefix="b")] == []
