"""Events that exist if and only if their effect does."""

from __future__ import annotations

import asyncio
import json

import pytest

from rangli.core.errors import Reason, Refused
from rangli.storage.outbox import emit
from rangli.storage.postgres import connection, transaction

PAYLOAD = {"name": "减 20 %", "amount_minor": 2**53 + 1, "tags": ["a", None]}


async def emit_one(conn, subject_id="act_1", payload=PAYLOAD):
    return await emit(
        conn,
        tenant="shop",
        subject_kind="activity",
        subject_id=subject_id,
        event_type="published",
        actor="ada",
        payload=payload,
    )


async def events(stores):
    async with connection(stores.pg) as conn:
        return await conn.fetch("SELECT * FROM outbox ORDER BY event_seq")


async def test_event_is_kept_whole(stores):
    async with transaction(stores.pg) as conn:
        seq = await emit_one(conn)
        tx_id = await conn.fetchval("SELECT pg_current_xact_id()")

    (event,) = await events(stores)
    assert json.loads(event["payload"]) == PAYLOAD
    assert (event["tenant"], event["event_seq"], event["turn"]) == ("shop", seq, tx_id)
    assert (event["subject_kind"], event["subject_id"]) == ("activity", "act_1")
    assert (event["event_type"], event["actor"]) == ("published", "ada")
    assert event["occurred_at"].tzinfo is not None


async def test_rolled_back_effect_leaves_no_event(stores):
    with pytest.raises(Refused):
        async with transaction(stores.pg) as conn:
            await emit_one(conn)
            raise Refused(Reason.WRONG_STATE, "no")

    assert await events(stores) == []


async def test_payload_that_is_not_json_is_refused(stores):
    with pytest.raises(ValueError, match="not JSON compliant"):
        async with transaction(stores.pg) as conn:
            await emit_one(conn, payload={"rate": float("nan")})


async def test_reader_bounded_by_running_transactions_misses_nothing(stores):
    """The earlier number commits later: a reader that trusted numbers alone would pass over it."""
    readable = """
        SELECT subject_id FROM outbox
        WHERE event_seq > $1 AND turn < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY event_seq
    """
    written, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        async with transaction(stores.pg) as conn:
            await emit_one(conn, subject_id="early")
            written.set()
            await go_on.wait()

    task = asyncio.create_task(slow())
    await written.wait()
    async with transaction(stores.pg) as conn:
        await emit_one(conn, subject_id="late")

    async with connection(stores.pg) as conn:
        assert [event["subject_id"] for event in await events(stores)] == ["late"]
        assert await conn.fetch(readable, 0) == []
        go_on.set()
        await task
        assert [row["subject_id"] for row in await conn.fetch(readable, 0)] == ["early", "late"]
