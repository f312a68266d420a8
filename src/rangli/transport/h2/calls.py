"""One call, and how each shape runs."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from rangli.core.call import CallContext, Method, Shape
from rangli.core.errors import DeadlinePassed, Invalid, RangliError, Reason
from rangli.transport.answering import answered, parsed, parser, to_bytes
from rangli.transport.arriving import call_context
from rangli.transport.deadlines import Deadlines
from rangli.transport.gate import Gate
from rangli.transport.h2.head import Head
from rangli.transport.h2.messages import PREFIX_BYTES, Incoming, Messages
from rangli.transport.refusals import told


@dataclass(frozen=True, slots=True)
class Route:
    """A method, ready to be run.

    path: as handlers and logs name it.
    takes_stream: whether its requests are a stream.
    parse: a request's message out of its bytes.
    answer: of UNARY, the coroutine function that answers a request's bytes.
    """

    method: Method
    path: str
    takes_stream: bool
    parse: Callable[[bytes], Any]
    answer: Callable[[CallContext, bytes], Coroutine[Any, Any, Any]]

    @classmethod
    def of(cls, method: Method, path: str) -> Route:
        """What every call of the method needs, made once."""
        parse = parser(method)
        takes_stream = method.shape in (Shape.CLIENT_STREAM, Shape.BIDI_STREAM)
        return cls(method, path, takes_stream, parse, answered(method, parse))


class Out(Protocol):
    """Where a call's answers go; all of it at once and never waiting, but `room`."""

    def message(self, call: Call, message: bytes) -> None:
        """Put an answer of a stream out."""

    async def room(self, call: Call) -> None:
        """Return when the peer has taken most of what was put out."""

    def answer(self, call: Call, message: bytes) -> None:
        """Put the only answer out, and end the call with OK."""

    def end(self, call: Call) -> None:
        """End the call with OK."""

    def refuse(self, call: Call, refusal: RangliError) -> None:
        """End the call with a refusal."""

    def acknowledge(self, stream_id: int, size_bytes: int) -> None:
        """Let the peer send as much more."""


