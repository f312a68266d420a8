"""`rangli health`, as a probe runs it: against a real server, judged by its exit code."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from rangli.cli.health import PARTS
from rangli.server.app import opened
from rangli.server.health import Health
from rangli.transport.choice import server
from rangli.transport.gate import Gate

RANGLI = Path(sys.executable).with_name("rangli")


async def asked(address: str) -> tuple[int, dict[str, str], str]:
    """Exit code, what is said of each part, and what is said on stderr."""
    process = await asyncio.create_subprocess_exec(
        *(RANGLI, "health", address),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    said = [line.rsplit(maxsplit=1) for line in out.decode().splitlines()]
    return process.returncode, dict(said), err.decode()


@pytest.fixture
async def serving(transport):
    """`await serving(works)`: the address of a server whose parts work as told."""
    servers = []

    async def start(works: dict[str, bool], needs: dict[str, tuple[str, ...]]) -> str:
        def check(answer: bool):
            async def works() -> bool:
                return answer

            return works

        health = Health({name: check(answer) for name, answer in works.items()}, needs)
        await health.check()
        started = server(transport, [health.service()], gate=Gate(10))
        servers.append(started)
        return f"127.0.0.1:{await started.start('127.0.0.1:0')}"

    yield start
    for started in servers:
        await started.stop(0)


async def test_every_part_that_a_server_tells_of_is_asked_for(store_settings):
    async with opened(store_settings) as app:
        assert {"", *PARTS} == {*app.checks, *app.needs}


async def test_a_part_that_is_away_does_not_fail_the_whole(serving):
    address = await serving(
        {"rangli.redis": False, "rangli.catalogue.loaded": True}, {"": ("rangli.catalogue.loaded",)}
    )

    code, said, _ = await asked(address)

    assert code == 0
    assert said == dict.fromkeys(PARTS, "UNKNOWN") | {
        "the whole": "SERVING",
        "rangli.catalogue.loaded": "SERVING",
        "rangli.redis": "NOT_SERVING",
    }


async def test_a_whole_that_is_not_served_ends_with_1(serving):
    address = await serving({"rangli.catalogue.loaded": False}, {"": ("rangli.catalogue.loaded",)})

    code, said, _ = await asked(address)

    assert (code, said["the whole"]) == (1, "NOT_SERVING")


async def test_nobody_there_ends_with_1_and_says_so(unused_tcp_port):
    code, said, err = await asked(f"127.0.0.1:{unused_tcp_port}")

    assert (code, said) == (1, {})
    assert "UNAVAILABLE" in err
    assert "Traceback" not in err
