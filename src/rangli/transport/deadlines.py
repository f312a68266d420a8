"""Calls whose time is up, cancelled: one timer for all of them, as hardly any ever is.

`asyncio.timeout` sets and drops a timer for each call, which costs more than many a call's answer.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable
from typing import TypeVar

from rangli.core.errors import DeadlinePassed

# Many deadlines that pass one after the other must not cost a look each.
_LATE_S_MAX = 0.005

T = TypeVar("T")


class _Call:
    """A task, until when it may take, and whether it was told that its time is up."""

    __slots__ = ("cancelling", "deadline", "is_late", "task")

    def __init__(self, task: asyncio.Task[object], deadline: float) -> None:
        self.task = task
        self.deadline = deadline
        self.cancelling = task.cancelling()
        self.is_late = False


class Deadlines:
    """Of the calls of one event loop."""

    def __init__(self) -> None:
        self._calls: set[_Call] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = math.inf

    async def keep(self, answer: Awaitable[T], deadline: float) -> T:
        """What is awaited, cancelled at `time.monotonic()` deadline: then raises DeadlinePassed.

        Whoever cancels the task for another reason is heard as ever.
        """
        task = asyncio.current_task()
        assert task is not None
        call = _Call(task, deadline)
        self._calls.add(call)
        if deadline < self._rings_at:
            self._ring_at(deadline)
        try:
            return await answer
        except asyncio.CancelledError as error:
            if call.is_late and task.cancelling() == call.cancelling + 1:
                raise DeadlinePassed from error
            raise
        finally:
            self._calls.discard(call)
            if call.is_late:
                task.uncancel()

    def _ring_at(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = deadline
        late_s = max(0.0, deadline - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(late_s, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings_at = None, math.inf
        now, nearest = time.monotonic(), math.inf
        for call in self._calls:
            if call.is_late:
                continue
            if call.deadline <= now:
                call.is_late = True
                call.task.cancel()
            elif call.deadline < nearest:
                nearest = call.deadline
        if nearest < math.inf:
            self._ring_at(max(nearest, now + _LATE_S_MAX))
