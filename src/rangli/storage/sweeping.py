"""Sweeping by PostgreSQL's clock: all that is due, round by round, unless the clock has jumped."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from rangli.storage.postgres import Pool, connection
from rangli.storage.postponed import Postponed

# What a sweep takes at once.
BATCH = 500
# A whole batch means that more may wait; so many in a row, then others have their turn.
_BATCHES_MAX = 20
# PostgreSQL's clock may run apart from ours by so much between two rounds, which covers its usual
# corrections. After a jump nothing ends for a while, so that a clock set wrong can be set right.
JUMP_S = 5.0
PAUSE_S = 60.0

_NOW = "SELECT clock_timestamp()"

_log = structlog.get_logger(__name__)


class Sweeper:
    """One process's sweeper, which distrusts a clock that jumps.

    sweep: looks at no more than `BATCH` rows that are due, but none that is postponed, and says at
    how many.
    """

    def __init__(self, pool: Pool, sweep: Callable[[Pool, Postponed], Awaitable[int]]) -> None:
        self._pool = pool
        self._sweep = sweep
        self._postponed = Postponed()
        self._seen: Clocks | None = None
        self._resume_at = 0.0

    async def round(self) -> int:
        """Sweeps all that is due, within bounds, unless the clock has jumped lately; how many."""
        if not await self._trusted():
            return 0
        swept = 0
        for _ in range(_BATCHES_MAX):
            looked_at = await self._sweep(self._pool, self._postponed)
            swept += looked_at
            if looked_at < BATCH:
                break
        return swept

    async def _trusted(self) -> bool:
        async with connection(self._pool) as conn:
            before_s = time.monotonic()
            at = await conn.fetchval(_NOW)
            read = Clocks(at, before_s, time.monotonic())
        jump_s = 0.0 if self._seen is None else read.jump_s(self._seen)
        self._seen = read
        if abs(jump_s) > JUMP_S:
            self._resume_at = read.after_s + PAUSE_S
            _log.error("the clock of postgres has jumped: nothing expires for a while",
                       jump_s=round(jump_s, 3), pause_s=PAUSE_S)  # fmt: skip
        return read.after_s >= self._resume_at


@dataclass(frozen=True, slots=True)
class Clocks:
    """PostgreSQL's clock, read between two readings of our monotonic one."""

    at: datetime
    before_s: float
    after_s: float

    def jump_s(self, last: Clocks) -> float:
        """By how much PostgreSQL's clock has surely run ahead of ours since, or behind if < 0."""
        elapsed_s = (self.at - last.at).total_seconds()
        longest_s, shortest_s = self.after_s - last.before_s, self.before_s - last.after_s
        return max(0.0, elapsed_s - longest_s) + min(0.0, elapsed_s - shortest_s)
