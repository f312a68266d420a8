"""Whatever a peer says: no fault of ours, and nothing is left of it."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from google.protobuf.wrappers_pb2 import BytesValue, Int64Value
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.transport.h2.peer import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    SETTINGS,
    WINDOW,
    call,
    fields,
    frame,
    headers,
    hpack,
    message,
    number,
    reset,
    settings,
)
from tests.transport.h2.recorded import recorded, said

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.bin"))
ECHOED = message(BytesValue(value=b"once more").SerializeToString())
_FEW = 100  # in `make test`
_MANY = 5_000
_usual = examples(
    max_examples=_FEW, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
_long = examples(_usual, max_examples=_MANY)

streams = st.sampled_from([0, 1, 1, 3, 3, 5, 7, 2, 2**31 - 1])
methods = st.sampled_from(["Echo", "EchoTask", "Large", "Upload", "Numbers", "Back", "None"])
messages = st.one_of(
    st.binary(max_size=40).map(message),
    st.binary(max_size=40),
    st.integers(0, 200_000).map(lambda n: message(Int64Value(value=n).SerializeToString())),
    st.binary(max_size=20).map(lambda data: message(BytesValue(value=data).SerializeToString())),
)
flags = st.sampled_from([0, END_STREAM, END_HEADERS, END_STREAM | END_HEADERS, PADDED, 0x20, 0xFF])
frames = st.one_of(
    st.builds(frame, st.integers(0, 12), flags, streams, st.binary(max_size=60)),
    st.builds(headers, streams, methods),
    st.builds(lambda n, m: frame(HEADERS, 5, n, hpack(fields(m))), streams, methods),
    st.builds(lambda n, m: frame(HEADERS, 0, n, hpack(fields(m))), streams, methods),
    st.builds(frame, st.just(CONTINUATION), flags, streams, st.just(hpack([(b"a", b"b")]))),
    st.builds(frame, st.just(DATA), st.sampled_from([0, 1]), streams, messages),
    st.builds(call, streams, methods, st.binary(max_size=20)),
    st.builds(reset, streams, st.integers(0, 2**32 - 1)),
    st.builds(
        lambda n, by: frame(WINDOW, 0, n, number(by)),
        streams,
        st.sampled_from([0, 1, 100, 65_535, 2**31 - 1, 2**32 - 1]),
    ),
    st.builds(
        lambda key, value: frame(SETTINGS, 0, 0, key.to_bytes(2, "big") + number(value)),
        st.integers(0, 10),
        st.sampled_from([0, 1, 100, 16_384, 65_535, 2**24, 2**31, 2**32 - 1]),
    ),
    st.sampled_from(
        [
            frame(SETTINGS, ACK), frame(PING, payload=bytes(8)), frame(PING, ACK, 0, bytes(8)),
            frame(GOAWAY, payload=bytes(8)), frame(PRIORITY, 0, 1, bytes(5)), PREFACE, settings(),
        ]
    ),
)  # fmt: skip


@st.composite
def mutated(draw) -> list[bytes]:
    """A conversation in pieces, with faults in it."""
    said = bytearray(PREFACE + settings() + b"".join(draw(st.lists(frames, max_size=12))))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(said) - 1))
        match draw(st.sampled_from(["flip", "cut", "insert", "remove", "nothing"])):
            case "flip":
                said[at] ^= 1 << draw(st.integers(0, 7))
            case "cut" if at:
                del said[at:]
            case "insert":
                said[at:at] = draw(st.binary(min_size=1, max_size=9))
            case "remove":
                del said[at : at + draw(st.integers(1, 20))]
        if not said:
            break
    cuts = sorted(draw(st.lists(st.integers(0, len(said)), max_size=6)))
    edges = [0, *cuts, len(said)]
    return [bytes(said[a:b]) for a, b in pairwise(edges) if a < b]


async def anything_at_all(data):
    for greet in (b"", PREFACE, PREFACE + settings()):
        await said([greet + data])


async def conversations(pieces, full, turns):
    await said(pieces, full=full, turns=turns)


values = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [
            b"", b"1S", b"0n", b"-1S", b"123456789S", b"1s", b"S", b"99999999H", b"1.5S", b" 1S",
            "١S".encode(), b"gzip", b"identity", b"snappy, gzip", b"application/grpc+json",
            b"application/grpcx", b"text/plain", b"trailers", b"AAAA", b"AA==,AAA", b"=", b"*&%",
            b"GET", b"CONNECT", b"OPTIONS", b"http", b"ftp", b"/", b"*", b"//a/b", b"/a/b?c#d",
            b"/rangli.v1.PricingService/Echo", b"/grpc.reflection.v1.ServerReflection/Foo", b"5",
            b"default", b"x" * 300, b"%00", b"\xff\xfe", b"a\0b", b"a\r\nb: c", b" a", b"a ",
        ]
    ),
)  # fmt: skip
names = st.one_of(
    st.sampled_from(
        [
            b":method", b":scheme", b":path", b":authority", b":status", b":protocol", b":other",
            b"te", b"content-type", b"grpc-timeout", b"grpc-encoding", b"grpc-accept-encoding",
            b"content-length", b"host", b"user-agent", b"cookie", b"connection", b"grpc-other",
            b"grpc-status", b"some-bin", b"-bin", b"grpc-trace-bin", b"rangli-tenant", b"Upper",
            b"rangli-actor", b"", b"a b", b"a:b", b"\xc3\xa9", b"transfer-encoding", b"priority",
        ]
    ),
    st.binary(min_size=1, max_size=12),
)  # fmt: skip


@st.composite
def header_blocks(draw) -> list[tuple[bytes, bytes]]:
    """A call's headers with some of them changed, missing, doubled or new."""
    found = list(fields(draw(methods)))
    for _ in range(draw(st.integers(0, 5))):
        match draw(st.sampled_from(["change", "remove", "add", "repeat", "swap"])):
            case "change":
                at = draw(st.integers(0, len(found) - 1))
                found[at] = (found[at][0], draw(values))
            case "remove" if len(found) > 1:
                del found[draw(st.integers(0, len(found) - 1))]
            case "repeat":
                found.append(found[draw(st.integers(0, len(found) - 1))])
            case "swap":
                found.append(found.pop(0))
            case _:
                found.append((draw(names), draw(values)))
    return found


