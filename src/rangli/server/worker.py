"""One worker: one asyncio process that serves until it is told to drain.

    python -m rangli.server.worker

Started by the supervisor with all settings in the environment; `process.py` is its other end.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
from contextlib import suppress

import structlog
import uvloop

from rangli.server import heap
from rangli.server.app import App, opened
from rangli.server.health import Health
from rangli.server.logs import configure_logging
from rangli.server.process import LISTENING_FD
from rangli.server.settings import ServerSettings
from rangli.storage import detached
from rangli.storage.settings import StorageSettings
from rangli.transport import choice, unix
from rangli.transport.gate import Gate

_log = structlog.get_logger(__name__)


class Supervisor:
    """The process that started us: told once how our start went, and missed when it is gone."""

    def __init__(self) -> None:
        # Ours alone from now on: a stray print must not be taken for a report.
        self._reports = os.dup(1)
        os.dup2(2, 1)

    def tell(self, failure: str | None) -> None:
        """We are ready (None), or why we cannot be."""
        with suppress(BrokenPipeError):
            os.write(self._reports, json.dumps({"failure": failure}).encode() + b"\n")
        os.close(self._reports)

    def watch(self, gone: asyncio.Event) -> None:
        """Set the event when it has ended, however that came."""
        loop = asyncio.get_running_loop()

        def readable() -> None:
            # It never writes: this is the pipe's end.
            if not os.read(0, 4096):
                loop.remove_reader(0)
                gone.set()

        loop.add_reader(0, readable)


async def work(settings: ServerSettings, storage: StorageSettings, supervisor: Supervisor) -> None:
    """Open, serve until SIGTERM or the supervisor's end, drain, close."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    supervisor.watch(stopping)
    async with opened(storage) as app:
        await _serve(app, settings, supervisor, stopping)


async def _serve(
    app: App, settings: ServerSettings, supervisor: Supervisor, stopping: asyncio.Event
) -> None:
    health = Health(app.checks, app.needs)
    await health.check()
    services = (*app.services, health.service())
    certificates = settings.certificates()
    server = choice.server(
        settings.transport,
        services,
        gate=Gate(settings.in_flight_max),
        certificates=certificates,
    )
    keeping = [asyncio.create_task(health.watch())]
    if certificates is not None:
        keeping.append(asyncio.create_task(certificates.follow(settings.tls_look_s)))
    heap.settle()
    inherited = os.environ.get(LISTENING_FD)
    await server.start(f"{unix.FD_PREFIX}{inherited}" if inherited else settings.address)
    _log.info("serving", address=settings.address, transport=settings.transport)
    supervisor.tell(None)
    await stopping.wait()
    _log.info("draining", in_flight=server.gate.in_flight)
    health.drain()
    await asyncio.sleep(settings.notice_s)
    health.close()
    app.end_waits()
    await server.stop(settings.drain_s)
    await detached.end(*keeping)
    _log.info("drained")


def main() -> int:
    """Exit code 0 after a drain, 1 if serving could not begin or broke."""
    supervisor = Supervisor()
    # Each connection is an open file: take as many as we are allowed to.
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
    try:
        settings = ServerSettings.load()
        configure_logging(settings, worker=int(os.environ.get("RANGLI_WORKER", "0")))
        uvloop.run(work(settings, StorageSettings.load(), supervisor))
    except Exception as error:
        _log.exception("worker failed")
        with suppress(OSError):
            supervisor.tell(f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
