"""Which transport serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from rangli.core.call import Service
from rangli.transport.gate import Gate
from rangli.transport.grpcio import GrpcServer
from rangli.transport.h2 import H2Server
from rangli.transport.tls import Certificates

Transport = Literal["grpcio", "h2"]
TRANSPORTS: tuple[Transport, ...] = ("grpcio", "h2")


class Server(Protocol):
    """What every transport's server does."""

    gate: Gate

    async def start(self, address: str) -> int:
        """Listen and serve; the port that was bound (port 0 is chosen), 0 of a Unix socket.

        address: `host:port`, or `unix:/path`; with h2, also `fd:N` of a Unix socket that listens.
        Raises OSError if it cannot be bound.
        """
        ...

    async def stop(self, grace_s: float) -> None:
        """Take no new calls; let those in flight end, and cancel what is left after `grace_s`.

        Returns when no call runs any more, or a handler has ignored its cancellation for 5 s.
        """
        ...


def server(
    transport: Transport,
    services: Sequence[Service],
    *,
    gate: Gate,
    certificates: Certificates | None = None,
) -> Server:
    """A server of these services, and of reflection, that has not started.

    certificates: with them it speaks TLS, and nothing else.
    """
    match transport:
        case "grpcio":
            return GrpcServer(services, gate=gate, certificates=certificates)
        case "h2":
            return H2Server(services, gate=gate, certificates=certificates)
