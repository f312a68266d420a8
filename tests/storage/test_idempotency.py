"""One effect per key, whatever happens to its callers."""

from __future__ import annotations

import asyncio

import pytest

from rangli.core.errors import Invalid, Reason, Refused, Unavailable
from rangli.storage import detached
from rangli.storage.idempotency import once, sweep_idempotency
from rangli.storage.postgres import connection


@pytest.fixture
async def effects(stores):
    async with connection(stores.pg) as conn:
        await conn.execute("CREATE TABLE effects (n int)")


async def count(stores, table="effects") -> int:
    async with connection(stores.pg) as conn:
        return await conn.fetchval(f"SELECT count(*) FROM {table}")


async def take_effect(conn) -> bytes:
    number = await conn.fetchval("INSERT INTO effects SELECT count(*) + 1 FROM effects RETURNING n")
    return f"effect {number}".encode()


def call(stores, effect=take_effect, **changes):
    key = {"tenant": "shop", "method": "Make", "request_id": "r1", "fingerprint": b"the request"}
    return once(stores.pg, **(key | changes), effect=effect)


async def test_hundred_parallel_repeats_make_one_effect(stores, effects):
    answers = await asyncio.gather(*(call(stores) for _ in range(100)))

    assert set(answers) == {b"effect 1"}
    assert await count(stores) == 1


async def test_later_repeat_gets_the_first_answer(stores, effects):
    first = await call(stores)

    assert await call(stores) == first
    assert await count(stores) == 1


@pytest.mark.parametrize("change", [{"tenant": "other"}, {"method": "Other"}, {"request_id": "r2"}])
async def test_other_tenant_method_or_key_is_another_effect(stores, effects, change):
    await call(stores)

    assert await call(stores, **change) == b"effect 2"


async def test_key_with_another_request_is_invalid(stores, effects):
    await call(stores)

    with pytest.raises(Invalid) as caught:
        await call(stores, fingerprint=b"another request")

    assert caught.value.reason is Reason.IDEMPOTENCY_KEY_REUSED
    assert caught.value.metadata == {"request_id": "r1"}
    assert await count(stores) == 1


async def test_refusal_stores_nothing_and_may_later_succeed(stores, effects):
    async def refuse(conn):
        await take_effect(conn)
        raise Refused(Reason.WRONG_STATE, "not now")

    with pytest.raises(Refused):
        await call(stores, refuse)

    assert await count(stores) == 0
    assert await count(stores, "idempotency_records") == 0
    assert await call(stores) == b"effect 1"


async def test_cancelled_caller_does_not_tear_the_effect(stores, effects):
    written, go_on = asyncio.Event(), asyncio.Event()

    async def slow(conn):
        answer = await take_effect(conn)
        written.set()
        await go_on.wait()
        return answer

    caller = asyncio.create_task(call(stores, slow))
    await written.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await detached.settle(0) == 1

    go_on.set()

    assert await detached.settle(20) == 0
    assert await call(stores) == b"effect 1"
    assert await count(stores) == 1


async def test_failure_after_the_caller_has_gone_is_swallowed_but_rolled_back(stores, effects):
    written, go_on = asyncio.Event(), asyncio.Event()

    async def fail(conn):
        await take_effect(conn)
        written.set()
        await go_on.wait()
        raise Refused(Reason.WRONG_STATE, "not now")

    caller = asyncio.create_task(call(stores, fail))
    await written.wait()
    caller.cancel()
    await asyncio.wait({caller})
    go_on.set()

    assert await detached.settle(20) == 0
    assert await count(stores) == 0


async def test_closing_the_stores_waits_for_detached_work(store_settings, stores, effects):
    other = await type(stores).open(store_settings)
    written = asyncio.Event()

    async def slow(conn):
        answer = await take_effect(conn)
        written.set()
        await asyncio.sleep(0.3)
        return answer

    caller = asyncio.create_task(call(other, slow))
    await written.wait()
    caller.cancel()
    await other.close()

    assert await count(stores) == 1


async def test_repeat_waits_longer_than_the_lock_timeout(stores, effects):
    written = asyncio.Event()

    async def slow(conn):
        answer = await take_effect(conn)
        written.set()
        await asyncio.sleep(0.8)  # the lock timeout is 0.5 s
        return answer

    first = asyncio.create_task(call(stores, slow))
    await written.wait()

    assert await call(stores) == b"effect 1"
    assert await first == b"effect 1"
    assert await count(stores) == 1


async def test_waiting_repeat_takes_over_when_the_first_is_rolled_back(stores, effects):
    written, go_on = asyncio.Event(), asyncio.Event()

    async def fail(conn):
        written.set()
        await go_on.wait()
        raise Refused(Reason.WRONG_STATE, "not now")

    first = asyncio.create_task(call(stores, fail))
    await written.wait()
    repeat = asyncio.create_task(call(stores))
    await asyncio.sleep(0.1)
    go_on.set()

    assert await repeat == b"effect 1"
    with pytest.raises(Refused):
        await first


async def test_lost_connection_is_unavailable_and_a_repeat_settles_it(stores, effects):
    async def lose(conn):
        answer = await take_effect(conn)
        pid = await conn.fetchval("SELECT pg_backend_pid()")
        async with connection(stores.pg) as other:
            await other.execute("SELECT pg_terminate_backend($1)", pid)
        return answer

    with pytest.raises(Unavailable):
        await call(stores, lose)

    assert await call(stores) == b"effect 1"
    assert await count(stores) == 1


async def test_sweep_deletes_only_what_is_old(stores):
    async with connection(stores.pg) as conn:
        await conn.execute(
            """
            INSERT INTO idempotency_records
            SELECT 'shop', 'Make', 'old' || i, sha256(''), ''::bytea, now() - interval '8 days'
            FROM generate_series(1, 2500) i
            UNION ALL
            SELECT 'shop', 'Make', 'new' || i, sha256(''), ''::bytea, now() - interval '6 days'
            FROM generate_series(1, 3) i
            """
        )

    swept = await asyncio.gather(
        *(sweep_idempotency(stores.pg, older_than_s=7 * 86_400) for _ in range(2))
    )

    assert sum(swept) == 2500
    assert await count(stores, "idempotency_records") == 3
