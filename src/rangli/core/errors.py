"""What a call can be refused with, and nothing else.

    RangliError
    ├── Invalid          the request breaks a documented bound
    ├── NotFound         nothing of that name in this tenant
    ├── Conflict         the name is taken, or the resource has changed meanwhile
    ├── Refused          an ordinary business no
    ├── Exhausted        shed: the server or a limit of size or rate is full
    ├── Unavailable      a store is away or the process drains; nothing was acknowledged
    └── DeadlinePassed   no answer in time; the outcome of a change is unknown

Domains raise them, a transport turns them into its status. Any other exception that reaches a
transport is a fault of ours: it is logged whole and reported as INTERNAL_FAULT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The gRPC status codes that rangli uses; UNKNOWN only says what is not ours to tell."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    ABORTED = "ABORTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    UNAVAILABLE = "UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    INTERNAL = "INTERNAL"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    UNKNOWN = "UNKNOWN"


class Reason(StrEnum):
    """Why; each is documented in `protos/rangli/v1/error_reason.proto`, a test keeps them equal."""

    INVALID_FIELD = "INVALID_FIELD"
    MALFORMED_MESSAGE = "MALFORMED_MESSAGE"
    MALFORMED_TENANT = "MALFORMED_TENANT"
    MESSAGE_TOO_LARGE = "MESSAGE_TOO_LARGE"
    OVERLOADED = "OVERLOADED"
    UNAVAILABLE = "UNAVAILABLE"
    DEADLINE_PASSED = "DEADLINE_PASSED"
    INTERNAL_FAULT = "INTERNAL_FAULT"
    NO_SUCH_RESOURCE = "NO_SUCH_RESOURCE"
    NAME_TAKEN = "NAME_TAKEN"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    REVISION_MISMATCH = "REVISION_MISMATCH"
    WRONG_STATE = "WRONG_STATE"
    NOT_READY = "NOT_READY"
    NO_SUCH_METHOD = "NO_SUCH_METHOD"
    CODE_NOT_GOOD = "CODE_NOT_GOOD"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    FUNDS_FROZEN = "FUNDS_FROZEN"
    LOT_EXPIRED = "LOT_EXPIRED"
    RESERVATION_ENDED = "RESERVATION_ENDED"
    RETURN_EXCEEDS_CAPTURED = "RETURN_EXCEEDS_CAPTURED"
    DAILY_CAP_REACHED = "DAILY_CAP_REACHED"
    BUDGET_CHANGED = "BUDGET_CHANGED"
    LIMIT_REACHED = "LIMIT_REACHED"
    SOLD_OUT = "SOLD_OUT"
    BATCH_NOT_OPEN = "BATCH_NOT_OPEN"
    COUPON_NOT_USABLE = "COUPON_NOT_USABLE"
    CODE_REFUSED = "CODE_REFUSED"
    TOO_MANY_GUESSES = "TOO_MANY_GUESSES"
    ADMISSION_REFUSED = "ADMISSION_REFUSED"
    PRICE_CHANGED = "PRICE_CHANGED"
    EVALUATION_EXPIRED = "EVALUATION_EXPIRED"
    ORDER_STATE = "ORDER_STATE"
    ORDER_GONE = "ORDER_GONE"
    LIMIT_CHANGED = "LIMIT_CHANGED"
    RESERVATION_OF_ANOTHER = "RESERVATION_OF_ANOTHER"


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks its bounds.

    field: path in the request message, such as `lines[2].quantity`.
    description: what it must be, and what it was where that helps.
    """

    field: str
    description: str


class RangliError(Exception):
    """A refusal with its status code, documented reason and facts.

    metadata: facts for the caller's program; values are sent as strings. Never secrets.
    retry_after_s: if set, the caller may try again after that long.
    details: messages that go with it, such as what would be accepted instead; `wire.status` knows
        their kind.
    """

    code: Code = Code.INTERNAL

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        metadata: Mapping[str, object] | None = None,
        violations: Sequence[Violation] = (),
        retry_after_s: float | None = None,
        details: Sequence[object] = (),
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = {key: str(value) for key, value in (metadata or {}).items()}
        self.violations = tuple(violations)
        self.retry_after_s = retry_after_s
        self.details = tuple(details)


class Invalid(RangliError):
    """The request breaks a documented bound; the same request can never succeed."""

    code = Code.INVALID_ARGUMENT

    @classmethod
    def fields(cls, *violations: Violation) -> Invalid:
        """One error for all the violations found, the first of them in the message."""
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        return cls(
            Reason.INVALID_FIELD,
            f"{first.field}: {first.description}{more}",
            violations=violations,
        )


class NotFound(RangliError):
    """Nothing of that kind has that name in this tenant."""

    code = Code.NOT_FOUND

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(
            Reason.NO_SUCH_RESOURCE,
            f"no {kind} is named {name!r} here",
            metadata={"kind": kind, "id": name},
        )


class Conflict(RangliError):
    """The resource is not as the caller thinks; read it again."""

    code = Code.ABORTED


class NameTaken(Conflict):
    """The chosen name belongs to another resource of the tenant."""

    code = Code.ALREADY_EXISTS

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(
            Reason.NAME_TAKEN,
            f"the {kind} name {name!r} is taken; choose another",
            metadata={"kind": kind, "id": name},
        )


class Refused(RangliError):
    """An ordinary business no: well formed, but not in this state."""

    code = Code.FAILED_PRECONDITION


class Exhausted(RangliError):
    """Shed, because something is full. Try later or send less."""

    code = Code.RESOURCE_EXHAUSTED


class Unavailable(RangliError):
    """A store is away or the process drains. Nothing was acknowledged; safe to retry."""

    code = Code.UNAVAILABLE

    def __init__(self, component: str, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(
            Reason.UNAVAILABLE,
            message,
            metadata={"component": component},
            retry_after_s=retry_after_s,
        )


class DeadlinePassed(RangliError):
    """No answer in time. Repeat a change with its request_id to learn what became of it."""

    code = Code.DEADLINE_EXCEEDED

    def __init__(self, message: str = "the deadline passed before the answer") -> None:
        super().__init__(Reason.DEADLINE_PASSED, message)
