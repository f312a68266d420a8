"""How many calls may be in flight in one process."""

from __future__ import annotations

import asyncio

from rangli.core.errors import Exhausted, Reason
from rangli.storage import metrics

# Long enough for a full process to get through what it holds.
RETRY_AFTER_S = 0.1


class Gate:
    """Counts each call from its arrival until its answer is given, and refuses above a limit.

    Whoever enters leaves exactly once, however the call ends.
    """

    def __init__(self, in_flight_max: int) -> None:
        self.in_flight_max = in_flight_max
        self.in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def enter(self) -> None:
        """Count a call. Raises Exhausted (OVERLOADED); it is not counted then."""
        if self.in_flight >= self.in_flight_max:
            metrics.SHED.labels("in_flight").inc()
            raise Exhausted(
                Reason.OVERLOADED,
                f"{self.in_flight_max} calls are in flight, which is all this process takes",
                metadata={"limit": self.in_flight_max},
                retry_after_s=RETRY_AFTER_S,
            )
        self.in_flight += 1

    def leave(self) -> None:
        """A counted call is over."""
        self.in_flight -= 1
        if self.in_flight == 0:
            self._idle.set()

    async def idle(self) -> None:
        """Return as soon as no call is in flight."""
        while self.in_flight:
            self._idle.clear()
            await self._idle.wait()
