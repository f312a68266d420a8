"""How much one peer may ask of us. Every bound of this transport stands here."""

from __future__ import annotations

from dataclasses import dataclass

from ngh2 import Configuration, Setting

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection, and of how many there are.

    connections_max: open at once in this process, if it may have that many files open; more are
        closed as they come.
    streams_max: calls of one connection at once (SETTINGS_MAX_CONCURRENT_STREAMS).
    header_bytes_max: of one call's headers, as RFC 9113 6.5.2 counts them; more is refused, and
        four times as much ends the connection.
    window_bytes: what a peer may send on one stream, and `connection_window_bytes` on all of them,
        before we have read it.
    unread_bytes_max: of requests that are not complete yet, on one connection.
    unsent_bytes_max: of answers that the peer does not take; no new calls above it.
    answers_bytes_max: of such answers in all: those of calls in flight are refused above it.
    first_bytes_s: until a new connection has said the HTTP/2 preface, its TLS handshake apart.
    handshake_s: for a TLS handshake, and `goodbye_s` for its end.
    idle_s: a connection without calls is told to go after it.
    age_s, age_grace_s: a connection is told to go after the one, give or take a tenth, so that load
        finds new processes; its calls may go on for the other.
    ping_every_s, ping_timeout_s: a quiet peer is asked whether it is there, and given up.
    pings_apart_s, ping_strikes_max: how often a peer may ask us, and how often too soon.
    chatter_max: settings, and answers to pings that nobody sent, in about a second.
    stall_s: a peer that takes nothing of what is ready for it is given up, or that call of it.
    linger_s: between "no new calls" and the number of the last one, for calls on their way.
    close_s: once all is said, until the peer has closed. If we did so at once, what it is just
        sending would have its system throw away what it hasn't read.
    tick_s: how often connections are looked at.
    """

    connections_max: int = 20_000
    streams_max: int = 100
    header_bytes_max: int = 16 * KIB
    window_bytes: int = 256 * KIB
    connection_window_bytes: int = MIB
    unread_bytes_max: int = 32 * MIB
    unsent_bytes_max: int = 4 * MIB
    answers_bytes_max: int = 16 * MIB
    first_bytes_s: float = 10.0
    handshake_s: float = 10.0
    goodbye_s: float = 5.0
    idle_s: float = 600.0
    age_s: float = 600.0
    age_grace_s: float = 70.0
    ping_every_s: float = 120.0
    ping_timeout_s: float = 20.0
    pings_apart_s: float = 60.0
    ping_strikes_max: int = 2
    chatter_max: int = 100
    stall_s: float = 30.0
    linger_s: float = 0.2
    close_s: float = 1.0
    tick_s: float = 1.0

    def settings(self) -> dict[Setting, int]:
        """What a connection begins with."""
        return {
            Setting.MAX_CONCURRENT_STREAMS: self.streams_max,
            Setting.INITIAL_WINDOW_SIZE: self.window_bytes,
            Setting.MAX_HEADER_LIST_SIZE: self.header_bytes_max,
            Setting.NO_RFC7540_PRIORITIES: 1,
        }

    def configuration(self) -> Configuration:
        """What the HTTP/2 library watches over: floods of resets, settings, pings, headers."""
        return Configuration(
            auto_window_update=False,  # what nobody has read yet is not made room for
            max_outbound_ack=100,
            max_settings=32,
            max_continuations=8,
            # A caller may give up many calls at once, but not for ever (CVE-2023-44487).
            stream_reset_rate_limit=(1_000, 100),
            glitch_rate_limit=(1_000, 100),
            max_inbound_header_list_size=4 * self.header_bytes_max,
            max_inbound_header_count=512,
        )
