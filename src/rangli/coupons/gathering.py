"""Look-ups of many calls, made together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from rangli.storage import detached
from rangli.storage.patience import Patience

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gatherer(Generic[K, V]):
    """One query for all that is asked together, or for the first `size_max` of it.

    look: what is found for the keys, which are distinct; what is absent is not there.
    at_once: queries under way; meanwhile questions go on gathering.

    An answer is never older than its question: a query begins after all that it answers.
    """

    def __init__(
        self,
        look: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
        *,
        size_max: int = 256,
        at_once: int = 2,
    ) -> None:
        self._look = look
        self._size_max = size_max
        self._idle = at_once
        self._asked: dict[K, list[asyncio.Future[V | None]]] = {}
        self._turn: asyncio.Handle | None = None
        self._patience = Patience(0)

    async def ask(self, key: K) -> V | None:
        """What is found for the key. Raises what the query raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[V | None] = loop.create_future()
        together = self._asked.setdefault(key, [])
        together.append(answer)
        if len(self._asked) >= self._size_max:
            self._start()
        elif self._turn is None:
            self._patience = Patience(1)
            self._turn = loop.call_soon(self._due)
        try:
            return await answer
        except asyncio.CancelledError:
            # While the store hangs questions gather: of those who have gone none may be left.
            together.remove(answer)
            if not together and self._asked.get(key) is together:
                del self._asked[key]
            raise

    def _due(self) -> None:
        if self._idle and not self._patience.is_over(len(self._asked)):
            self._turn = asyncio.get_running_loop().call_soon(self._due)
            return
        self._turn = None
        self._start()

    def _start(self) -> None:
        if not self._idle or not self._asked:
            return  # the query that ends next starts it
        keys = list(self._asked)[: self._size_max]
        waiters = {key: self._asked.pop(key) for key in keys}
        if self._turn is not None and not self._asked:
            self._turn.cancel()
            self._turn = None
        self._idle -= 1
        detached.start(self._answer(waiters))

    async def _answer(self, waiters: Mapping[K, Sequence[asyncio.Future[V | None]]]) -> None:
        found: Mapping[K, V] = {}
        fault: Exception | None = None
        try:
            found = await self._look(list(waiters))
        except Exception as error:  # it is theirs who asked
            fault = error
        self._idle += 1
        for key, answers in waiters.items():
            for answer in answers:
                if answer.done():
                    continue
                if fault is None:
                    answer.set_result(found.get(key))
                else:
                    answer.set_exception(fault)
        if self._turn is None or len(self._asked) >= self._size_max:
            self._start()
