"""Work that goes on although its caller has gone.

A transport cancels a handler at the client's deadline. A commit torn by that may or may not have
happened, and PostgreSQL's cancel request may even hit the wait for a standby. So changes run in
tasks of their own; the caller only waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

_Result = TypeVar("_Result")
_log = structlog.get_logger(__name__)

_CANCEL_AGAIN_S = 0.5  # what is being undone has that long

# The loop itself holds tasks weakly, and a drain must know them.
_pending: set[asyncio.Task[Any]] = set()


def start(work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
    """Begin work that is done to its end, whether anybody waits for it or not."""
    task = asyncio.get_running_loop().create_task(work)
    _pending.add(task)
    task.add_done_callback(_pending.discard)
    return task


async def finish(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Do the work to its end, and its result; a cancelled caller stops waiting, not the work."""
    task = start(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.add_done_callback(_report)
        raise
    return task.result()


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended; what they raised is of no interest.

    Once is not enough: redis-py waits with `asyncio.wait_for`, which until Python 3.12 forgets a
    cancellation that comes just when it has what it waits for, and a loop would go on for ever.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=_CANCEL_AGAIN_S)
        await asyncio.gather(*ended, return_exceptions=True)


async def settle(timeout_s: float) -> int:
    """Wait for the detached work of this loop, at most so long; how much of it is still undone.

    For draining, after the last call has been refused and before the stores are closed.
    """
    loop = asyncio.get_running_loop()
    own = {task for task in _pending if task.get_loop() is loop}
    if not own:
        return 0
    _, undone = await asyncio.wait(own, timeout=timeout_s)
    return len(undone)


def _report(task: asyncio.Task[Any]) -> None:
    """Nobody waits for this outcome any more, so a failure is at least logged."""
    if not task.cancelled() and task.exception() is not None:
        _log.warning("detached work failed after its caller had gone", exc_info=task.exception())
