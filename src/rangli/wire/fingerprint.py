"""What a request says, as a short digest: two requests are the same if it is."""

from __future__ import annotations

from hashlib import sha256

from google.protobuf.message import Message

from rangli.core.errors import Invalid, Violation
from rangli.core.ids import printable


def fingerprint(request: Message) -> bytes:
    """SHA-256 of the request's deterministic encoding."""
    return sha256(request.SerializeToString(deterministic=True)).digest()


def request_id_of(request_id: str, path: str = "request_id") -> str:
    """The caller's name for a change, checked: 1-64 printable characters."""
    if not 1 <= len(request_id) <= 64 or not printable(request_id):
        raise Invalid.fields(
            Violation(path, "is required: 1 to 64 printable characters, new for every change")
        )
    return request_id
