"""How many calls may be in flight in one process."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from rangli.core.errors import Exhausted, Reason
from rangli.storage import metrics

# Long enough for a full process to get through what it holds.
RETRY_AFTER_S = 0.1


class Finishing(Protocol):
    """A call that tells when it is over, however it ends."""

    def add_done_callback(self, callback: Any, /) -> None: ...  # noqa: D102


class Gate:
    """Counts each call from its arrival until its answer is sent, and refuses above a limit.

    grpc.aio's own `maximum_concurrent_rpcs` miscounts cancelled calls; this one leans on the end
    of each call's task alone.
    """

    def __init__(self, in_flight_max: int) -> None:
        self.in_flight_max = in_flight_max
        self.in_flight = 0
        self._left = self._leave  # bound once, not for every call
        self._idle = asyncio.Event()
        self._idle.set()

    def enter(self, call: Finishing) -> None:
        """Count the call until it is done. Raises Exhausted (OVERLOADED); nothing was done then."""
        if self.in_flight >= self.in_flight_max:
            metrics.SHED.labels("in_flight").inc()
            raise Exhausted(
                Reason.OVERLOADED,
                f"{self.in_flight_max} calls are in flight, which is all this process takes",
                metadata={"limit": self.in_flight_max},
                retry_after_s=RETRY_AFTER_S,
            )
        self.in_flight += 1
        call.add_done_callback(self._left)

    def _leave(self, _call: object) -> None:
        self.in_flight -= 1
        if self.in_flight == 0:
            self._idle.set()

    async def idle(self) -> None:
        """Return as soon as no call is in flight."""
        while self.in_flight:
            self._idle.clear()
            await self._idle.wait()
