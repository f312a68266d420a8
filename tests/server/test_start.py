"""What `rangli serve` refuses to start with, and how it says so."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from rangli.server.settings import ServerSettings
from rangli.storage.settings import SettingsError

RANGLI = Path(sys.executable).with_name("rangli")


@pytest.fixture
def run(database, redis_url, monkeypatch):
    """Run `rangli serve` to its end: exit code and what it said."""
    monkeypatch.setenv("RANGLI_POSTGRES_DSN", database)
    monkeypatch.setenv("RANGLI_REDIS_URL", redis_url)

    async def serve(*options: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(RANGLI, "serve", *options),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
        return process.returncode, output.decode()

    return serve


async def test_other_addresses_than_loopback_must_be_asked_for_aloud(run):
    code, output = await run("--host", "0.0.0.0", "--port", "0")

    assert code == 1
    assert "--insecure-listen" in output


async def test_a_port_in_use_is_named(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output = await run("--port", str(port))

    assert code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in output


async def test_another_ranglis_port_is_not_shared(run, serve):
    async with serve("--workers", "1") as serving:
        code, output = await run("--port", serving.address.split(":")[1])

    assert code == 1
    assert "cannot listen" in output


async def test_postgres_that_is_away_is_named(run, monkeypatch):
    monkeypatch.setenv("RANGLI_POSTGRES_DSN", "postgresql://nobody@127.0.0.1:1/nothing")

    code, output = await run("--port", "0")

    assert code == 1
    assert "127.0.0.1" in output
    assert "Traceback" not in output


async def test_workers_that_never_start_end_it_with_their_reason(run, monkeypatch):
    monkeypatch.setenv("RANGLI_REDIS_URL", "redis://127.0.0.1:1")

    code, output = await run("--port", "0", "--workers", "2")

    assert code == 1
    assert "cannot start: Unavailable: Redis is not reachable" in output


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RANGLI_PORT", "70000"),
        ("RANGLI_WORKERS", "0"),
        ("RANGLI_HOST", "example.com"),
        ("RANGLI_LOG_LEVEL", "loud"),
        ("RANGLI_IN_FLIGHT_MAX", "many"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError, match=variable):
        ServerSettings.load()


def test_settings_reach_another_process_whole(monkeypatch):
    settings = ServerSettings.load(port=1234, host="::1", workers=3, notice_s=0.25)

    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)

    assert ServerSettings.load() == settings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_permission(host):
    assert ServerSettings.load(host=host).on_loopback
