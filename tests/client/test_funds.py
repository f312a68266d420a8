"""Budgets through the client, on the real server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from rangli.client import CallRefused, RangliClient
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from rangli.v1.activity_pb2 import FUNDING_LEVEL_OK, FUNDING_LEVEL_PAUSED, FundingShare


@pytest.fixture
async def client(address):
    async with RangliClient(address, actor="tests") as opened:
        yield opened


def around_now() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(days=1), now + timedelta(days=1)


def item(amount_minor: int, **fields) -> fb.ReserveItem:
    return fb.ReserveItem(activity_id="rye", amount_minor=amount_minor, **fields)


async def planned(client: RangliClient) -> None:
    """A plan of 400 for an activity that the retailer bears alone."""
    await client.funds.create_pool(
        pb.CreatePoolRequest(pool_id="year", funder="retailer", currency="EUR", budget_minor=1_000)
    )
    await client.funds.create_pool(
        pb.CreatePoolRequest(pool_id="spring", parent_id="year", budget_minor=400)
    )
    shares = [FundingShare(funder="retailer", share_bps=10_000, pool_id="spring")]
    await client.funds.set_funding("rye", "EUR", shares)


async def test_a_budget_is_planned_spent_and_settled(client):
    funds = client.funds
    await planned(client)

    held = await funds.reserve("o1", [item(100)], ttl_s=60)
    await funds.spend(held.reservation_id, [fb.AmountItem(activity_id="rye", amount_minor=60)])
    await funds.release(held.reservation_id)
    back = await funds.refund(
        held.reservation_id, [fb.AmountItem(activity_id="rye", amount_minor=10)]
    )
    items = [
        pb.BatchSpendRequest.Item(order_id=name, items=[item(amount)])
        for name, amount in (("o2", 30), ("o3", 400))
    ]
    outcomes = await funds.batch_spend(items)

    assert back.parts[0].amount_minor == 10
    assert [one.WhichOneof("result") for one in outcomes] == ["reservation", "error"]
    assert await funds.reservation(held.reservation_id) == back.reservation
    settled = await funds.settlement(*around_now())
    assert [(row.pool_id, row.net_minor, row.orders) for row in settled.rows] == [("spring", 80, 2)]
    assert settled.totals[0].net_minor == 80
    rows = [
        pb.ReconcileRequest.Row(
            source=fb.RECONCILE_SOURCE_ORDER,
            order_id=order_id,
            activity_id="rye",
            amount_minor=amount_minor,
        )
        for order_id, amount_minor in (("o1", 50), ("o2", 31))
    ]
    compared = await funds.reconcile(*around_now(), rows)
    assert [(one.order_id, one.journal_minor) for one in compared.differences] == [("o2", 30)]
    lines = [entry async for entry in funds.entries("spring")]
    assert [line.entry_no for line in lines] == list(range(len(lines), 0, -1))
    assert (await funds.get_pool("spring")).available_minor == 320


async def test_operators_change_pools_and_are_told_why_not(client):
    funds = client.funds
    await planned(client)

    await funds.allocate("spring", 50)
    await funds.adjust("spring", expected_budget_minor=450, budget_minor=300, reason="less to do")
    changed = await funds.update(pb.UpdatePoolRequest(pool_id="spring", daily_cap_minor=200))
    await funds.freeze("spring", reason="audit", expected_revision=changed.revision)
    with pytest.raises(CallRefused) as refused:
        await funds.reserve("o1", [item(1)])
    await funds.resume("spring", reason="clean")
    with pytest.raises(CallRefused) as used_up:
        await funds.reserve("o1", [item(201)])
    await funds.close("spring", reason="over")

    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert (refused.value.reason, refused.value.metadata["pool_id"]) == ("FUNDS_FROZEN", "spring")
    assert used_up.value.reason == "DAILY_CAP_REACHED"
    assert [pool.pool_id async for pool in funds.list_pools(parent_id="")] == ["year"]
    assert [pool.pool_id async for pool in funds.list_pools()] == ["spring", "year"]
    assert (await funds.get_pool("year")).available_minor == 1_000
    assert (await funds.get_funding("rye")).shares[0].pool_id == "spring"


async def test_what_nobody_spends_is_there_again_when_its_time_has_passed(client):
    funds = client.funds
    await planned(client)

    held = await funds.reserve("o1", [item(400)], ttl_s=5)
    assert (await funds.get_pool("spring")).level == FUNDING_LEVEL_PAUSED

    async with asyncio.timeout(60):
        while (await funds.get_pool("spring")).level != FUNDING_LEVEL_OK:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    pool = await funds.get_pool("spring")
    assert (pool.available_minor, pool.today_minor) == (400, 0)
    assert (await funds.reservation(held.reservation_id)).state == fb.RESERVATION_STATE_EXPIRED
