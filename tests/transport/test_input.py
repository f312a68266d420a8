"""Bytes and metadata that no handler must ever see."""

from __future__ import annotations

import grpc
import pytest

from rangli.core.call import KIB, Method, Shape
from rangli.v1.pricing_service_pb2 import CartLine, QuoteRequest, QuoteResponse


@pytest.fixture
def untouched():
    """A method that must not be reached."""

    def handle(_call, _request):
        raise AssertionError("the handler was reached")

    return Method("Quote", QuoteRequest, handle, Shape.INLINE)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xff\xff\xff", id="random"),
        pytest.param(b"\x0a\x05US", id="cut-off"),
        pytest.param(b"\x0a\x02\xff\xfe", id="invalid-utf8"),
    ],
)
async def test_bytes_that_are_no_message_are_refused_in_our_words(serving, untouched, data):
    async with serving(untouched) as caller:
        refused = await caller.refused("Quote", data)

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "MALFORMED_MESSAGE")
    assert refused.message == "the bytes are not a message of this method's request type"


async def test_unknown_fields_are_ignored(serving):
    def echo(_call, request):
        return QuoteResponse(currency=request.currency)

    newer = QuoteRequest(currency="EUR").SerializeToString() + b"\xf8\xff\x0f\x01"
    async with serving(Method("Quote", QuoteRequest, echo, Shape.INLINE)) as caller:
        answer = await caller.call("Quote", newer)

    assert QuoteResponse.FromString(answer).currency == "EUR"


@pytest.mark.parametrize("shape", [Shape.INLINE, Shape.UNARY], ids=["inline", "unary"])
async def test_message_up_to_the_limit_passes_and_one_byte_more_is_refused(serving, shape):
    def inline(_call, _request):
        return QuoteResponse()

    async def unary(_call, _request):
        return QuoteResponse()

    handler = inline if shape is Shape.INLINE else unary
    method = Method("Quote", QuoteRequest, handler, shape, limit_bytes=1000)
    fits = QuoteRequest(user_id="x" * 997).SerializeToString()
    assert len(fits) == 1000
    async with serving(method) as caller:
        await caller.call("Quote", fits)
        refused = await caller.refused("Quote", QuoteRequest(user_id="x" * 998).SerializeToString())

    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")
    assert refused.metadata == {"limit_bytes": "1000", "actual_bytes": "1001"}


async def test_each_method_has_its_own_limit(serving):
    def echo(_call, _request):
        return QuoteResponse()

    small = Method("Quote", QuoteRequest, echo, Shape.INLINE)
    large = Method("BatchQuote", QuoteRequest, echo, Shape.INLINE, limit_bytes=1024 * KIB)
    data = QuoteRequest(user_id="x" * 512 * KIB).SerializeToString()
    async with serving(small, large) as caller:
        await caller.call("BatchQuote", data)
        refused = await caller.refused("Quote", data)

    assert refused.reason == "MESSAGE_TOO_LARGE"


async def test_message_beyond_every_limit_is_refused_before_it_is_read(serving, untouched):
    async with serving(untouched) as caller:
        refused = await caller.refused("Quote", b"\0" * 10_000_000)

    assert refused.code == "RESOURCE_EXHAUSTED"


async def test_large_message_inside_a_stream_is_refused(serving, outcome):
    async def count(_call, requests):
        return QuoteResponse(payable_minor=len([r async for r in requests]))

    async def messages():
        yield QuoteRequest(currency="EUR").SerializeToString()
        yield QuoteRequest(lines=[CartLine(sku="x" * 70 * KIB)]).SerializeToString()

    async with serving(Method("Import", QuoteRequest, count, Shape.CLIENT_STREAM)) as caller:
        refused = await outcome(caller.stream("Import", messages()))

    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")


async def test_malformed_message_inside_a_stream_is_refused(serving, outcome):
    async def count(_call, requests):
        return QuoteResponse(payable_minor=len([r async for r in requests]))

    async def messages():
        yield b"\xff\xff"

    async with serving(Method("Import", QuoteRequest, count, Shape.CLIENT_STREAM)) as caller:
        refused = await outcome(caller.stream("Import", messages()))

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "MALFORMED_MESSAGE")


async def test_compressed_message_is_refused_so_that_none_can_unfold_beyond_its_limit(
    serving, untouched
):
    async with serving(untouched) as caller:
        refused = await caller.refused("Quote", b"\0" * 60_000, compression=grpc.Compression.Gzip)

    assert refused.code == "UNIMPLEMENTED"


@pytest.mark.parametrize(
    "tenant",
    ["", "A", "-a", "_a", "a b", "a/b", "a{b}", "x" * 64],
)
async def test_malformed_tenant_is_refused(serving, untouched, tenant):
    async with serving(untouched) as caller:
        refused = await caller.refused("Quote", metadata=(("rangli-tenant", tenant),))

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "MALFORMED_TENANT")


async def test_two_tenants_in_one_call_are_refused(serving, untouched):
    metadata = (("rangli-tenant", "a"), ("rangli-tenant", "b"))
    async with serving(untouched) as caller:
        refused = await caller.refused("Quote", metadata=metadata)

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "MALFORMED_TENANT")


async def test_the_same_tenant_twice_is_that_tenant(serving):
    seen = []

    def remember(call, _request):
        seen.append(call.tenant)
        return QuoteResponse()

    metadata = (("rangli-tenant", "a"), ("rangli-tenant", "a"))
    async with serving(Method("Quote", QuoteRequest, remember, Shape.INLINE)) as caller:
        await caller.call("Quote", metadata=metadata)

    assert seen == ["a"]


@pytest.mark.parametrize("actors", [["x" * 101], ["a", "b"], [""]], ids=["long", "two", "empty"])
async def test_unusable_actor_is_refused(serving, untouched, actors):
    metadata = tuple(("rangli-actor", actor) for actor in actors)
    async with serving(untouched) as caller:
        refused = await caller.refused("Quote", metadata=metadata)

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert refused.violations[0][0] == "rangli-actor"


async def test_too_much_metadata_is_refused(serving, untouched):
    async with serving(untouched) as caller:
        refused = await caller.refused("Quote", metadata=(("note", "x" * 20_000),))

    assert refused.code == "RESOURCE_EXHAUSTED"
