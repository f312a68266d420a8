"""What a handler knows of its call, and how a domain offers its methods.

A domain's `rpc.py` lists its methods as `Method`s in a `Service`; a transport serves them. Neither
knows the other, so that the transport can be changed without touching a domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, Protocol

KIB = 1024


class MessageType(Protocol):
    """What a transport needs of a protobuf message's class."""

    def FromString(self, data: bytes, /) -> Any:  # noqa: N802  protobuf's name
        """The message in the bytes; raises if they are none of this type."""
        ...


@dataclass(slots=True)  # one a call: freezing would triple what making it costs
class CallContext:
    """One call, as handlers see it.

    tenant: whose data; already validated.
    actor: who acts, for the audit.
    method: "rangli.v1.PricingService/Quote".
    received_at: the server's clock when the call came (UTC).
    deadline: `time.monotonic()` after which nobody waits for the answer.
    metadata: the caller's metadata, lower-case keys, text values only.
    binaries: the same of its `-bin` keys, whose values are bytes.
    peer: whom the caller's certificate names; "" without one. It is known of the connection; the
        actor is whom the caller says, and nothing here compares the two.
    initial_metadata, trailing_metadata: what a handler wants sent before its first answer and after
        its last, lower-case keys; set before that moment. None: nothing.
    """

    tenant: str
    actor: str
    method: str
    received_at: datetime
    deadline: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    binaries: Mapping[str, bytes] = field(default_factory=dict)
    peer: str = ""
    initial_metadata: Sequence[tuple[str, str | bytes]] | None = None
    trailing_metadata: Sequence[tuple[str, str | bytes]] | None = None


class Shape(Enum):
    """How messages flow, and how the handler runs."""

    # Request in, answer out, computed at once: the handler is a plain function that does no I/O.
    # What would keep others waiting it computes elsewhere: then it returns an awaitable.
    INLINE = auto()
    # Request in, answer out: the handler is a coroutine.
    UNARY = auto()
    # Requests in, one answer out: the handler is a coroutine that reads an async iterator.
    CLIENT_STREAM = auto()
    # Request in, answers out, one after the other: the handler is an async generator. What it has
    # yielded is sent before it goes on.
    SERVER_STREAM = auto()
    # Requests in, answers out, in any order: the handler is an async generator that reads an async
    # iterator. What it has yielded is sent before it goes on.
    BIDI_STREAM = auto()


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a service.

    handler: by shape, `(CallContext, request) -> response` (or an awaitable of it), its coroutine,
        the coroutine of `(CallContext, AsyncIterator[request]) -> response`, or the async generator
        of `(CallContext, request) -> response`s or of `(CallContext, AsyncIterator[request])`.
    limit_bytes: largest message accepted; of a stream, each of its messages.
    quick: asked first, with the request's bytes: `(CallContext, bytes) -> bytes | RangliError |
        None`, with UNARY a coroutine. It answers with the response's bytes; with a refusal, as to
        raise it costs more; or with None: then the handler answers.
    deadline_s_max: longest time the method may take, whatever the caller allows; infinite for
        what goes on as long as the caller wants.
    counted: whether the call counts as one in flight; what only waits for changes does not.
    """

    name: str
    request: MessageType
    handler: Callable[[CallContext, Any], Any]
    shape: Shape = Shape.UNARY
    limit_bytes: int = 64 * KIB
    deadline_s_max: float = 2.0
    quick: Callable[[CallContext, bytes], Any] | None = None
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """A service as a domain offers it: its full protobuf name and its methods."""

    name: str
    methods: tuple[Method, ...]
