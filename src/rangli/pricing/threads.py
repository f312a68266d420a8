"""Threads for prices that take long, so that other calls go on being answered."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from rangli.core.errors import Exhausted, Reason

T = TypeVar("T")

# Each may take a second; who comes after so many is better off elsewhere.
WAITING_MAX = 64
RETRY_AFTER_S = 0.1


class Threads:
    """As many threads as cores, and a bounded queue before them."""

    def __init__(self, threads: int | None = None, waiting_max: int = WAITING_MAX) -> None:
        threads = threads or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="pricing")
        self._places_max = threads + waiting_max
        self._places = BoundedSemaphore(self._places_max)

    async def run(self, work: Callable[[], T]) -> T:
        """The work's result, done in a thread.

        A cancelled caller stops waiting: work that has not begun is not done, work that has goes on
        to its end, which its node limit bounds. Raises Exhausted (OVERLOADED); nothing was done
        then.
        """
        if not self._places.acquire(blocking=False):
            raise Exhausted(
                Reason.OVERLOADED,
                f"{self._places_max} carts that take long are being priced, which is all this"
                " process takes",
                metadata={"limit": self._places_max},
                retry_after_s=RETRY_AFTER_S,
            )
        future = self._threads.submit(work)
        # However it ends, also if it is cancelled in the queue.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)
