"""Answers that come one after the other."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from rangli.core.call import Method, Shape
from rangli.core.errors import NotFound
from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse
from tests.transport.conftest import Outcome


def streaming(handler, **fields) -> Method:
    return Method("Count", QuoteRequest, handler, Shape.SERVER_STREAM, **fields)


async def count(_call, request):
    for number in range(len(request.currency)):
        yield QuoteResponse(payable_minor=number)


async def read(call) -> list[int]:
    return [QuoteResponse.FromString(data).payable_minor async for data in call]


async def read_until_refused(call) -> tuple[list[int], Outcome]:
    numbers: list[int] = []
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        while (data := await call.read()) is not grpc.aio.EOF:
            numbers.append(QuoteResponse.FromString(data).payable_minor)
    return numbers, Outcome.of(caught.value)


async def happens(event: asyncio.Event) -> None:
    async with asyncio.timeout(60):
        await event.wait()


async def test_answers_arrive_in_their_order_and_then_the_call_is_over(serving):
    async with serving(streaming(count)) as caller:
        call = caller.answers("Count", QuoteRequest(currency="four").SerializeToString())

        assert await read(call) == [0, 1, 2, 3]
        assert await call.code() is grpc.StatusCode.OK


async def test_a_stream_may_have_no_answer(serving):
    async with serving(streaming(count)) as caller:
        assert await read(caller.answers("Count")) == []


async def test_a_refusal_in_the_middle_comes_after_what_was_answered_before(serving):
    async def break_off(_call, _request):
        yield QuoteResponse(payable_minor=1)
        raise NotFound("set", "s1")

    async with serving(streaming(break_off)) as caller:
        numbers, refused = await read_until_refused(caller.answers("Count"))

    assert numbers == [1]
    assert (refused.code, refused.reason) == ("NOT_FOUND", "NO_SUCH_RESOURCE")


async def test_a_fault_in_the_middle_tells_nothing_of_itself(serving):
    async def break_off(_call, _request):
        yield QuoteResponse(payable_minor=1)
        raise RuntimeError("secret")

    async with serving(streaming(break_off)) as caller:
        numbers, refused = await read_until_refused(caller.answers("Count"))

    assert numbers == [1]
    assert (refused.code, refused.message) == ("INTERNAL", "internal fault")


async def test_a_request_of_too_many_bytes_is_refused_before_the_handler_sees_it(serving):
    async with serving(streaming(count, limit_bytes=4)) as caller:
        _, refused = await read_until_refused(caller.answers("Count", b"\x00" * 5))

    assert refused.reason == "MESSAGE_TOO_LARGE"


async def test_the_deadline_holds_for_the_whole_stream_not_for_each_answer(serving):
    ended = asyncio.Event()

    async def never_done(_call, _request):
        try:
            while True:
                yield QuoteResponse()
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with serving(streaming(never_done, deadline_s_max=1)) as caller:
        numbers, refused = await read_until_refused(caller.answers("Count"))
        await happens(ended)

    assert numbers
    assert refused.reason == "DEADLINE_PASSED"


async def test_a_reader_that_goes_away_ends_the_handler(serving):
    ended = asyncio.Event()

    async def never_done(_call, _request):
        try:
            while True:
                yield QuoteResponse()
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with serving(streaming(never_done)) as caller:
        call = caller.answers("Count")
        await call.read()
        call.cancel()

        await happens(ended)
        async with asyncio.timeout(60):
            await caller.gate.idle()


async def test_a_slow_reader_holds_the_handler_back(serving):
    sent = 0

    async def many(_call, _request):
        nonlocal sent
        for _ in range(2_000):
            yield QuoteResponse(currency="x" * 100_000)
            sent += 1

    async with serving(streaming(many)) as caller:
        call = caller.answers("Count")
        await call.read()
        before = -1
        while sent != before:  # until nothing more fits on the way
            before = sent
            await asyncio.sleep(0.2)
        call.cancel()

    assert sent < 2_000
