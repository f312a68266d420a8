"""What the specification says of a call's headers, sent as they are, byte by byte."""

from __future__ import annotations

import asyncio

import ngh2
import pytest
from google.protobuf.wrappers_pb2 import BytesValue

from rangli.core.call import CallContext
from tests.transport.h2 import methods
from tests.transport.h2.peer import (
    CALM,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    fields,
    frame,
    hpack,
    message,
    settings,
)
from tests.transport.h2.recorded import recorded

OK, INVALID, TOO_LATE, EXHAUSTED, UNIMPLEMENTED, INTERNAL = b"0", b"3", b"4", b"8", b"12", b"13"
REQUEST = message(BytesValue(value=b"hello").SerializeToString())


def wrap(block: bytes) -> list[bytes]:
    """As much as goes into a frame."""
    return [block[at : at + 16_000] for at in range(0, len(block), 16_000)]


async def answer(block, data: bytes = REQUEST) -> dict[bytes, bytes] | None:
    """The header fields of the answer to a call, all of them; None if the stream was reset.

    Raises ConnectionError if the connection was ended.
    """
    client = ngh2.Connection(ngh2.Role.CLIENT)
    client.initiate_connection()
    client.send_request(fields())
    client.data_to_send()  # not what we send: but now it understands what comes back
    async with recorded() as connection:
        connection.data_received(PREFACE + settings())
        first, *others = wrap(hpack(block))
        connection.data_received(frame(HEADERS, 0, 1, first))
        for piece in others:
            connection.data_received(frame(CONTINUATION, 0, 1, piece))
        connection.data_received(frame(CONTINUATION, END_HEADERS, 1))
        connection.data_received(frame(DATA, END_STREAM, 1, data))
        for _ in range(10):
            await asyncio.sleep(0)
        ended = connection._transport.is_closing()
        client.receive_data(bytes(connection._transport.written))
    found: dict[bytes, bytes] = {}
    for event in client.events():
        if isinstance(event, ngh2.ResponseReceived | ngh2.TrailersReceived):
            found |= dict(event.headers)
        elif isinstance(event, ngh2.StreamReset) and event.error_code:
            assert found == {}
            return None
        elif isinstance(event, ngh2.GoAwayReceived):
            assert ended
            raise ConnectionError(event.error_code)
    assert found
    assert not ended
    return found


async def status(*more, **kwargs) -> bytes | None:
    found = await answer(fields("Echo", *more), **kwargs)
    return None if found is None else found.get(b"grpc-status")


@pytest.fixture
def seen(monkeypatch) -> list[CallContext]:
    """The contexts of the calls that reached their handler."""
    found: list[CallContext] = []

    def noted(ctx, request):
        found.append(ctx)
        return request

    echo, *others = methods.METHODS
    changed = type(echo)(echo.name, echo.request, noted, echo.shape)
    monkeypatch.setattr(methods, "METHODS", (changed, *others))
    return found


@pytest.mark.parametrize(
    "value",
    [b"1H", b"1M", b"1S", b"99999m", b"99999999u", b"99999999n", b"99999999H", b"00000001H"],
)
async def test_timeouts_have_up_to_8_digits_and_a_unit(value):
    assert await status((b"grpc-timeout", value)) == OK


@pytest.mark.parametrize(
    "value",
    [
        b"", b"1", b"S", b"-1S", b"+1S", b"1.5S", b"123456789S", b"1s", b"1 S", b"1SS", b"0x1S",
        b"1_0S", "١S".encode(),
    ],
)  # fmt: skip
async def test_other_timeouts_are_refused(value):
    found = await answer(fields("Echo", (b"grpc-timeout", value)))

    assert found is not None
    assert found[b"grpc-status"] == INVALID
    assert b"grpc-timeout" in found[b"grpc-message"]


@pytest.mark.parametrize("value", [b"0S", b"0n", b"00000000H"])
async def test_no_time_at_all_is_over_at_once(value, seen):
    assert await status((b"grpc-timeout", value)) == TOO_LATE
    assert seen == []


