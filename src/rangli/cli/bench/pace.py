"""Calls at a rate that does not depend on the answers, and how long each took."""

from __future__ import annotations

import asyncio
from time import perf_counter

from rangli.cli.bench.load import Connection, Load, UnexpectedAnswerError, connected

_LATE_S = 10.0
_STREAMS_MAX = 100  # on one connection: what servers allow; more wait, as in any client


class _Clocked:
    """One connection, and when each of its calls was due."""

    def __init__(self, took_s: list[float]) -> None:
        self._due: dict[int, float] = {}
        self._took_s = took_s
        self.connection: Connection

    def call(self, due: float) -> bool:
        """Whether there was room for one more."""
        if len(self._due) >= _STREAMS_MAX:
            return False
        self._due[self.connection.next_stream] = due
        self.connection.call(1)
        return True

    def answered(self, stream: int) -> None:
        self._took_s.append(perf_counter() - self._due.pop(stream))


async def paced(
    load: Load, port: int, *, connections: int, per_s: float, seconds: float
) -> list[float]:
    """Seconds from when each call was due to its answer, which is compared as `load.py` does.

    It looks at the clock all the time: timers would come a millisecond late. Raises what went
    wrong, also if answers are missing 10 s after the last call.
    """
    load.begin()
    took_s: list[float] = []
    lanes = [_Clocked(took_s) for _ in range(connections)]
    for lane in lanes:
        lane.connection = await connected(load, port, on_answer=lane.answered)
    calls = int(per_s * seconds)
    began = perf_counter()
    made = 0
    while len(took_s) < calls and not load.ended.done():
        now = perf_counter()
        while made < calls and (due := began + made / per_s) <= now:
            if not lanes[made % connections].call(due):
                break
            made += 1
        if now > began + seconds + _LATE_S:
            raise UnexpectedAnswerError(f"{calls - len(took_s)} calls were not answered")
        await asyncio.sleep(0)
    load.stopping = True
    for lane in lanes:
        lane.connection.close()
    if load.ended.done():
        await load.ended
    return took_s
