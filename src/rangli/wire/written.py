"""Messages written in parts: for parts that many messages have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_BYTES = 2  # the wire type of messages and texts


def field(number: int, content: bytes) -> bytes:
    """A message, or a text in UTF-8, as a field of that number.

    The bytes of a message's fields, one after the other, are the message.
    """
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


class Written(Generic[T]):
    """The bytes of what never changes, each written once.

    write: from a thing to its bytes.  most: how many are kept.
    """

    def __init__(self, write: Callable[[T], bytes], most: int) -> None:
        self._write = write
        self._most = most
        # By identity: to hash or compare a large struct costs about as much as to write it.
        self._known: dict[int, tuple[Any, bytes]] = {}

    def of(self, thing: T) -> bytes:
        """Its bytes."""
        known = self._known.get(id(thing))
        if known is not None:  # it holds on to its thing, so that no other has the identity
            return known[1]
        if len(self._known) >= self._most:
            self._known.clear()
        content = self._write(thing)
        self._known[id(thing)] = thing, content
        return content
