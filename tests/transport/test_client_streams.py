"""Requests that come one after the other."""

from __future__ import annotations

import asyncio

import grpc

from rangli.core.call import KIB, Method, Shape
from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse

LARGE = QuoteRequest(currency="x" * 100 * KIB).SerializeToString()


def reading(handler, **fields) -> Method:
    return Method(
        "Import", QuoteRequest, handler, Shape.CLIENT_STREAM, limit_bytes=KIB * KIB, **fields
    )


async def count(_call, requests):
    return QuoteResponse(payable_minor=len([request async for request in requests]))


async def test_a_stream_may_be_many_times_larger_than_what_may_wait_unread(serving):
    async def many():
        for _ in range(100):
            yield LARGE

    async with serving(reading(count, deadline_s_max=60)) as caller:
        answer = QuoteResponse.FromString(await caller.stream("Import", many(), timeout=60))

    assert answer.payable_minor == 100


async def test_many_small_messages_arrive_complete_however_they_are_cut(serving):
    async def many():
        for number in range(20_000):
            yield QuoteRequest(currency="x" * (number % 100)).SerializeToString()

    async def add_up(_call, requests):
        return QuoteResponse(payable_minor=sum([len(r.currency) async for r in requests]))

    async with serving(reading(add_up, deadline_s_max=60)) as caller:
        answer = QuoteResponse.FromString(await caller.stream("Import", many(), timeout=60))

    assert answer.payable_minor == sum(number % 100 for number in range(20_000))


async def test_a_handler_that_reads_slowly_holds_the_sender_back(serving):
    let_go = asyncio.Event()
    sent = 0

    async def wait(_call, requests):
        await let_go.wait()
        return await count(_call, requests)

    async def many():
        nonlocal sent
        for _ in range(1_000):
            yield LARGE
            sent += 1

    async with serving(reading(wait, deadline_s_max=60)) as caller:
        call = caller.stream("Import", many(), timeout=60)
        before = -1
        while sent != before:  # until nothing more fits on the way
            before = sent
            await asyncio.sleep(0.2)
        held_back = sent
        let_go.set()
        answer = QuoteResponse.FromString(await call)

    assert held_back < 1_000
    assert answer.payable_minor == 1_000


async def test_requests_and_answers_of_a_conversation_take_turns(serving):
    async def echo(_call, requests):
        async for request in requests:
            yield QuoteResponse(currency=request.currency)

    method = Method("Talk", QuoteRequest, echo, Shape.BIDI_STREAM)
    async with serving(method) as caller:
        call = caller.channel.stream_stream("/rangli.v1.PricingService/Talk")(timeout=20)
        heard = []
        for word in ("a", "b", "c"):
            await call.write(QuoteRequest(currency=word).SerializeToString())
            heard.append(QuoteResponse.FromString(await call.read()).currency)
        await call.done_writing()

        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK

    assert heard == ["a", "b", "c"]
