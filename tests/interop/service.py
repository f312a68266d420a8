"""TestService, as gRPC's interoperability cases want it, by handlers like those of our domains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from google.rpc.code_pb2 import Code as RpcCode

from rangli.core.call import CallContext, Method, Service, Shape
from rangli.core.errors import Code, Invalid, RangliError, Reason, Violation
from tests.interop.stubs import pb

NAME = "grpc.testing.TestService"
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
LIMIT_BYTES = 1024 * 1024
DEADLINE_S = 60.0


class Told(RangliError):
    """What the caller wants to be told."""

    def __init__(self, status: Any) -> None:
        super().__init__(Reason.WRONG_STATE, status.message)
        self.code = Code(RpcCode.Name(status.code))


def service() -> Service:
    """All methods but UnimplementedCall."""
    methods = (
        ("EmptyCall", pb.Empty, empty_call, Shape.INLINE),
        ("UnaryCall", pb.SimpleRequest, unary_call, Shape.UNARY),
        (
            "StreamingInputCall",
            pb.StreamingInputCallRequest,
            streaming_input_call,
            Shape.CLIENT_STREAM,
        ),
        (
            "StreamingOutputCall",
            pb.StreamingOutputCallRequest,
            streaming_output_call,
            Shape.SERVER_STREAM,
        ),
        ("FullDuplexCall", pb.StreamingOutputCallRequest, full_duplex_call, Shape.BIDI_STREAM),
        ("HalfDuplexCall", pb.StreamingOutputCallRequest, half_duplex_call, Shape.BIDI_STREAM),
    )
    return Service(
        NAME,
        tuple(
            Method(*method, limit_bytes=LIMIT_BYTES, deadline_s_max=DEADLINE_S)
            for method in methods
        ),
    )


def empty_call(ctx: CallContext, _request: Any) -> Any:
    _echo_metadata(ctx)
    return pb.Empty()


async def unary_call(ctx: CallContext, request: Any) -> Any:
    _echo_metadata(ctx)
    _check_compression(request)
    _echo_status(request)
    return pb.SimpleResponse(payload=_zeros(request.response_size))


async def streaming_input_call(ctx: CallContext, requests: AsyncIterator[Any]) -> Any:
    _echo_metadata(ctx)
    size = 0
    async for request in requests:
        _check_compression(request)
        size += len(request.payload.body)
    return pb.StreamingInputCallResponse(aggregated_payload_size=size)


async def streaming_output_call(ctx: CallContext, request: Any) -> AsyncIterator[Any]:
    _echo_metadata(ctx)
    async for answer in _answers(request):
        yield answer


async def full_duplex_call(ctx: CallContext, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    _echo_metadata(ctx)
    async for request in requests:
        async for answer in _answers(request):
            yield answer


async def half_duplex_call(ctx: CallContext, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    _echo_metadata(ctx)
    for request in [request async for request in requests]:
        async for answer in _answers(request):
            yield answer


async def _answers(request: Any) -> AsyncIterator[Any]:
    _echo_status(request)
    for wanted in request.response_parameters:
        if wanted.interval_us:
            await asyncio.sleep(wanted.interval_us / 1e6)
        yield pb.StreamingOutputCallResponse(payload=_zeros(wanted.size))


def _echo_metadata(ctx: CallContext) -> None:
    if INITIAL in ctx.metadata:
        ctx.initial_metadata = [(INITIAL, ctx.metadata[INITIAL])]
    if TRAILING in ctx.binaries:
        ctx.trailing_metadata = [(TRAILING, ctx.binaries[TRAILING])]


def _echo_status(request: Any) -> None:
    if request.response_status.code:
        raise Told(request.response_status)


def _check_compression(request: Any) -> None:
    """No transport lets a compressed message through, so that what we see was plain."""
    if request.expect_compressed.value:
        raise Invalid.fields(Violation("expect_compressed", "this message came uncompressed"))


def _zeros(size_bytes: int) -> Any:
    return pb.Payload(body=bytes(size_bytes))
