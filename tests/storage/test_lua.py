"""Scripts as typed functions, on a real Valkey."""

from __future__ import annotations

import asyncio
import importlib
import sys

import psutil
import pytest
from redis.exceptions import RedisError, ResponseError

from rangli.storage.lua import LuaScript

ADD_CAPPED = """\
-- add_capped: add to a counter unless it would exceed its cap.
-- KEYS[1] counter     ARGV amount, cap
-- returns the new value, or -1
local value = tonumber(redis.call('GET', KEYS[1]) or '0') + tonumber(ARGV[1])
if value > tonumber(ARGV[2]) then
    return -1
end
redis.call('SET', KEYS[1], value)
return value
"""
BROKEN = "redis.call('INCR', KEYS[1])\nreturn redis.call('NOSUCHCOMMAND')\n"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A package whose data are the scripts, as an owner's are."""
    root = tmp_path_factory.mktemp("lua")
    folder = root / "rangli_test_scripts"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "add_capped.lua").write_text(ADD_CAPPED)
    (folder / "broken.lua").write_text(BROKEN)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    yield folder.name
    sys.path.remove(str(root))
    sys.modules.pop(folder.name, None)


@pytest.fixture(scope="module")
def add_capped(package):
    script = LuaScript(package, "add_capped", reply=int)

    async def add_capped(redis, *, key: str, amount: int, cap: int) -> int:
        return await script(redis, keys=[key], args=[amount, cap])

    return add_capped


@pytest.fixture
async def redis(stores):
    await stores.redis.script_flush()
    await stores.redis.config_resetstat()
    return stores.redis


async def calls(redis) -> dict[str, int]:
    stats = await redis.info("commandstats")
    return {
        name: stats.get(f"cmdstat_{name}", {}).get("calls", 0)
        for name in ("evalsha", "script|load")
    }


async def test_script_runs_and_answers_typed(redis, add_capped):
    assert await add_capped(redis, key="k", amount=2, cap=5) == 2
    assert await add_capped(redis, key="k", amount=3, cap=5) == 5
    assert await add_capped(redis, key="k", amount=1, cap=5) == -1
    assert await redis.get("k") == b"5"


async def test_unknown_script_is_loaded_once_and_then_known(redis, add_capped):
    for _ in range(3):
        await add_capped(redis, key="k", amount=1, cap=5)

    assert await calls(redis) == {"evalsha": 4, "script|load": 1}


async def test_flushed_scripts_are_loaded_again(redis, add_capped):
    await add_capped(redis, key="k", amount=1, cap=5)
    await redis.script_flush()

    assert await add_capped(redis, key="k", amount=1, cap=5) == 2


async def test_concurrent_first_calls_each_count_once(redis, add_capped):
    values = await asyncio.gather(
        *(add_capped(redis, key="k", amount=1, cap=100) for _ in range(50))
    )

    assert sorted(values) == list(range(1, 51))


async def test_failing_script_is_not_run_again(redis, package):
    broken = LuaScript(package, "broken", reply=int)

    for runs in (1, 2):
        with pytest.raises(ResponseError):
            await broken(redis, keys=["k"])

        assert await redis.get("k") == b"%d" % runs


def test_missing_script_is_noticed_at_import(package):
    with pytest.raises(FileNotFoundError):
        LuaScript(package, "no_such", reply=int)


async def test_script_runs_after_a_restart_of_the_server(mortal_servers, mortal_stores, add_capped):
    await add_capped(mortal_stores.redis, key="k", amount=1, cap=5)
    mortal_servers.valkey.stop()
    assert mortal_servers.revive() == ["valkey"]
    await asyncio.sleep(0.1)  # for the loop to see that the idle connection was closed

    assert await add_capped(mortal_stores.redis, key="k", amount=1, cap=5) == 2


async def test_stalled_server_runs_a_script_once(mortal_servers, mortal_stores, add_capped):
    redis = mortal_stores.redis
    await add_capped(redis, key="other", amount=1, cap=5)
    server = psutil.Process(mortal_servers.valkey.pid)

    server.suspend()
    call = asyncio.create_task(add_capped(redis, key="late", amount=1, cap=100))
    await asyncio.sleep(1.5)  # its time was up after a second: a repeat would be under way
    server.resume()

    with pytest.raises(RedisError):
        await call
    for _ in range(6_000):
        if await redis.get("late"):
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)
    assert await redis.get("late") == b"1"
