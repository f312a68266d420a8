"""What a worker tells of itself, and the endpoint where the supervisor tells it of all workers."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from rangli.counters.filter import Filter, Mode
from rangli.storage import metrics
from rangli.storage.batcher import Batching

PUBLISH_EVERY_S = 1.0
_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # where the library looks when it is imported
_PATIENCE_S = 5.0
_HEAD_BYTES_MAX = 8_192
_CONNECTIONS_MAX = 16
_log = structlog.get_logger(__name__)


class Publisher:
    """Brings what a worker counts to its metrics, now and then: counting itself costs nothing."""

    def __init__(self, filter_: Filter, batching: Batching) -> None:
        self._filter = filter_
        self._batching = batching
        self._said: dict[tuple[Counter, str], int] = {}

    async def keep(self) -> None:
        """Publish for ever; to be run as a task and cancelled."""
        while True:
            self.publish()
            await asyncio.sleep(PUBLISH_EVERY_S)

    def publish(self) -> None:
        """As things stand now."""
        for mode in Mode:
            metrics.REDIS_MODE.labels(mode.value).set(mode is self._filter.mode)
        metrics.REDIS_EPOCH.set(self._filter.epoch)
        metrics.FILTER_DRIFT_UNITS.set(self._filter.drift_units)
        counts = self._filter.counts
        for verdict in ("passed", "bypassed", "sold_out", "limited"):
            self._raise(metrics.FILTER, verdict, getattr(counts, verdict))
        self._raise(metrics.SHED, "bypass", counts.shed)
        batches = self._batching.counts()
        self._raise(metrics.SHED, "queue", sum(one.shed for one in batches))

    def _raise(self, counter: Counter, label: str, count: int) -> None:
        before = self._said.get((counter, label), 0)
        counter.labels(label).inc(count - before)
        self._said[counter, label] = count


class Endpoint:
    """GET /metrics over HTTP, without encryption or names: for a scraper on a trusted network.

    address: `host:port`, "" to tell nobody.
    folder: where the workers keep theirs.
    """

    def __init__(self, address: str, folder: str) -> None:
        self._address = address
        self._folder = folder
        self._connections = 0
        self._server: asyncio.Server | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What makes a worker keep its metrics there."""
        return {_FOLDER_VARIABLE: self._folder} if self._address else {}

    async def listen(self) -> str | None:
        """Answer for as long as the loop runs; the URL, None if nobody may ask. OSError."""
        if not self._address:
            return None
        host, _, port = self._address.rpartition(":")
        self._server = await asyncio.start_server(
            self._connected, host.strip("[]"), int(port), limit=_HEAD_BYTES_MAX
        )
        return f"http://{host}:{self._server.sockets[0].getsockname()[1]}/metrics"

    def ended(self, worker: int) -> None:
        """A worker has ended: it stands no more; its successor counts on where it was."""
        mark_process_dead(worker, self._folder)  # type: ignore[no-untyped-call]

    def text(self) -> bytes:
        """The metrics of all workers."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= _CONNECTIONS_MAX:
                async with asyncio.timeout(_PATIENCE_S):
                    writer.write(self._answer(await reader.readuntil(b"\r\n\r\n")))
                    await writer.drain()
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # it asked nothing, in time
        finally:
            self._connections -= 1
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if path != b"/metrics":
            return _response("404 Not Found", b"GET /metrics\n")
        if method != b"GET":
            return _response("405 Method Not Allowed", b"GET /metrics\n")
        try:
            return _response("200 OK", self.text(), CONTENT_TYPE_LATEST)
        except Exception:
            _log.exception("metrics cannot be told")
            return _response("500 Internal Server Error", b"")


@contextmanager
def kept_metrics(address: str) -> Iterator[Endpoint]:
    """The endpoint of that address, and until the end of the block a folder behind it."""
    with TemporaryDirectory(prefix="rangli-metrics-") as folder:
        yield Endpoint(address, folder)


def _response(status: str, body: bytes, content_type: str = "text/plain") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
