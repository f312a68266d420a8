"""The port, its connections, and their end."""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
from collections.abc import Sequence
from typing import Any

import structlog

from rangli.core.call import Service
from rangli.storage import metrics
from rangli.transport import unix
from rangli.transport.deadlines import Deadlines
from rangli.transport.gate import Gate
from rangli.transport.h2.calls import Route
from rangli.transport.h2.connection import Connection
from rangli.transport.h2.limits import Limits
from rangli.transport.reflection import reflecting
from rangli.transport.tls import Certificates

UNWIND_S = 5.0
_BACKLOG = 1024
_TURNS = 3
# Kept for all else of this process: its stores must not find that callers have taken all.
_FILES_KEPT = 256
_log = structlog.get_logger(__name__)


class H2Server:
    """Serves services on one port of this process, with reflection.

    The port may be shared with other processes (SO_REUSEPORT): the kernel spreads connections.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        gate: Gate,
        limits: Limits | None = None,
        certificates: Certificates | None = None,
    ) -> None:
        self.gate = gate
        self.deadlines = Deadlines()
        self._certificates = certificates
        self.limits = limits or Limits()
        everything = (*services, *reflecting([service.name for service in services]))
        self.routes = {
            f"/{service.name}/{method.name}".encode(): Route.of(
                method, f"{service.name}/{method.name}"
            )
            for service in everything
            for method in service.methods
        }
        self._connections: set[Connection] = set()
        self._gone = asyncio.Event()  # a connection, since it was last cleared
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._stopping = False
        self._connections_max = min(self.limits.connections_max, _files_free())

    async def start(self, address: str) -> int:
        """Listen and serve; the port that was bound (port 0 is chosen), 0 of a Unix socket.

        address: `host:port`, `unix:/path`, or `fd:N` of a Unix socket that listens already.
        """
        loop = asyncio.get_running_loop()
        self._ticking = loop.call_later(self.limits.tick_s, self._tick)
        tls: dict[str, Any] = {}
        if self._certificates is not None:
            tls = {
                "ssl": self._certificates.context,
                "ssl_handshake_timeout": self.limits.handshake_s,
                "ssl_shutdown_timeout": self.limits.goodbye_s,
            }
        if address.startswith((unix.PREFIX, unix.FD_PREFIX)):
            listening = unix.listening(address)
            self._server = await loop.create_unix_server(
                lambda: Connection(self), sock=listening, backlog=unix.BACKLOG, **tls
            )
            return 0
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        self._server = await loop.create_server(
            lambda: Connection(self),
            host,
            int(port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=_BACKLOG,
            reuse_port=True,
            **tls,
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self, grace_s: float) -> None:
        """Take no new calls; let those in flight end, and cancel what is left after `grace_s`.

        Returns when no call of ours runs any more, or a handler has ignored its cancellation for
        5 s.
        """
        self._stopping = True
        if self._server is not None:
            # Whoever the system has let in for us is served, and told to go like the others.
            await _turns()
            self._server.close()
            await _turns()
        for connection in list(self._connections):
            connection.retire()
        try:
            async with asyncio.timeout(grace_s):
                await self._empty()
        except TimeoutError:
            for connection in list(self._connections):
                connection.drop()
        try:
            async with asyncio.timeout(UNWIND_S):
                await self._empty()
                await self.gate.idle()
        except TimeoutError:
            _log.error("calls did not end when cancelled", in_flight=self.gate.in_flight)
        finally:
            if self._ticking is not None:
                self._ticking.cancel()

    async def _empty(self) -> None:
        """Return when there is no connection."""
        while self._connections:
            self._gone.clear()
            await self._gone.wait()

    def _tick(self) -> None:
        """Let each connection see what is due."""
        loop = asyncio.get_running_loop()
        self._ticking = loop.call_later(self.limits.tick_s, self._tick)
        now = loop.time()
        for connection in list(self._connections):
            connection.life.tick(now)

    def opened(self, connection: Connection) -> bool:
        """Whether there is room for one more connection."""
        if len(self._connections) >= self._connections_max:
            metrics.CONNECTIONS_REFUSED.inc()
            return False
        self._connections.add(connection)
        metrics.CONNECTIONS.inc()
        if self._stopping:
            asyncio.get_running_loop().call_soon(connection.retire)
        return True

    def closed(self, connection: Connection) -> None:
        """It is gone."""
        if connection in self._connections:
            self._connections.remove(connection)
            metrics.CONNECTIONS.dec()
            self._gone.set()


async def _turns() -> None:
    """So many of the loop as it takes from a connection's coming until we hear of it."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _files_free() -> int:
    """How many of those that this process may have open are callers' to take."""
    files_max, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if files_max == resource.RLIM_INFINITY else max(1, files_max - _FILES_KEPT)
