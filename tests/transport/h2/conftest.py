"""Servers with limits of the test's own, in this process or another one, and healthy callers."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import grpc
import psutil
import pytest
from google.protobuf.wrappers_pb2 import BytesValue

from rangli.transport.gate import Gate
from rangli.transport.h2.limits import Limits
from tests.transport.h2.methods import MIB, served
from tests.transport.h2.peer import PATIENCE_S, SERVICE

ROOT = Path(__file__).parent.parent.parent.parent


class Here:
    """A server in this process."""

    def __init__(self, port: int, gate: Gate) -> None:
        self.port = port
        self.gate = gate

    async def empties(self) -> None:
        """No call is in flight any more."""
        async with asyncio.timeout(PATIENCE_S):
            await self.gate.idle()


class Apart:
    """A server in a process of its own."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self._ps = psutil.Process(pid)
        self._before = self.memory_bytes()

    def memory_bytes(self) -> int:
        return self._ps.memory_info().rss

    def cpu_s(self) -> float:
        """That it has used so far."""
        times = self._ps.cpu_times()
        return times.user + times.system

    def files(self) -> int:
        """That it has open."""
        return self._ps.num_fds()

    def has_grown_by(self) -> float:
        """MiB since it began."""
        return (self.memory_bytes() - self._before) / MIB


class Healthy:
    """A caller that behaves, on a connection of its own."""

    def __init__(self) -> None:
        self.answers = 0

    async def goes_on(self, count: int = 50) -> None:
        """Wait until it got that many more answers."""
        goal = self.answers + count
        async with asyncio.timeout(PATIENCE_S):
            while self.answers < goal:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@asynccontextmanager
async def a_healthy_caller(port: int) -> AsyncIterator[Healthy]:
    """It calls without a break while the block runs; each call must be answered."""
    healthy, enough = Healthy(), asyncio.Event()

    async def ask() -> None:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            echo = channel.unary_unary(f"/{SERVICE}/Echo")
            request = BytesValue(value=b"how are you").SerializeToString()
            while not enough.is_set():
                assert await echo(request, timeout=PATIENCE_S) == request
                healthy.answers += 1

    async with asyncio.TaskGroup() as group:
        group.create_task(ask())
        await healthy.goes_on(1)
        try:
            yield healthy
        finally:
            enough.set()


@pytest.fixture
def healthy() -> Callable[[int], AbstractAsyncContextManager[Healthy]]:
    return a_healthy_caller


@pytest.fixture
def here() -> Callable[..., AbstractAsyncContextManager[Here]]:
    """`async with here(idle_s=0.1) as server`; its limits are looked at often."""

    @asynccontextmanager
    async def start(**limits: float) -> AsyncIterator[Here]:
        server = served(Limits(**({"tick_s": 0.02, "linger_s": 0.02, "close_s": 0.1} | limits)))
        port = await server.start("127.0.0.1:0")
        try:
            yield Here(port, server.gate)
        finally:
            await server.stop(0)
            assert server.gate.in_flight == 0

    return start


@asynccontextmanager
async def a_server_apart(**limits: float) -> AsyncIterator[Apart]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.transport.h2.methods", json.dumps(limits)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            port = int(await process.stdout.readline())
        yield Apart(port, process.pid)
        # It has not died meanwhile, nor does it end in a bad way.
        process.stdin.close()
        async with asyncio.timeout(PATIENCE_S):
            said = (await process.stderr.read()).decode()
            assert await process.wait() == 0, said
        assert "Traceback" not in said, said
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def apart() -> Callable[..., AbstractAsyncContextManager[Apart]]:
    """`async with apart(stall_s=1) as server`, in a process whose memory can be looked at."""
    return a_server_apart


@pytest.fixture(scope="module")
async def victim() -> AsyncIterator[Apart]:
    """One server for the attacks of a file. It loses patience soon with who doesn't listen."""
    async with a_server_apart(close_s=0.1, stall_s=1, tick_s=0.1) as server:
        yield server
