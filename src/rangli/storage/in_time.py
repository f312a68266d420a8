"""Time limits that count only the time in which this process ran.

A process that got no processor, or was busy for long in one turn of its loop, finds that a limit of
its own is over, and the answer it waited for unread in the socket. By an ordinary limit it would
take a store that works for one that does not, and just when it has most to do.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

# Time is counted in beats; one that comes late, and the loop has then looked for answers at least
# once, counts as one.
_BEAT_S = 0.02


class _Beats:
    """The limits of one event loop; it beats while there are any."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._call_later, self._time = loop.call_later, loop.time
        self._left: dict[asyncio.Timeout, int] = {}
        self.beating = False

    def watch(self, limit: asyncio.Timeout, timeout_s: float) -> None:
        self._left[limit] = math.ceil(timeout_s / _BEAT_S) + 1  # the first may come at once
        if not self.beating:
            self.beating = True
            self._call_later(_BEAT_S, self._beat)

    def forget(self, limit: asyncio.Timeout) -> None:
        self._left.pop(limit, None)

    def _beat(self) -> None:
        for limit, left in list(self._left.items()):
            if left > 1:
                self._left[limit] = left - 1
            else:
                del self._left[limit]
                limit.reschedule(self._time())
        self.beating = bool(self._left)
        if self.beating:
            self._call_later(_BEAT_S, self._beat)


_beats: WeakKeyDictionary[asyncio.AbstractEventLoop, _Beats] = WeakKeyDictionary()


@asynccontextmanager
async def in_time(timeout_s: float) -> AsyncIterator[None]:
    """As `asyncio.timeout`: the block is cancelled and TimeoutError raised when its time is over.

    Up to 40 ms late, beside all the time that does not count.
    """
    loop = asyncio.get_running_loop()
    beats = _beats.get(loop)
    if beats is None:
        beats = _beats[loop] = _Beats(loop)
    async with asyncio.timeout(None) as limit:
        beats.watch(limit, timeout_s)
        try:
            yield
        finally:
            beats.forget(limit)
