"""The filter's scripts as typed functions.

All raise LostError if Redis gives no answer in time, or is not as it was when the epoch was raised;
then it is not to be believed any more.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import NamedTuple

from rangli.storage.in_time import in_time
from rangli.storage.lua import REDIS_AWAY, LuaScript, Redis

CALL_MAX = 256  # requests, or keys, of one call
# A stock's key lives so long after it was filled last: nobody asks for it any more.
_KEPT_S = 86_400


class _State(IntEnum):
    """What became of a call; of all but DONE nothing was done."""

    DONE = 0
    STALE = 1  # a stock must be filled first
    BEHIND = 2  # others are at a newer epoch
    ELSEWHERE = 3  # not the primary that the epoch was raised for


class Verdict(IntEnum):
    """Of one request."""

    PASSED = 1
    SOLD_OUT = 2  # fewer left than it wants
    LIMITED = 3
    EMPTY = 4  # none left


class LostError(RuntimeError):
    """Redis is not to be believed any more; the message says why."""


class Standing(NamedTuple):
    """The server that is believed, and the epoch under which its keys count."""

    epoch: int
    replid: str


class Server(NamedTuple):
    """A Redis as it was when it was believed.

    timeout_s: how long one call waits, for a free connection and all.
    """

    redis: Redis
    standing: Standing
    timeout_s: float


class Stock(NamedTuple):
    """How a stock stands: to be filled with `value`; `seen`: its top before that was read."""

    key: str
    value: int
    seen: int


_ADMIT = LuaScript("rangli.counters", "admit", reply=list[int])
_GIVE_BACK = LuaScript("rangli.counters", "give_back", reply=_State)
_FILL = LuaScript("rangli.counters", "fill", reply=list[int])


async def admit(
    server: Server, *, keys: Sequence[str], requests: Sequence[str | int], fresh_ms: int
) -> list[int] | None:
    """The verdicts, in order; None: a stock must be filled first.

    See `admit.lua` for what a request is.
    """
    head = (*server.standing, _now_ms(), fresh_ms)
    async with _in_time(server):
        state, *verdicts = await _ADMIT(server.redis, keys=keys, args=(*head, *requests))
    if state == _State.STALE:
        return None
    _believe(_State(state))
    return verdicts


async def give_back(
    server: Server,
    stocks: Sequence[tuple[str, int, int]],
    counters: Sequence[tuple[str, int]],
) -> None:
    """Give back to stocks (key, failed, returned) and to counters (key, quantity)."""
    keys = [key for key, *_ in stocks] + [key for key, _ in counters]
    amounts = [
        *(amount for _, *amounts in stocks for amount in amounts),
        *(quantity for _, quantity in counters),
    ]
    head = (*server.standing, len(stocks))
    async with _in_time(server):
        state = await _GIVE_BACK(server.redis, keys=keys, args=(*head, *amounts))
    _believe(state)


async def fill(server: Server, stocks: Sequence[Stock]) -> list[int]:
    """Fill stocks of one owner; what each had left before, -1 of one that was none."""
    head = (*server.standing, _now_ms(), _KEPT_S)
    amounts = [amount for stock in stocks for amount in (stock.value, stock.seen)]
    keys = [stock.key for stock in stocks]
    async with _in_time(server):
        state, *left = await _FILL(server.redis, keys=keys, args=(*head, *amounts))
    _believe(_State(state))
    return left


async def seen(server: Server, keys: Iterable[str]) -> list[int]:
    """The stocks' tops, -1 of those that are missing or of another epoch. Keys of any owners."""
    async with _in_time(server), server.redis.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.hmget(key, ["epoch", "top"])
        found = await pipeline.execute()
    wanted = b"%d" % server.standing.epoch
    return [int(top) if epoch == wanted else -1 for epoch, top in found]


@asynccontextmanager
async def _in_time(server: Server) -> AsyncIterator[None]:
    """One call; a connection whose answer is still to come is dropped, so it meets nobody else."""
    try:
        async with in_time(server.timeout_s):
            yield
    except REDIS_AWAY as error:
        raise LostError(f"no answer: {type(error).__name__}") from error


def _believe(state: _State) -> None:
    if state is not _State.DONE:
        raise LostError(f"not as it was: {state.name}")


def _now_ms() -> int:
    """The clock of `at_ms`; processes whose clocks differ fill more often, no more."""
    return time.time_ns() // 1_000_000
