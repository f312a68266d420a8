"""Failures of Postgres as our own errors, and all others as they are."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
import structlog

from rangli.core.errors import Reason, Refused, Unavailable
from rangli.storage import postgres
from rangli.storage.postgres import connection, open_pool, transaction
from tests.world import until


@pytest.fixture
async def table(stores):
    async with connection(stores.pg) as conn:
        await conn.execute("CREATE TABLE things (id int PRIMARY KEY, n int)")
        await conn.execute("INSERT INTO things VALUES (1, 0), (2, 0)")


@pytest.fixture
def warnings(monkeypatch):
    """What is logged, as if nothing had been for a while."""
    monkeypatch.setattr(postgres, "_warnings", postgres._Warnings())
    with structlog.testing.capture_logs() as logs:
        yield logs


async def names(stores) -> int:
    async with connection(stores.pg) as conn:
        return await conn.fetchval("SELECT count(*) FROM things")


async def test_transaction_commits_at_its_end(stores, table):
    async with transaction(stores.pg) as conn:
        await conn.execute("INSERT INTO things VALUES (3, 0)")

    assert await names(stores) == 3


async def test_transaction_is_rolled_back_by_an_exception(stores, table):
    with pytest.raises(Refused):
        async with transaction(stores.pg) as conn:
            await conn.execute("INSERT INTO things VALUES (3, 0)")
            raise Refused(Reason.WRONG_STATE, "no")

    assert await names(stores) == 2


async def test_full_pool_is_unavailable_after_its_time(database):
    pool = await open_pool(
        database, size_min=1, size_max=1, acquire_timeout_s=0.05, connect_timeout_s=20
    )
    try:
        async with connection(pool):
            with pytest.raises(Unavailable, match="no database connection became free") as caught:
                async with connection(pool):
                    pass
            assert caught.value.retry_after_s is not None
    finally:
        await pool.close()


async def test_closed_pool_is_unavailable(database):
    pool = await open_pool(
        database, size_min=1, size_max=1, acquire_timeout_s=20, connect_timeout_s=20
    )
    await pool.close()

    with pytest.raises(Unavailable):
        async with connection(pool):
            pass


async def test_row_locked_for_long_is_unavailable(stores, table):
    change = "UPDATE things SET n = n + 1 WHERE id = 1"
    async with transaction(stores.pg) as holder:
        await holder.execute(change)

        with pytest.raises(Unavailable, match="in use by another request"):
            async with transaction(stores.pg) as conn:
                await conn.execute(change)


async def test_deadlock_ends_with_one_unavailable_and_one_success(stores, table):
    both_hold = asyncio.Barrier(2)

    async def change(first: int, second: int) -> None:
        async with transaction(stores.pg) as conn:
            # The deadlock check comes before the lock timeout.
            await conn.execute("SET LOCAL deadlock_timeout = '10ms'")
            await conn.execute("UPDATE things SET n = n + 1 WHERE id = $1", first)
            await both_hold.wait()
            await conn.execute("UPDATE things SET n = n + 1 WHERE id = $1", second)

    results = await asyncio.gather(change(1, 2), change(2, 1), return_exceptions=True)

    assert sorted(type(r).__name__ for r in results) == ["Busy", "NoneType"]


async def test_terminated_connection_is_unavailable_and_replaced(stores):
    with pytest.raises(Unavailable):
        async with transaction(stores.pg) as conn:
            pid = await conn.fetchval("SELECT pg_backend_pid()")
            async with connection(stores.pg) as other:
                await other.execute("SELECT pg_terminate_backend($1)", pid)
            await conn.execute("SELECT 1")

    async with connection(stores.pg) as conn:
        assert await conn.fetchval("SELECT 1") == 1


async def test_transaction_left_idle_is_ended_by_the_server(stores):
    with pytest.raises(Unavailable):
        async with transaction(stores.pg) as conn:
            await conn.execute("SET LOCAL idle_in_transaction_session_timeout = '10ms'")
            await until(conn.is_closed, within_s=60)
            await conn.execute("SELECT 1")


async def test_read_only_server_is_unavailable(stores, table):
    with pytest.raises(Unavailable):
        async with transaction(stores.pg) as conn:
            await conn.execute("SET TRANSACTION READ ONLY")
            await conn.execute("INSERT INTO things VALUES (3, 0)")

    assert await names(stores) == 2


async def test_a_lost_connection_is_logged_with_what_ended_it(stores, warnings):
    with pytest.raises(Unavailable, match="not reachable"):
        async with transaction(stores.pg) as conn:
            await conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    (warning,) = warnings
    assert warning["log_level"] == "warning"
    # The server's farewell, or just the end of the connection, whichever the driver sees first;
    # not the rollback that then failed.
    assert warning["sqlstate"] in ("57P01", "08003")


async def test_a_server_that_cannot_be_reached_is_logged(warnings):
    with pytest.raises(Unavailable, match="not reachable"):
        await open_pool(
            "postgresql://someone:secret@127.0.0.1:1/none",
            size_min=1,
            size_max=1,
            acquire_timeout_s=20,
            connect_timeout_s=20,
        )

    (warning,) = warnings
    assert warning["error"] == "ConnectionRefusedError"
    assert "secret" not in str(warning)


async def test_a_server_that_refuses_to_work_is_told_from_one_that_is_away(stores, table, warnings):
    for _ in range(3):
        with pytest.raises(Unavailable, match="cannot take work"):
            async with connection(stores.pg) as conn:
                await conn.execute("SET default_transaction_read_only = on")
                await conn.execute("INSERT INTO things VALUES (3, 12345)")

    assert warnings[0]["sqlstate"] == "25006"
    assert warnings[0]["message"] == "cannot execute INSERT in a read-only transaction"


async def test_too_many_connections_are_a_refusal_to_work(database, warnings):
    admin = await asyncpg.connect(database)
    await admin.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    try:
        with pytest.raises(Unavailable, match="cannot take work"):
            await open_pool(
                database.replace("//postgres@", "//crowded@"),
                size_min=1,
                size_max=1,
                acquire_timeout_s=20,
                connect_timeout_s=20,
            )
    finally:
        await admin.execute("DROP ROLE crowded")
        await admin.close()

    assert "53300" in {warning.get("sqlstate") for warning in warnings}


async def test_failures_are_logged_once_a_second(stores, warnings, monkeypatch):
    async def fail() -> None:
        with pytest.raises(Unavailable):
            async with transaction(stores.pg) as conn:
                await conn.execute("SET TRANSACTION READ ONLY")
                await conn.execute("CREATE TABLE other (id int)")

    monkeypatch.setattr(postgres, "_WARNINGS_EVERY_S", 3600)
    for _ in range(4):
        await fail()
    assert [warning["unsaid"] for warning in warnings] == [0]

    monkeypatch.setattr(postgres._warnings, "_quiet_until", 0)
    await fail()
    assert [warning["unsaid"] for warning in warnings] == [0, 3]


async def test_other_errors_of_the_driver_pass(stores, table):
    with pytest.raises(asyncpg.UniqueViolationError):
        async with transaction(stores.pg) as conn:
            await conn.execute("INSERT INTO things VALUES (1, 0)")
    with pytest.raises(asyncpg.DataError):
        async with connection(stores.pg) as conn:
            await conn.fetchval("SELECT $1::int", "not a number")


@pytest.mark.parametrize("error", [TimeoutError, FileNotFoundError, ConnectionResetError])
async def test_errors_of_the_callers_own_work_pass(stores, error):
    with pytest.raises(error):
        async with transaction(stores.pg):
            raise error


async def test_cancelled_callers_leave_no_connection_behind(stores):
    async def work() -> None:
        async with transaction(stores.pg) as conn:
            await conn.execute("SELECT pg_sleep(10)")

    tasks = [asyncio.create_task(work()) for _ in range(20)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    async def one() -> int:
        async with connection(stores.pg) as conn:
            return await conn.fetchval("SELECT 1")

    assert await asyncio.gather(*(one() for _ in range(20))) == [1] * 20
    await until(lambda: stores.pg.get_idle_size() == stores.pg.get_size(), within_s=60)
