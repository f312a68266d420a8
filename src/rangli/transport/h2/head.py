"""A request's headers (PROTOCOL, "Requests").

libnghttp2 has judged them as HTTP before (RFC 9113, 8): pseudo-headers are complete and first,
names are lower-case, no connection-specific field is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rangli.core.errors import Exhausted, Invalid, Reason, Violation
from rangli.transport.h2.trailers import binary

Headers = tuple[tuple[bytes, bytes], ...]

# What gRPC itself sends; everything else is the caller's metadata.
_OURS = frozenset(
    (
        b":method", b":scheme", b":path", b":authority", b"te", b"content-type", b"user-agent",
        b"grpc-timeout", b"grpc-encoding", b"grpc-accept-encoding", b"accept-encoding",
        b"content-length", b"grpc-message-type", b"host",
    )
)  # fmt: skip
_UNITS_S = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_TIMEOUT_DIGITS_MAX = 8
_FIELD_BYTES = 32  # RFC 9113 6.5.2 adds them to each
GRPC = b"application/grpc"


class NotGrpc(Exception):
    """What HTTP, and not gRPC, refuses; `status` is HTTP's."""

    def __init__(self, status: bytes) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """What a call's headers say.

    allowed_s: how long the caller waits; None if it does not say.
    encoding: of compressed messages, "identity" if there are none.
    metadata: the caller's own, None if there is none.
    """

    path: bytes
    allowed_s: float | None
    encoding: bytes
    metadata: tuple[tuple[str, str | bytes], ...] | None


# A caller sends much the same headers again and again.
@lru_cache(maxsize=256)
def head_of(headers: Headers, bytes_max: int) -> Head:
    """The head.

    Raises NotGrpc; Invalid where the fields are gRPC's but malformed; Exhausted (MESSAGE_TOO_LARGE)
    if there is more metadata than `bytes_max`.
    """
    fields = dict(headers)
    if fields.get(b":method") != b"POST":
        raise NotGrpc(b"405")
    content = fields.get(b"content-type", b"")
    # "application/grpc", and with "+proto" or ";…" behind it.
    if content != GRPC and not content.startswith((GRPC + b"+", GRPC + b";")):
        raise NotGrpc(b"415")
    timeout = fields.get(b"grpc-timeout")
    return Head(
        path=fields.get(b":path", b""),
        allowed_s=None if timeout is None else timeout_s(timeout),
        encoding=fields.get(b"grpc-encoding", b"identity"),
        metadata=None if fields.keys() <= _OURS else _metadata(headers, bytes_max),
    )


def timeout_s(value: bytes) -> float:
    """PROTOCOL, "Timeout": at most 8 digits and a unit. Raises Invalid."""
    digits, unit = value[:-1], _UNITS_S.get(value[-1:])
    if unit is None or not digits.isdigit() or len(digits) > _TIMEOUT_DIGITS_MAX:
        raise Invalid.fields(
            Violation("grpc-timeout", "(metadata) must be 1-8 digits and one of H M S m u n")
        )
    return int(digits) * unit


def _metadata(headers: Headers, bytes_max: int) -> tuple[tuple[str, str | bytes], ...]:
    size = sum(len(name) + len(value) + _FIELD_BYTES for name, value in headers)
    if size > bytes_max:
        raise Exhausted(
            Reason.MESSAGE_TOO_LARGE,
            f"the metadata has {size} bytes; a call may have {bytes_max}",
            metadata={"limit_bytes": bytes_max, "actual_bytes": size},
        )
    metadata: list[tuple[str, str | bytes]] = []
    for name, value in headers:
        # "grpc-" is gRPC's own, what we know of it and what we don't (PROTOCOL, "Custom-Metadata").
        if name in _OURS or name.startswith(b"grpc-"):
            continue
        key = name.decode()
        if name.endswith(b"-bin"):
            try:
                # Several values may have been joined.
                metadata += [(key, binary(part.strip())) for part in value.split(b",")]
            except ValueError:
                raise Invalid.fields(Violation(key, "(metadata) is no base64")) from None
        else:
            metadata.append((key, value.decode("latin-1")))
    return tuple(metadata)
