"""A peer of our own: frames made by hand, well-formed or not (RFC 9113, 4.1 and 6)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from google.protobuf.wrappers_pb2 import BytesValue

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
CANCEL, CALM = 8, 11
SERVICE = "rangli.v1.PricingService"
PATIENCE_S = 60


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
    )


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def settings(**values: int) -> bytes:
    """`settings(s4=0)`: INITIAL_WINDOW_SIZE is 0."""
    payload = b"".join(int(k[1:]).to_bytes(2, "big") + number(v) for k, v in values.items())
    return frame(SETTINGS, payload=payload)


def hpack(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Literal fields that no table remembers (RFC 7541, 6.2.2): every stream's can be the same."""
    return b"".join(b"\0" + _string(name) + _string(value) for name, value in fields)


def _string(value: bytes) -> bytes:
    """RFC 7541, 5.1 and 5.2, without Huffman's code."""
    if len(value) < 127:
        return bytes((len(value),)) + value
    rest, size = len(value) - 127, b"\x7f"
    while rest >= 128:
        size += bytes((rest % 128 + 128,))
        rest //= 128
    return size + bytes((rest,)) + value


def fields(method: str = "Echo", *more: tuple[bytes, bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """A call's headers as gRPC has them."""
    return (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", f"/{SERVICE}/{method}".encode()),
        (b":authority", b"test"),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
        *more,
    )


def headers(stream: int, method: str = "Echo", *more: tuple[bytes, bytes]) -> bytes:
    return frame(HEADERS, END_HEADERS, stream, hpack(fields(method, *more)))


def message(data: bytes) -> bytes:
    """Length-prefixed."""
    return b"\0" + number(len(data)) + data


def call(stream: int, method: str = "Echo", data: bytes = b"") -> bytes:
    """A whole call with one request."""
    return headers(stream, method) + frame(DATA, END_STREAM, stream, message(data))


def reset(stream: int, code: int = CANCEL) -> bytes:
    return frame(RST, 0, stream, number(code))


@dataclass(frozen=True)
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self) -> int:
        """Of a GOAWAY or RST_STREAM."""
        at = 4 if self.kind == GOAWAY else 0
        return int.from_bytes(self.payload[at : at + 4], "big")


class Peer:
    """One connection, on which anything can be said.

    said: the frames that came, as far as they were read.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.said: list[Frame] = []

    async def say(self, data: bytes) -> None:
        """Raises ConnectionError if the server has gone."""
        self.writer.write(data)
        await self.writer.drain()

    async def next(self) -> Frame | None:
        """The next frame; None at the connection's end, however it came."""
        try:
            head = await self.reader.readexactly(9)
            payload = await self.reader.readexactly(int.from_bytes(head[:3], "big"))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        found = Frame(head[3], head[4], int.from_bytes(head[5:], "big"), payload)
        self.said.append(found)
        return found

    async def until(self, kind: int, stream: int | None = None) -> Frame:
        """The next frame of this kind."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := await self.next()) is not None:
                if found.kind == kind and stream in (None, found.stream):
                    return found
        raise AssertionError(f"the connection ended after {self.said}")

    async def answered(self, stream: int) -> bytes:
        """The data of a stream that ends well."""
        data = b""
        async with asyncio.timeout(PATIENCE_S):
            while (found := await self.next()) is not None:
                if found.stream != stream:
                    continue
                assert found.kind in (HEADERS, DATA), found
                if found.kind == DATA:
                    data += found.payload
                if found.flags & END_STREAM:
                    return data
        raise AssertionError(f"the connection ended after {self.said}")

    async def ended(self) -> list[Frame]:
        """All that was said, when the server has closed."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.next() is not None:
                pass
        return self.said

    async def is_served(self, stream: int) -> None:
        """A call of its own succeeds."""
        data = BytesValue(value=b"still there").SerializeToString()
        await self.say(call(stream, data=data))
        assert await self.answered(stream) == message(data)

    def close(self) -> None:
        self.writer.close()

    def break_off(self) -> None:
        """TCP's RST."""
        self.writer.transport.abort()


@asynccontextmanager
async def connected(
    port: int, *, greet: bytes = PREFACE + settings(), tls: ssl.SSLContext | None = None
) -> AsyncIterator[Peer]:
    """A peer that has said so much, and is closed after the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    peer = Peer(reader, writer)
    try:
        if greet:
            await peer.say(greet)
        yield peer
    finally:
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
