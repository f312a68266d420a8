"""Tasks that go on for ever end when they are told to, whatever becomes of a cancellation."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from rangli.storage import detached


@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_a_task_that_lost_its_cancellation_ends_all_the_same(lost):
    met = 0

    async def for_ever() -> None:
        nonlocal met
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            met += 1
            if met > lost:
                raise asyncio.CancelledError

    task = asyncio.create_task(for_ever())
    await asyncio.sleep(0)

    await detached.end(task)

    assert task.cancelled()
    assert met == lost + 1


async def test_what_has_ended_or_fails_meanwhile_is_ended_in_peace():
    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError

    ended, failing = asyncio.create_task(asyncio.sleep(0)), asyncio.create_task(fails())
    await ended

    await detached.end(ended, failing)

    assert isinstance(failing.exception(), ValueError)
