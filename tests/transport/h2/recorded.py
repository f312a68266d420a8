"""A connection without a socket: bytes in, and what it does with them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from structlog.testing import capture_logs

from rangli.transport.h2.connection import Connection
from rangli.transport.h2.limits import Limits
from tests.transport.h2.methods import served
from tests.transport.h2.peer import PATIENCE_S

_LIMITS = Limits(unread_bytes_max=100_000, unsent_bytes_max=100_000)


class Recording(asyncio.Transport):
    """Keeps what is written. Now and then the peer is slow: `full` bytes are too many for it."""

    def __init__(self, full: int) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False
        self._full = full
        self._waiting = 0
        self._paused = False
        self.protocol: Connection

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written += data
        self._waiting += len(data)
        if self._waiting > self._full and not self._paused:
            self._paused = True
            self.protocol.pause_writing()

    def take(self) -> None:
        """The peer reads all there is."""
        self._waiting = 0
        if self._paused:
            self._paused = False
            self.protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        return self._waiting

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    abort = close


@contextmanager
def _bounded() -> Iterator[None]:
    """No endless loop: an exception in it after a while."""

    def stop(_number: int, _frame: object) -> None:
        raise AssertionError("it goes on for ever")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@asynccontextmanager
async def recorded(*, full: int = 1 << 30) -> AsyncIterator[Connection]:
    """A connection that must come through the block without a fault, and leave nothing."""
    loop = asyncio.get_running_loop()
    faults: list[Any] = []
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: faults.append(context))
    server = served(_LIMITS)
    connection = Connection(server)
    transport = Recording(full)
    transport.protocol = connection
    try:
        with _bounded(), capture_logs() as logs:
            connection.connection_made(transport)
            yield connection
            await asyncio.sleep(0)
            transport.take()
            connection.life.tick(loop.time() + 5)
            connection.life.tick(loop.time() + 1_000)
            transport.closed = True
            connection.connection_lost(None)
            async with asyncio.timeout(PATIENCE_S):
                await server.gate.idle()
            await asyncio.sleep(0)
    finally:
        loop.set_exception_handler(before)
    assert faults == []
    assert [entry for entry in logs if entry["log_level"] in ("warning", "error")] == []
    assert server.gate.in_flight == 0
    assert not server._connections


async def said(pieces: Iterable[bytes], *, full: int = 1 << 30, turns: int = 1) -> bytes:
    """What a connection answers to these pieces, the loop turning so often after each."""
    async with recorded(full=full) as connection:
        transport: Any = connection._transport
        for n, piece in enumerate(pieces):
            if transport.closed:
                break
            connection.data_received(piece)
            for _ in range(turns):
                await asyncio.sleep(0)
            if n % 3 == 2:
                transport.take()
        return bytes(transport.written)
