"""What a connection puts out: answers in HTTP/2's order, one write a turn of the loop.

What the peer does not take stays in the library, whose queues can be seen; how much that may be is
bounded, and for how long is `life`'s to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import ngh2
from ngh2 import ErrorCode

from rangli.core.errors import Exhausted, RangliError, Reason
from rangli.transport.h2 import trailers
from rangli.transport.h2.calls import Call
from rangli.transport.h2.life import Life
from rangli.transport.h2.limits import Limits
from rangli.transport.h2.messages import prefixed

_WRITE_BYTES = 256 * 1024
# A stream whose peer has more than this to take waits until it is half of it.
_AHEAD_BYTES = 64 * 1024


class Outgoing:
    """The outgoing side of one connection.

    reading: frames are being read, after which all is written anyway.
    paused: the socket takes no more for the moment.
    closed: nothing more is written.
    """

    def __init__(
        self,
        h2: ngh2.Connection,
        calls: dict[int, Call],
        life: Life,
        limits: Limits,
        exhausted: Callable[[], None],
    ) -> None:
        """`exhausted`: told when the library wants neither to read nor to write any more."""
        self.reading = self.paused = self.closed = False
        self._h2 = h2
        self._calls = calls
        self._life = life
        self._limits = limits
        self._exhausted = exhausted
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._flush_due = False
        self._answered: list[int] = []  # since the last flush
        self._unsent: set[int] = set()  # answered, not taken yet
        self._put_bytes = 0  # not taken yet, or put out since the last flush
        self._early: set[int] = set()  # answered before the peer had said all
        self._rooms: dict[int, asyncio.Future[None]] = {}

    def goes_to(self, transport: asyncio.Transport) -> None:
        """Write there from now on."""
        self._transport = transport

    def answer(self, call: Call, message: bytes) -> None:
        """Put the only answer out, and end the call with OK."""
        self._put_bytes += len(message)
        if self._put_bytes > self._limits.answers_bytes_max and not self._fits(len(message)):
            limit = self._limits.answers_bytes_max
            self.refuse(call, too_much("answers that were not taken", limit))
            return
        try:
            self._begin(call)
            self._h2.send_data(call.stream_id, prefixed(message))
            self._h2.send_trailers(call.stream_id, _trailing(call, trailers.OK))
        except ngh2.NGH2Error:
            self._gone(call)
        else:
            self._ended(call)

    def _fits(self, size_bytes: int) -> bool:
        """Whether there is room for one more answer, once the peer has been given what it takes."""
        self.flush()
        self._put_bytes += size_bytes
        return self._put_bytes <= self._limits.answers_bytes_max

    def message(self, call: Call, message: bytes) -> None:
        """Put an answer of a stream out."""
        try:
            self._begin(call)
            self._h2.send_data(call.stream_id, prefixed(message))
        except ngh2.NGH2Error:
            self._gone(call)
        else:
            self.flush_soon()

    def end(self, call: Call) -> None:
        """End the call with OK."""
        try:
            self._begin(call)
            self._h2.send_trailers(call.stream_id, _trailing(call, trailers.OK))
        except ngh2.NGH2Error:
            self._gone(call)
        else:
            self._ended(call)

    def refuse(self, call: Call, refusal: RangliError) -> None:
        """End the call with a refusal; alone in the headers if nothing went before."""
        fields = _trailing(call, trailers.of_refusal(refusal))
        try:
            if call.begun:
                self._h2.send_trailers(call.stream_id, fields)
            else:
                self._h2.send_response(call.stream_id, trailers.HEADERS + fields, end_stream=True)
        except ngh2.NGH2Error:
            self._gone(call)
        else:
            self._ended(call)

    def acknowledge(self, stream_id: int, size_bytes: int) -> None:
        """Let the peer send as much more."""
        if size_bytes:
            with suppress(ngh2.NGH2Error):  # ended meanwhile: the library has taken care of it
                self._h2.acknowledge_received_data(size_bytes, stream_id)
            self.flush_soon()

    async def room(self, call: Call) -> None:
        """Return when the peer has taken most of what was put out."""
        if self._h2.queued_body_size(call.stream_id) > _AHEAD_BYTES:
            room = self._rooms[call.stream_id] = self._loop.create_future()
            try:
                await room
            finally:
                del self._rooms[call.stream_id]

    def turn_away(self, stream_id: int, fields: trailers.Fields, *, ended: bool) -> None:
        """Answer what never becomes a call. ended: the peer has said all."""
        with suppress(ngh2.NGH2Error):  # the peer has reset it already
            self._h2.send_response(stream_id, fields, end_stream=True)
            if not ended:
                self._early.add(stream_id)

    def check_room(self) -> None:
        """Raises Exhausted if there is no room for one more call's answer."""
        if self._unsent and self._h2.queued_body_size() > self._limits.unsent_bytes_max:
            raise too_much("answers that were not taken", self._limits.unsent_bytes_max)

    def waiting(self) -> dict[int, object]:
        """The streams with more ready than the peer makes room for."""
        sizes = ((n, self._h2.queued_body_size(n)) for n in self._unsent)
        return {**{n: size for n, size in sizes if size}, **self._rooms}

    def give_up(self, stream_id: int) -> None:
        """End a stream whose answers nobody takes."""
        self._unsent.discard(stream_id)
        with suppress(ngh2.NGH2Error):
            self._h2.reset_stream(stream_id, ErrorCode.ENHANCE_YOUR_CALM)
        self.flush()

    def forget(self, stream_id: int) -> None:
        """The stream has ended."""
        self._unsent.discard(stream_id)
        self._early.discard(stream_id)

    def close(self) -> None:
        """Write nothing more; whoever waits for room is cancelled."""
        self.closed = True
        for room in self._rooms.values():
            room.cancel()

    def _begin(self, call: Call) -> None:
        if not call.begun:
            call.begun = True
            context = call.context
            fields = trailers.HEADERS
            if context is not None and context.initial_metadata is not None:
                fields += trailers.of_metadata(context.initial_metadata)
            self._h2.send_response(call.stream_id, fields)

    def _ended(self, call: Call) -> None:
        self._calls.pop(call.stream_id, None)
        self._answered.append(call.stream_id)
        if not call.request_ended:
            self._early.add(call.stream_id)
        self.flush_soon()

    def _gone(self, call: Call) -> None:
        """Its stream has ended before we could answer, of which we are about to hear."""
        self._calls.pop(call.stream_id, None)

    def flush_soon(self) -> None:
        """Write at the end of this turn of the loop, once, whatever else is put out in it.

        While frames are being read, that is done anyway.
        """
        self._life.answered = True
        if not self._flush_due and not self.reading:
            self._flush_due = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write what is ready, as far as it is taken."""
        self._flush_due = False
        h2, transport = self._h2, self._transport
        if self.closed or transport is None or transport.is_closing():
            return
        while not self.paused:
            data = h2.data_to_send(_WRITE_BYTES)
            if data:
                self._life.written_bytes += len(data)
                transport.write(data)
            if len(data) < _WRITE_BYTES:
                break
        queued = h2.queued_body_size() if self._answered or self._rooms or self._unsent else 0
        self._put_bytes = queued
        if queued:
            self._keep_unsent()
        else:
            self._answered.clear()
            self._unsent.clear()
        if self._rooms:
            self._make_room()
        if self._early:
            self._end_early()
        if not h2.want_read and not h2.want_write:
            self._exhausted()

    def _keep_unsent(self) -> None:
        """Know what was answered and its peer has not taken."""
        for stream_id in self._answered:
            if self._h2.queued_body_size(stream_id):
                self._unsent.add(stream_id)
        self._answered.clear()

    def _make_room(self) -> None:
        for stream_id, room in self._rooms.items():
            if not room.done() and self._h2.queued_body_size(stream_id) <= _AHEAD_BYTES // 2:
                room.set_result(None)

    def _end_early(self) -> None:
        """RFC 9113 8.1: having answered in full, tell the peer that it need not go on."""
        sent = [n for n in self._early if n not in self._unsent]
        for stream_id in sent:
            self._early.discard(stream_id)
            with suppress(ngh2.NGH2Error):
                self._h2.reset_stream(stream_id, ErrorCode.NO_ERROR)
        if sent:
            self.flush_soon()


def _trailing(call: Call, fields: trailers.Fields) -> trailers.Fields:
    context = call.context
    if context is not None and context.trailing_metadata is not None:
        fields += trailers.of_metadata(context.trailing_metadata)
    return fields


def too_much(what: str, limit_bytes: int) -> RangliError:
    """What a peer is refused with who makes us hold more than that.

    An answer may be refused so after its change was made: who asks again with the same request_id
    gets it.
    """
    return Exhausted(
        Reason.OVERLOADED,
        f"this connection holds more than {limit_bytes} bytes of {what}",
        metadata={"limit": limit_bytes},
        retry_after_s=1.0,
    )
