"""Events followed through the client, on the real server."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from rangli.client import CallRefused, RangliClient
from rangli.core.call import Method
from rangli.core.errors import Unavailable
from rangli.v1 import event_service_pb2 as pb
from rangli.v1 import wallet_service_pb2 as wb


@pytest.fixture
async def client(address):
    async with RangliClient(address, actor="tests") as opened:
        yield opened


async def credited(client, user_id):
    await client.wallet.credit(
        wb.CreditRequest(user_id=user_id, kind=wb.WALLET_KIND_BALANCE, unit="USD", amount=5)
    )


async def test_a_consumer_goes_on_where_it_stopped(client):
    for user_id in ("ann", "bob", "cem"):
        await credited(client, user_id)
    heard, cursor = [], ""

    for _ in range(3):  # each as after a restart
        async with aclosing(client.events.follow(cursor=cursor, size=1)) as pages:
            async for page in pages:
                heard += [(event.event_type, event.actor) for event in page.events]
                cursor = page.next_cursor
                break

    assert heard == [("wallet.credited", "tests")] * 3
    assert not (await client.events.pull(pb.PullRequest(cursor=cursor))).events


async def test_a_consumer_hears_of_what_happens_while_it_waits(client):
    await credited(client, "before")
    pages = client.events.follow(subject_kinds=["wallet"], from_now=True, wait_ms=1)
    first = await anext(pages)
    waits = asyncio.create_task(anext(client.events.follow(cursor=first.next_cursor)))
    await credited(client, "after")

    async with asyncio.timeout(60):
        page = await waits
    assert not first.events
    assert [event.subject_id for event in page.events] == ["after"]


async def test_a_forged_cursor_is_refused_at_once(client):
    with pytest.raises(CallRefused) as refused:
        await anext(client.events.follow(cursor="forged"))

    assert [violation.field for violation in refused.value.violations] == ["cursor"]


async def test_a_consumer_outlives_a_server_that_is_away_for_a_while(serving):
    calls = []

    async def pull(_call, request):
        calls.append(request.cursor)
        if len(calls) < 6:  # more than gRPC itself repeats
            raise Unavailable("postgres", "away", retry_after_s=0.001)
        return pb.PullResponse(next_cursor="on")

    async with (
        serving("rangli.v1.EventService", Method("Pull", pb.PullRequest, pull)) as address,
        RangliClient(address) as client,
    ):
        page = await anext(client.events.follow(cursor="here"))
        calls.clear()
        with pytest.raises(CallRefused):
            await anext(client.events.follow(patience_s=0))

    assert page.next_cursor == "on"
    assert set(calls) == {""}
