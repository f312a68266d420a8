"""The listening server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import grpc
import structlog
from grpc_reflection.v1alpha import reflection

from rangli.core.call import KIB, Service
from rangli.transport.grpcio.calls import RpcHandler, handler, no_such_method
from rangli.transport.grpcio.gate import Gate

UNWIND_S = 5.0
_MINUTE_MS = 60_000
_log = structlog.get_logger(__name__)


class GrpcServer:
    """Serves services on one port of this process, with reflection.

    The port may be shared with other processes (SO_REUSEPORT): the kernel spreads connections.
    """

    def __init__(self, services: Sequence[Service], *, gate: Gate) -> None:
        self.gate = gate
        self._services = services
        self._server = grpc.aio.server(options=_options(services))

    @property
    def raw(self) -> grpc.aio.Server:
        """grpcio's server, for services that grpcio itself brings (health). Before `start`."""
        return self._server

    async def start(self, address: str) -> int:
        """Listen on `host:port` and serve; the port that was bound (port 0 is chosen)."""
        self._server.add_generic_rpc_handlers((_Methods(self._services, self.gate),))
        names = [service.name for service in self._services]
        names += ["grpc.health.v1.Health", reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names, self._server)
        # Asked in order, hence last.
        self._server.add_generic_rpc_handlers((_Fallback(),))
        port = self._server.add_insecure_port(address)
        await self._server.start()
        return port

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

    def __init__(self, services: Sequence[Service], gate: Gate) -> None:
        self._handlers = {
            f"/{service.name}/{method.name}": handler(method, f"{service.name}/{method.name}", gate)
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
        return no_such_method(call.method.removeprefix("/"))


def _options(services: Sequence[Service]) -> list[tuple[str, int]]:
    methods = [method for service in services for method in service.methods]
    largest = max((method.limit_bytes for method in methods), default=64 * KIB)
    longest_s = max((method.deadline_s_max for method in methods), default=0.0)
    return [
        ("grpc.so_reuseport", 1),
        # Above every method's own limit, so that ours answers first, with details.
        ("grpc.max_receive_message_length", largest + 64 * KIB),
        # Identity only: a compressed message could unfold to a thousand times its limit.
        ("grpc.compression_enabled_algorithms_bitset", 1),
        ("grpc.max_concurrent_streams", 100),
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
