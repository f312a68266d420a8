"""Long work in slices, between which other calls of the process have their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

# Rows that take some milliseconds, and that make a round trip cheap.
AT_ONCE = 1_000
_Row = TypeVar("_Row")


async def in_turns(rows: Iterable[_Row]) -> AsyncIterator[_Row]:
    """The rows as they come, as COPY takes them; after every `AT_ONCE` others have their turn."""
    for number, row in enumerate(rows, start=1):
        yield row
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