class Call:
    """One call from its headers to its end.

    stream_id: HTTP/2's number of it.
    context: as the handler sees it; None until it was let in.
    begun: the answer's headers are out.
    request_ended: the peer has said all it will.
    over: answered, refused or given up; nothing more may be sent.
    """

    __slots__ = (
        "_deadlines", "_gate", "_incoming", "_inside", "_messages", "_out", "_received", "_task",
        "_works", "begun", "context", "over", "request_ended", "route", "stream_id",
    )  # fmt: skip

    def __init__(
        self, out: Out, stream_id: int, route: Route, gate: Gate, deadlines: Deadlines
    ) -> None:
        self._out = out
        self._gate = gate
        self._deadlines = deadlines
        self.stream_id = stream_id
        self.route = route
        self.context: CallContext | None = None
        self.begun = self.request_ended = self.over = False
        self._inside = False  # counted by the gate
        self._incoming: Incoming | None = None
        self._messages: Messages | None = None
        self._received: bytes | None = None
        self._task: asyncio.Task[None] | None = None
        self._works = False  # the task has taken its first step

    def begin(self, head: Head, peer: str) -> None:
        """Let the call in. Raises what it is refused with."""
        method = self.route.method
        if method.counted:
            self._gate.enter()
            self._inside = True
        self.context = call_context(
            self.route.path,
            method.deadline_s_max,
            metadata=head.metadata,
            allowed_s=head.allowed_s,
            peer=peer,
        )
        if self.route.takes_stream:
            self._incoming = Incoming(lambda size: self._out.acknowledge(self.stream_id, size))
            self._messages = Messages(method, head.encoding)
            self._run_stream(method, self.context, self._incoming)
        elif head.encoding != b"identity":
            self._messages = Messages(method, head.encoding)

    @property
    def held_bytes(self) -> int:
        """Of a request that is not complete."""
        return self._messages.held_bytes if self._messages is not None else 0

    def receive(self, data: bytes, *, ended: bool) -> None:
        """A piece of the request's stream. Raises what the call is refused with."""
        self.request_ended = ended
        if self._incoming is not None:
            self._receive_stream(self._incoming, data, ended=ended)
            return
        # Nearly always a request is one plain message in one piece.
        size = len(data) - PREFIX_BYTES
        if (
            ended
            and self._messages is None
            and size >= 0
            and data[0] == 0
            and int.from_bytes(data[1:PREFIX_BYTES], "big") == size
        ):
            self._out.acknowledge(self.stream_id, len(data))
            self._run(data[PREFIX_BYTES:])
            return
        if self._messages is None:
            self._messages = Messages(self.route.method, b"identity")
        self._out.acknowledge(self.stream_id, len(data))
        messages = self._messages.feed(data)
        if self._received is not None:
            messages.insert(0, self._received)
        if len(messages) > 1:
            raise Invalid(Reason.MALFORMED_MESSAGE, "this method takes one message")
        self._received = messages[0] if messages else None
        if ended:
            self._messages.check_complete()
            if self._received is None:
                raise Invalid(Reason.MALFORMED_MESSAGE, "the call ended without a message")
            self._run(self._received)

    @property
    def deadline(self) -> float:
        """As its context says; infinite before it was let in."""
        return math.inf if self.context is None else self.context.deadline

    def watch_time(self) -> None:
        """See to it that the call ends at its deadline."""
        if not self.over and self.deadline < math.inf:
            self._deadlines.watch(self)

    def late(self) -> None:
        """Its time is up."""
        self.refuse(DeadlinePassed())

    def refuse(self, error: Exception) -> None:
        """End the call with what the caller is told of the error; its work is cancelled."""
        refusal = told(self.route.path, error)
        if not self.over:
            self._out.refuse(self, refusal)
            self.end()

    def abandon(self) -> None:
        """The peer is gone, or wants no answer: nothing is sent, the work is cancelled."""
        self.end()

    def end(self) -> None:
        """The call is over: watch it no more, stop its work, count it until that has ended."""
        self.over = True
        self._deadlines.forget(self)
        if self._incoming is not None:
            self._incoming.drop()
        if self._task is None:
            self._leave()
        elif self._task is not asyncio.current_task():
            self._task.cancel()
            if not self._works:  # and never will
                self._leave()

    def _leave(self) -> None:
        if self._inside:
            self._inside = False
            self._gate.leave()

    def _receive_stream(self, incoming: Incoming, data: bytes, *, ended: bool) -> None:
        assert self._messages is not None
        try:
            messages = self._messages.feed(data)
            if ended:
                self._messages.check_complete()
        except RangliError as refusal:
            # The handler meets it where it reads; what came before is its own to answer for.
            incoming.fail(refusal, len(data))
            return
        incoming.put(messages, len(data), ended=ended)

    def _run(self, data: bytes) -> None:
        """Answer a complete request. Raises what an INLINE method's is refused with."""
        method, ctx = self.route.method, self.context
        assert ctx is not None
        match method.shape:
            case Shape.INLINE:
                self._run_inline(method, ctx, data)
            case Shape.UNARY:
                self._start(self._one_answer, lambda: self.route.answer(ctx, data))
            case _:
                self._start(self._answers, lambda: method.handler(ctx, self.route.parse(data)))

    def _run_inline(self, method: Method, ctx: CallContext, data: bytes) -> None:
        if method.quick is not None and len(data) <= method.limit_bytes:
            quickly: bytes | None = method.quick(ctx, data)
            if quickly is not None:
                self._answer(quickly)
                return
        message = method.handler(ctx, self.route.parse(data))
        if isinstance(message, Awaitable):
            self._start(self._one_answer, lambda: message)
        else:
            self._answer(to_bytes(message))

    def _run_stream(self, method: Method, ctx: CallContext, incoming: Incoming) -> None:
        """Let the handler read requests as they come."""
        send = self._one_answer if method.shape is Shape.CLIENT_STREAM else self._answers
        self._start(send, lambda: method.handler(ctx, parsed(self.route.parse, incoming)))

    def _answer(self, message: bytes) -> None:
        self._out.answer(self, message)
        self.end()

    def _start(self, send: Callable[[Any], Awaitable[None]], handle: Callable[[], Any]) -> None:
        """Run a handler that waits, as a task."""
        self._task = asyncio.get_running_loop().create_task(self._work(send, handle))
        self.watch_time()

    async def _work(
        self, send: Callable[[Any], Awaitable[None]], handle: Callable[[], Any]
    ) -> None:
        self._works = True
        try:
            await send(handle())
        except asyncio.CancelledError:
            if not self.over:  # it was not we who cancelled it
                self.refuse(RuntimeError("a handler was cancelled from within"))
            raise
        except Exception as error:
            # If the call was over before, nobody hears of it; a fault is logged all the same.
            self.refuse(error)
        finally:
            self._leave()

    async def _one_answer(self, answer: Awaitable[Any]) -> None:
        message = to_bytes(await answer)
        if not self.over:
            self._answer(message)

    async def _answers(self, answers: Any) -> None:
        async with aclosing(answers):
            async for message in answers:
                self._out.message(self, to_bytes(message))
                await self._out.room(self)
        if not self.over:
            self._out.end(self)
            self.end()
