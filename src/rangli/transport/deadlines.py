"""Calls whose time is up: one timer for all of them, as hardly any ever is.

`asyncio.timeout` sets and drops a timer for each call, which costs more than many a call's answer.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from rangli.core.errors import DeadlinePassed

# Many deadlines that pass one after the other must not cost a look each.
_LATE_S_MAX = 0.005

T = TypeVar("T")


class Late(Protocol):
    """What has until `deadline`, by `time.monotonic()`."""

    @property
    def deadline(self) -> float: ...  # noqa: D102

    def late(self) -> None:
        """It is over, and not forgotten; told once."""


class Deadlines:
    """Of what goes on in one event loop."""

    def __init__(self) -> None:
        self._watched: set[Late] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = math.inf

    def watch(self, one: Late) -> None:
        """Tell it when its time is up, some milliseconds late at most."""
        self._watched.add(one)
        if one.deadline < self._rings_at:
            self._ring_at(one.deadline)

    def forget(self, one: Late) -> None:
        """It has ended, if it was watched at all."""
        self._watched.discard(one)

    async def keep(self, answer: Awaitable[T], deadline: float) -> T:
        """What is awaited, cancelled at `time.monotonic()` deadline: then raises DeadlinePassed.

        Whoever cancels the task for another reason is heard as ever.
        """
        task = asyncio.current_task()
        assert task is not None
        waiting = _Waiting(task, deadline)
        self.watch(waiting)
        try:
            return await answer
        except asyncio.CancelledError as error:
            if waiting.is_late and task.cancelling() == waiting.cancelling + 1:
                raise DeadlinePassed from error
            raise
        finally:
            self.forget(waiting)
            if waiting.is_late:
                task.uncancel()

    def _ring_at(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = deadline
        late_s = max(0.0, deadline - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(late_s, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings_at = None, math.inf
        now = time.monotonic()
        late = [one for one in self._watched if one.deadline <= now]
        self._watched.difference_update(late)
        for one in late:
            one.late()
        nearest = min((one.deadline for one in self._watched), default=math.inf)
        if nearest < self._rings_at:
            self._ring_at(max(nearest, now + _LATE_S_MAX))


class _Waiting:
    """A task, until when it may take, and whether it was told that its time is up."""

    __slots__ = ("cancelling", "deadline", "is_late", "task")

    def __init__(self, task: asyncio.Task[object], deadline: float) -> None:
        self.task = task
        self.deadline = deadline
        self.cancelling = task.cancelling()
        self.is_late = False

    def late(self) -> None:
        self.is_late = True
        self.task.cancel()
