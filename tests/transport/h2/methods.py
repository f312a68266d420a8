"""Methods for peers of all kinds, and a server of them in a process of its own.

python -m tests.transport.h2.methods '{"idle_s": 1}'    says its port, and serves until it is ended
"""

from __future__ import annotations

import asyncio
import json
import math
import sys

import uvloop
from google.protobuf.wrappers_pb2 import BytesValue, Int64Value

from rangli.core.call import Method, Service, Shape
from rangli.transport.gate import Gate
from rangli.transport.h2.limits import Limits
from rangli.transport.h2.listener import H2Server
from rangli.transport.tls import Certificates
from tests.transport.h2.peer import SERVICE

MIB = 1024 * 1024


async def _echo(_call, request):
    return request


async def _large(_call, request):
    return BytesValue(value=bytes(request.value))


async def _upload(_call, requests):
    return Int64Value(value=sum([len(request.value) async for request in requests]))


async def _numbers(_call, request):
    """Answers without an end, of so many bytes each."""
    while True:
        yield BytesValue(value=bytes(request.value))


async def _back(_call, requests):
    async for request in requests:
        yield request


async def _wait(_call, request):
    await asyncio.sleep(request.value / 1000)
    return request


METHODS = (
    Method("Echo", BytesValue, lambda _call, request: request, Shape.INLINE),
    Method("EchoTask", BytesValue, _echo),
    Method("Large", Int64Value, _large),
    Method("Upload", BytesValue, _upload, Shape.CLIENT_STREAM, limit_bytes=MIB, deadline_s_max=600),
    Method("Numbers", Int64Value, _numbers, Shape.SERVER_STREAM, deadline_s_max=math.inf),
    Method("Back", BytesValue, _back, Shape.BIDI_STREAM, deadline_s_max=math.inf),
    Method("Wait", Int64Value, _wait, deadline_s_max=60),
)


def served(limits: Limits, certificates: Certificates | None = None) -> H2Server:
    services = [Service(SERVICE, METHODS)]
    return H2Server(services, gate=Gate(10_000), limits=limits, certificates=certificates)


async def _serve(limits: Limits) -> None:
    server = served(limits)
    print(await server.start("127.0.0.1:0"), flush=True)
    # Whoever started us holds the other end.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    uvloop.run(_serve(Limits(**json.loads(sys.argv[1]))))
