"""Look-ups that come together are made together, and none is older than its question."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from rangli.coupons.gathering import Gatherer


class Library:
    """Knows the squares of even numbers; each look takes until it is let go on."""

    def __init__(self) -> None:
        self.looks: list[list[int]] = []
        self.gate = asyncio.Event()
        self.fault: Exception | None = None

    async def look(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.looks.append(list(keys))
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return {key: key * key for key in keys if key % 2 == 0}


async def begun(library: Library, looks: int) -> None:
    async with asyncio.timeout(60):
        while len(library.looks) < looks:  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.001)


async def test_what_is_asked_together_is_looked_up_once_and_each_gets_his_own() -> None:
    library = Library()
    library.gate.set()
    gatherer = Gatherer(library.look)

    answers = await asyncio.gather(*(gatherer.ask(key) for key in (2, 3, 4, 2)))

    assert answers == [4, None, 16, 4]
    assert library.looks == [[2, 3, 4]]


async def test_a_full_house_does_not_wait_for_the_clock() -> None:
    library = Library()
    library.gate.set()
    gatherer = Gatherer(library.look, size_max=3, at_once=1)

    answers = await asyncio.gather(*(gatherer.ask(key) for key in range(9)))

    assert answers == [key * key if key % 2 == 0 else None for key in range(9)]
    assert library.looks == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


async def test_a_question_that_comes_during_a_look_is_answered_by_a_later_one() -> None:
    library = Library()
    gatherer = Gatherer(library.look, at_once=1)
    first = asyncio.create_task(gatherer.ask(2))
    await begun(library, 1)

    later = [asyncio.create_task(gatherer.ask(key)) for key in (2, 4)]
    await asyncio.sleep(0.01)
    assert library.looks == [[2]]
    library.gate.set()

    assert await asyncio.gather(first, *later) == [4, 4, 16]
    assert library.looks == [[2], [2, 4]]


async def test_a_fault_goes_to_those_who_asked_and_the_next_look_works() -> None:
    library = Library()
    library.gate.set()
    library.fault = ConnectionError("gone")
    gatherer = Gatherer(library.look)

    outcomes = await asyncio.gather(gatherer.ask(2), gatherer.ask(3), return_exceptions=True)
    library.fault = None

    assert [type(one) for one in outcomes] == [ConnectionError, ConnectionError]
    assert await gatherer.ask(2) == 4


async def test_who_goes_away_keeps_nobody_else_waiting() -> None:
    library = Library()
    gatherer = Gatherer(library.look)
    gone, stays = asyncio.create_task(gatherer.ask(2)), asyncio.create_task(gatherer.ask(4))
    await begun(library, 1)

    gone.cancel()
    library.gate.set()

    assert await stays == 16
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_what_nobody_waits_for_any_more_is_not_looked_up() -> None:
    library = Library()
    gatherer = Gatherer(library.look, at_once=1)
    first = asyncio.create_task(gatherer.ask(2))
    await begun(library, 1)

    gone = [asyncio.create_task(gatherer.ask(key)) for key in (4, 6, 8, 8)]
    stays = asyncio.create_task(gatherer.ask(6))
    await asyncio.sleep(0.01)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    library.gate.set()

    assert await asyncio.gather(first, stays) == [4, 36]
    assert library.looks == [[2], [6]]
    assert await gatherer.ask(8) == 64
