"""One call of each shape, from bytes to bytes.

grpcio hands over raw bytes, so that size and form are judged by us, in our words: its own
deserializers would answer with the driver's text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias, cast

import grpc

from rangli.core.call import CallContext, Method, Shape
from rangli.transport.answering import answered, parsed, parser, to_bytes
from rangli.transport.arriving import call_context
from rangli.transport.deadlines import Deadlines
from rangli.transport.gate import Gate
from rangli.transport.grpcio.peers import PeerOf
from rangli.transport.grpcio.refusals import Context, end, ending
from rangli.transport.refusals import no_such_method

# Strings, because grpcio's classes are generic in its type stubs only.
RpcHandler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"
_Metadata: TypeAlias = "grpc._Metadata"


Work = Callable[[CallContext], Any]


def handler(method: Method, path: str, gate: Gate, peer_of: PeerOf) -> RpcHandler:
    """The method as grpcio calls it."""
    parse = parser(method)
    run = _runner(method, path, gate, peer_of)
    match method.shape:
        case Shape.INLINE | Shape.UNARY:
            answer = (_at_once if method.shape is Shape.INLINE else answered)(method, parse)

            async def unary(data: bytes, context: Context) -> bytes:
                return await run(context, lambda ctx: answer(ctx, data))

            return grpc.unary_unary_rpc_method_handler(unary)
        case Shape.CLIENT_STREAM:

            async def client_stream(messages: AsyncIterator[bytes], context: Context) -> bytes:
                return await run(context, lambda ctx: method.handler(ctx, parsed(parse, messages)))

            return grpc.stream_unary_rpc_method_handler(client_stream)
        case Shape.SERVER_STREAM:

            async def server_stream(data: bytes, context: Context) -> None:
                await run(
                    context, lambda ctx: _send(method.handler(ctx, parse(data)), ctx, context)
                )

            return grpc.unary_stream_rpc_method_handler(server_stream)
        case Shape.BIDI_STREAM:

            async def bidi_stream(messages: AsyncIterator[bytes], context: Context) -> None:
                await run(
                    context,
                    lambda ctx: _send(method.handler(ctx, parsed(parse, messages)), ctx, context),
                )

            return grpc.stream_stream_rpc_method_handler(bidi_stream)


def unknown(path: str) -> RpcHandler:
    """Answers calls of a name that nobody serves, whatever their shape."""

    async def call(_requests: AsyncIterator[bytes], context: Context) -> bytes:
        return await end(context, ending(path, no_such_method()))

    return grpc.stream_unary_rpc_method_handler(call)


def _at_once(method: Method, parse: Callable[[bytes], Any]) -> Callable[[CallContext, bytes], Any]:
    """Answers an INLINE method's request; what takes long comes as an awaitable."""
    quick, handle, limit_bytes = method.quick, method.handler, method.limit_bytes

    def answer(ctx: CallContext, data: bytes) -> Any:
        if quick is not None and len(data) <= limit_bytes:
            quickly: bytes | None = quick(ctx, data)
            if quickly is not None:
                return quickly
        return handle(ctx, parse(data))

    return answer


def _runner(
    method: Method, path: str, gate: Gate, peer_of: PeerOf
) -> Callable[[Context, Work], Awaitable[bytes]]:
    """Runs a handler; one that waits is cancelled when its time is up or its caller goes away."""
    deadlines, counted, deadline_s_max = Deadlines(), method.counted, method.deadline_s_max

    async def run(context: Context, work: Work) -> bytes:
        ctx, inside = None, False
        try:
            if counted:
                gate.enter()
                inside = True
            ctx = call_context(
                path,
                deadline_s_max,
                metadata=cast("Any", context.invocation_metadata()),
                allowed_s=context.time_remaining(),
                peer=peer_of(context),
            )
            answer = work(ctx)
            if isinstance(answer, Awaitable):
                answer = await deadlines.keep(answer, ctx.deadline)
            data = to_bytes(answer)
            await _send_metadata(ctx, context)
            return data
        except Exception as error:
            how = ending(path, error)
        finally:
            # Not as a done-callback of grpcio's: that would make a circle of every call's objects.
            if inside:
                gate.leave()
        return await end(context, how, ctx)

    return run


async def _send(answers: Any, ctx: CallContext, context: Context) -> bytes:
    """Write the answers of a stream.

    Written, not yielded: a deadline that passes while the transport sends would not be seen by a
    generator.
    """
    async with aclosing(answers):
        async for message in answers:
            if ctx.initial_metadata is not None:
                await _send_metadata(ctx, context)
            await context.write(message.SerializeToString())
    return b""


async def _send_metadata(ctx: CallContext, context: Context) -> None:
    """What the handler wants sent beside its answers, if it said so."""
    if ctx.initial_metadata is not None:
        await context.send_initial_metadata(cast("_Metadata", tuple(ctx.initial_metadata)))
        ctx.initial_metadata = None  # sent once
    if ctx.trailing_metadata is not None:
        context.set_trailing_metadata(cast("_Metadata", tuple(ctx.trailing_metadata)))
