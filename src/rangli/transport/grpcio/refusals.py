"""A refusal or a fault as the status of a call."""

from __future__ import annotations

from typing import NoReturn, TypeAlias, cast

import grpc
import structlog

from rangli.core.errors import RangliError, Reason
from rangli.wire.status import MESSAGE_CHARS_MAX, clipped, serialized

STATUS_DETAILS_KEY = "grpc-status-details-bin"
# A string, because grpcio's class is generic in its type stubs only.
Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"

_log = structlog.get_logger(__name__)
_CODES = {code.name: code for code in grpc.StatusCode}


async def refuse(context: Context, path: str, refusal: RangliError) -> NoReturn:
    """End the call with the refusal's code, message and details."""
    _log.debug(
        "refused", method=path, code=refusal.code.value, reason=refusal.reason.value,
        message=refusal.message,
    )  # fmt: skip
    await _abort(context, refusal)


async def fail(context: Context, path: str, fault: Exception) -> NoReturn:
    """End the call with INTERNAL_FAULT: the fault goes whole to the log, nothing of it is sent."""
    _log.error("fault", method=path, exc_info=fault)
    await _abort(context, RangliError(Reason.INTERNAL_FAULT, "internal fault"))


async def _abort(context: Context, refusal: RangliError) -> NoReturn:
    details = ((STATUS_DETAILS_KEY, serialized(refusal)),)
    message = clipped(refusal.message, MESSAGE_CHARS_MAX)
    await context.abort(_CODES[refusal.code.value], message, cast("grpc._Metadata", details))
    raise AssertionError("abort raises")
