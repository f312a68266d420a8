"""How often other calls had their turn while something ran, told by one that takes every turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """done: what `note` was told between each two turns of the other call."""

    def __init__(self) -> None:
        self.done: Counter[int] = Counter()
        self._turn = 0

    def note(self) -> None:
        """One more thing is done, of those that are to come in slices."""
        self.done[self._turn] += 1

    @property
    def at_once(self) -> int:
        """So many things were done at most before the other call had its turn."""
        return max(self.done.values())

    async def take(self) -> None:
        while True:
            self._turn += 1
            await asyncio.sleep(0)


@asynccontextmanager
async def other_call() -> AsyncIterator[Turns]:
    """A call that takes its turn whenever it can, until the end of the block."""
    turns = Turns()
    taking = asyncio.create_task(turns.take())
    try:
        yield turns
    finally:
        taking.cancel()
