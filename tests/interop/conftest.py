"""TestService on a real port of each transport, and grpcio's two clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from rangli.transport.choice import Server, Transport, server
from rangli.transport.gate import Gate
from tests.interop.service import service
from tests.interop.stubs import pb_grpc


@dataclass(frozen=True)
class Served:
    """The service where it is served."""

    address: str
    server: Server


@pytest.fixture
async def served(transport: Transport) -> AsyncIterator[Served]:
    serving = server(transport, [service()], gate=Gate(1_000))
    port = await serving.start("127.0.0.1:0")
    yield Served(f"127.0.0.1:{port}", serving)
    await serving.stop(0)


@pytest.fixture
async def channel(served: Served) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(served.address) as opened:
        yield opened


@pytest.fixture
async def stub(channel: grpc.aio.Channel) -> Any:
    """grpc.aio's client."""
    return pb_grpc.TestServiceStub(channel)


@pytest.fixture
def sync_stub(served: Served) -> Iterator[Any]:
    """grpcio's client that blocks: to be called in a thread."""
    with grpc.insecure_channel(served.address) as opened:
        yield pb_grpc.TestServiceStub(opened)
