"""Owns the port, the embedded stores and the workers."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import NoReturn

import structlog

from rangli.server.metrics import Endpoint, kept_metrics
from rangli.server.process import LISTENING_FD, WorkerProcess
from rangli.server.reserved import CannotServe, reserved
from rangli.server.settings import ServerSettings
from rangli.storage.embedded import EmbeddedError, EmbeddedStores
from rangli.storage.migrate import migrate
from rangli.storage.settings import StorageSettings

_log = structlog.get_logger(__name__)

# A worker that lived this long was well: its successor starts at once.
LIVED_WELL_S = 10.0
BACKOFF_FIRST_S = 0.1
BACKOFF_MAX_S = 5.0
# Only before the first worker was ever ready: afterwards the reason lies outside and may pass.
START_FAILURES_MAX = 3
REVIVE_EVERY_S = 1.0


def serve(settings: ServerSettings, storage: StorageSettings) -> None:
    """Serve until SIGTERM or SIGINT, then drain the workers and stop the embedded stores.

    Raises CannotServe, and what starting the stores raises.
    """
    # Until the loop takes the signal over, it must unwind the `with`s below.
    signal.signal(signal.SIGTERM, _exit)
    with (
        reserved(settings) as (serving, listening),
        EmbeddedStores.of(storage) as stores,
        kept_metrics(settings.metrics_address) as endpoint,
    ):
        migrate(stores.postgres_dsn)
        fds = () if listening is None else (listening.fileno(),)
        environment = {
            **os.environ,
            **serving.environment(),
            "RANGLI_POSTGRES_DSN": stores.postgres_dsn,
            "RANGLI_REDIS_URL": stores.redis_url,
            **endpoint.environment,
            LISTENING_FD: "".join(map(str, fds)),
        }
        asyncio.run(Supervisor(serving, stores, endpoint, environment, fds).run())


class Supervisor:
    """Keeps as many workers running as the settings ask for.

    fds: what they inherit.
    """

    def __init__(
        self,
        settings: ServerSettings,
        stores: EmbeddedStores,
        endpoint: Endpoint,
        environment: Mapping[str, str],
        fds: Sequence[int] = (),
    ) -> None:
        self._fds = fds
        self._settings = settings
        self._stores = stores
        self._endpoint = endpoint
        self._environment = environment
        self._ready: set[int] = set()
        self._announced = False
        self._stopping = asyncio.Event()
        self._given_up: str | None = None

    async def run(self) -> None:
        """Return after a signal, when all workers have ended. Raises CannotServe."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        try:
            metrics_url = await self._endpoint.listen()
        except OSError as error:
            raise CannotServe(f"cannot tell metrics: {error.strerror}") from error
        if metrics_url:
            _log.info("metrics are told", url=metrics_url)
        async with asyncio.TaskGroup() as tasks:
            for slot in range(self._settings.workers):
                tasks.create_task(self._keep(slot))
            tasks.create_task(self._keep_stores())
        if self._given_up is not None:
            raise CannotServe(self._given_up)

    async def _keep(self, slot: int) -> None:
        """Run one worker after the other, until we stop."""
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            worker = await WorkerProcess.start(
                {**self._environment, "RANGLI_WORKER": str(slot)}, *self._fds
            )
            failure = await self._lifetime(slot, worker)
            if self._stopping.is_set():
                return
            lived_well = failure is None and time.monotonic() - began >= LIVED_WELL_S
            failures = 0 if lived_well else failures + 1
            if failure and not self._announced and failures >= START_FAILURES_MAX:
                self._give_up(f"worker {slot} cannot start: {failure}")
                return
            pause_s = min(BACKOFF_FIRST_S * 2 ** min(failures, 10), BACKOFF_MAX_S)
            await self._pause(0.0 if lived_well else pause_s)

    async def _lifetime(self, slot: int, worker: WorkerProcess) -> str | None:
        """From the start of a worker to its end; why it never became ready, None if it did."""
        stopping = asyncio.create_task(self._stopping.wait())
        living = asyncio.create_task(self._live(slot, worker))
        try:
            await asyncio.wait((stopping, living), return_when=asyncio.FIRST_COMPLETED)
            if not living.done():
                await worker.stop()
            return await living
        finally:
            stopping.cancel()
            self._ready.discard(slot)

    async def _live(self, slot: int, worker: WorkerProcess) -> str | None:
        failure = await worker.started()
        if failure is None:
            self._ready.add(slot)
            self._announce()
        code = await worker.ended()
        self._endpoint.ended(slot)
        if not self._stopping.is_set():
            _log.warning("worker ended", worker=slot, pid=worker.pid, code=code, why=failure)
        return failure

    def _announce(self) -> None:
        """Say once, on stdout, that all workers are ready."""
        count = self._settings.workers
        if self._announced or len(self._ready) < count:
            return
        self._announced = True
        plural = "worker" if count == 1 else "workers"
        print(
            f"rangli is serving on {self._settings.address} with {count} {plural}"
            f"{_over_tls(self._settings)} (Ctrl-C to stop)",
            flush=True,
        )

    async def _keep_stores(self) -> None:
        """Start the embedded stores again if one of them ends."""
        while not self._stopping.is_set():
            await self._pause(REVIVE_EVERY_S)
            try:
                # In this thread, although it blocks: a store ends with the thread that started it.
                for name in self._stores.revive():
                    _log.warning("embedded store had ended; started again", store=name)
            except EmbeddedError as error:
                # Quotes go on without it; the next round tries again.
                _log.error("embedded store cannot be started again", why=str(error))

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the moment when we are to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _give_up(self, why: str) -> None:
        self._given_up = why
        self._stopping.set()


def _over_tls(settings: ServerSettings) -> str:
    if settings.tls_cert_file is None:
        return ""
    known = settings.tls_client_ca_file is not None
    return " over TLS, for clients with certificates" if known else " over TLS"


def _exit(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
