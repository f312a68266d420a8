"""A load generator for one unary gRPC method, cheaper than any server it drives.

It speaks just the HTTP/2 (RFC 9113) it needs, on as many streams at once as told. A call's headers
are said in full once a connection and by their index in HPACK's table from then on (RFC 7541, 2.3).
Each answer's DATA is compared; a wrong one, and anything else than an answer, is an error and ends
the run. The answers' headers are not read: a call without a message was refused.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_INITIAL_WINDOW = 4
# A frame's head: its size's high and low bits, kind, flags, stream.
_HEAD = struct.Struct(">HBBBI")
_DATA_LAST = bytes((_DATA, _END_STREAM))
# HPACK: pairs that its static table has, names that it has (":path", ":authority", "content-type")
# or lacks ("te"), their pairs to be put into its dynamic table; and there, the last said first.
_POST, _HTTP, _HTTPS = 0x83, 0x86, 0x87
_NAMES = (b"\x44", b"\x41", b"\x40\x02te", b"\x5f")
_TOLD_BEFORE = (0xC1, 0xC0, 0xBF, 0xBE)
_PREFIX = 5  # bytes of gRPC before a message
_FRAME_BYTES_MAX = 16_384
_WINDOW = 2**31 - 1
_REFILL = 2**30
# A connection's new calls go out in pieces, so that the server has some while the others are made.
_PIECE = 16 * 7  # as parts of frames


class UnexpectedAnswerError(Exception):
    """The server answered something else than expected."""


@dataclass(slots=True)
class Load:
    """What to send, what to expect, and how many answers were right so far.

    request: sent again and again; or some that each connection sends in turn; or gives each call
        its own, None: there are no more.
    answer: what every answer is, byte by byte; or that of each request; or judges each.
    may_refuse: an answer without a message, which a refusal is, is right as well.
    """

    path: str
    request: bytes | tuple[bytes, ...] | Callable[[], bytes | None]
    answer: bytes | tuple[bytes, ...] | Callable[[bytes], bool]
    may_refuse: bool = False
    answered: int = 0
    refused: int = 0
    in_flight: int = 0
    stopping: bool = False
    exhausted: bool = False  # no more requests
    ended: asyncio.Future[None] = field(init=False)  # before its time: nothing is left, or an error
    bodies: tuple[bytes, ...] = field(init=False)  # the calls' DATA in turn; () where each is made
    answers: tuple[bytes, ...] = field(init=False)  # what its DATA must be; b"" where it is judged

    def __post_init__(self) -> None:
        self.bodies = () if callable(self.request) else _all_framed(self.request)
        self.answers = (b"",) if callable(self.answer) else _all_framed(self.answer)

    def begin(self) -> None:
        """Before each run."""
        self.stopping = self.exhausted = False
        self.in_flight = 0
        self.ended = asyncio.get_running_loop().create_future()

    def fail(self, error: UnexpectedAnswerError) -> None:
        """The run is over."""
        self.stopping = True
        if not self.ended.done():
            self.ended.set_exception(error)

    def judge(self, data: bytes, expected: bytes) -> bool:
        """Whether the DATA of an answer, gRPC's prefix before it, is right; counts a refusal."""
        message = data[_PREFIX:]
        if not message and self.may_refuse:
            self.refused += 1
            return True
        if callable(self.answer):
            return len(data) >= _PREFIX and self.answer(message)
        return data == expected


