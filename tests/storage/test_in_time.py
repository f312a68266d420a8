"""Limits that count only the time in which the process ran."""

from __future__ import annotations

import asyncio
import time

import pytest

from rangli.storage.in_time import _beats, in_time


async def test_what_takes_too_long_is_cancelled():
    cancelled = False
    with pytest.raises(TimeoutError):
        async with in_time(0.05):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled = True
                raise
    assert cancelled


@pytest.mark.parametrize("stands_s", [0.3, 0.7])
async def test_an_answer_that_came_while_the_process_stood_still_came_in_time(stands_s):
    """It lies in the socket, and the limit is over: an ordinary one would not look any more."""

    async def echo(reader, writer):
        while byte := await reader.read(1):
            writer.write(byte)
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        async with in_time(0.2):
            for _ in range(3):
                writer.write(b"?")
                await asyncio.sleep(0)
                time.sleep(stands_s)  # noqa: ASYNC251  nothing else runs
                assert await reader.readexactly(1) == b"?"
        writer.close()


async def test_many_limits_end_each_at_its_own_time():
    began = asyncio.get_running_loop().time()
    ended: list[float] = []

    async def limited(timeout_s: float) -> None:
        try:
            async with in_time(timeout_s):
                await asyncio.Event().wait()
        except TimeoutError:
            ended.append(timeout_s)
            assert asyncio.get_running_loop().time() - began >= timeout_s

    limits = [0.3, 0.05, 0.6, 0.15]
    await asyncio.gather(*map(limited, limits))
    assert ended == sorted(limits)


async def test_whoever_is_cancelled_by_others_hears_of_that():
    async def limited() -> None:
        async with in_time(60):
            await asyncio.Event().wait()

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nothing_beats_when_nobody_waits():
    async with in_time(60):
        assert _beats[asyncio.get_running_loop()].beating
    async with asyncio.timeout(60):
        while _beats[asyncio.get_running_loop()].beating:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
