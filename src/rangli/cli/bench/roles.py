"""What the benches' servers do, each in a process of its own, on uvloop.

    python -m rangli.cli.bench.roles CORE TRANSPORT CERTIFICATE ROLE [ARGUMENT]...

    quote            PricingService on the catalogue of `mix.py`, as `rangli serve` offers it
    baskets COUNT    the same on the catalogue of `real.py`
    echo BYTES       one method that answers any bytes with so many bytes, no protobuf objects
    app              all services on the stores that the environment names

CERTIFICATE is the folder of a `Certificate`; empty: no TLS. The echo on h2 is the whole of our
transport with a method that answers at once; on grpcio it is grpc.aio by itself, with nothing of
ours around it. The port is said on stdout as soon as the server serves.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc
import uvloop
from google.protobuf.wrappers_pb2 import BytesValue

from rangli.cli.bench.certificate import Certificate
from rangli.cli.bench.servers import echoed, mix
from rangli.cli.bench.serving import service
from rangli.core.call import CallContext, Method, Service, Shape
from rangli.server import heap
from rangli.server.app import opened
from rangli.server.logs import configure_logging
from rangli.server.settings import ServerSettings
from rangli.storage.settings import StorageSettings
from rangli.transport import choice
from rangli.transport.choice import Transport
from rangli.transport.gate import Gate
from rangli.transport.grpcio.credentials import credentials
from rangli.transport.tls import Certificates, TlsFiles

_ADDRESS = "127.0.0.1:0"
_IN_FLIGHT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Wire:
    """How the bytes come."""

    transport: Transport
    certificates: Certificates | None


async def _serve(wire: Wire, services: Sequence[Service]) -> None:
    heap.settle()  # as a worker does
    gate = Gate(_IN_FLIGHT_MAX)
    server = choice.server(wire.transport, services, gate=gate, certificates=wire.certificates)
    await _go_on(await server.start(_ADDRESS))


async def _go_on(port: int) -> None:
    print(port, flush=True)
    await asyncio.Event().wait()


async def _quote(wire: Wire) -> None:
    await _serve(wire, [service(mix().catalogue)])


async def _baskets(wire: Wire, count: str) -> None:
    from rangli.cli.bench.real import real_baskets  # noqa: PLC0415  needs the extra "demo"

    await _serve(wire, [service(real_baskets(int(count)).catalogue)])


async def _app(wire: Wire) -> None:
    async with opened(StorageSettings.load()) as app:
        await _serve(wire, app.services)


async def _echo(wire: Wire, answer_bytes: str) -> None:
    answer = echoed(int(answer_bytes))
    if wire.transport == "grpcio":
        await _bare_echo(wire.certificates, answer)

    def echo(_call: CallContext, _request: Any) -> bytes:
        return answer

    method = Method("Echo", BytesValue, echo, Shape.INLINE, quick=echo)
    await _serve(wire, [Service("bench", (method,))])


async def _bare_echo(certificates: Certificates | None, answer: bytes) -> None:
    async def echo(_request: bytes, _context: Any) -> bytes:
        return answer

    server = grpc.aio.server()
    handler: Any = grpc.unary_unary_rpc_method_handler(echo)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("bench", {"Echo": handler}),)
    )
    if certificates is None:
        port = server.add_insecure_port(_ADDRESS)
    else:
        port = server.add_secure_port(_ADDRESS, credentials(certificates))
    heap.settle()  # as ours does
    await server.start()
    await _go_on(port)


def _certificates(folder: str) -> Certificates | None:
    if not folder:
        return None
    files = Certificate(Path(folder))
    return Certificates(TlsFiles(files.cert_file, files.key_file))


ROLES: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    "quote": _quote,
    "baskets": _baskets,
    "app": _app,
    "echo": _echo,
}


if __name__ == "__main__":
    _core, _transport, _folder, _role, *_arguments = sys.argv[1:]
    os.sched_setaffinity(0, {int(_core)})
    configure_logging(ServerSettings(log_level="warning"))  # stdout is for the port
    _wire = Wire(cast("Transport", _transport), _certificates(_folder))
    uvloop.run(ROLES[_role](_wire, *_arguments))
