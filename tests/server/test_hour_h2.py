"""An hour of our own transport among hostile peers, careless ones and drains.

RANGLI_SOAK_S says how long, if not an hour.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

import pytest

from rangli.client import RangliClient
from tests.server.conftest import Load, Serving
from tests.server.test_serve import ask, import_north
from tests.transport.h2.peer import connected, headers
from tests.transport.h2.test_floods import ENDED, flooded

pytestmark = pytest.mark.soak
SOAK_S = float(os.environ.get("RANGLI_SOAK_S", "3600"))
CARELESS = 50  # connections at once that begin a call and leave it
# A worker that is well settles; what it holds more than after its first minute is a leak.
GROWTH_MIB = 64
MIB = 1024 * 1024
QUIET_S = 60.0


@asynccontextmanager
async def hostile(port: int, chance: Random) -> AsyncIterator[list[str]]:
    """While the block runs, one flood after the other, and callers that leave without a word."""
    floods: list[str] = []

    async def flood() -> None:
        while True:
            kind = chance.choice(list(ENDED))
            async with connected(port) as peer:
                await flooded(peer, ENDED[kind], 50)
            floods.append(kind)
            await asyncio.sleep(0.2)

    async def leave() -> None:
        while True:
            async with AsyncExitStack() as many:
                for _ in range(CARELESS):
                    peer = await many.enter_async_context(connected(port))
                    await peer.say(headers(1))
                    if chance.random() < 0.5:
                        peer.break_off()
                await asyncio.sleep(1)

    async def going_on(work) -> None:
        while True:
            try:
                await work()
            except (ConnectionError, OSError):
                await asyncio.sleep(0.1)  # a worker was drained under it

    tasks = [asyncio.create_task(going_on(work)) for work in (flood, leave)]
    try:
        yield floods
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def held_mib(serving: Serving) -> dict[int, float]:
    return {pid: one.memory_info().rss / MIB for pid, one in serving.workers().items()}


async def test_an_hour_among_hostile_peers_costs_no_call_and_no_memory(serve, under_load):
    chance = Random(11)
    async with serve("--workers", "2", RANGLI_TRANSPORT="h2") as serving:
        port = int(serving.address.rpartition(":")[2])
        async with RangliClient(serving.address) as client:
            await import_north(client)
        async with under_load(serving.address, ask) as load, hostile(port, chance) as floods:
            ends_at = time.monotonic() + SOAK_S
            while time.monotonic() < ends_at:
                await _a_while(load)
                first = held_mib(serving)
                for _ in range(5):
                    await _a_while(load)
                last = held_mib(serving)
                for pid in first.keys() & last.keys():
                    assert last[pid] - first[pid] < GROWTH_MIB
                await serving.replace(chance.choice(list(serving.workers())), signal.SIGTERM)
        log = serving.log.read_text()

    print(f"{load.answered} rounds of calls answered among {len(floods)} floods")
    assert load.refusals == []
    assert "Traceback" not in log
    assert "did not end" not in log


async def _a_while(load: Load) -> None:
    await asyncio.sleep(min(QUIET_S, SOAK_S / 12))
    await load.more(20)
