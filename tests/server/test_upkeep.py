"""Stored answers go when nobody may ask for them any more, and not before."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from rangli.server import upkeep
from rangli.storage.idempotency import once


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(upkeep, "SWEEP_EVERY_S", 0.01)


async def answer(stores, request_id):
    async def effect(_conn):
        return b"done"

    await once(
        stores.pg,
        tenant="t",
        method="m",
        request_id=request_id,
        fingerprint=b"f",
        effect=effect,
    )


async def age(stores, request_id, by):
    await stores.pg.execute(
        "UPDATE idempotency_records SET created_at = now() - $2::interval WHERE request_id = $1",
        request_id,
        by,
    )


async def kept(stores):
    rows = await stores.pg.fetch("SELECT request_id FROM idempotency_records ORDER BY 1")
    return [row["request_id"] for row in rows]


async def test_answers_are_kept_a_week_and_swept_afterwards(stores, often):
    for request_id in ("old", "a week old", "new"):
        await answer(stores, request_id)
    await age(stores, "old", timedelta(days=8, minutes=1))
    await age(stores, "a week old", timedelta(days=7, hours=1))

    task = asyncio.create_task(upkeep.keep_up(stores.pg))
    async with asyncio.timeout(60):
        while "old" in await kept(stores):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()

    assert await kept(stores) == ["a week old", "new"]


async def test_upkeep_outlives_the_loss_of_postgres(stores, often):
    await answer(stores, "old")
    await age(stores, "old", timedelta(days=9))
    await stores.pg.execute("ALTER TABLE idempotency_records RENAME TO elsewhere")

    task = asyncio.create_task(upkeep.keep_up(stores.pg))
    await asyncio.sleep(0.1)
    assert not task.done()
    await stores.pg.execute("ALTER TABLE elsewhere RENAME TO idempotency_records")
    async with asyncio.timeout(60):
        while await kept(stores):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
