"""What passed the filter and came to nothing, or came back later: gathered, and given back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import TypeAlias

from rangli.counters.desk import Limited
from rangli.counters.keys import OwnerKeys
from rangli.counters.model import Want
from rangli.counters.scripts import CALL_MAX

Owner: TypeAlias = tuple[str, str]  # tenant, owner


class Amounts:
    """What is to be given back to one owner, summed up.

    stocks: limit_id -> (failed, returned) units.  counters: (limit_id, subject_id) -> quantity.
    """

    __slots__ = ("counters", "stocks")

    def __init__(self) -> None:
        self.stocks: dict[str, tuple[int, int]] = {}
        self.counters: dict[tuple[str, str], int] = {}

    def add(self, stock: Want | None, limited: Sequence[Limited], *, came_back: bool) -> None:
        """One request's."""
        if stock is not None:
            failed, returned = self.stocks.get(stock.limit_id, (0, 0))
            if came_back:
                returned += stock.quantity
            else:
                failed += stock.quantity
            self.stocks[stock.limit_id] = failed, returned
        for (limit_id, subject_id, quantity), *_ in limited:
            counter = limit_id, subject_id
            self.counters[counter] = self.counters.get(counter, 0) + quantity

    def written(
        self, keys: OwnerKeys, epoch: int
    ) -> tuple[list[tuple[str, int, int]], list[tuple[str, int]]]:
        """Stocks and counters, as `scripts.give_back` takes them."""
        return (
            [(keys.stock(limit_id), *units) for limit_id, units in self.stocks.items()],
            [(keys.counter(epoch, *names), units) for names, units in self.counters.items()],
        )

    def parts(self) -> Iterator[Amounts]:
        """The same in parts that fit into one call each."""
        stocks, counters = iter(self.stocks.items()), iter(self.counters.items())
        while True:
            part = Amounts()
            part.stocks = dict(islice(stocks, CALL_MAX))
            part.counters = dict(islice(counters, CALL_MAX - len(part.stocks)))
            if not part.stocks and not part.counters:
                return
            yield part


class GivingBack:
    """A process's queue of what is to be given back; one task brings it to Redis.

    send: gives amounts of one call back; it raises nothing.
    """

    def __init__(self, send: Callable[[Owner, Amounts], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: dict[Owner, Amounts] = {}
        self._sending: asyncio.Task[None] | None = None

    def add(
        self, owner: Owner, stock: Want | None, limited: Sequence[Limited], *, came_back: bool
    ) -> None:
        """One request's, in the background."""
        amounts = self._waiting.get(owner)
        if amounts is None:
            amounts = self._waiting[owner] = Amounts()
        amounts.add(stock, limited, came_back=came_back)
        if self._sending is None:
            self._sending = asyncio.create_task(self._drained())

    def drop(self) -> None:
        """Nothing is owed any more: the keys will be filled anew."""
        self._waiting.clear()

    async def drain(self) -> None:
        """Until everything is given back."""
        if self._sending is not None:
            await self._sending

    async def _drained(self) -> None:
        try:
            while self._waiting:
                owner, amounts = next(iter(self._waiting.items()))
                del self._waiting[owner]
                for part in amounts.parts():
                    await self._send(owner, part)
        finally:
            self._sending = None
