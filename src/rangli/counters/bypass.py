"""So many a second may go to PostgreSQL unfiltered."""

from __future__ import annotations

import time

from rangli.core.errors import Exhausted, Reason

# Of a bucket that was full so many seconds' worth may go at once.
_BURST_S = 0.25


class Bypass:
    """A bucket of tokens of one process: it gains `per_s` of them a second."""

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._most = max(1.0, per_s * _BURST_S)
        self._tokens = self._most
        self._at = time.monotonic()

    def take(self) -> None:
        """One more may go; Exhausted (OVERLOADED) if there were too many already."""
        now = time.monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._per_s)
        self._at = now
        if self._tokens < 1:
            raise Exhausted(
                Reason.OVERLOADED,
                "more is asked than can be done without the filter; try again later",
                retry_after_s=_BURST_S,
            )
        self._tokens -= 1
