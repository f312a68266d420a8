"""A refusal or a fault as what a transport sends of it."""

from __future__ import annotations

import structlog

from rangli.core.errors import Code, RangliError, Reason
from rangli.wire.status import MESSAGE_CHARS_MAX, clipped

STATUS_DETAILS_KEY = "grpc-status-details-bin"
_log = structlog.get_logger(__name__)


class NoSuchMethod(RangliError):
    """No method of that name is served here."""

    code = Code.UNIMPLEMENTED


def no_such_method() -> RangliError:
    """What a call of an unknown name is refused with."""
    return NoSuchMethod(Reason.NO_SUCH_METHOD, "no such method here")


def told(path: str, error: Exception) -> RangliError:
    """What the caller is told: the refusal itself; of a fault nothing, it goes whole to the log.

    Its trace is let go: frames that it leads to often hold the refusal, and such a circle would be
    left for the collector.
    """
    if isinstance(error, RangliError):
        error.__traceback__ = None
        _log.debug(
            "refused", method=path, code=error.code.value, reason=error.reason.value,
            message=error.message,
        )  # fmt: skip
        return error
    _log.error("fault", method=path, exc_info=error)
    error.__traceback__ = None
    return RangliError(Reason.INTERNAL_FAULT, "internal fault")


def message_of(refusal: RangliError) -> str:
    """The refusal's words, as far as trailers have room for them."""
    return clipped(refusal.message, MESSAGE_CHARS_MAX)
