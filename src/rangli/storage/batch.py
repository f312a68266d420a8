"""Many requests in one transaction: each answered once, none failed by its neighbours.

`batcher` gathers the requests; here one batch of them is brought to its end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import structlog

from rangli.core.errors import Invalid, RangliError, Unavailable
from rangli.storage import metrics
from rangli.storage.idempotency import (
    Key,
    KeyTakenError,
    Record,
    find_records,
    forget_records,
    insert_records,
    replay,
    set_responses,
)
from rangli.storage.postgres import CHANGING, Busy, Connection, Pool, connection

# A transaction that lost its connection, or found rows locked for longer than `lock_timeout`, is
# begun again so often: the first time what the lost one left behind may still be in the way.
_LOST_MAX = 4
_PAUSE_S = 0.01  # before it is begun again the first time; then longer
# Another process may again and again take keys of the batch; each time fewer are left.
_TAKEN_MAX = 20

_KEY = attrgetter("key")

B = TypeVar("B")
Outcome: TypeAlias = bytes | Exception
# Who waits for an answer, None if it comes too late, and until when by `time.monotonic()`.
Waiter: TypeAlias = "tuple[asyncio.Future[Outcome | None], float]"
_log = structlog.get_logger(__name__)


class Asked(NamedTuple, Generic[B]):
    """One request of a batch.

    fingerprint: equal for equal requests, such as the serialised message; only a hash is kept.
    """

    tenant: str
    request_id: str
    fingerprint: bytes
    actor: str
    body: B


# In one open transaction: a verdict per request, in order. The response's bytes, or a refusal that
# has changed nothing.
Apply: TypeAlias = Callable[
    [Connection, Sequence[Asked[B]]], Awaitable[Sequence[bytes | RangliError]]
]


class Request(Generic[B]):
    """A request, its key, and who waits for its answer. asked_at: by `time.monotonic()`."""

    __slots__ = ("asked", "asked_at", "key", "request_sha256", "waiters")

    def __init__(self, asked: Asked[B], key: Key, request_sha256: bytes, waiter: Waiter) -> None:
        self.asked = asked
        self.asked_at = time.monotonic()
        self.key = key
        self.request_sha256 = request_sha256
        self.waiters = [waiter]

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits."""
        for future, _ in self.waiters:  # noqa: SIM110  # a generator for each request costs more
            if not future.done():
                return True
        return False


# In a statement that commits by itself, with the requests' records: their answers, in order. None
# if nothing was done, because one of them may have to be refused or has been made before.
AtOnce: TypeAlias = Callable[[Connection, Sequence[Request[B]]], Awaitable[Sequence[bytes] | None]]


@dataclass(slots=True)
class Counts:
    """What a batcher has done since it was made.

    batches: begun; requests: in them.  at_once: batches done the short way.  replays: answered from
    their record.  shed: refused because the wait would have been too long.  retries: transactions
    begun again.  bisected: batches cut in two because of a fault.
    """

    batches: int = 0
    requests: int = 0
    at_once: int = 0
    replays: int = 0
    shed: int = 0
    retries: int = 0
    bisected: int = 0


