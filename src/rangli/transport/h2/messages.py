"""Length-prefixed messages (PROTOCOL, "Length-Prefixed-Message"), and what is read of a stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

from rangli.core.call import Method
from rangli.core.errors import Code, Invalid, RangliError, Reason
from rangli.transport.answering import too_large

PREFIX_BYTES = 5
_PLAIN = 0


class Compressed(RangliError):
    """Messages are taken uncompressed: a small one could unfold to a thousand times its limit."""

    code = Code.UNIMPLEMENTED


def prefixed(message: bytes) -> bytes:
    """The message as it goes on the wire."""
    return b"\0" + len(message).to_bytes(4, "big") + message


class Messages:
    """Puts a stream's messages together from the pieces in which they come.

    Holds at most one message that is not complete, up to the method's limit.
    """

    __slots__ = ("_buffer", "_encoding", "_method", "_size")

    def __init__(self, method: Method, encoding: bytes) -> None:
        self._method = method
        self._encoding = encoding
        self._buffer = bytearray()
        self._size = -1  # of the message that has begun; unknown before its prefix is complete

    @property
    def held_bytes(self) -> int:
        """Of the message that is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that this piece completes.

        Raises Exhausted (MESSAGE_TOO_LARGE) as soon as a prefix announces too much, Compressed,
        Invalid (a flag that is neither).
        """
        buffer = self._buffer
        buffer += data
        complete: list[bytes] = []
        at = 0
        while True:
            if self._size < 0:
                if len(buffer) - at < PREFIX_BYTES:
                    break
                self._size = self._announced(buffer, at)
                at += PREFIX_BYTES
            if len(buffer) - at < self._size:
                break
            complete.append(bytes(buffer[at : at + self._size]))
            at += self._size
            self._size = -1
        del buffer[:at]
        return complete

    def check_complete(self) -> None:
        """Raises Invalid if the stream has ended in the middle of a message."""
        if self._buffer or self._size >= 0:
            raise Invalid(Reason.MALFORMED_MESSAGE, "the stream ended in the middle of a message")

    def _announced(self, buffer: bytearray, at: int) -> int:
        flag = buffer[at]
        if flag != _PLAIN:
            raise refused_flag(flag, self._encoding)
        size = int.from_bytes(buffer[at + 1 : at + PREFIX_BYTES], "big")
        if size > self._method.limit_bytes:
            raise too_large(self._method, size)
        return size


def refused_flag(flag: int, encoding: bytes) -> RangliError:
    """What a message that is not plain is refused with (PROTOCOL, "Message-Encoding")."""
    if flag == 1 and encoding != b"identity":
        return Compressed(Reason.MALFORMED_MESSAGE, "messages must not be compressed")
    return RangliError(
        Reason.MALFORMED_MESSAGE, "a message is flagged as compressed, but no encoding is named"
    )


class Incoming:
    """A stream's messages as its handler reads them.

    take: told how many bytes were read, so that the peer may send as many more. While a message
        waits unread the peer gets no more room than it had: what is held is bounded by the window
        and one message.
    """

    __slots__ = ("_ended", "_error", "_ready", "_take", "_unread_bytes", "_wakes")

    def __init__(self, take: Callable[[int], None]) -> None:
        self._take = take
        self._ready: deque[bytes] = deque()
        self._unread_bytes = 0
        self._ended = False
        self._error: Exception | None = None
        self._wakes: asyncio.Future[None] | None = None

    def put(self, messages: list[bytes], size_bytes: int, *, ended: bool) -> None:
        """Messages that are complete, and how many bytes of the stream came for them."""
        self._ready.extend(messages)
        self._unread_bytes += size_bytes
        self._ended = self._ended or ended
        self._give_room()
        self._wake()

    def fail(self, error: Exception, size_bytes: int) -> None:
        """Nothing more can be read: the reader meets this after what came before."""
        self._error = error
        self._unread_bytes += size_bytes
        self._give_room()
        self._wake()

    def drop(self) -> None:
        """Nobody reads what is left: its room on the connection is other calls' again."""
        self._ready.clear()
        self._give_room()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._ready:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._wakes = asyncio.get_running_loop().create_future()
            await self._wakes
        message = self._ready.popleft()
        self._give_room()
        return message

    def _give_room(self) -> None:
        if not self._ready and self._unread_bytes:
            self._take(self._unread_bytes)
            self._unread_bytes = 0

    def _wake(self) -> None:
        if self._wakes is not None and not self._wakes.done():
            self._wakes.set_result(None)
