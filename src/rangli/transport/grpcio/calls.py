"""One call of each shape, from bytes to bytes.

grpcio hands over raw bytes, so that size and form are judged here, in our words: its own
deserializers would answer with the driver's text.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from rangli.core.call import CallContext, Method, Shape
from rangli.core.errors import (
    Code,
    DeadlinePassed,
    Exhausted,
    Invalid,
    RangliError,
    Reason,
)
from rangli.transport.grpcio.context import call_context
from rangli.transport.grpcio.gate import Gate
from rangli.transport.grpcio.refusals import Context, fail, refuse

# A string, because grpcio's class is generic in its type stubs only.
RpcHandler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class NoSuchMethod(RangliError):
    """No method of that name is served here."""

    code = Code.UNIMPLEMENTED


def handler(method: Method, path: str, gate: Gate) -> RpcHandler:
    """The method as grpcio calls it."""
    match method.shape:
        case Shape.INLINE:
            return grpc.unary_unary_rpc_method_handler(_inline(method, path, gate))
        case Shape.UNARY:
            return grpc.unary_unary_rpc_method_handler(_unary(method, path, gate))
        case Shape.CLIENT_STREAM:
            return grpc.stream_unary_rpc_method_handler(_client_stream(method, path, gate))
        case Shape.SERVER_STREAM:
            return grpc.unary_stream_rpc_method_handler(_server_stream(method, path, gate))


def no_such_method(path: str) -> RpcHandler:
    """Answers calls of a name that nobody serves, whatever their shape."""

    async def call(_requests: AsyncIterator[bytes], context: Context) -> bytes:
        await refuse(context, path, NoSuchMethod(Reason.NO_SUCH_METHOD, "no such method here"))

    return grpc.stream_unary_rpc_method_handler(call)


def _inline(method: Method, path: str, gate: Gate) -> Callable[[bytes, Context], Awaitable[bytes]]:
    parse = _parser(method)
    handle = method.handler
    quick, limit_bytes = method.quick, method.limit_bytes
    deadline_s_max = method.deadline_s_max

    async def call(data: bytes, context: Context) -> bytes:
        try:
            gate.enter(context)
            ctx = call_context(path, deadline_s_max, arrived=context)
            if quick is not None and len(data) <= limit_bytes:
                quickly: bytes | None = quick(ctx, data)
                if quickly is not None:
                    return quickly
            message = handle(ctx, parse(data))
            answer: bytes = (
                await _in_time(ctx, message)
                if isinstance(message, Awaitable)
                else message.SerializeToString()
            )
        except RangliError as refusal:
            await refuse(context, path, refusal)
        except Exception as fault:
            await fail(context, path, fault)
        return answer

    return call


def _unary(method: Method, path: str, gate: Gate) -> Callable[[bytes, Context], Awaitable[bytes]]:
    parse = _parser(method)

    async def answered(ctx: CallContext, data: bytes) -> Any:
        if method.quick is not None and len(data) <= method.limit_bytes:
            quickly = await method.quick(ctx, data)
            if quickly is not None:
                return quickly
        return await method.handler(ctx, parse(data))

    async def call(data: bytes, context: Context) -> bytes:
        return await _awaited(method, path, gate, context, lambda ctx: answered(ctx, data))

    return call


def _client_stream(
    method: Method, path: str, gate: Gate
) -> Callable[[AsyncIterator[bytes], Context], Awaitable[bytes]]:
    parse = _parser(method)

    async def parsed(messages: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        async for data in messages:
            yield parse(data)

    async def call(messages: AsyncIterator[bytes], context: Context) -> bytes:
        return await _awaited(
            method, path, gate, context, lambda ctx: method.handler(ctx, parsed(messages))
        )

    return call


def _server_stream(
    method: Method, path: str, gate: Gate
) -> Callable[[bytes, Context], Awaitable[None]]:
    parse = _parser(method)

    async def send(ctx: CallContext, data: bytes, context: Context) -> bytes:
        async with aclosing(method.handler(ctx, parse(data))) as answers:
            async for message in answers:
                await context.write(message.SerializeToString())
        return b""

    # The answers are written, not yielded: a deadline that passes while the transport sends would
    # not be seen by a generator.
    async def call(data: bytes, context: Context) -> None:
        await _awaited(method, path, gate, context, lambda ctx: send(ctx, data, context))

    return call


async def _awaited(
    method: Method,
    path: str,
    gate: Gate,
    context: Context,
    work: Callable[[CallContext], Awaitable[Any]],
) -> bytes:
    """Run a coroutine handler, cancelled when the deadline passes or the caller goes away."""
    try:
        gate.enter(context)
        ctx = call_context(path, method.deadline_s_max, arrived=context)
        answer: bytes = await _in_time(ctx, work(ctx))
    except RangliError as refusal:
        await refuse(context, path, refusal)
    except Exception as fault:
        await fail(context, path, fault)
    return answer


async def _in_time(ctx: CallContext, answer: Awaitable[Any]) -> bytes:
    try:
        async with asyncio.timeout(ctx.deadline - time.monotonic()) as limit:
            message = await answer
    except TimeoutError as error:
        if limit.expired():
            raise DeadlinePassed from error
        raise
    answered: bytes = message if isinstance(message, bytes) else message.SerializeToString()
    return answered


def _parser(method: Method) -> Callable[[bytes], Any]:
    """Bytes to the method's request. Raises Exhausted (MESSAGE_TOO_LARGE), Invalid (malformed)."""
    limit = method.limit_bytes
    from_string = method.request.FromString

    def parse(data: bytes) -> Any:
        if len(data) > limit:
            raise Exhausted(
                Reason.MESSAGE_TOO_LARGE,
                f"the message has {len(data)} bytes; {method.name} takes up to {limit}",
                metadata={"limit_bytes": limit, "actual_bytes": len(data)},
            )
        try:
            return from_string(data)
        except DecodeError as error:
            raise Invalid(
                Reason.MALFORMED_MESSAGE,
                "the bytes are not a message of this method's request type",
            ) from error

    return parse
