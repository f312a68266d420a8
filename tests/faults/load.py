"""Many callers at once, each with a plan of its own, until it is enough."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Protocol

from google.protobuf.message import Message

from tests.faults import budgets, shopping, wallets
from tests.faults.calling import Caller
from tests.faults.history import Change, History, Outcome

_CALLERS = 10
_THINK_S = 0.02  # at most, between two calls: long runs must not make endless histories
_REPEATED = 0.05
_OBSERVE_EVERY_S = 0.02
_PAUSE_S = 0.1
PATIENCE_S = 120


class Plan(Protocol):
    """What one caller asks for."""

    def next(self) -> Sequence[tuple[str, Message]]: ...

    def learn(self, request: Any, answer: Any) -> None: ...


class Load:
    """What goes on while it runs."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.acknowledged = 0

    async def more(self, count: int) -> None:
        """Wait until that many more changes were acknowledged."""
        goal = self.acknowledged + count
        async with asyncio.timeout(PATIENCE_S):
            while self.acknowledged < goal:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(
    caller: Caller,
    history: History,
    *,
    seed: int,
    observe: Callable[[], Awaitable[None]] | None = None,
    timeout_s: Callable[[Random], float | None] = lambda _chance: None,
) -> AsyncIterator[Load]:
    """Callers that ask without a break while the block runs; what they ask follows from the seed.

    observe: reads and judges, every now and then; what it raises fails the block.
    """
    load = Load(history)
    enough = asyncio.Event()

    async def work(number: int) -> None:
        chance = Random(f"{seed}/{number}")
        plans: list[Plan] = [
            wallets.Plan(f"c{number}-wallet", chance),
            budgets.Plan(f"c{number}-fund", chance),
            shopping.Plan(f"c{number}-shop", chance),
        ]
        while not enough.is_set():
            plan = chance.choice(plans)
            changes = [history.change(*asked) for asked in plan.next()]
            answers = await _ask(caller, changes, chance, timeout_s)
            for change, answer in zip(changes, answers, strict=True):
                plan.learn(change.request, answer)
                load.acknowledged += answer is not None
            await asyncio.sleep(chance.uniform(0, _THINK_S))

    async def watch() -> None:
        while observe is not None and not enough.is_set():
            await observe()
            await asyncio.sleep(_OBSERVE_EVERY_S)

    async with asyncio.TaskGroup() as callers:
        for number in range(_CALLERS):
            callers.create_task(work(number))
        callers.create_task(watch())
        try:
            yield load
        finally:
            enough.set()


async def _ask(
    caller: Caller,
    changes: Sequence[Change],
    chance: Random,
    timeout_s: Callable[[Random], float | None],
) -> list[Any]:
    """The answers, None where there is none. Callers repeat what is in doubt, and some by mistake.

    Several changes go together in one call.
    """

    async def send() -> list[Any]:
        if len(changes) > 1:
            return await caller.send_together(changes, timeout_s(chance))
        return [await caller.send(changes[0], timeout_s(chance))]

    if chance.random() < _REPEATED:
        first, second = await asyncio.gather(send(), send())
        return [one if one is not None else other for one, other in zip(first, second, strict=True)]
    answers = await send()
    if changes[0].outcome is Outcome.INFO:
        # A server that is away answers at once: not thousands of calls a second.
        await asyncio.sleep(_PAUSE_S)
        if chance.random() < 0.5:
            answers = await send()
    return answers
