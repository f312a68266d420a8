"""One worker process, as its supervisor sees it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping

KILL_AFTER_S = 45.0
LISTENING_FD = "RANGLI_LISTENING_FD"  # the variable that says where a worker finds its socket


class WorkerProcess:
    """A running worker.

    Its stdin is a pipe that we never write to: when we are gone, however we went, the worker reads
    its end and drains. On its stdout it says one line: that it is ready, or why it cannot be.
    """

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, environment: Mapping[str, str], *fds: int) -> WorkerProcess:
        """Start one, which inherits the file descriptors.

        In a session of its own: a Ctrl-C in the terminal is for us alone.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rangli.server.worker"),
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            pass_fds=fds,
            start_new_session=True,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def started(self) -> str | None:
        """None as soon as it serves, otherwise why it never will."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            return f"it ended with code {await self._process.wait()} before it was ready"
        failure: str | None = json.loads(line)["failure"]
        return failure

    async def ended(self) -> int:
        """Its exit code, once it has ended; negative: the signal that killed it."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Let it drain; kill it if that takes too long."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(KILL_AFTER_S):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)
