"""The listening server."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import grpc
import structlog

from rangli.core.call import KIB, Service
from rangli.transport import unix
from rangli.transport.gate import Gate
from rangli.transport.grpcio.calls import RpcHandler, handler, unknown
from rangli.transport.grpcio.credentials import credentials
from rangli.transport.grpcio.peers import PeerOf, nobody, peer_of
from rangli.transport.reflection import reflecting
from rangli.transport.tls import Certificates

UNWIND_S = 5.0
HANDSHAKE_MS = 10_000
_MINUTE_MS = 60_000
_log = structlog.get_logger(__name__)


class GrpcServer:
    """Serves services on one port of this process, with reflection.

    The port may be shared with other processes (SO_REUSEPORT): the kernel spreads connections.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        gate: Gate,
        certificates: Certificates | None = None,
    ) -> None:
        self.gate = gate
        self._certificates = certificates
        self._services = (*services, *reflecting([service.name for service in services]))
        self._server = grpc.aio.server(options=_options(services))

    async def start(self, address: str) -> int:
        """Listen and serve; the port that was bound (port 0 is chosen), 0 of a Unix socket.

        address: `host:port` or `unix:/path`. Raises OSError if it cannot be bound.
        """
        # Asked in order.
        named = nobody if self._certificates is None else peer_of
        methods = _Methods(self._services, self.gate, named)
        self._server.add_generic_rpc_handlers((methods, _Fallback()))
        local = address.startswith(unix.PREFIX)
        if local:
            unix.make_way(Path(address.removeprefix(unix.PREFIX)))
        with unix.private() if local else nullcontext():
            port = self._add_port(address)
        await self._server.start()
        return 0 if local else port

    def _add_port(self, address: str) -> int:
        try:
            if self._certificates is None:
                return self._server.add_insecure_port(address)
            return self._server.add_secure_port(address, credentials(self._certificates))
        except RuntimeError as error:  # as grpcio says that it cannot bind
            raise OSError(str(error)) from error

    async def stop(self, grace_s: float) -> None:
        """Take no new calls; let those in flight end, and cancel what is left after `grace_s`.

        Returns when no call of ours runs any more (grpc.aio may return before the tasks of calls
        that it cancelled have ended), or a handler has ignored its cancellation for 5 s.
        """
        await self._server.stop(grace_s)
        try:
            async with asyncio.timeout(UNWIND_S):
                await self.gate.idle()
        except TimeoutError:
            _log.error("calls did not end when cancelled", in_flight=self.gate.in_flight)


class _Methods(grpc.GenericRpcHandler):
    """Finds a call's handler by its path."""

    def __init__(self, services: Sequence[Service], gate: Gate, peer_of: PeerOf) -> None:
        self._handlers = {
            f"/{service.name}/{method.name}": handler(
                method, f"{service.name}/{method.name}", gate, peer_of
            )
            for service in services
            for method in service.methods
        }

    def service(self, call: grpc.HandlerCallDetails) -> RpcHandler | None:
        """The handler, None if the path is not ours."""
        return self._handlers.get(call.method)


class _Fallback(grpc.GenericRpcHandler):
    """Answers what nobody else does, with our details."""

    def service(self, call: grpc.HandlerCallDetails) -> RpcHandler:
        """A handler that refuses."""
        return unknown(call.method.removeprefix("/"))


def _options(services: Sequence[Service]) -> list[tuple[str, int]]:
    methods = [method for service in services for method in service.methods]
    largest = max((method.limit_bytes for method in methods), default=64 * KIB)
    longest_s = max(
        (m.deadline_s_max for m in methods if math.isfinite(m.deadline_s_max)), default=0.0
    )
    return [
        ("grpc.so_reuseport", 1),
        # Above every method's own limit, so that ours answers first, with details.
        ("grpc.max_receive_message_length", largest + 64 * KIB),
        # Identity only: a compressed message could unfold to a thousand times its limit.
        ("grpc.compression_enabled_algorithms_bitset", 1),
        ("grpc.max_concurrent_streams", 100),
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
        ("grpc.max_metadata_size", 8 * KIB),
        ("grpc.absolute_max_metadata_size", 16 * KIB),
        # Find dead peers, and refuse those that ping more than once a minute.
        ("grpc.keepalive_time_ms", 2 * _MINUTE_MS),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.http2.min_ping_interval_without_data_ms", _MINUTE_MS),
        ("grpc.http2.max_ping_strikes", 2),
        # Connections move on now and then, so that load finds new processes.
        ("grpc.max_connection_age_ms", 10 * _MINUTE_MS),
        # A connection that has reached its age lets every call under way end.
        ("grpc.max_connection_age_grace_ms", round(longest_s * 1000) + 10_000),
    ]
