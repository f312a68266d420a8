"""What handlers get, and what becomes of what they do."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import grpc
import pytest
import structlog

from rangli.core.call import Method, Shape
from rangli.core.errors import Invalid, NotFound, Reason, Refused, Unavailable, Violation
from rangli.v1.pricing_service_pb2 import CartLine, QuoteRequest, QuoteResponse
from tests.transport.conftest import ONE_ANSWER


def echo(_call, request):
    return QuoteResponse(currency=request.currency)


async def echo_later(_call, request):
    await asyncio.sleep(0)
    return QuoteResponse(currency=request.currency)


@pytest.mark.parametrize(
    ("handler", "shape"),
    [(echo, Shape.INLINE), (echo_later, Shape.INLINE), (echo_later, Shape.UNARY)],
    ids=["inline", "inline-promised", "unary"],
)
async def test_request_goes_in_and_answer_comes_out(serving, handler, shape):
    async with serving(Method("Quote", QuoteRequest, handler, shape)) as caller:
        answer = await caller.call("Quote", QuoteRequest(currency="EUR").SerializeToString())

    assert QuoteResponse.FromString(answer).currency == "EUR"


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 1_000_000, 3_000_000])
async def test_an_answer_may_have_any_size(serving, size):
    def large(_call, _request):
        return QuoteResponse(currency="x" * size)

    async with serving(Method("Quote", QuoteRequest, large, Shape.INLINE)) as caller:
        answer = QuoteResponse.FromString(await caller.call("Quote"))

    assert len(answer.currency) == size


async def test_handler_learns_tenant_actor_method_time_and_metadata(serving):
    seen = []

    def remember(call, _request):
        seen.append(call)
        return QuoteResponse()

    before = datetime.now(UTC)
    method = Method("Quote", QuoteRequest, remember, Shape.INLINE, deadline_s_max=60)
    async with serving(method) as caller:
        await caller.call(
            "Quote",
            metadata=(
                ("rangli-tenant", "shop-1"),
                ("rangli-actor", "till 7"),
                ("trace", "abc"),
                ("secret-bin", b"\x00"),
            ),
            timeout=10,
        )

    (call,) = seen
    assert (call.tenant, call.actor) == ("shop-1", "till 7")
    assert call.method == "rangli.v1.PricingService/Quote"
    assert before <= call.received_at <= datetime.now(UTC)
    assert call.deadline < time.monotonic() + 20
    assert call.metadata["trace"] == "abc"
    assert "secret-bin" not in call.metadata


async def test_tenant_and_actor_have_defaults(serving):
    seen = []

    def remember(call, _request):
        seen.append((call.tenant, call.actor))
        return QuoteResponse()

    async with serving(Method("Quote", QuoteRequest, remember, Shape.INLINE)) as caller:
        await caller.call("Quote")

    assert seen == [("default", "anonymous")]


async def test_stream_is_handed_over_message_by_message(serving):
    async def count(_call, requests):
        lines = [len(request.lines) async for request in requests]
        return QuoteResponse(payable_minor=sum(lines), list_minor=len(lines))

    async def messages():
        for size in (1, 2, 3):
            yield QuoteRequest(lines=[CartLine()] * size).SerializeToString()

    async with serving(Method("Import", QuoteRequest, count, Shape.CLIENT_STREAM)) as caller:
        answer = QuoteResponse.FromString(await caller.stream("Import", messages()))

    assert (answer.list_minor, answer.payable_minor) == (3, 6)


async def test_stream_may_be_refused_before_its_end(serving, outcome):
    async def refuse_first(_call, requests):
        async for _request in requests:
            raise Invalid.fields(Violation("header", "is required"))
        raise AssertionError("there was a message")

    async def messages():
        yield QuoteRequest(currency="EUR").SerializeToString()
        await asyncio.Event().wait()  # there would be more

    method = Method("Import", QuoteRequest, refuse_first, Shape.CLIENT_STREAM)
    async with serving(method) as caller:
        refused = await outcome(caller.stream("Import", messages()))

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")


@pytest.mark.parametrize("shape", [Shape.INLINE, Shape.UNARY], ids=["inline", "unary"])
@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (NotFound("set", "s1"), "NOT_FOUND", "NO_SUCH_RESOURCE"),
        (
            Refused(Reason.WRONG_STATE, "it is paused", metadata={"state": "PAUSED"}),
            "FAILED_PRECONDITION",
            "WRONG_STATE",
        ),
        (Unavailable("postgres", "away", retry_after_s=1.5), "UNAVAILABLE", "UNAVAILABLE"),
    ],
)
async def test_refusal_arrives_with_code_reason_and_facts(serving, shape, error, code, reason):
    def refuse(_call, _request):
        raise error

    async def refuse_later(_call, _request):
        raise error

    handler = refuse if shape is Shape.INLINE else refuse_later
    async with serving(Method("Quote", QuoteRequest, handler, shape)) as caller:
        refused = await caller.refused("Quote")

    assert (refused.code, refused.reason) == (code, reason)
    assert refused.message == refused.status.message == error.message
    assert refused.metadata == error.metadata
    assert refused.retry_after_s == error.retry_after_s


async def test_field_violations_arrive_as_bad_request(serving):
    violations = [Violation("lines[2].quantity", "must be at least 1"), Violation("currency", "?")]

    def refuse(_call, _request):
        raise Invalid.fields(*violations)

    async with serving(Method("Quote", QuoteRequest, refuse, Shape.INLINE)) as caller:
        refused = await caller.refused("Quote")

    assert refused.code == "INVALID_ARGUMENT"
    assert refused.violations == tuple((v.field, v.description) for v in violations)


async def test_many_long_violations_still_fit_into_the_trailers(serving):
    def refuse(_call, _request):
        raise Invalid.fields(*(Violation("说" * 500, "说" * 2000) for _ in range(500)))

    async with serving(Method("Quote", QuoteRequest, refuse, Shape.INLINE)) as caller:
        refused = await caller.refused("Quote")

        # The limit of the trailers is soft: above it, some pass.
        for _ in range(20):
            assert (await caller.refused("Quote")).code == "INVALID_ARGUMENT"

    assert refused.reason == "INVALID_FIELD"
    assert refused.metadata == {"violations_total": "500"}
    assert 1 <= len(refused.violations) < 500


@pytest.mark.parametrize("shape", ONE_ANSWER, ids=lambda shape: shape.name.lower())
async def test_fault_is_logged_whole_and_nothing_of_it_is_sent(serving, shape, outcome):
    def fail(_call, _request):
        raise RuntimeError("secret dsn=postgres://u:p@h")

    async def fail_later(_call, _request):
        raise RuntimeError("secret dsn=postgres://u:p@h")

    async def nothing():
        yield b""

    handler = fail if shape is Shape.INLINE else fail_later
    with structlog.testing.capture_logs() as logs:
        async with serving(Method("Quote", QuoteRequest, handler, shape)) as caller:
            if shape is Shape.CLIENT_STREAM:
                refused = await outcome(caller.stream("Quote", nothing()))
            else:
                refused = await caller.refused("Quote")

    assert (refused.code, refused.reason) == ("INTERNAL", "INTERNAL_FAULT")
    assert refused.message == "internal fault"
    assert "secret" not in str(refused)
    (entry,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert "secret" in str(entry["exc_info"])
    assert entry["method"] == "rangli.v1.PricingService/Quote"


async def test_answer_that_is_no_message_is_a_fault_of_ours(serving):
    async with serving(Method("Quote", QuoteRequest, lambda *_: None, Shape.INLINE)) as caller:
        refused = await caller.refused("Quote")

    assert (refused.code, refused.reason) == ("INTERNAL", "INTERNAL_FAULT")


async def test_timeout_inside_a_handler_is_a_fault_and_no_passed_deadline(serving):
    async def time_out(_call, _request):
        raise TimeoutError("a driver's own")

    async with serving(Method("Quote", QuoteRequest, time_out)) as caller:
        refused = await caller.refused("Quote")

    assert (refused.code, refused.reason) == ("INTERNAL", "INTERNAL_FAULT")


@pytest.mark.parametrize("path", ["/rangli.v1.PricingService/Nope", "/nobody.Nothing/Nope"])
async def test_unknown_method_is_refused_with_its_reason(serving, path):
    async with serving(Method("Quote", QuoteRequest, echo, Shape.INLINE)) as caller:
        refused = await caller.refused(path)

    assert (refused.code, refused.reason) == ("UNIMPLEMENTED", "NO_SUCH_METHOD")


async def test_unknown_streaming_method_is_refused_without_waiting_for_messages(serving):
    async with serving() as caller:
        call = caller.channel.stream_stream("/nobody.Nothing/Nope")(timeout=20)
        code = await call.code()

    assert code is grpc.StatusCode.UNIMPLEMENTED
