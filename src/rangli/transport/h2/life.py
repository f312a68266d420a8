"""How long a connection lives, and what ends it.

Each has one of these, and the listener calls its `tick` about once a second: no timers, so that ten
thousand quiet peers cost next to nothing. Instants are the loop's; what a peer does is noticed at
the next tick, which is exact enough for limits of seconds.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from rangli.transport.h2.limits import Limits


class End(StrEnum):
    """Why we end a connection."""

    SILENT = "silent"  # a new one that never said what HTTP/2 begins with
    IDLE = "idle"  # without calls for long
    AGE = "age"  # old: others may have room now
    BROKEN = "broken"  # nothing is heard of the peer any more
    STALL = "stall"  # it takes nothing of what is ready for it
    FLOOD = "flood"  # it asks more of us than anyone needs
    PROTOCOL = "protocol"  # what it says is not HTTP/2


class Living(Protocol):
    """What a life needs of its connection."""

    @property
    def busy(self) -> bool:
        """Whether calls are in flight."""

    @property
    def buffered_bytes(self) -> int:
        """Given to the socket, not taken by the peer."""

    def waiting(self) -> Mapping[int, object]:
        """The streams with more ready than the peer makes room for.

        Of each, a mark that is another as soon as the peer has taken some of it.
        """

    def ping(self) -> None:
        """Ask the peer whether it is there."""

    def give_up(self, stream_id: int) -> None:
        """End a stream whose answers nobody takes."""

    def retire(self, why: End | None = None) -> None:
        """Take no new calls, and close when those in flight have ended."""

    def drop(self, why: End | None = None) -> None:
        """Give the peer and its calls up, now."""


class Life:
    """What a connection does, and when it is to end.

    The connection notes here:
    heard: something was received.
    called: a call has begun.
    answered: headers or data were put out.
    written_bytes: given to the socket, in all.
    """

    __slots__ = (
        "_age_at", "_asked_at", "_busy_at", "_chatter", "_closed_at", "_connection", "_due_at",
        "_first_at", "_gone_at", "_heard_at", "_limits", "_pinged_at", "_spoke", "_strikes",
        "_taken_at", "_taken_bytes", "_waiting", "answered", "called", "heard", "written_bytes",
    )  # fmt: skip

    def __init__(self, connection: Living, limits: Limits, now: float) -> None:
        self._connection = connection
        self._limits = limits
        self.heard = self.called = self.answered = self._spoke = False
        self.written_bytes = self._taken_bytes = 0
        self._heard_at = self._busy_at = self._taken_at = now
        self._first_at = self._due_at = now + limits.first_bytes_s
        # Those that came together need not go together.
        self._age_at = now + limits.age_s * random.uniform(0.9, 1.1)
        self._gone_at = math.inf  # if it is leaving: until when its calls may go on
        self._closed_at = math.inf  # if all is said: until when the peer may close
        self._asked_at = math.inf  # if we have asked whether it is there
        self._pinged_at = -math.inf  # when the peer has asked us
        self._strikes = self._chatter = 0
        # The streams whose peer makes no room: their mark, and since when.
        self._waiting: dict[int, tuple[object, float]] = {}

    # What the connection tells.

    def spoke(self) -> bool:
        """The peer has said its settings, as at the beginning. Whether that is too often."""
        self._spoke = True
        return self._chatted()

    def asked(self, now: float) -> bool:
        """The peer asks whether we are there. Whether it has done so too often.

        As gRPC's proposal A8 has it: whoever was given answers may ask again at once.
        """
        if self.answered:
            self.answered = False
            self._strikes = 0
        elif now - self._pinged_at < self._limits.pings_apart_s:
            self._strikes += 1
        self._pinged_at = now
        return self._strikes > self._limits.ping_strikes_max

    def confirmed(self) -> bool:
        """The peer says that it is there. Whether it says so too often without being asked."""
        if self._asked_at < math.inf:
            self._asked_at = math.inf
            return False
        return self._chatted()

    def leaves(self, now: float) -> None:
        """It takes no new calls."""
        self._gone_at = now + self._limits.age_grace_s
        self._due_at = now

    def closes(self, now: float) -> None:
        """All is said, and the peer is to close."""
        self._closed_at = now + self._limits.close_s
        self._due_at = now

    # What the listener tells.

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self.heard or now >= self._due_at:
            self._note(now)
            self._act(now)
            self._due_at = self._next_at(now)

    def _note(self, now: float) -> None:
        """What has happened since the last time."""
        if self.heard:
            self.heard = False
            self._heard_at = now
            self._asked_at = math.inf
        if self.called or self._connection.busy:
            self.called = False
            self._busy_at = now
        self._chatter = 0
        buffered = self._connection.buffered_bytes
        taken = self.written_bytes - buffered
        if not buffered or taken != self._taken_bytes:
            self._taken_bytes = taken
            self._taken_at = now
        self._waiting = {
            stream_id: before
            if (before := self._waiting.get(stream_id)) and before[0] == mark
            else (mark, now)
            for stream_id, mark in self._connection.waiting().items()
        }

    def _act(self, now: float) -> None:
        limits, connection = self._limits, self._connection
        if now - self._taken_at >= limits.stall_s:
            connection.drop(End.STALL)
        elif self._closed_at < math.inf:
            if now >= self._closed_at and not connection.buffered_bytes:
                connection.drop()
        elif not self._spoke:
            if now >= self._first_at:
                connection.drop(End.SILENT)
        elif now >= self._gone_at:
            connection.drop(End.AGE)
        elif now - self._asked_at >= limits.ping_timeout_s:
            connection.drop(End.BROKEN)
        else:
            self._keep(now)

    def _keep(self, now: float) -> None:
        """What is asked of a connection that goes on."""
        limits, connection = self._limits, self._connection
        for stream_id, (_, since) in self._waiting.items():
            if now - since >= limits.stall_s:
                connection.give_up(stream_id)
        if now - self._heard_at >= limits.ping_every_s and self._asked_at == math.inf:
            self._asked_at = now
            connection.ping()
        if self._gone_at == math.inf:
            if now >= self._age_at:
                connection.retire(End.AGE)
            elif now - self._busy_at >= limits.idle_s:
                connection.retire(End.IDLE)

    def _next_at(self, now: float) -> float:
        """When it is to be looked at again, whatever the peer does; at once if it is at work."""
        limits, connection = self._limits, self._connection
        if connection.busy or connection.buffered_bytes or self._waiting:
            return now
        if self._closed_at < math.inf:
            return self._closed_at
        if not self._spoke:
            return self._first_at
        there = (
            self._heard_at + limits.ping_every_s
            if self._asked_at == math.inf
            else self._asked_at + limits.ping_timeout_s
        )
        stays = (
            min(self._age_at, self._busy_at + limits.idle_s)
            if self._gone_at == math.inf
            else self._gone_at
        )
        return min(there, stays)

    def _chatted(self) -> bool:
        self._chatter += 1
        return self._chatter > self._limits.chatter_max
