"""A load generator for one unary gRPC method, many times cheaper than the servers it drives.

It speaks just the HTTP/2 (RFC 9113) it needs: headers encoded once without dynamic HPACK entries
(RFC 7541, 6.2.2), on as many streams at once as told. Each answer is judged by its DATA; a wrong
one, and anything else than an answer, is an error and ends the run.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_INITIAL_WINDOW = 4
_PREFIX = 5  # bytes of gRPC before a message
_EMPTY = bytes(_PREFIX)
_WINDOW = 2**31 - 1
_REFILL = 2**30


class UnexpectedAnswerError(Exception):
    """The server answered something else than expected."""


@dataclass(slots=True)
class Load:
    """What to send, what to expect, and how many answers were right so far.

    request: sent again and again, or gives each call its own; None: there are no more.
    answer: what every answer is, byte by byte, or judges each.
    may_refuse: an answer without a message, which a refusal is, is right as well.
    """

    path: str
    request: bytes | Callable[[], bytes | None]
    answer: bytes | Callable[[bytes], bool]
    may_refuse: bool = False
    answered: int = 0
    refused: int = 0
    in_flight: int = 0
    stopping: bool = False
    ended: asyncio.Future[None] = field(init=False)  # before its time: nothing is left, or an error


class _Connection(asyncio.Protocol):
    """One connection that keeps `streams` calls in flight."""

    def __init__(self, load: Load, streams: int, authority: str) -> None:
        self._load = load
        self._streams = streams
        self._head = _headers(load.path, authority)
        self._body: Callable[[], bytes | None] = _bodies(load.request)
        self._is_right: Callable[[bytes], bool] = _judge(load.answer)
        self._got: dict[int, bytearray] = {}
        self._next_stream = 1
        self._buffer = bytearray()
        self._unacknowledged = 0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        settings = struct.pack(">HI", _INITIAL_WINDOW, _WINDOW)
        window = struct.pack(">I", _WINDOW - 65_535)
        transport.write(
            _PREFACE + _frame(_SETTINGS, 0, 0, settings) + _frame(_WINDOW_UPDATE, 0, 0, window)
        )
        transport.write(b"".join(self._call() for _ in range(self._streams)))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        out: list[bytes] = []
        at = 0
        try:
            while len(self._buffer) - at >= 9:
                size = int.from_bytes(self._buffer[at : at + 3], "big")
                if len(self._buffer) - at < 9 + size:
                    break
                kind, flags = self._buffer[at + 3], self._buffer[at + 4]
                stream = int.from_bytes(self._buffer[at + 5 : at + 9], "big")
                self._take(kind, flags, stream, bytes(self._buffer[at + 9 : at + 9 + size]), out)
                at += 9 + size
        except UnexpectedAnswerError as error:
            self._load.stopping = True
            if not self._load.ended.done():
                self._load.ended.set_exception(error)
            self._transport.abort()
            return
        del self._buffer[:at]
        if out:
            self._transport.write(b"".join(out))

    def _take(self, kind: int, flags: int, stream: int, payload: bytes, out: list[bytes]) -> None:
        if kind == _DATA:
            self._got[stream] += payload
            self._unacknowledged += len(payload)
            if self._unacknowledged > _REFILL:
                out.append(_frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", self._unacknowledged)))
                self._unacknowledged = 0
        elif kind == _SETTINGS and not flags & _ACK:
            out.append(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            out.append(_frame(_PING, _ACK, 0, payload))
        elif kind in (_RST_STREAM, _GOAWAY):
            raise UnexpectedAnswerError(f"the server sent frame {kind} on stream {stream}")
        if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
            got = bytes(self._got.pop(stream))
            if got in (b"", _EMPTY) and self._load.may_refuse:
                self._load.refused += 1
            elif not self._is_right(got):
                raise UnexpectedAnswerError(f"stream {stream} was answered with something else")
            self._load.answered += 1
            self._load.in_flight -= 1
            if not self._load.stopping:
                out.append(self._call())
            if not self._load.in_flight and not self._load.ended.done():
                self._load.ended.set_result(None)

    def _call(self) -> bytes:
        """The next one; nothing if there is none."""
        body = self._body()
        if body is None:
            return b""
        self._load.in_flight += 1
        stream = self._next_stream
        self._next_stream += 2
        self._got[stream] = bytearray()
        return _frame(_HEADERS, _END_HEADERS, stream, self._head) + _frame(
            _DATA, _END_STREAM, stream, body
        )


async def drive(load: Load, port: int, *, connections: int, streams: int, seconds: float) -> float:
    """Calls as fast as the server answers; returns the seconds it took. Raises what went wrong."""
    loop = asyncio.get_running_loop()
    load.stopping = False
    load.in_flight = 0
    load.ended = loop.create_future()
    transports = [
        (
            await loop.create_connection(
                lambda: _Connection(load, streams, f"127.0.0.1:{port}"), "127.0.0.1", port
            )
        )[0]
        for _ in range(connections)
    ]
    started = loop.time()
    await asyncio.wait([load.ended], timeout=seconds)
    took = loop.time() - started
    load.stopping = True
    for transport in transports:
        transport.abort()
    if load.ended.done():
        await load.ended
    return took


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _framed(message: bytes) -> bytes:
    """A message as gRPC sends it: not compressed, and how long it is."""
    return b"\0" + struct.pack(">I", len(message)) + message


def _bodies(request: bytes | Callable[[], bytes | None]) -> Callable[[], bytes | None]:
    """What each call sends; the same one is made once."""
    if callable(request):
        return lambda: None if (message := request()) is None else _framed(message)
    body = _framed(request)
    return lambda: body


def _judge(answer: bytes | Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    """Whether the DATA of an answer is right; a refusal has none."""
    if callable(answer):
        return lambda data: len(data) >= _PREFIX and answer(data[_PREFIX:])
    expected = _framed(answer)
    return lambda data: data == expected


def _headers(path: str, authority: str) -> bytes:
    """A gRPC request's headers, each as a literal without indexing and without Huffman coding."""
    pairs = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    )
    return b"".join(b"\0" + _string(name) + _string(value) for name, value in pairs)


def _string(text: str) -> bytes:
    assert len(text) < 127  # one length byte is enough
    return bytes([len(text)]) + text.encode()
