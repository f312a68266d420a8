"""`rangli serve` on durable stores of its own, and what can be killed of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
from redis.asyncio import Redis

from tests.server.conftest import PATIENCE_S, RANGLI, Serving, environment

ROOT = Path(__file__).parent.parent.parent


class Installation(Serving):
    """A running `rangli serve` whose PostgreSQL and Valkey are its own, with fsync."""

    def __init__(
        self, process: asyncio.subprocess.Process, address: str, log: Path, data_dir: Path
    ) -> None:
        super().__init__(process, address, log)
        self._data_dir = data_dir

    @property
    def postgres_dsn(self) -> str:
        """Stays over kills and restarts."""
        runtime_dir = json.loads((self._data_dir / "owner.lock").read_text())["runtime_dir"]
        return f"postgresql://postgres@/rangli?host={runtime_dir}"

    def kill_workers(self, count: int) -> None:
        """SIGKILL so many of them, at once."""
        for pid in list(self.workers())[:count]:
            _kill(pid)

    def kill_postgres(self) -> None:
        """SIGKILL the postmaster and all that it has started; nothing is flushed or rolled back."""
        found = [each for each in self.descendants() if _name(each) == "postgres"]
        assert found, "no PostgreSQL runs"
        # The parent first: it must not see its children go, and restart by itself.
        found.sort(key=lambda each: each.pid)
        for each in found:
            _kill(each.pid)

    @property
    def redis_url(self) -> str:
        """Stays over kills and restarts."""
        runtime_dir = json.loads((self._data_dir / "owner.lock").read_text())["runtime_dir"]
        return f"unix://{runtime_dir}/valkey.sock"

    def kill_valkey(self) -> None:
        """SIGKILL; the server starts another one."""
        _kill(self._valkey().pid)

    async def flush_valkey(self) -> None:
        """Whatever it knows is gone, scripts too."""
        async with Redis.from_url(self.redis_url) as redis:
            await redis.flushall()
            await redis.script_flush()

    @asynccontextmanager
    async def stalled_valkey(self) -> AsyncIterator[None]:
        """While the block runs it takes connections and commands, and answers nothing."""
        valkey = self._valkey()
        valkey.suspend()
        try:
            yield
        finally:
            valkey.resume()

    def _valkey(self) -> psutil.Process:
        (found,) = (each for each in self.descendants() if _name(each) == "valkey-server")
        return found

    @asynccontextmanager
    async def restarted(self, count: int) -> AsyncIterator[None]:
        """The block ends workers, so many; until as many others serve in their place."""
        before = self._served()
        yield
        async with asyncio.timeout(PATIENCE_S):
            while self._served() < before + count:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def audit(self) -> tuple[int, str]:
        """What `rangli audit` says of the stores: its exit code, and its words."""
        process = await asyncio.create_subprocess_exec(
            *(RANGLI, "audit"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment(RANGLI_POSTGRES_DSN=self.postgres_dsn),
        )
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()


def _name(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return process.name()
    return ""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _faults(said: str) -> str:
    """The first thing that the log calls a fault of ours, and the log's end."""
    _, fault, told = said.partition(" fault ")
    return f"{(fault + told)[:6_000]}\n...\n{said[-4_000:]}"


@asynccontextmanager
async def installed(
    data_dir: Path, *, workers: int = 2, fault: str | None = None, **variables: str
) -> AsyncIterator[Installation]:
    """A running one. fault: one of `broken.py`, to see that a check finds it."""
    program: Sequence[str | Path] = (
        (RANGLI,)
        if fault is None
        else (sys.executable, "-m", "tests.faults.broken", fault, "rangli.cli.main")
    )
    log = data_dir / "serve.log"
    given = {"RANGLI_NOTICE_S": "0.1", "PYTHONPATH": str(ROOT)} | variables
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *program,
            *("serve", "--port", "0", "--workers", str(workers), "--data-dir", data_dir),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            cwd=ROOT,
            env=environment(**given),
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("rangli is serving on "), log.read_text()
        yield Installation(process, line.split()[4], log, data_dir)
    except BaseException:
        print(_faults(log.read_text()))
        raise
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
