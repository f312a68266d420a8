"""What nobody reads takes no room: a connection serves on, however its calls have ended."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from rangli.core.call import KIB, Method, Shape
from rangli.core.errors import Reason, Refused
from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse

# What they leave unread is more than a connection's window, twice.
CALLS = 40
PIECE = QuoteRequest(currency="x" * 60 * KIB).SerializeToString()


async def never_reads(_call, _requests):
    await asyncio.Event().wait()


async def reads_one(_call, requests):
    await anext(requests)
    return QuoteResponse()


async def refuses(_call, _requests):
    raise Refused(Reason.WRONG_STATE, "not now")


async def reads_all(_call, requests):
    return QuoteResponse(payable_minor=len([request async for request in requests]))


async def pieces(count=3):
    for _ in range(count):
        yield PIECE


async def too_large():
    yield PIECE + PIECE


METHODS = [
    Method(handler.__name__, QuoteRequest, handler, Shape.CLIENT_STREAM, deadline_s_max=60)
    for handler in (never_reads, reads_one, refuses, reads_all)
]


async def cancelled(caller):
    call = caller.stream("never_reads", pieces())
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def fails(call):
    # With which status is not asked here: where it comes while grpc.aio's client still writes, the
    # client may tell of its own failure to write instead.
    with pytest.raises(grpc.aio.AioRpcError):
        await call


async def expired(caller):
    await fails(caller.stream("never_reads", pieces(), timeout=0.05))


async def answered_early(caller):
    await caller.stream("reads_one", pieces())


async def refused(caller):
    await fails(caller.stream("refuses", pieces()))


async def refused_for_size(caller):
    await fails(caller.stream("reads_all", too_large()))


async def refused_for_size_alone(caller):
    await fails(caller.call("Quote", PIECE + PIECE))


async def nobody_there(caller):
    await fails(caller.stream("Nope", pieces()))


@pytest.mark.parametrize(
    "end",
    [
        cancelled, expired, answered_early, refused, refused_for_size, refused_for_size_alone,
        nobody_there,
    ],
    ids=lambda end: end.__name__,
)  # fmt: skip
async def test_calls_that_end_unread_leave_their_room_to_others(serving, end):
    quote = Method("Quote", QuoteRequest, lambda *_: QuoteResponse(), Shape.INLINE)
    async with serving(*METHODS, quote) as caller:
        for _ in range(CALLS):
            await end(caller)
        answer = await caller.stream("reads_all", pieces(20))

    assert QuoteResponse.FromString(answer).payable_minor == 20