@pytest.mark.parametrize(
    "name",
    [b"Upper-Case", b"with space", b"", b"\xc3\xa9", b"a:b", b"nul\0", b"connection"],
    ids=repr,
)
async def test_names_that_http_forbids_reset_the_stream(name, seen):
    """RFC 9113, 8.2.1 and 8.2.2: malformed, whatever gRPC would make of it."""
    assert await status((name, b"x")) is None
    assert seen == []


@pytest.mark.parametrize("value", [b"a\0b", b"a\nb", b"a\rb", b" a", b"a ", b"\ta"], ids=repr)
async def test_values_that_http_forbids_reset_the_stream(value, seen):
    assert await status((b"name", value)) is None
    assert seen == []


@pytest.mark.parametrize("missing", [b":method", b":scheme", b":path"])
async def test_calls_without_what_http_needs_reset_the_stream(missing):
    assert await answer([field for field in fields() if field[0] != missing]) is None


async def test_metadata_reaches_the_handler_by_its_kind(seen):
    own = ((b"name", b"a, b"), (b"some-bin", b"AAEC"), (b"grpc-unknown", b"x"))
    assert await status(*own) == OK

    (ctx,) = seen
    assert dict(ctx.metadata) == {"name": "a, b"}
    assert dict(ctx.binaries) == {"some-bin": b"\0\1\2"}


@pytest.mark.parametrize("value", [b"AA", b"AA==", b"", b"AAE=", b"AAE"])
async def test_binaries_come_with_padding_or_without(value):
    assert await status((b"some-bin", value)) == OK


@pytest.mark.parametrize("value", [b"*", b"A", b"AA=A", b"A A", b"\xff"], ids=repr)
async def test_binaries_that_are_none_are_refused(value):
    assert await status((b"some-bin", value)) == INVALID


@pytest.mark.parametrize(
    "content", [b"application/grpc", b"application/grpc+proto", b"application/grpc;charset=utf-8"]
)
async def test_grpcs_content_types_are_taken(content):
    found = await answer((*fields()[:-1], (b"content-type", content)))
    assert found is not None
    assert found[b"grpc-status"] == OK


@pytest.mark.parametrize("content", [b"", b"application/grpcx", b"application/json", b"text/html"])
async def test_other_content_types_are_refused_as_http_does(content):
    found = await answer((*fields()[:-1], (b"content-type", content)))
    assert found is not None
    assert found[b":status"] == b"415"
    assert b"grpc-status" not in found


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"HEAD", b"OPTIONS", b"post"])
async def test_other_methods_are_refused_as_http_does(method):
    found = await answer(((b":method", method), *fields()[1:]))
    assert found is not None
    assert found[b":status"] == b"405"


@pytest.mark.parametrize("path", [b"/", b"//", b"/rangli.v1.PricingService/", b"/a/b?c", b"/%2e"])
async def test_paths_that_name_no_method_are_unimplemented(path):
    block = [(name, path if name == b":path" else value) for name, value in fields()]
    found = await answer(block)
    assert found is not None
    assert found[b"grpc-status"] == UNIMPLEMENTED


async def test_more_metadata_than_the_limit_is_refused():
    assert await status((b"a", b"x" * 10_000)) == OK
    assert await status((b"a", b"x" * 20_000)) == EXHAUSTED
    assert await status(*[(b"a", b"") for _ in range(500)]) == EXHAUSTED  # each counts 32 more


@pytest.mark.parametrize(
    ("more", "code"),
    [([(b"a", b"x" * 100_000)], 9), ([(b"a", b"b")] * 1_000, CALM)],
    ids=["large", "many"],
)
async def test_much_more_metadata_ends_the_connection(more, code, seen):
    with pytest.raises(ConnectionError, match=f"^{code}$"):
        await status(*more)
    assert seen == []
