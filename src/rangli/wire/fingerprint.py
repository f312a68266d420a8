"""What a request says, as a short digest: two requests are the same if it is."""

from __future__ import annotations

from hashlib import sha256

from google.protobuf.message import Message


def fingerprint(request: Message, content: bytes = b"") -> bytes:
    """SHA-256 of the request's deterministic encoding and of what was streamed after it."""
    return sha256(request.SerializeToString(deterministic=True) + content).digest()


class StreamPrint:
    """The digest of a stream's items in their order, however they were spread over messages."""

    def __init__(self) -> None:
        self._digest = sha256()

    def add(self, item: bytes) -> None:
        """The next item."""
        self._digest.update(len(item).to_bytes(4, "big"))
        self._digest.update(item)

    def digest(self) -> bytes:
        """Of all items so far."""
        return self._digest.digest()
