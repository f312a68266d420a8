"""One connection: frames in, calls, frames out.

libnghttp2 keeps HTTP/2's rules (RFC 9113): frames, HPACK, stream states, flow control. Here is what
gRPC adds, and what one peer may ask of us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol, cast

import ngh2
import structlog
from ngh2 import ErrorCode

from rangli.core.errors import RangliError
from rangli.storage import metrics
from rangli.transport.deadlines import Deadlines
from rangli.transport.gate import Gate
from rangli.transport.h2 import trailers
from rangli.transport.h2.calls import Call, Route
from rangli.transport.h2.head import NotGrpc, head_of
from rangli.transport.h2.life import End, Life
from rangli.transport.h2.limits import Limits
from rangli.transport.h2.outgoing import Outgoing, too_much
from rangli.transport.refusals import no_such_method
from rangli.transport.tls import peer_named

_SMALL_BYTES = 64 * 1024
# What the library, or we, end a connection with that asks too much.
_FLOODS = (ErrorCode.ENHANCE_YOUR_CALM, ErrorCode.INTERNAL_ERROR)
# GOAWAY (RFC 9113 6.8); any stream may have been worked on.
_CALM_DOWN = (
    bytes((0, 0, 8, 7, 0, 0, 0, 0, 0)) + (2**31 - 1).to_bytes(4, "big") + bytes((0, 0, 0, 11))
)
_IN_HTTP1 = (
    b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\n"
    b"content-length: 41\r\n\r\nThis port speaks gRPC, which is HTTP/2.\r\n"
)
_log = structlog.get_logger(__name__)


class Home(Protocol):
    """What a connection needs of its listener."""

    @property
    def limits(self) -> Limits: ...  # noqa: D102
    @property
    def gate(self) -> Gate: ...  # noqa: D102
    @property
    def deadlines(self) -> Deadlines: ...  # noqa: D102
    @property
    def routes(self) -> Mapping[bytes, Route]: ...  # noqa: D102

    def opened(self, connection: Connection) -> bool:
        """Whether there is room for it."""

    def closed(self, connection: Connection) -> None:
        """It is gone."""


class Connection(asyncio.Protocol):
    """A peer's connection, and its calls.

    peer: whom its certificate names, "" without one.
    """

    def __init__(self, home: Home) -> None:
        self.peer = ""
        self._home = home
        self._limits = home.limits
        self._h2 = ngh2.Connection(ngh2.Role.SERVER, home.limits.configuration())
        self._loop = asyncio.get_running_loop()
        self._transport = cast("asyncio.Transport", None)
        self._calls: dict[int, Call] = {}
        self._leaving = self._over = False
        self.life = Life(self, home.limits, self._loop.time())
        self._out = Outgoing(self._h2, self._calls, self.life, home.limits, self._exhausted)

    # What the loop tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say our settings, if there is room for one more and TLS has agreed on HTTP/2."""
        self._transport = cast("asyncio.Transport", transport)
        self._out.goes_to(self._transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.peer = peer_named(tls.getpeercert())
        # RFC 9113 3.3: over TLS, HTTP/2 is spoken only where ALPN has chosen it.
        agreed = tls is None or tls.selected_alpn_protocol() == "h2"
        if not agreed or not self._home.opened(self):
            self.drop()
            return
        self._h2.initiate_connection(self._limits.settings())
        self._h2.set_local_window_size(self._limits.connection_window_bytes)
        # They go out with what we say first: whoever speaks HTTP/1.1 is answered in it.

    def data_received(self, data: bytes) -> None:
        """Take frames, run what can be run at once, and write what there is to say."""
        if self._over:
            return
        h2 = self._h2
        self.life.heard = True
        try:
            h2.receive_data(data)
        except ngh2.NGH2Error as error:
            self._not_understood(error, data)
            return
        begun: list[Call] = []
        self._out.reading = True
        for event in h2.events():
            if isinstance(event, ngh2.DataReceived):
                self._data(event.stream_id, event.data, ended=event.end_stream)
            elif isinstance(event, ngh2.RequestReceived):
                call = self._request(event.stream_id, event.headers, ended=event.end_stream)
                if call is not None:
                    begun.append(call)
            elif isinstance(event, ngh2.StreamClosed):
                self._stream_closed(event.stream_id)
            elif isinstance(event, ngh2.TrailersReceived):
                self._data(event.stream_id, b"", ended=True)
            else:
                self._told(event)
                if self._over:
                    break
        self._out.reading = False
        for call in begun:
            call.watch_time()
        self._out.flush()

    def _not_understood(self, error: ngh2.NGH2Error, data: bytes) -> None:
        if not self.life.written_bytes and data[:1].isupper():
            self._transport.write(_IN_HTTP1)
        flood = isinstance(error, ngh2.DenialOfServiceError)
        if flood and not self._out.paused:  # the library is too cross to say so itself
            self._transport.write(_CALM_DOWN)
        self._finish(End.FLOOD if flood else End.PROTOCOL)

    def pause_writing(self) -> None:
        """The peer is slow: what is ready stays in the library, whose queues we can see."""
        self._out.paused = True

    def resume_writing(self) -> None:
        """And goes on from there."""
        self._out.paused = False
        self._out.flush()

    def connection_lost(self, _error: Exception | None) -> None:
        """Nobody hears us any more."""
        self._abandon()
        self._home.closed(self)

    def _abandon(self) -> None:
        self._over = True
        for call in list(self._calls.values()):
            call.abandon()
        self._calls.clear()
        self._out.close()

    # What our listener and our life tell us.

    def retire(self, why: End | None = None) -> None:
        """Take no new calls, and close when those in flight have ended.

        In two steps, so that calls on their way are served (RFC 9113 6.8): first that no new ones
        are wanted, then which was the last.
        """
        if not self._leaving and not self._over:
            self._ends(why)
            self.life.leaves(self._loop.time())
            with suppress(ngh2.NGH2Error):  # the library has ended it already
                self._h2.send_shutdown_notice()
            self._out.flush()
            self._loop.call_later(self._limits.linger_s, self._last)

    def _last(self) -> None:
        if not self._over:
            with suppress(ngh2.NGH2Error):
                self._h2.send_goaway()
            self._out.flush()

    def drop(self, why: End | None = None) -> None:
        """Give the peer and its calls up, now."""
        self._ends(why)
        self._abandon()
        self._transport.abort()

    def _finish(self, why: End | None = None) -> None:
        """All is said, and nothing more is heard; the peer is to close, for it reads that first."""
        if not self._over:
            self._ends(why)
            self._abandon()
            self.life.closes(self._loop.time())
            if self._transport.can_write_eof():
                self._transport.write_eof()
            else:  # TLS says goodbye in its own way
                self._transport.close()

    def _ends(self, why: End | None) -> None:
        """Count it, by the first reason only."""
        if why is not None and not self._leaving:
            metrics.CONNECTIONS_ENDED.labels(why).inc()
            _log.debug("connection ended", why=why)
        self._leaving = True

    @property
    def busy(self) -> bool:
        """Whether calls are in flight."""
        return bool(self._calls)

    @property
    def buffered_bytes(self) -> int:
        """Given to the socket, not taken by the peer."""
        return self._transport.get_write_buffer_size()

    def waiting(self) -> dict[int, object]:
        """The streams with more ready than the peer makes room for."""
        return self._out.waiting()

    def ping(self) -> None:
        """Ask the peer whether it is there."""
        with suppress(ngh2.NGH2Error):
            self._h2.ping()
        self._out.flush()

    def give_up(self, stream_id: int) -> None:
        """End a stream whose answers nobody takes."""
        call = self._calls.pop(stream_id, None)
        if call is not None:
            call.abandon()
        self._out.give_up(stream_id)

    # Requests.

    def _request(
        self, stream_id: int, headers: tuple[tuple[bytes, bytes], ...], *, ended: bool
    ) -> Call | None:
        """A call's headers; the call if it was let in."""
        try:
            head = head_of(headers, self._limits.header_bytes_max)
            route = self._home.routes.get(head.path)
            if route is None:
                raise no_such_method()
            self._out.check_room()
        except NotGrpc as other:
            self._out.turn_away(stream_id, ((b":status", other.status),), ended=ended)
            return None
        except RangliError as refusal:
            fields = trailers.HEADERS + trailers.of_refusal(refusal)
            self._out.turn_away(stream_id, fields, ended=ended)
            return None
        self.life.called = True
        home = self._home
        call = self._calls[stream_id] = Call(self._out, stream_id, route, home.gate, home.deadlines)
        call.request_ended = ended
        try:
            call.begin(head, self.peer)
            if ended:
                call.receive(b"", ended=True)
        except Exception as error:
            call.refuse(error)
        return call

    def _data(self, stream_id: int, data: bytes, *, ended: bool) -> None:
        call = self._calls.get(stream_id)
        if call is None:  # answered already
            self._out.acknowledge(stream_id, len(data))
            return
        try:
            call.receive(data, ended=ended)
        except Exception as error:
            call.refuse(error)
        # The small ones together are no more than the streams a peer may open.
        if call.held_bytes > _SMALL_BYTES and self._held_bytes() > self._limits.unread_bytes_max:
            call.refuse(too_much("requests that are not complete", self._limits.unread_bytes_max))

    def _held_bytes(self) -> int:
        return sum(call.held_bytes for call in self._calls.values())

    def _stream_closed(self, stream_id: int) -> None:
        self._out.forget(stream_id)
        call = self._calls.pop(stream_id, None)
        if call is not None:  # before its answer: the peer has reset it (RFC 9113 5.4.2)
            call.abandon()

    def _told(self, event: ngh2.Event) -> None:
        """What is said of the connection itself."""
        if isinstance(event, ngh2.PingReceived):
            flood, debug = self.life.asked(self._loop.time()), b"too_many_pings"
        elif isinstance(event, ngh2.SettingsReceived):
            flood, debug = self.life.spoke(), b"too_many_settings"
        elif isinstance(event, ngh2.PingAcknowledged):
            flood, debug = self.life.confirmed(), b"too_many_pings"
        else:
            return
        if flood:
            with suppress(ngh2.NGH2Error):
                self._h2.send_goaway(ErrorCode.ENHANCE_YOUR_CALM, debug_data=debug)
            self._out.flush()
            self._finish(End.FLOOD)

    def _exhausted(self) -> None:
        """The library has nothing to hear or say any more: all went well, or there was an error."""
        codes = [e.error_code for e in self._h2.events() if isinstance(e, ngh2.ConnectionClosed)]
        if self._leaving or not any(codes):
            self._finish()
        else:
            self._finish(End.FLOOD if codes[-1] in _FLOODS else End.PROTOCOL)
