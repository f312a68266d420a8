"""A method's messages, from bytes to bytes: size and form are judged here, in our words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from google.protobuf.message import DecodeError

from rangli.core.call import CallContext, Method
from rangli.core.errors import Exhausted, Invalid, RangliError, Reason


def too_large(method: Method, size_bytes: int) -> RangliError:
    """What a message above the method's limit is refused with."""
    return Exhausted(
        Reason.MESSAGE_TOO_LARGE,
        f"the message has {size_bytes} bytes; {method.name} takes up to {method.limit_bytes}",
        metadata={"limit_bytes": method.limit_bytes, "actual_bytes": size_bytes},
    )


def parser(method: Method) -> Callable[[bytes], Any]:
    """Bytes to the method's request. Raises Exhausted (MESSAGE_TOO_LARGE), Invalid (malformed)."""
    limit = method.limit_bytes
    from_string = method.request.FromString

    def parse(data: bytes) -> Any:
        if len(data) > limit:
            raise too_large(method, len(data))
        try:
            return from_string(data)
        except DecodeError as error:
            raise Invalid(
                Reason.MALFORMED_MESSAGE,
                "the bytes are not a message of this method's request type",
            ) from error

    return parse


async def parsed(
    parse: Callable[[bytes], Any], messages: AsyncIterator[bytes]
) -> AsyncIterator[Any]:
    """The messages of a stream, one by one."""
    async for data in messages:
        yield parse(data)


def answered(method: Method, parse: Callable[[bytes], Any]) -> Callable[[CallContext, bytes], Any]:
    """The coroutine function that answers a UNARY method's request."""
    quick, handle, limit_bytes = method.quick, method.handler, method.limit_bytes

    async def answer(ctx: CallContext, data: bytes) -> Any:
        if quick is not None and len(data) <= limit_bytes:
            quickly = await quick(ctx, data)
            if quickly is not None:
                return quickly
        return await handle(ctx, parse(data))

    return answer


def to_bytes(message: Any) -> bytes:
    """An answer's bytes: it may have been given as such. Raises one that is a refusal."""
    if isinstance(message, RangliError):
        raise message
    data: bytes = message if isinstance(message, bytes) else message.SerializeToString()
    return data
