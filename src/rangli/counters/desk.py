"""What one process is asked of one owner, gathered for one script call at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from rangli.counters.keys import OwnerKeys
from rangli.counters.model import Want
from rangli.counters.scripts import CALL_MAX


class Admission(Enum):
    """What the filter says."""

    PASSED = "passed"
    BYPASSED = "bypassed"  # Redis cannot be believed: PostgreSQL says
    SOLD_OUT = "sold_out"
    LIMITED = "limited"  # a counter of a subject is at its most; PostgreSQL may know better


class Limited(NamedTuple):
    """A subject's counter to be taken from together with the stock; each once in a request.

    most: of its limit.  ttl_s: it is forgotten so long after its first use, 1 or more: until its
    period ends.
    """

    want: Want
    most: int
    ttl_s: int


class Ask(NamedTuple):
    """One request. Its answer is None if Redis gave none."""

    stock: Want | None
    limited: Sequence[Limited]
    answer: asyncio.Future[Admission | None]


class Desk:
    """One owner's requests, and what this process knows of its stocks.

    asked_at: when it was asked last, `time.monotonic()`.
    stocks: ids of those that were asked for.
    empty_until: of stocks that have just been found empty, until when that is said unasked.
    serving: the task that brings requests to Redis, while there are any.
    """

    __slots__ = ("asked_at", "empty_until", "keys", "owner", "queue", "serving", "stocks", "tenant")

    def __init__(self, tenant: str, owner: str, keys: OwnerKeys) -> None:
        self.tenant = tenant
        self.owner = owner
        self.keys = keys
        self.queue: deque[Ask] = deque()
        self.asked_at = 0.0
        self.stocks: set[str] = set()
        self.empty_until: dict[str, float] = {}
        self.serving: asyncio.Task[None] | None = None

    def take(self) -> list[Ask]:
        """The next requests for one call; those that nobody waits for are left out."""
        asks: list[Ask] = []
        while self.queue and len(asks) < CALL_MAX:
            ask = self.queue.popleft()
            if not ask.answer.done():
                asks.append(ask)
        return asks

    def written(self, asks: Sequence[Ask], epoch: int) -> tuple[list[str], list[str | int]]:
        """The keys and the requests, as `admit.lua` reads them."""
        index: dict[str, int] = {}
        keys = self.keys
        requests: list[str | int] = []

        def number(key: str) -> int:
            return index.setdefault(key, len(index) + 1)

        for stock, limited, _ in asks:
            if stock is None:
                requests += (0, 0)
            else:
                self.stocks.add(stock.limit_id)
                requests += (number(keys.stock(stock.limit_id)), stock.quantity)
            requests.append(len(limited))
            for (limit_id, subject_id, quantity), most, ttl_s in limited:
                counter = number(keys.counter(epoch, limit_id, subject_id))
                requests += (counter, quantity, most, ttl_s)
        return list(index), requests

    def abandon(self, asks: Sequence[Ask]) -> None:
        """Whoever waits, these included, learns that Redis gives no answer."""
        for ask in (*asks, *self.queue):
            if not ask.answer.done():
                ask.answer.set_result(None)
        self.queue.clear()

    def stock_keys(self) -> Iterator[tuple[str, str]]:
        """(limit_id, key) of each stock that was asked for, in order."""
        return ((limit_id, self.keys.stock(limit_id)) for limit_id in sorted(self.stocks))
