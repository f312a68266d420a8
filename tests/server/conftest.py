"""`rangli serve` as an operator runs it: a process of its own, called over real channels."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import psutil
import pytest

from rangli.client import CallRefused, RangliClient
from tests.transports import USUAL

RANGLI = Path(sys.executable).with_name("rangli")
PATIENCE_S = 120


class Serving:
    """A running `rangli serve`."""

    announced = ""  # what it said on stdout

    def __init__(self, process: asyncio.subprocess.Process, address: str, log: Path) -> None:
        self.process = process
        self.address = address
        self.log = log
        self._ps = psutil.Process(process.pid)

    def workers(self) -> dict[int, psutil.Process]:
        """The worker processes that live now, by id."""
        found = {}
        for child in self._ps.children():
            try:
                if "rangli.server.worker" in child.cmdline():
                    found[child.pid] = child
            except psutil.NoSuchProcess:
                continue
        return found

    def descendants(self) -> list[psutil.Process]:
        return self._ps.children(recursive=True)

    async def replace(self, pid: int, number: signal.Signals) -> None:
        """Signal a worker and wait until it has ended and another one serves in its place."""
        before = self._served()
        os.kill(pid, number)
        async with asyncio.timeout(PATIENCE_S):
            while pid in self.workers() or self._served() <= before:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def _served(self) -> int:
        """How many workers have begun to serve so far."""
        return self.log.read_text().count(" serving ")

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the supervisor and wait for its end; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


Serve = Callable[..., AbstractAsyncContextManager[Serving]]


def environment(**more: str) -> dict[str, str]:
    """Ours, without what it says of rangli, but for the transport."""
    more.setdefault("RANGLI_TRANSPORT", USUAL)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RANGLI_")}
    return clean | more


@pytest.fixture
def serve(request: pytest.FixtureRequest, tmp_path: Path, database: str, redis_url: str) -> Serve:
    """`async with serve("--workers", "2") as serving`, on the run's stores by default.

    A test that asks for `transport` too runs on each, others on the usual one.
    """
    asked = "transport" in request.fixturenames
    transport = request.getfixturevalue("transport") if asked else USUAL

    @asynccontextmanager
    async def start(*options: str, **variables: str) -> AsyncIterator[Serving]:
        given = {
            "RANGLI_POSTGRES_DSN": database,
            "RANGLI_REDIS_URL": redis_url,
            "RANGLI_NOTICE_S": "0.1",
            "RANGLI_TRANSPORT": transport,
        } | variables
        log = tmp_path / "serve.log"
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(RANGLI, "serve", "--port", "0", *options),
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env=environment(**given),
            )
        try:
            async with asyncio.timeout(PATIENCE_S):
                line = (await process.stdout.readline()).decode()
            assert line.startswith("rangli is serving on "), log.read_text()
            serving = Serving(process, line.split()[4], log)
            serving.announced = line.strip()
            yield serving
        finally:
            if process.returncode is None:
                process.terminate()
                async with asyncio.timeout(PATIENCE_S):
                    await process.wait()

    return start


class Load:
    """Calls without a break from several connections, and what came of them."""

    def __init__(self) -> None:
        self.answered = 0
        self.refusals: list[CallRefused] = []

    async def more(self, count: int) -> None:
        """Wait until that many more calls were answered."""
        goal = self.answered + count
        async with asyncio.timeout(PATIENCE_S):
            while self.answered < goal:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def load(address: str, ask: Callable[[RangliClient], Awaitable[None]]) -> AsyncIterator[Load]:
    """Ask again and again while the block runs. A wrong answer (AssertionError) fails it."""
    outcome = Load()
    enough = asyncio.Event()

    async def caller(client: RangliClient) -> None:
        while not enough.is_set():
            try:
                await ask(client)
                outcome.answered += 1
            except CallRefused as error:
                outcome.refusals.append(error)

    async with RangliClient(address, connections=8) as client, asyncio.TaskGroup() as callers:
        for _ in range(16):
            callers.create_task(caller(client))
        try:
            yield outcome
        finally:
            enough.set()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder for embedded stores, which their system user can reach; pytest's own is private."""
    folder = Path(tempfile.mkdtemp(prefix="rangli-serve-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def under_load() -> Iterator[Callable[..., AbstractAsyncContextManager[Load]]]:
    return load
