"""Batches that lose their connection, meet locks, or hold a request that cannot be done."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from rangli.core.errors import Refused, Unavailable
from rangli.storage.batcher import Batching
from rangli.storage.idempotency import sha256
from rangli.storage.postgres import connection, transaction
from rangli.storage.stores import Stores
from tests.faults.proxy import Loss, proxied
from tests.storage.takers import SCHEMA, Gate, Take, Taker, lose, once_only, rows
from tests.world import until


@pytest.fixture
async def stocked(stores):
    async with connection(stores.pg) as conn:
        await conn.execute(SCHEMA)
    return stores


@pytest.fixture
async def batching(stocked):
    batching = Batching(stocked.pg)
    yield batching
    await batching.close()


@pytest.fixture
async def other(stocked):
    """Another process."""
    batching = Batching(stocked.pg)
    yield batching
    await batching.close()


async def test_requests_that_cannot_be_done_fail_alone(stocked, batching):
    taker = Taker(batching, wait_s=0.1)
    quantities = [13 if n == 3 else 666 if n == 17 else 1 for n in range(20)]

    answers = await asyncio.gather(
        *(taker.take(f"r{n}", quantity) for n, quantity in enumerate(quantities)),
        return_exceptions=True,
    )

    assert isinstance(answers[3], asyncpg.CheckViolationError)
    assert isinstance(answers[17], ZeroDivisionError)
    good = [f"r{n}" for n, quantity in enumerate(quantities) if quantity == 1]
    assert await rows(stocked.pg) == good
    assert [answer[:3].strip().decode() for answer in answers if isinstance(answer, bytes)] == good
    assert taker.batcher.counts.bisected > 0


async def test_verdicts_that_do_not_fit_the_requests_are_a_fault(stocked, batching):
    async def forgetful(conn, asked):
        return [b"yes"] * (len(asked) - 1)

    taker = Taker(batching)
    taker.batcher = batching.batcher("Forgetful", forgetful)

    with pytest.raises(ValueError, match="zip"):
        await taker.take("r1")

    assert await rows(stocked.pg, "SELECT request_id FROM idempotency_records") == []


async def test_key_used_by_another_process_meanwhile_is_replayed(stocked, batching, other):
    here, there = Taker(batching, "Take"), Taker(other, "Take")
    elsewhere = []

    async def meanwhile(conn):
        elsewhere.append(await there.take("r1"))

    here.first = once_only(meanwhile)

    answers = await asyncio.gather(here.take("r1"), here.take("r2"))

    assert answers[0] == elsewhere[0]
    assert sorted(await rows(stocked.pg)) == ["r1", "r2"]
    assert here.batcher.counts.retries == 1
    assert here.batches == [["r1", "r2"], ["r2"]]


async def test_request_refused_for_its_own_effect_is_answered_with_it(batching, other):
    here, there = Taker(batching, "Take"), Taker(other, "Take")
    elsewhere = []

    async def meanwhile(conn):
        elsewhere.append(await there.take("r1", item="last"))

    here.first = once_only(meanwhile)

    assert await here.take("r1", item="last") == elsewhere[0] == b"r1 has 1, left 0"
    with pytest.raises(Refused):
        await here.take("r2", item="last")


async def test_connection_lost_before_the_commit_is_made_good(stocked, batching):
    taker = Taker(batching)
    taker.last = once_only(lambda conn: lose(stocked.pg, conn))

    assert await taker.take("r1") == b"r1 has 1, left 999999"

    assert await rows(stocked.pg) == ["r1"]
    assert taker.batcher.counts.retries == 1


@pytest.mark.parametrize("loss", Loss)
async def test_lost_commit_has_one_effect_and_is_answered(store_settings, stocked, folder, loss):
    async with proxied(store_settings.postgres_dsn, folder) as (proxy, dsn):
        there = await Stores.open(store_settings.model_copy(update={"postgres_dsn": dsn}))
        taker = Taker(Batching(there.pg), wait_s=0.05)
        proxy.to_lose.append(loss)

        answers = await asyncio.gather(*(taker.take(f"r{n}") for n in range(5)))

        assert proxy.lost == [loss]
        assert answers == [f"r{n} has 1, left {999_999 - n}".encode() for n in range(5)]
        assert await rows(stocked.pg) == [f"r{n}" for n in range(5)]
        assert taker.batcher.counts.retries >= 1
        await there.close()


async def test_postgres_that_never_stays_is_unavailable_to_all(stocked, batching):
    taker = Taker(batching, wait_s=0.05)
    taker.last = lambda conn: lose(stocked.pg, conn)

    answers = await asyncio.gather(*(taker.take(f"r{n}") for n in range(3)), return_exceptions=True)

    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert len(taker.batches) <= 5
    assert await rows(stocked.pg) == []
    taker.last = once_only(taker.last)
    assert await taker.take("r0")


async def test_refusal_waits_for_an_earlier_transaction_of_its_key(stocked, batching):
    """The first transaction seems lost, but its backend lives and commits in the end."""
    taker, gate = Taker(batching, "Take"), Gate()

    async def seem_lost(conn):
        await gate(conn)
        await lose(stocked.pg, conn)

    taker.first = once_only(seem_lost)
    answer = asyncio.create_task(taker.take("r1", 2, item="last"))
    await gate.reached.wait()

    async with connection(stocked.pg) as conn:
        old = conn.transaction()
        await old.start()
        await conn.execute(
            "INSERT INTO idempotency_records VALUES ('shop', 'Take', 'r1', $1, 'yes')",
            sha256(repr(Take("last", 2)).encode()),
        )
        gate.open()
        await until(lambda: len(taker.batches) == 2)
        await asyncio.sleep(0.1)
        assert not answer.done()
        await old.commit()

    assert await answer == b"yes"


async def test_refusal_after_a_lost_transaction_leaves_no_record(stocked, batching):
    taker = Taker(batching)
    taker.last = once_only(lambda conn: lose(stocked.pg, conn))

    with pytest.raises(Refused):
        await taker.take("r1", 2, item="last")

    assert taker.batcher.counts.retries == 1
    assert await rows(stocked.pg, "SELECT request_id FROM idempotency_records") == []


async def test_locked_rows_are_waited_for(stocked, batching):
    taker = Taker(batching)
    async with transaction(stocked.pg) as conn:
        await conn.execute("SELECT FROM stock FOR UPDATE")
        waiting = asyncio.create_task(taker.take("r1"))
        await until(lambda: taker.batcher.counts.retries == 1)  # one lock timeout has passed

    assert await waiting == b"r1 has 1, left 999999"


async def test_rows_that_stay_locked_are_unavailable_with_a_time_to_come_back(stocked, batching):
    taker = Taker(batching)
    async with transaction(stocked.pg) as conn:
        await conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        await conn.execute("SELECT FROM stock FOR UPDATE")

        with pytest.raises(Unavailable) as caught:
            await taker.take("r1")

    assert caught.value.retry_after_s == 0.1
    assert await taker.take("r1") == b"r1 has 1, left 999999"


async def test_nobody_waiting_ends_the_attempts(stocked, batching):
    taker = Taker(batching)
    async with transaction(stocked.pg) as conn:
        await conn.execute("SELECT FROM stock FOR UPDATE")
        caller = asyncio.create_task(taker.take("r1", seconds=0.1))
        await asyncio.wait({caller})
        await batching.drain()

    assert len(taker.batches) == 1
    assert await rows(stocked.pg) == []
