"""Rows that could not be swept: left alone for a while, so that they keep no others waiting."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from time import monotonic
from typing import TypeVar

# How long a row is left alone after its first failure; twice as long after each further one.
PAUSE_S, PAUSE_S_MAX = 1.0, 300.0
# So many are remembered. Where more are broken, the others have to wait behind some of them again.
ROWS_MAX = 10_000

Row = TypeVar("Row", bound=Hashable)


class Postponed:
    """What one process has failed to sweep lately.

        due = postponed.ready(await store.due(conn, postponed.look(BATCH)), BATCH)
        postponed.put_off(await in_parts(pool, do, sorted(due)))

    What is due is read the longest due first. Without looking beyond them, as many broken rows as
    are read at once would stand at the head of each reading, and nothing else would ever be swept.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until: dict[Hashable, tuple[float, float]] = {}  # by row, and its last pause

    def look(self, size: int) -> int:
        """How many rows to read, so that there are `size` among them that can be tried."""
        return size + len(self._until)

    def ready(self, due: Sequence[Row], size: int) -> list[Row]:
        """The first so many of them that can be tried now, or again."""
        now = self._clock()
        for row, (until, pause_s) in list(self._until.items()):
            if until + 2 * pause_s <= now:  # it was tried since, and did not fail
                del self._until[row]
        ready = [row for row in due if self._until.get(row, (now, 0.0))[0] <= now]
        return ready[:size]

    def put_off(self, failed: Iterable[Hashable]) -> None:
        """These could not be swept."""
        now = self._clock()
        for row in failed:
            _, pause_s = self._until.pop(row, (0.0, PAUSE_S / 2))
            if len(self._until) < ROWS_MAX:
                pause_s = min(2 * pause_s, PAUSE_S_MAX)
                self._until[row] = now + pause_s, pause_s
