"""What grpcio's client is lenient about or does not show: fields and flags as they are sent.

Compressed messages are refused, and answers are plain, as gRPC's compression document says.
"""

from __future__ import annotations

import asyncio
import gzip
from urllib.parse import unquote

import ngh2
import pytest

from tests.interop.cases import PATIENCE_S, SPECIAL_STATUS
from tests.interop.service import NAME
from tests.interop.stubs import pb

UNIMPLEMENTED, INVALID_ARGUMENT, INTERNAL = b"12", b"3", b"13"


class Answer:
    """What came back: header fields and trailers together, and the messages with their flags."""

    def __init__(self) -> None:
        self.fields = {}
        self.body = b""

    @property
    def messages(self) -> list[tuple[int, bytes]]:
        found, rest = [], self.body
        while rest:
            size = int.from_bytes(rest[1:5], "big")
            found.append((rest[0], rest[5 : 5 + size]))
            rest = rest[5 + size :]
        return found


async def ask(address: str, method: str, *messages: bytes, encoding: str | None = None) -> Answer:
    """One call on a connection of its own. messages: with their prefixes."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    h2 = ngh2.Connection(ngh2.Role.CLIENT, ngh2.Configuration())
    h2.initiate_connection({})
    headers = {
        ":method": "POST", ":scheme": "http", ":path": f"/{NAME}/{method}", ":authority": address,
        "te": "trailers", "content-type": "application/grpc",
        "grpc-accept-encoding": "identity,gzip",
    }  # fmt: skip
    if encoding is not None:
        headers["grpc-encoding"] = encoding
    stream_id = h2.send_request([(k.encode(), v.encode()) for k, v in headers.items()])
    h2.send_data(stream_id, b"".join(messages), end_stream=True)
    answer, ended = Answer(), False
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not ended:
                writer.write(h2.data_to_send(1 << 20))
                data = await reader.read(1 << 16)
                assert data, "the connection was closed before the call had ended"
                h2.receive_data(data)
                for event in h2.events():
                    answer.fields |= dict(getattr(event, "headers", ()))
                    if isinstance(event, ngh2.DataReceived):
                        answer.body += event.data
                    ended = ended or isinstance(event, ngh2.StreamClosed)
    finally:
        writer.close()
        await writer.wait_closed()
    return answer


def plain(message) -> bytes:
    data = message.SerializeToString()
    return b"\0" + len(data).to_bytes(4, "big") + data


def compressed(message) -> bytes:
    data = gzip.compress(message.SerializeToString())
    return b"\1" + len(data).to_bytes(4, "big") + data


def requests(*, expect_compressed: bool):
    """The same of one message and of a stream."""
    expected = pb.BoolValue(value=expect_compressed)
    some = pb.Payload(body=bytes(1_000))
    return {
        "UnaryCall": pb.SimpleRequest(
            expect_compressed=expected, payload=some, response_size=1_000
        ),
        "StreamingInputCall": pb.StreamingInputCallRequest(
            expect_compressed=expected, payload=some
        ),
    }


BOTH = pytest.mark.parametrize("method", ["UnaryCall", "StreamingInputCall"])


@BOTH
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "snappy"])
async def test_client_compressed_calls_are_unimplemented_and_hear_what_is_taken(
    served, transport, method, encoding
):
    message = compressed(requests(expect_compressed=True)[method])

    answer = await ask(served.address, method, message, encoding=encoding)

    assert answer.fields[b":status"] == b"200"
    if transport == "h2":
        assert answer.fields[b"grpc-status"] == UNIMPLEMENTED
        assert answer.fields[b"grpc-accept-encoding"] == b"identity"
    else:  # grpcio's server does not say what it takes, and calls what it doesn't know INTERNAL
        known = encoding in ("gzip", "deflate")
        assert answer.fields[b"grpc-status"] == (UNIMPLEMENTED if known else INTERNAL)


@BOTH
async def test_client_compressed_probe_hears_that_its_message_came_plain(served, method):
    answer = await ask(served.address, method, plain(requests(expect_compressed=True)[method]))

    assert answer.fields[b"grpc-status"] == INVALID_ARGUMENT


@BOTH
async def test_client_compressed_calls_succeed_without_compression(served, method):
    message = plain(requests(expect_compressed=False)[method])

    for encoding in (None, "identity"):
        answer = await ask(served.address, method, message, encoding=encoding)
        assert answer.fields[b"grpc-status"] == b"0"


@BOTH
async def test_a_message_flagged_as_compressed_needs_an_encoding(served, method):
    message = compressed(requests(expect_compressed=False)[method])

    answer = await ask(served.address, method, message)

    assert answer.fields[b"grpc-status"] != b"0"


async def test_server_compressed_unary_is_answered_plain(served):
    wanted = pb.SimpleRequest(response_compressed=pb.BoolValue(value=True), response_size=1_000)

    answer = await ask(served.address, "UnaryCall", plain(wanted))

    assert answer.fields[b"grpc-status"] == b"0"
    assert answer.fields.get(b"grpc-encoding", b"identity") == b"identity"
    ((flag, data),) = answer.messages
    assert flag == 0
    assert pb.SimpleResponse.FromString(data).payload.body == bytes(1_000)


async def test_server_compressed_streaming_is_answered_plain(served):
    wanted = pb.StreamingOutputCallRequest(
        response_parameters=[
            pb.ResponseParameters(size=size, compressed=pb.BoolValue(value=size > 500))
            for size in (1_000, 300)
        ]
    )

    answer = await ask(served.address, "StreamingOutputCall", plain(wanted))

    assert answer.fields[b"grpc-status"] == b"0"
    assert [flag for flag, _ in answer.messages] == [0, 0]
    assert [
        len(pb.StreamingOutputCallResponse.FromString(data).payload.body)
        for _, data in answer.messages
    ] == [1_000, 300]


async def test_special_status_message_is_sent_in_visible_characters(served):
    wanted = pb.SimpleRequest(response_status=SPECIAL_STATUS)

    answer = await ask(served.address, "UnaryCall", plain(wanted))

    message = answer.fields[b"grpc-message"]
    assert set(message) <= set(range(0x20, 0x7F))
    assert unquote(message.decode()) == SPECIAL_STATUS.message