@dataclass(slots=True)
class Work(Generic[B]):
    """How the batches of one method are done.

    at_once: the short way, if the method has one. After a batch with repeats or refusals the next
    one takes the long way too, as the like come together.
    answer: told each request's outcome, once, after its transaction has ended.
    """

    pool: Pool
    method: str
    apply: Apply[B]
    at_once: AtOnce[B] | None
    counts: Counts
    answer: Callable[[Request[B], Outcome], None]
    smooth: bool = True  # the last batch had neither repeats nor refusals

    async def do(
        self,
        requests: Sequence[Request[B]],
        *,
        committed: Callable[[], None],
        doubtful: bool = False,
    ) -> None:
        """Answers all the requests.

        A transaction that is lost or finds rows locked is begun again with the same keys, as long
        as anybody waits, and then Unavailable. An unexpected fault is cornered by halving.

        committed: told when that is so, before anybody is answered.
        doubtful: an earlier transaction with these keys may yet be committed.
        """
        failure = Unavailable("postgres", "other requests with these keys are still under way")
        lost = taken = 0
        while lost < _LOST_MAX and taken < _TAKEN_MAX:
            if lost or taken:
                self.counts.retries += 1
                await asyncio.sleep(_PAUSE_S * (2**lost - 1))
                if not any(request.wanted for request in requests):
                    break
            begun = False
            try:
                async with connection(self.pool) as conn:
                    outcomes: Sequence[Outcome] | None = None
                    begun = True
                    if self.at_once and self.smooth and not (lost or taken or doubtful):
                        outcomes = await self.at_once(conn, requests)
                        self.counts.at_once += outcomes is not None
                    if outcomes is None:
                        async with conn.transaction():
                            await conn.execute(CHANGING)
                            outcomes = await self._decide(conn, requests, doubtful=doubtful)
                    committed()
                    # Nobody need wait until the connection is ready for others.
                    for request, outcome in zip(requests, outcomes, strict=True):
                        self.answer(request, outcome)
                return
            except KeyTakenError:
                taken += 1
            except Unavailable as error:
                failure = error
                if not begun:
                    break
                doubtful = doubtful or not isinstance(error, Busy)
                lost += 1
            except Exception as fault:
                await self._corner(requests, fault, committed=committed, doubtful=doubtful)
                return
        if doubtful:
            metrics.INDETERMINATE.inc(len(requests))
        for request in requests:
            self.answer(request, failure)

    async def _corner(
        self,
        requests: Sequence[Request[B]],
        fault: Exception,
        *,
        committed: Callable[[], None],
        doubtful: bool,
    ) -> None:
        """The request that cannot be done gets the fault, its neighbours their answers."""
        if len(requests) == 1:
            self.answer(requests[0], fault)
            return
        self.counts.bisected += 1
        _log.warning("batch cut in two", method=self.method, fault=type(fault).__name__)
        middle = len(requests) // 2
        # The second half is still to be done when the first is committed.
        await self.do(requests[:middle], committed=lambda: None, doubtful=doubtful)
        await self.do(requests[middle:], committed=committed, doubtful=doubtful)

    async def _decide(
        self, conn: Connection, requests: Sequence[Request[B]], *, doubtful: bool
    ) -> list[Outcome]:
        """The requests' outcomes, in order, if the transaction is committed."""
        # Before anything is decided: a repeat must not use up what is left.
        known = await find_records(conn, self.method, [request.key for request in requests])
        fresh = [request for request in requests if request.key not in known]
        outcomes: dict[Key, Outcome] = {}
        if fresh:
            if self.at_once:
                await self._claim(conn, fresh)
            verdicts = await self.apply(conn, [request.asked for request in fresh])
            outcomes = {
                request.key: verdict for request, verdict in zip(fresh, verdicts, strict=True)
            }
            if self.at_once:
                await self._keep(conn, outcomes)
            else:
                known |= await self._record(conn, fresh, outcomes, doubtful=doubtful)
        self.smooth = not known and all(isinstance(one, bytes) for one in outcomes.values())
        self.counts.replays += len(known)
        for request in requests if known else ():
            if record := known.get(request.key):
                outcomes[request.key] = _replayed(record, request)
        return [outcomes[request.key] for request in requests]

    async def _claim(self, conn: Connection, fresh: Iterable[Request[B]]) -> None:
        """Takes the keys before the decision, as the short way does: it locks them first.

        Else a batch that went the one way and a batch that went the other, with a request in
        common, could each hold what the other waits for.
        """
        records = [Record(request.key, request.request_sha256, None) for request in fresh]
        await insert_records(conn, self.method, sorted(records, key=_KEY))

    async def _keep(self, conn: Connection, outcomes: Mapping[Key, Outcome]) -> None:
        """Keeps the successes; the keys of the others are free again."""
        kept = [(key, one) for key, one in outcomes.items() if isinstance(one, bytes)]
        refused = [key for key, one in outcomes.items() if not isinstance(one, bytes)]
        if kept:
            await set_responses(conn, self.method, kept)
        if refused:
            await forget_records(conn, self.method, refused)

    async def _record(
        self,
        conn: Connection,
        fresh: Iterable[Request[B]],
        outcomes: dict[Key, Outcome],
        *,
        doubtful: bool,
    ) -> dict[Key, Record]:
        """Keeps the successes; the records of refused requests that had succeeded before.

        What made a request be refused may be its own effect, committed by an earlier transaction
        between our look at the records and our locks: so the refused are looked up once more. If
        such a transaction may even be still under way, they are inserted as well, which waits for
        its end, and deleted again.
        """
        records, refused = [], []
        for request in fresh:
            outcome = outcomes[request.key]
            if isinstance(outcome, bytes):
                records.append(Record(request.key, request.request_sha256, outcome))
            else:
                refused.append(request.key)
                if doubtful:
                    records.append(Record(request.key, request.request_sha256, None))
        records.sort(key=_KEY)
        if records:
            await insert_records(conn, self.method, records)
        if refused and doubtful:
            await forget_records(conn, self.method, refused)
        elif refused:
            return await find_records(conn, self.method, refused)
        return {}


def _replayed(record: Record, request: Request[B]) -> Outcome:
    try:
        return replay(record, request.request_sha256)
    except Invalid as error:
        return error
