"""Deadlines, callers that go away, and how much is in flight."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from rangli.core.call import Method, Service, Shape
from rangli.core.errors import DeadlinePassed
from rangli.transport.arriving import call_context
from rangli.transport.choice import server
from rangli.transport.gate import Gate
from rangli.v1.pricing_service_pb2 import QuoteRequest, QuoteResponse
from tests.transport.conftest import ONE_ANSWER


class Held:
    """A handler that waits until it is let go, and remembers how it ended."""

    def __init__(self) -> None:
        self.entered = asyncio.Semaphore(0)
        self.let_go = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, _call, _request):
        self.entered.release()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return QuoteResponse()


@pytest.fixture
async def held():
    return Held()


async def happens(event: asyncio.Event) -> None:
    async with asyncio.timeout(60):
        await event.wait()


async def becomes_idle(caller) -> None:
    async with asyncio.timeout(60):
        await caller.gate.idle()


@pytest.mark.parametrize("shape", ONE_ANSWER, ids=lambda shape: shape.name.lower())
async def test_the_methods_own_deadline_ends_a_call_whose_caller_allows_more(
    serving, held, outcome, shape
):
    async def nothing():
        yield b""

    async with serving(Method("Quote", QuoteRequest, held, shape, deadline_s_max=1)) as caller:
        if shape is Shape.CLIENT_STREAM:
            refused = await outcome(caller.stream("Quote", nothing(), timeout=20))
        else:
            refused = await caller.refused("Quote", timeout=20)

        assert (refused.code, refused.reason) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED")
        await happens(held.cancelled)
        await becomes_idle(caller)


async def test_the_methods_own_deadline_ends_a_call_without_one(serving, held):
    async with serving(Method("Quote", QuoteRequest, held, deadline_s_max=1)) as caller:
        refused = await caller.refused("Quote", timeout=None)

    assert (refused.code, refused.reason) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED")


async def test_a_sender_that_stops_in_the_middle_of_its_stream_is_not_waited_for(serving, outcome):
    async def count(_call, requests):
        return QuoteResponse(payable_minor=len([r async for r in requests]))

    async def stuck():
        yield b""
        await asyncio.sleep(60)

    method = Method("Import", QuoteRequest, count, Shape.CLIENT_STREAM, deadline_s_max=1)
    async with serving(method) as caller:
        refused = await outcome(caller.stream("Import", stuck(), timeout=20))
        await becomes_idle(caller)

    assert (refused.code, refused.reason) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED")


async def test_the_callers_deadline_cancels_the_handler(serving, held):
    async with serving(Method("Quote", QuoteRequest, held, deadline_s_max=60)) as caller:
        for timeout_s in (0.1, 1, 10):  # when busy it has passed before the call comes
            refused = await caller.refused("Quote", timeout=timeout_s)
            if not held.entered.locked():
                break
        await happens(held.cancelled)
        await becomes_idle(caller)

    assert refused.code == "DEADLINE_EXCEEDED"


async def test_a_caller_that_cancels_cancels_the_handler(serving, held):
    async with serving(Method("Quote", QuoteRequest, held, deadline_s_max=60)) as caller:
        call = caller.call("Quote")
        async with asyncio.timeout(60):
            await held.entered.acquire()
        call.cancel()

        await happens(held.cancelled)
        await becomes_idle(caller)


def test_a_call_that_arrives_after_its_deadline_is_refused():
    with pytest.raises(DeadlinePassed):
        call_context("rangli.v1.PricingService/Quote", 2.0, metadata=None, allowed_s=0.0)


async def test_calls_above_the_limit_are_shed_and_may_come_again(serving, held):
    method = Method("Quote", QuoteRequest, held, deadline_s_max=60)
    async with serving(method, in_flight_max=3) as caller:
        calls = [caller.call("Quote") for _ in range(3)]
        async with asyncio.timeout(60):
            for _ in calls:
                await held.entered.acquire()

        refused = await caller.refused("Quote")

        assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
        assert refused.metadata == {"limit": "3"}
        assert refused.retry_after_s is not None
        assert refused.retry_after_s > 0
        held.let_go.set()
        await asyncio.gather(*calls)
        await caller.call("Quote")


async def test_cancelled_and_failed_calls_leave_no_trace_in_the_limit(serving, held):
    def fail(_call, _request):
        raise RuntimeError("fault")

    methods = (
        Method("Held", QuoteRequest, held, deadline_s_max=60),
        Method("Fail", QuoteRequest, fail, Shape.INLINE),
        Method("Echo", QuoteRequest, lambda *_: QuoteResponse(), Shape.INLINE),
    )
    async with serving(*methods, in_flight_max=20) as caller:
        for _ in range(5):
            calls = [caller.call("Held") for _ in range(10)]
            calls += [caller.call("Fail") for _ in range(5)]
            await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        await caller.refused("Fail")
        await becomes_idle(caller)

        assert caller.gate.in_flight == 0
        await asyncio.gather(*(caller.call("Echo") for _ in range(20)))


async def test_stop_lets_calls_in_flight_end(transport, held):
    method = Method("Quote", QuoteRequest, held, deadline_s_max=60)
    serving = server(transport, [Service("rangli.v1.PricingService", (method,))], gate=Gate(10))
    port = await serving.start("127.0.0.1:0")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/rangli.v1.PricingService/Quote")(b"", timeout=20)
        async with asyncio.timeout(60):
            await held.entered.acquire()

        stopping = asyncio.create_task(serving.stop(20))
        done, _ = await asyncio.wait({stopping}, timeout=0.3)
        assert not done
        assert not held.cancelled.is_set()
        held.let_go.set()

        assert await call == b""
        async with asyncio.timeout(60):
            await stopping


async def test_stop_cancels_what_outlasts_its_grace(transport, held):
    method = Method("Quote", QuoteRequest, held, deadline_s_max=60)
    serving = server(transport, [Service("rangli.v1.PricingService", (method,))], gate=Gate(10))
    port = await serving.start("127.0.0.1:0")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/rangli.v1.PricingService/Quote")(b"", timeout=20)
        async with asyncio.timeout(60):
            await held.entered.acquire()
            await serving.stop(0.1)

        assert held.cancelled.is_set()
        assert serving.gate.in_flight == 0
        with pytest.raises(grpc.aio.AioRpcError):
            await call