async def any_headers(block, data, flags):
    """A bad call is refused, or ends its stream; the connection goes on if it is not at an end."""
    async with recorded() as connection:
        connection.data_received(PREFACE + settings())
        connection.data_received(frame(HEADERS, END_HEADERS | flags, 1, hpack(block)))
        if not flags & END_STREAM:
            connection.data_received(frame(DATA, END_STREAM, 1, data))
        transport = connection._transport
        if not transport.is_closing():
            connection.data_received(headers(3) + frame(DATA, END_STREAM, 3, ECHOED))
            await asyncio.sleep(0)
            assert transport.is_closing() or ECHOED in transport.written


_conversation = (mutated(), st.sampled_from([1 << 30, 1_000, 10]), st.integers(0, 3))
_headers = (header_blocks(), messages, st.sampled_from([0, END_STREAM]))


@_usual
@given(st.binary(max_size=400))
@example(b"")
async def test_bytes_at_random_are_borne(data):
    await anything_at_all(data)


@_usual
@given(*_conversation)
async def test_conversations_with_faults_in_them_are_borne(pieces, full, turns):
    await conversations(pieces, full, turns)


@_usual
@given(*_headers)
async def test_headers_of_all_kinds_are_borne_and_the_next_call_is_served(block, data, flags):
    await any_headers(block, data, flags)


@pytest.mark.soak
@_long
@given(st.binary(max_size=2_000))
async def test_bytes_at_random_are_borne_for_long(data):
    await anything_at_all(data)


@pytest.mark.soak
@_long
@given(*_conversation)
async def test_conversations_with_faults_in_them_are_borne_for_long(pieces, full, turns):
    await conversations(pieces, full, turns)


@pytest.mark.soak
@_long
@given(*_headers)
async def test_headers_of_all_kinds_are_borne_for_long(block, data, flags):
    await any_headers(block, data, flags)


@pytest.mark.parametrize("found", CORPUS, ids=lambda path: path.stem)
async def test_what_was_found_once_is_borne(found):
    whole = found.read_bytes()
    await said([whole])
    await said([whole], full=10, turns=3)
    await said([bytes((byte,)) for byte in whole])
    for cut in range(0, len(whole), max(1, len(whole) // 50)):
        await said([whole[:cut]])


def test_there_is_a_corpus():
    assert CORPUS
