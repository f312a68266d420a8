"""Statuses and metadata as header fields (PROTOCOL, "Responses")."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from google.rpc.code_pb2 import Code as RpcCode

from rangli.core.errors import Code, RangliError
from rangli.transport.h2.messages import Compressed
from rangli.transport.refusals import STATUS_DETAILS_KEY, message_of
from rangli.wire.status import serialized

Fields = tuple[tuple[bytes, bytes], ...]

_STATUS, _MESSAGE = b"grpc-status", b"grpc-message"
OK: Fields = ((_STATUS, b"0"),)
HEADERS: Fields = ((b":status", b"200"), (b"content-type", b"application/grpc"))
# COMPRESSION, "Compression Method Asymmetry": what is refused is told what would be taken.
_TAKEN: Fields = ((b"grpc-accept-encoding", b"identity"),)
_NUMBERS = {code: str(RpcCode.Value(code.value)).encode() for code in Code}
# PROTOCOL, "Status-Message": what stands for itself is the space and ASCII's visible characters but
# for '%'.
_AS_IS = "".join(chr(n) for n in range(0x20, 0x7F) if chr(n) != "%")


def of_refusal(refusal: RangliError) -> Fields:
    """Status, message and details."""
    fields = _of(refusal.code, message_of(refusal), serialized(refusal))
    return fields + _TAKEN if isinstance(refusal, Compressed) else fields


@lru_cache(maxsize=256)  # the same again and again, as when all is sold out
def _of(code: Code, message: str, details: bytes) -> Fields:
    return (
        (_STATUS, _NUMBERS[code]),
        (_MESSAGE, quote(message, safe=_AS_IS).encode()),
        (STATUS_DETAILS_KEY.encode(), _base64(details)),
    )


def of_metadata(metadata: Iterable[tuple[str, str | bytes]]) -> Fields:
    """A handler's own; values of `-bin` keys are bytes and go as base64 (PROTOCOL, "Binary")."""
    return tuple(
        (key.encode(), _base64(value) if isinstance(value, bytes) else value.encode())
        for key, value in metadata
    )


def binary(value: bytes) -> bytes:
    """What a peer sent for a `-bin` key, padded or not. ValueError if it is no base64."""
    return b64decode(value + b"=" * (-len(value) % 4), validate=True)


def _base64(value: bytes) -> bytes:
    """Without padding, which PROTOCOL asks senders to leave out."""
    return b64encode(value).rstrip(b"=")
