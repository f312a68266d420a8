"""An early no, out of Redis, for what is wanted by more than can have it.

    filter = Filter(stores)                    # one per process; await start(), close()
    match await filter.admit(tenant, "coupon/b1", Want(stock_id, ""), [Limited(...)]):
        case Admission.PASSED: ...             # go to PostgreSQL, which decides
    filter.failed(...)                         # it passed, and came to nothing
    filter.returned(...)                       # units came back, committed

Never a yes: what passes, or bypasses the filter, is judged by PostgreSQL. A stock is filled from
PostgreSQL when it is asked for first, and again each 250 ms while it is; a no is only believed of
one that was filled within the last second. So whatever goes wrong here costs work, or a no that is
no longer given a moment later, and nothing is sold twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from rangli.core.errors import Exhausted, Unavailable
from rangli.counters import scripts
from rangli.counters.bypass import Bypass
from rangli.counters.desk import Admission, Ask, Desk, Limited
from rangli.counters.giving_back import Amounts, GivingBack, Owner
from rangli.counters.keys import OwnerKeys
from rangli.counters.model import Want
from rangli.counters.refill import refill
from rangli.counters.scripts import CALL_MAX, LostError, Verdict
from rangli.counters.shard import Mode, Shard
from rangli.storage import detached
from rangli.storage.in_time import in_time
from rangli.storage.patience import Patience
from rangli.storage.postgres import PostgresError
from rangli.storage.stores import Stores

__all__ = ["Admission", "Counts", "Filter", "Limited", "Mode"]

REFILL_EVERY_S = 0.25
_HOT_S = 2.0  # a stock asked for within so long is refilled
_FORGET_S = 10.0  # an owner that nobody asked for is forgotten
_FRESH_MS = 1_000  # a no of a stock that was filled longer ago is not believed
_EMPTY_S = 0.02  # a stock just found empty is not asked for again
_DESKS_AT_ONCE = 256  # whose stocks are read in one query
_ADMISSIONS = {
    Verdict.PASSED: Admission.PASSED,
    Verdict.SOLD_OUT: Admission.SOLD_OUT,
    Verdict.EMPTY: Admission.SOLD_OUT,
    Verdict.LIMITED: Admission.LIMITED,
}
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Counts:
    """What a filter has said since it was made; shed: too many asked while it was bypassed."""

    passed: int = 0
    bypassed: int = 0
    sold_out: int = 0
    limited: int = 0
    shed: int = 0


class Filter:
    """One process's way to Redis.

    bypass_per_s: so many a second may go to PostgreSQL while Redis cannot be believed.
    timeout_s: how long one call waits for Redis; whoever waits with it then bypasses.
    fill_timeout_s: the same for a filling, which reads PostgreSQL first.
    drift_units: by how much the stocks that are asked for were off at the last refill, in all.
    """

    def __init__(
        self,
        stores: Stores,
        *,
        bypass_per_s: int = 2_000,
        timeout_s: float = 0.2,
        fill_timeout_s: float = 0.5,
        refill_every_s: float = REFILL_EVERY_S,
    ) -> None:
        self.counts = Counts()
        self.drift_units = 0
        self._fill_timeout_s = fill_timeout_s
        self._refill_every_s = refill_every_s
        self._pg = stores.pg
        self._secret = stores.keys.codes
        self._shard = Shard(stores, timeout_s=timeout_s, on_lost=self._abandon)
        self._bypass = Bypass(bypass_per_s)
        self._desks: dict[Owner, Desk] = {}
        self._giving_back = GivingBack(self._give_back)
        self._filling: asyncio.Task[None] | None = None

    @property
    def mode(self) -> Mode:
        """Whether Redis is asked."""
        return self._shard.mode

    @property
    def epoch(self) -> int:
        """Under which its keys count; 0 before the first."""
        return self._shard.server.standing.epoch

    async def start(self) -> None:
        """Filter from now on if Redis can be believed, else as soon as it can."""
        await self._shard.start()
        self._filling = asyncio.create_task(self._keep_filled(), name="filter refill")

    async def close(self) -> None:
        """Bypassed for good; what was to be given back has been."""
        await self._giving_back.drain()
        await self._shard.close()
        self._abandon()
        tasks = (self._filling, *(desk.serving for desk in self._desks.values()))
        await detached.end(*(task for task in tasks if task is not None))

    def is_empty(self, tenant: str, owner: str, stock: Want) -> bool:
        """Whether Redis is asked, and has just said that nothing is left of the stock."""
        if self._shard.mode is Mode.BYPASS:
            return False
        desk = self._desks.get((tenant, owner))
        return desk is not None and desk.empty_until.get(stock.limit_id, 0.0) > time.monotonic()

    async def admit(
        self,
        tenant: str,
        owner: str,
        stock: Want | None,
        limited: Sequence[Limited] = (),
        *,
        anew: bool = False,
    ) -> Admission:
        """Whether to ask PostgreSQL for the stock's units and the subjects' counters.

        anew: ask Redis even if the stock has just been empty.

        At most 16 counters. Exhausted (OVERLOADED) if Redis cannot be believed and too many ask.
        """
        if stock is None and not limited:
            self.counts.passed += 1
            return Admission.PASSED
        if self._shard.mode is Mode.BYPASS:
            return self._bypassed()
        desk = self._desks.get((tenant, owner)) or self._opened(tenant, owner)
        desk.asked_at = now = time.monotonic()
        if not anew and stock is not None and desk.empty_until.get(stock.limit_id, 0.0) > now:
            self.counts.sold_out += 1
            return Admission.SOLD_OUT
        answer: asyncio.Future[Admission | None] = asyncio.get_running_loop().create_future()
        desk.queue.append(Ask(stock, limited, answer))
        if desk.serving is None:
            # It begins after this turn of the loop, and so finds all who ask in it.
            desk.serving = asyncio.create_task(self._serve(desk))
        return await answer or self._bypassed()

    def failed(
        self, tenant: str, owner: str, stock: Want | None, limited: Sequence[Limited] = ()
    ) -> None:
        """It passed and came to nothing: given back in the background."""
        if self._shard.mode is Mode.FILTER:
            self._giving_back.add((tenant, owner), stock, limited, came_back=False)

    def returned(
        self, tenant: str, owner: str, stock: Want | None, limited: Sequence[Limited] = ()
    ) -> None:
        """Units came back, and that is committed: given back in the background."""
        if self._shard.mode is Mode.FILTER:
            self._giving_back.add((tenant, owner), stock, limited, came_back=True)

    def _bypassed(self) -> Admission:
        try:
            self._bypass.take()
        except Exhausted:
            self.counts.shed += 1
            raise
        self.counts.bypassed += 1
        return Admission.BYPASSED

    def _opened(self, tenant: str, owner: str) -> Desk:
        keys = OwnerKeys(tenant, owner, self._secret)
        desk = self._desks[tenant, owner] = Desk(tenant, owner, keys)
        return desk

    def _abandon(self) -> None:
        """Redis is bypassed from now on: nobody waits for it any longer."""
        self._giving_back.drop()
        current = asyncio.current_task()
        for desk in self._desks.values():
            desk.empty_until.clear()
            if desk.serving is not None and desk.serving is not current:
                desk.serving.cancel()  # which tells all who wait there

    async def _serve(self, desk: Desk) -> None:
        """Bring what the desk is asked to Redis, one call after the other, until it has it all."""
        asks: list[Ask] = []
        try:
            while desk.queue:
                await self._gathered(desk)
                asks = desk.take()
                verdicts = await self._judged(desk, asks)
                if verdicts is None:
                    break
                self._tell(desk, asks, verdicts)
        except Exception:
            # They bypass the filter; but nobody waits for this task.
            _log.exception("the filter failed")
        finally:
            desk.serving = None
            desk.abandon(asks)

    async def _gathered(self, desk: Desk) -> None:
        """Until those who come together are there: a call costs as much for one as for ten."""
        patience = Patience(len(desk.queue))
        while len(desk.queue) < CALL_MAX:
            await asyncio.sleep(patience.pause_s)
            if patience.is_over(len(desk.queue)):
                return

    async def _judged(self, desk: Desk, asks: Sequence[Ask]) -> Sequence[int] | None:
        """The verdicts, None if Redis cannot give them."""
        server = self._shard.server
        keys, requests = desk.written(asks, server.standing.epoch)
        try:
            for _ in range(2):
                verdicts = await scripts.admit(
                    server, keys=keys, requests=requests, fresh_ms=_FRESH_MS
                )
                if verdicts is not None:
                    return verdicts
                if await self._filled([desk]) is None:
                    return None
        except LostError as why:
            self._shard.lose(server, why)
        return None

    def _tell(self, desk: Desk, asks: Sequence[Ask], verdicts: Sequence[int]) -> None:
        counts = self.counts
        for (stock, limited, answer), verdict in zip(asks, verdicts, strict=True):
            if verdict == Verdict.PASSED:
                counts.passed += 1
                if answer.done():  # who asked has gone
                    self.failed(desk.tenant, desk.owner, stock, limited)
            elif verdict == Verdict.LIMITED:
                counts.limited += 1
            else:
                counts.sold_out += 1
                if verdict == Verdict.EMPTY and stock is not None:
                    desk.empty_until[stock.limit_id] = time.monotonic() + _EMPTY_S
            if not answer.done():
                answer.set_result(_ADMISSIONS[Verdict(verdict)])

    async def _give_back(self, owner: Owner, amounts: Amounts) -> None:
        server = self._shard.server
        keys = OwnerKeys(*owner, self._secret)
        try:
            await scripts.give_back(server, *amounts.written(keys, server.standing.epoch))
        except LostError as why:
            self._shard.lose(server, why)
        if desk := self._desks.get(owner):
            for limit_id in amounts.stocks:
                desk.empty_until.pop(limit_id, None)

    async def _keep_filled(self) -> None:
        while True:
            await asyncio.sleep(self._refill_every_s)
            now = time.monotonic()
            for owner, desk in list(self._desks.items()):
                if desk.serving is None and now - desk.asked_at > _FORGET_S:
                    del self._desks[owner]
            hot = [
                desk
                for desk in self._desks.values()
                if desk.stocks and now - desk.asked_at <= _HOT_S
            ]
            drift_units = 0
            for begin in range(0, len(hot), _DESKS_AT_ONCE):
                if self._shard.mode is Mode.FILTER:
                    part = hot[begin : begin + _DESKS_AT_ONCE]
                    drift_units += await self._filled(part) or 0
            self.drift_units = drift_units

    async def _filled(self, desks: Sequence[Desk]) -> int | None:
        """Fill the desks' stocks; by how many units they were off, None if it could not be done."""
        server = self._shard.server
        try:
            async with in_time(self._fill_timeout_s):
                return await refill(server, self._pg, desks)
        except LostError as why:
            self._shard.lose(server, why)
        except (Unavailable, PostgresError, TimeoutError):
            pass  # whoever asks PostgreSQL next is told
        except Exception:
            _log.exception("filling the filter failed")
        return None
