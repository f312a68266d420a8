"""Prices that take long: off the loop, in a bounded queue."""

from __future__ import annotations

import asyncio
import threading

import pytest

from rangli.core.errors import Exhausted, Reason
from rangli.pricing.threads import Threads

WITHIN_S = 20


class Slow:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.done = 0

    def __call__(self) -> int:
        self.begun.release()
        assert self.let_go.wait(WITHIN_S)
        self.done += 1
        return threading.get_ident()

    async def begins(self) -> None:
        assert await asyncio.to_thread(self.begun.acquire, timeout=WITHIN_S)


async def test_work_is_done_in_a_thread_while_the_loop_goes_on() -> None:
    threads, slow = Threads(1), Slow()

    work = asyncio.create_task(threads.run(slow))
    await slow.begins()  # which this loop could not see if the work held it
    slow.let_go.set()

    assert await work != threading.get_ident()


async def test_more_than_may_wait_are_refused_until_a_place_is_free() -> None:
    threads, slow = Threads(1, waiting_max=1), Slow()
    work = [asyncio.create_task(threads.run(slow)) for _ in range(2)]
    await slow.begins()

    with pytest.raises(Exhausted) as refused:
        await threads.run(slow)
    slow.let_go.set()
    await asyncio.gather(*work)

    assert refused.value.reason is Reason.OVERLOADED
    assert refused.value.metadata == {"limit": "2"}
    assert refused.value.retry_after_s is not None
    assert await threads.run(lambda: "again") == "again"


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    threads, slow = Threads(1, waiting_max=1), Slow()
    first = asyncio.create_task(threads.run(slow))
    await slow.begins()
    second = asyncio.create_task(threads.run(slow))
    await asyncio.sleep(0)

    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    third = asyncio.create_task(threads.run(slow))  # in the place of the second
    await asyncio.sleep(0)
    slow.let_go.set()
    await asyncio.gather(first, third)

    assert slow.done == 2


async def test_a_failure_reaches_who_waits_and_frees_the_place() -> None:
    threads = Threads(1, waiting_max=0)

    def fail() -> None:
        raise ValueError("broken")

    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            await threads.run(fail)
