"""A real server on a real port, with methods made for the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from rangli.core.call import Method, Service, Shape
from rangli.transport.choice import Server, server
from rangli.transport.gate import Gate

SERVICE = "rangli.v1.PricingService"
ONE_ANSWER = [Shape.INLINE, Shape.UNARY, Shape.CLIENT_STREAM]


@dataclass
class Outcome:
    """What came of a call that was refused."""

    code: str
    message: str
    status: Status
    reason: str = ""
    metadata: dict[str, str] | None = None
    violations: tuple[tuple[str, str], ...] = ()
    retry_after_s: float | None = None

    @classmethod
    def of(cls, error: grpc.aio.AioRpcError) -> Outcome:
        trailers = dict(error.trailing_metadata() or ())
        status = Status.FromString(trailers.get("grpc-status-details-bin", b""))
        outcome = cls(error.code().name, error.details() or "", status)
        for detail in status.details:
            if detail.Is(ErrorInfo.DESCRIPTOR):
                info = ErrorInfo.FromString(detail.value)
                assert info.domain == "rangli"
                outcome.reason, outcome.metadata = info.reason, dict(info.metadata)
            elif detail.Is(BadRequest.DESCRIPTOR):
                found = BadRequest.FromString(detail.value).field_violations
                outcome.violations = tuple((v.field, v.description) for v in found)
            elif detail.Is(RetryInfo.DESCRIPTOR):
                delay = RetryInfo.FromString(detail.value).retry_delay
                outcome.retry_after_s = delay.ToMilliseconds() / 1000
        return outcome


class Caller:
    """Calls with raw bytes, as a peer of any language may."""

    def __init__(self, channel: grpc.aio.Channel, server: Server) -> None:
        self.channel = channel
        self.gate = server.gate

    def call(self, name: str, data: bytes = b"", **options: Any) -> grpc.aio.UnaryUnaryCall:
        options.setdefault("timeout", 20)
        path = name if name.startswith("/") else f"/{SERVICE}/{name}"
        return self.channel.unary_unary(path)(data, **options)

    def stream(self, name: str, messages: Any, **options: Any) -> grpc.aio.StreamUnaryCall:
        options.setdefault("timeout", 20)
        return self.channel.stream_unary(f"/{SERVICE}/{name}")(messages, **options)

    def answers(self, name: str, data: bytes = b"", **options: Any) -> grpc.aio.UnaryStreamCall:
        options.setdefault("timeout", 20)
        return self.channel.unary_stream(f"/{SERVICE}/{name}")(data, **options)

    async def refused(self, name: str, data: bytes = b"", **options: Any) -> Outcome:
        return await outcome_of(self.call(name, data, **options))


async def outcome_of(call: Any) -> Outcome:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return Outcome.of(caught.value)


Serving = Callable[..., AbstractAsyncContextManager[Caller]]


@pytest.fixture
def serving(transport) -> Serving:
    """`async with serving(Method(...), in_flight_max=10) as caller`."""

    @asynccontextmanager
    async def start(*methods: Method, in_flight_max: int = 100) -> AsyncIterator[Caller]:
        serving = server(transport, [Service(SERVICE, methods)], gate=Gate(in_flight_max))
        port = await serving.start("127.0.0.1:0")
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Caller(channel, serving)
        finally:
            await serving.stop(0)

    return start


@pytest.fixture
def outcome() -> Callable[[Any], Any]:
    return outcome_of
