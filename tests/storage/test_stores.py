"""Both stores: opened, checked, lost and found again."""

from __future__ import annotations

import asyncio
import signal

import psutil
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from rangli.core.errors import Unavailable
from rangli.storage.postgres import connection, transaction
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores, UnsupportedServerError, refuse_old_redis
from tests.conftest import IDLE_IN_TRANSACTION


async def test_connections_are_bounded_by_the_server(stores):
    async with connection(stores.pg) as conn:
        # The tests' own; a server's is shorter.
        assert await conn.fetchval("SHOW idle_in_transaction_session_timeout") == "2min"
        assert IDLE_IN_TRANSACTION == "5s"
        assert await conn.fetchval("SHOW lock_timeout") == "500ms"
        assert await conn.fetchval("SHOW transaction_isolation") == "read committed"
        assert await conn.fetchval("SHOW timezone") == "UTC"


async def test_redis_reads_with_hiredis(stores):
    redis_connection = await stores.redis.connection_pool.get_connection()
    try:
        assert "Hiredis" in type(redis_connection._parser).__name__
    finally:
        await stores.redis.connection_pool.release(redis_connection)


async def test_process_does_not_start_without_postgres(redis_url, folder):
    settings = StorageSettings(
        postgres_dsn=f"postgresql://postgres:secret@/rangli?host={folder}", redis_url=redis_url
    )

    with pytest.raises(Unavailable) as caught:
        await Stores.open(settings)

    assert caught.value.metadata == {"component": "postgres"}
    assert "secret" not in caught.value.message
    assert str(folder) not in caught.value.message


async def test_process_does_not_start_without_redis(database, folder):
    settings = StorageSettings(postgres_dsn=database, redis_url=f"unix://{folder}/none.sock")

    with pytest.raises(Unavailable) as caught:
        await Stores.open(settings)

    assert caught.value.metadata == {"component": "redis"}


async def test_settings_without_servers_are_refused():
    with pytest.raises(ValueError, match="EmbeddedStores"):
        await Stores.open(StorageSettings(postgres_dsn=None, redis_url=None))


@pytest.mark.parametrize(
    "info",
    [
        {"redis_version": "7.0.15"},
        {"redis_version": "8.2.0"},
        {"redis_version": "7.2.4", "valkey_version": "7.2.11"},
        {"redis_version": "7.2.4", "valkey_version": "9.1.2"},
        {"redis_version": "7.4.0-v1"},
    ],
)
def test_supported_redis_is_accepted(info):
    refuse_old_redis(info)


@pytest.mark.parametrize(
    "info",
    [{"redis_version": "6.2.14"}, {"redis_version": "7.2.4", "valkey_version": "7.1.0"}, {}],
)
def test_old_redis_is_refused(info):
    with pytest.raises(UnsupportedServerError):
        refuse_old_redis(info)


async def test_lost_postgres_is_unavailable_and_found_again(mortal_servers, mortal_stores):
    assert mortal_servers.postgres.pid is not None
    async with transaction(mortal_stores.pg) as conn:
        await conn.execute("CREATE TABLE counted (n int)")

    with pytest.raises(Unavailable) as within:
        async with transaction(mortal_stores.pg) as conn:
            await conn.execute("INSERT INTO counted VALUES (1)")
            postmaster = psutil.Process(mortal_servers.postgres.pid)
            postmaster.kill()
            postmaster.wait(timeout=30)
            await conn.execute("INSERT INTO counted SELECT pg_sleep(30) IS NULL::int")
    with pytest.raises(Unavailable) as after:
        async with transaction(mortal_stores.pg) as conn:
            await conn.execute("SELECT 1")

    for caught in (within, after):
        assert caught.value.metadata == {"component": "postgres"}
        assert caught.value.message == "the database is not reachable at the moment"
        assert caught.value.__cause__ is not None
    mortal_servers.revive()
    async with transaction(mortal_stores.pg) as conn:
        assert await conn.fetchval("SELECT count(*) FROM counted") == 0


async def test_postgres_that_shuts_down_is_unavailable(mortal_servers, mortal_stores):
    with pytest.raises(Unavailable):
        async with connection(mortal_stores.pg) as conn:
            sleeping = asyncio.create_task(conn.execute("SELECT pg_sleep(30)"))
            await asyncio.sleep(0.1)
            postmaster = psutil.Process(mortal_servers.postgres.pid)
            postmaster.send_signal(signal.SIGINT)
            await sleeping
    postmaster.wait(timeout=30)


async def test_lost_redis_is_an_error_and_found_again(mortal_servers, mortal_stores):
    await mortal_stores.redis.set("key", "value")
    server = psutil.Process(mortal_servers.valkey.pid)

    server.kill()
    server.wait(timeout=30)

    with pytest.raises((RedisConnectionError, OSError)):
        await mortal_stores.redis.get("key")
    mortal_servers.revive()
    await mortal_stores.redis.set("key", "again")
    assert await mortal_stores.redis.get("key") == b"again"


async def test_stalled_redis_counts_a_late_write_once(mortal_servers, mortal_stores):
    await mortal_stores.redis.config_resetstat()
    server = psutil.Process(mortal_servers.valkey.pid)

    server.suspend()
    call = asyncio.create_task(mortal_stores.redis.incr("late"))
    await asyncio.wait({call}, timeout=10)  # its time is up after a second: no repeat is under way
    server.resume()

    # What was sent is carried out, once; the client doesn't know, and must not repeat it.
    with pytest.raises(RedisError):
        await call
    for _ in range(6_000):
        if await mortal_stores.redis.get("late"):
            break
        await asyncio.sleep(0.01)
    assert await mortal_stores.redis.get("late") == b"1"
    assert (await mortal_stores.redis.info("commandstats"))["cmdstat_incrby"]["calls"] == 1


async def test_replies_never_cross_when_callers_are_cancelled(stores):
    names = [f"name-{i}" for i in range(200)]
    await stores.redis.mset({name: name for name in names})

    async def read(name: str) -> None:
        assert await stores.redis.get(name) == name.encode()

    for round_ in range(5):
        tasks = [asyncio.create_task(read(name)) for name in names]
        await asyncio.sleep(0)
        for task in tasks[round_::3]:
            await asyncio.sleep(0)
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        failures = [r for r in done if r is not None and not isinstance(r, asyncio.CancelledError)]
        assert failures == []
