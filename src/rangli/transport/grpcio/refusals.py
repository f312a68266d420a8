"""A refusal or a fault as the status of a call."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, cast

import grpc

from rangli.core.call import CallContext
from rangli.transport.refusals import STATUS_DETAILS_KEY, message_of, told
from rangli.wire.status import serialized

# A string, because grpcio's class is generic in its type stubs only.
Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"

_CODES = {code.name: code for code in grpc.StatusCode}


class Ending(NamedTuple):
    """What a refused call ends with."""

    code: grpc.StatusCode
    message: str
    details: bytes


def ending(path: str, error: Exception) -> Ending:
    """Of a refusal its code, message and details; of a fault nothing is sent."""
    refusal = told(path, error)
    return Ending(_CODES[refusal.code.value], message_of(refusal), serialized(refusal))


async def end(context: Context, how: Ending, ctx: CallContext | None = None) -> bytes:
    """End the call so. What its handler then returns is not sent.

    Not to be awaited where an exception is handled: grpcio keeps the one that `abort` raises in the
    call, to which its context and traceback lead back. Such circles of sixty objects a refusal,
    which the collector alone can end, were a fifth of what refusing costs.
    """
    trailing = ((STATUS_DETAILS_KEY, how.details),)
    if ctx is not None and ctx.trailing_metadata is not None:
        trailing = (*ctx.trailing_metadata, *trailing)  # type: ignore[assignment]
    try:
        await context.abort(how.code, how.message, cast("grpc._Metadata", trailing))
    except grpc.aio.AbortError as ended:
        ended.__traceback__ = None
    return b""