class Connection(asyncio.Protocol):
    """One connection, which makes a new call whenever one is answered.

    on_answer: told the stream of each right answer, instead of making the next call.
    turn: which of the load's requests it begins with.
    """

    def __init__(
        self,
        load: Load,
        authority: str,
        *,
        secure: bool = False,
        on_answer: Callable[[int], None] | None = None,
        turn: int = 0,
    ) -> None:
        self.next_stream = 1
        self._load = load
        self._on_answer = on_answer
        # A call's headers, but for their stream's number.
        self._first = _head_around(_headers(load.path, authority, secure=secure))
        self._later = _head_around(bytes([_POST, _HTTPS if secure else _HTTP, *_TOLD_BEFORE]))
        # Turned, so that the connections do not all ask for the same at once.
        self._bodies = load.bodies[turn:] + load.bodies[:turn]
        self._answers = load.answers[turn:] + load.answers[:turn]
        self._judges = callable(load.answer)
        self._got: dict[int, bytes | bytearray] = {}  # of each answer, so far
        self._rest = b""
        self._unacknowledged = 0
        self._transport: Any = None
        self._closed = False

    def connection_made(self, transport: Any) -> None:
        """Say our settings."""
        self._transport = transport
        transport.set_write_buffer_limits(high=0)  # out at once, not when uvloop's turn ends
        settings = struct.pack(">HI", _INITIAL_WINDOW, _WINDOW)
        window = struct.pack(">I", _WINDOW - 65_535)
        transport.write(
            _PREFACE + _frame(_SETTINGS, 0, 0, settings) + _frame(_WINDOW_UPDATE, 0, 0, window)
        )

    def call(self, count: int) -> None:
        """So many more; fewer if the load has no more requests."""
        out: list[bytes] = []
        for _ in range(count):
            self._add_call(out)
        self._transport.write(b"".join(out))

    def data_received(self, data: bytes) -> None:
        """Count what is answered, and call again."""
        if self._closed:
            return
        try:
            self._rest = self._take(self._rest + data if self._rest else data)
        except UnexpectedAnswerError as error:
            self._load.fail(error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """An error, if it was not we who closed."""
        if not self._closed:
            self._load.fail(UnexpectedAnswerError(f"the server closed a connection: {exc}"))

    def close(self) -> None:
        """Nothing more is counted."""
        self._closed = True
        self._transport.abort()

    def _take(self, data: bytes) -> bytes:
        """The frames in it; the rest, which is not a whole one."""
        load, got, answers = self._load, self._got, self._answers
        turns = len(answers)
        out: list[bytes] = []
        at, last = 0, len(data) - _HEAD.size
        while at <= last:
            high, low, kind, flags, stream = _HEAD.unpack_from(data, at)
            start = at + _HEAD.size
            size = high << 8 | low
            if start + size > len(data):
                break
            at = start + size
            if kind == _DATA and stream in got:
                self._unacknowledged += size
                expected = answers[(stream >> 1) % turns]
                if size == len(expected) and not got[stream] and data.startswith(expected, start):
                    got[stream] = expected  # the same object: what is right is not copied
                else:
                    got[stream] = _longer(got[stream], data[start:at])
            elif kind != _HEADERS or stream not in got:
                self._take_other(kind, flags, stream, data[start:at], out)
                continue
            if flags & _END_STREAM:
                self._answered(stream, out)
                if len(out) >= _PIECE:
                    self._transport.write(b"".join(out))
                    out.clear()
        if self._unacknowledged > _REFILL:
            out.append(_frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", self._unacknowledged)))
            self._unacknowledged = 0
        if out:
            self._transport.write(b"".join(out))
        if load.exhausted and not load.in_flight and not load.ended.done():
            load.ended.set_result(None)
        return data[at:]

    def _answered(self, stream: int, out: list[bytes]) -> None:
        """A call is over; the next one."""
        load = self._load
        answer = self._got.pop(stream)
        expected = self._answers[(stream >> 1) % len(self._answers)]
        is_same = answer is expected and not self._judges
        if not is_same and not load.judge(bytes(answer), expected):
            raise UnexpectedAnswerError(f"stream {stream} was answered with something else")
        load.answered += 1
        load.in_flight -= 1
        if self._on_answer is not None:
            self._on_answer(stream)
        elif not load.stopping:
            self._add_call(out)

    def _take_other(
        self, kind: int, flags: int, stream: int, payload: bytes, out: list[bytes]
    ) -> None:
        """A frame that is no part of an answer."""
        if kind == _SETTINGS and not flags & _ACK:
            out.append(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            out.append(_frame(_PING, _ACK, 0, payload))
        elif kind not in (_SETTINGS, _PING, _WINDOW_UPDATE):
            raise UnexpectedAnswerError(f"frame {kind} came on stream {stream}: {payload!r}")

    def _add_call(self, out: list[bytes]) -> None:
        """The next one; nothing if there is none."""
        load = self._load
        stream = self.next_stream
        bodies = self._bodies
        body = bodies[(stream >> 1) % len(bodies)] if bodies else self._next_body()
        if body is None:
            load.exhausted = True
            return
        load.in_flight += 1
        self.next_stream = stream + 2
        self._got[stream] = b""
        number = stream.to_bytes(4, "big")
        assert len(body) <= _FRAME_BYTES_MAX, "a request must fit into one frame"
        before, after = self._first if stream == 1 else self._later
        out += (before, number, after, len(body).to_bytes(3, "big"), _DATA_LAST, number, body)

    def _next_body(self) -> bytes | None:
        request = self._load.request
        assert callable(request)
        message = request()
        return None if message is None else framed(message)


async def drive(
    load: Load,
    port: int,
    *,
    connections: int,
    streams: int,
    seconds: float,
    tls: SSLContext | None = None,
    begun: Callable[[], object] = lambda: None,
) -> float:
    """Calls as fast as the server answers; returns the seconds it took. Raises what went wrong.

    tls: how to meet a server that speaks it. begun: called when all connections are there, just
    before the calls.
    """
    loop = asyncio.get_running_loop()
    load.begin()
    turns = [number * len(load.bodies) // connections for number in range(connections)]
    made = [await connected(load, port, tls=tls, turn=turn) for turn in turns]
    begun()
    started = loop.time()
    for connection in made:
        connection.call(streams)
    await asyncio.wait([load.ended], timeout=seconds)
    took = loop.time() - started
    load.stopping = True
    for connection in made:
        connection.close()
    if load.ended.done():
        await load.ended
    return took


async def connected(
    load: Load,
    port: int,
    *,
    tls: SSLContext | None = None,
    on_answer: Callable[[int], None] | None = None,
    turn: int = 0,
) -> Connection:
    """A connection that may call."""
    authority = f"localhost:{port}"
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(load, authority, secure=tls is not None, on_answer=on_answer, turn=turn),
        "127.0.0.1",
        port,
        ssl=tls,
        server_hostname=None if tls is None else "localhost",
    )
    return connection


def _longer(held: bytes | bytearray, more: bytes) -> bytes | bytearray:
    if not held:
        return more
    longer = held if isinstance(held, bytearray) else bytearray(held)
    longer += more
    return longer


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return _HEAD.pack(len(payload) >> 8, len(payload) & 255, kind, flags, stream) + payload


def _all_framed(messages: bytes | tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(map(framed, messages if isinstance(messages, tuple) else (messages,)))


def framed(message: bytes) -> bytes:
    """A message as gRPC sends it: not compressed, and how long it is."""
    return b"\0" + struct.pack(">I", len(message)) + message


def _head_around(block: bytes) -> tuple[bytes, bytes]:
    """A HEADERS frame but for its stream's number: what comes before that, and after."""
    frame = _frame(_HEADERS, _END_HEADERS, 0, block)
    return frame[:5], block


def _headers(path: str, authority: str, *, secure: bool) -> bytes:
    """A gRPC request's headers, those that HPACK's table lacks to be put into it."""
    values = zip(_NAMES, (path, authority, "trailers", "application/grpc"), strict=True)
    block = bytes([_POST, _HTTPS if secure else _HTTP])
    return block + b"".join(name + _string(value) for name, value in values)


def _string(text: str) -> bytes:
    assert len(text) < 127  # one length byte is enough
    return bytes([len(text)]) + text.encode()
