"""A refusal as `google.rpc.Status`, for a transport's trailers and for single items of a batch."""

from __future__ import annotations

from functools import lru_cache

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code as RpcCode
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from rangli.core.errors import RangliError, Reason, Violation

DOMAIN = "rangli"
# gRPC peers accept about 8 KiB of trailers, in which bytes grow by a third and other letters than
# ASCII ninefold. So all parts are cut to a share of it.
MESSAGE_CHARS_MAX = 200
METADATA_CHARS_MAX = 120
VIOLATION_CHARS_MAX = 150
VIOLATIONS_BYTES_MAX = 2_000
# Of what a refusal brings itself; where it would be too large, none of it is sent.
DETAILS_BYTES_MAX = 3_500


def to_status(error: RangliError) -> Status:
    """The refusal with its details: ErrorInfo always, BadRequest and RetryInfo where it has them,
    and what it brings itself.

    Long texts are cut, and violations that would be too many are left out; `violations_total` in
    the metadata then says how many there were.
    """
    violations = _that_fit(error.violations)
    info = ErrorInfo(domain=DOMAIN, reason=error.reason.value)
    for key, value in error.metadata.items():
        info.metadata[key] = clipped(value, METADATA_CHARS_MAX)
    if len(violations) < len(error.violations):
        info.metadata["violations_total"] = str(len(error.violations))
    details: list[Message] = [info]
    if violations:
        details.append(BadRequest(field_violations=violations))
    if error.retry_after_s is not None:
        retry = RetryInfo()
        retry.retry_delay.FromMilliseconds(round(error.retry_after_s * 1000))
        details.append(retry)
    own = [detail for detail in error.details if isinstance(detail, Message)]
    if sum(detail.ByteSize() for detail in own) <= DETAILS_BYTES_MAX:
        details += own
    return Status(
        code=RpcCode.Value(error.code.value),
        message=clipped(error.message, MESSAGE_CHARS_MAX),
        details=[_packed(detail) for detail in details],
    )


@lru_cache(maxsize=256)
def _usual(code: str, reason: str, message: str, facts: tuple[tuple[str, str], ...]) -> bytes:
    refusal = RangliError(Reason(reason), message, metadata=dict(facts))
    status = to_status(refusal)
    status.code = RpcCode.Value(code)
    data: bytes = status.SerializeToString()
    return data


def serialized(error: RangliError) -> bytes:
    """`to_status`, serialised; the same again and again, as when all is sold out, costs little."""
    if error.violations or error.details or error.retry_after_s is not None:
        data: bytes = to_status(error).SerializeToString()
        return data
    return _usual(
        error.code.value, error.reason.value, error.message, tuple(error.metadata.items())
    )


def clipped(text: str, chars_max: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= chars_max else text[: chars_max - 1] + "…"


def _that_fit(violations: tuple[Violation, ...]) -> list[BadRequest.FieldViolation]:
    """The first of them, always one if there is any."""
    fitting: list[BadRequest.FieldViolation] = []
    left_bytes = VIOLATIONS_BYTES_MAX
    for violation in violations:
        message = BadRequest.FieldViolation(
            field=clipped(violation.field, VIOLATION_CHARS_MAX),
            description=clipped(violation.description, VIOLATION_CHARS_MAX),
        )
        left_bytes -= message.ByteSize()
        if left_bytes < 0 and fitting:
            break
        fitting.append(message)
    return fitting


def _packed(detail: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed
