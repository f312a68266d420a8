"""What a failed call says."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from rangli.v1.checkout_pb2 import Evaluation

_STATUS_DETAILS_KEY = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field of the request that breaks its bounds; `field` is its path in the message."""

    field: str
    description: str


class CallRefused(Exception):
    """A call that got no answer, with all that is known of why.

    code: the gRPC status code.
    reason: name of the `rangli.v1.ErrorReason` without its prefix, such as "NO_SUCH_RESOURCE";
        empty if rangli itself did not answer (the server is away, the caller's deadline passed).
    message: for people.
    metadata: facts for programs, documented with the reason.
    violations: of INVALID_FIELD, the fields.
    retry_after_s: if not None, the call may be repeated after that long.
    evaluation: of PRICE_CHANGED, what the order would cost now; None if it was too long to be sent.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str,
        *,
        metadata: dict[str, str] | None = None,
        violations: tuple[FieldViolation, ...] = (),
        retry_after_s: float | None = None,
        evaluation: Evaluation | None = None,
    ) -> None:
        super().__init__(
            f"{code.name} {reason}: {message}" if reason else f"{code.name}: {message}"
        )
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata = metadata or {}
        self.violations = violations
        self.retry_after_s = retry_after_s
        self.evaluation = evaluation


def refused(error: grpc.aio.AioRpcError) -> CallRefused:
    """grpcio's error as ours, details read."""
    reason, metadata = "", {}
    violations: tuple[FieldViolation, ...] = ()
    retry_after_s: float | None = None
    evaluation: Evaluation | None = None
    for detail in _status(error).details:
        if detail.Is(ErrorInfo.DESCRIPTOR):
            info = ErrorInfo.FromString(detail.value)
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Is(BadRequest.DESCRIPTOR):
            violations = tuple(
                FieldViolation(violation.field, violation.description)
                for violation in BadRequest.FromString(detail.value).field_violations
            )
        elif detail.Is(RetryInfo.DESCRIPTOR):
            delay = RetryInfo.FromString(detail.value).retry_delay
            retry_after_s = delay.ToMilliseconds() / 1000
        elif detail.Is(Evaluation.DESCRIPTOR):
            evaluation = Evaluation.FromString(detail.value)
    # The caller's own cancellation raises CancelledError; this one came from a server that drains.
    away = error.code() is grpc.StatusCode.CANCELLED
    return CallRefused(
        grpc.StatusCode.UNAVAILABLE if away else error.code(),
        reason,
        error.details() or "",
        metadata=metadata,
        violations=violations,
        retry_after_s=retry_after_s,
        evaluation=evaluation,
    )


def _status(error: grpc.aio.AioRpcError) -> Status:
    for key, value in error.trailing_metadata() or ():
        if key == _STATUS_DETAILS_KEY:
            return Status.FromString(value)
    return Status()
