"""Concurrent requests of one method, done together in one transaction and answered after COMMIT.

    batching = Batching(stores.pg)                        # one per process
    posting = batching.batcher("Post", apply)             # one per method
    response = await posting.submit(Asked(...), deadline=context.deadline)

A batch leaves when it is full or its first request has waited 2 ms; while all writers are busy
requests go on gathering, and a patient batch gathers as long as others keep coming, up to 20 ms.
Each request is answered once for its key: repeats get the same answer, whether they come together,
later, or to another process. A method may have a shorter way for batches in which nothing is a
repeat or refused (`at_once`).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from rangli.core.errors import DeadlinePassed, Exhausted, RangliError, Reason, Unavailable
from rangli.storage import detached, metrics
from rangli.storage.batch import Apply, Asked, AtOnce, Counts, Outcome, Request, Work
from rangli.storage.idempotency import Key, key_reused, sha256
from rangli.storage.patience import Patience
from rangli.storage.postgres import Pool

__all__ = ["Apply", "Asked", "AtOnce", "Batcher", "Batching", "Counts", "Request"]

_TICK_S = 0.001
_LATE_S_MAX = 0.005  # so much later than its deadline a waiter may be told

B = TypeVar("B")

# Rows stay locked, and this process's loop is busy, for as long as a batch takes.
WORK_MAX = 500


class Batching:
    """A process's batchers: at most `writers` of their transactions run at a time, in turns."""

    def __init__(self, pool: Pool, *, writers: int = 2) -> None:
        self.pool = pool
        self.closed = False
        self._writers = writers
        self.idle = writers
        self._batchers: list[Batcher[Any]] = []
        self._due: dict[Batcher[Any], None] = {}  # each once and in order, so they take turns
        self._running: set[asyncio.Task[None]] = set()

    def batcher(
        self,
        method: str,
        apply: Apply[B],
        *,
        at_once: AtOnce[B] | None = None,
        work: Callable[[B], int] | None = None,
        size_max: int = 256,
        wait_s: float = 0.002,
        queue_max: int = 4096,
        patient: bool = False,
    ) -> Batcher[B]:
        """The way in for one method; make it once.

        apply: decides a batch in the open transaction it is given. Requests known by their key
            never reach it. Whatever it raises rolls the batch back.
        at_once: a shorter way for a batch of nothing but new requests that succeed; tried first.
        work: how many things a request does, 1 or more; a batch does at most `WORK_MAX`, or one
            request. None: each does one.
        size_max: requests a batch.  wait_s: longest that the first of a batch waits for others
            while a writer is idle.  queue_max: requests that may wait; more are shed.
        patient: instead of `wait_s`, a batch waits up to 20 ms while others come in each turn of
            the loop or the last batch is under way: for batches that all want the same rows.
        """
        made = Batcher(
            self,
            method,
            apply,
            at_once=at_once,
            work=work,
            size_max=size_max,
            wait_s=wait_s,
            queue_max=queue_max,
            patient=patient,
        )
        self._batchers.append(made)
        return made

    def counts(self) -> list[Counts]:
        """What each batcher has done so far."""
        return [batcher.counts for batcher in self._batchers]

    async def drain(self) -> None:
        """Everything asked so far is answered."""
        for batcher in self._batchers:
            batcher.flush()
        while self._running:  # what is due begins before the last of these has ended
            await asyncio.wait(self._running)

    async def close(self) -> None:
        """Refuses new requests and answers the others."""
        self.closed = True
        await self.drain()

    def due(self, batcher: Batcher[Any]) -> None:
        """The batcher has a batch to do; a writer does it when its turn has come."""
        self._due[batcher] = None
        self._dispatch()

    def wait_ms(self, batches_ahead: int, batch_us: int) -> int:
        """How long so many batches keep the next of their method waiting, if each takes so long.

        For when no writer is idle.
        """
        turns = (batches_ahead + 1) * max(1, len(self._due))
        return turns * batch_us // (1000 * self._writers)

    def _dispatch(self) -> None:
        while self.idle and self._due:
            batcher = next(iter(self._due))
            del self._due[batcher]
            batch = batcher.take()
            if batch:
                self.idle -= 1
                task = detached.start(self._do(batcher, batch))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            if batcher.queued:  # the rest has waited long enough, but others have their turn first
                self._due[batcher] = None

    async def _do(self, batcher: Batcher[B], batch: Sequence[Request[B]]) -> None:
        busy = True

        def free() -> None:
            """The next batch is on its way before those of this one are told, who take longer."""
            nonlocal busy
            if busy:
                busy = False
                self.idle += 1
                self._dispatch()

        try:
            await batcher.run(batch, free)
        finally:
            free()


class Batcher(Generic[B]):
    """The queue of one method. Counts what it does in `counts`."""

    def __init__(
        self,
        batching: Batching,
        method: str,
        apply: Apply[B],
        *,
        at_once: AtOnce[B] | None,
        work: Callable[[B], int] | None,
        size_max: int,
        wait_s: float,
        queue_max: int,
        patient: bool,
    ) -> None:
        self.counts = Counts()
        self._batching = batching
        self._size = metrics.BATCH_SIZE.labels(method)
        self._wait_seconds = metrics.BATCH_WAIT_SECONDS.labels(method)
        self._commit_seconds = metrics.BATCH_COMMIT_SECONDS.labels(method)
        self._work = Work(batching.pool, method, apply, at_once, self.counts, self._answer)
        self._work_of = work
        self._size_max = size_max
        self._wait_s = wait_s
        self._queue_max = queue_max
        self._patient = patient
        self._running = 0  # batches
        self._queue: deque[Request[B]] = deque()
        self._open: dict[Key, Request[B]] = {}  # queued or in a batch: repeats wait with the first
        self._timer: asyncio.Handle | None = None
        self._patience = Patience(0)
        self._deadlines = _Deadlines(self._open)
        self._batch_us = 0  # measured: what a batch takes

    @property
    def queued(self) -> int:
        """Requests that wait for a batch."""
        return len(self._queue)

    async def submit(self, asked: Asked[B], *, deadline: float) -> bytes:
        """The request's answer: its first one, if it has been made before.

        deadline: `time.monotonic()` after which nobody waits for it.

        A caller that is cancelled or late stops waiting; its request is dropped if it has not
        begun and nobody else waits for it. Raises what `apply` refused it with; Invalid
        (IDEMPOTENCY_KEY_REUSED); Exhausted (OVERLOADED) if it would wait too long; Unavailable if
        Postgres is away, also when lost at the commit: a repeat finds out what happened;
        DeadlinePassed; and whatever fault only this request has met.
        """
        key = (asked.tenant, asked.request_id)
        request_sha256 = sha256(asked.fingerprint)
        loop = asyncio.get_running_loop()
        while True:  # ends at the deadline at the latest
            future: asyncio.Future[Outcome | None] = loop.create_future()
            first = self._open.get(key)
            if first is None:
                self._admit(deadline)
                self._enqueue(Request(asked, key, request_sha256, (future, deadline)))
            else:
                first.waiters.append((future, deadline))
            if deadline < self._deadlines.watched_until:
                self._deadlines.watch(deadline)
            outcome = await future
            if outcome is None:
                raise DeadlinePassed
            if first is None or first.request_sha256 == request_sha256:
                break
            if isinstance(outcome, bytes):
                raise key_reused(key)
            # The other request of this key came to nothing: the key may still be free.
        if isinstance(outcome, bytes):
            return outcome
        if isinstance(outcome, RangliError):
            # One may be raised to many, each of whom would lengthen its trace.
            raise outcome.with_traceback(None)
        raise outcome

    def _admit(self, deadline: float) -> None:
        batching, queued = self._batching, len(self._queue)
        if batching.closed:
            raise Unavailable("batcher", "the server is shutting down")
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise DeadlinePassed
        # With an idle writer nothing stands in the way, however slow the last batches were.
        ahead = queued // self._size_max
        wait_ms = 0 if batching.idle else batching.wait_ms(ahead, self._batch_us)
        if queued >= self._queue_max or wait_ms * 2 > left_s * 1000:
            self.counts.shed += 1
            raise Exhausted(
                Reason.OVERLOADED,
                "more is asked than can be done in time; try again later",
                retry_after_s=max(wait_ms, 100) / 1000,
            )

    def _enqueue(self, request: Request[B]) -> None:
        self._queue.append(request)
        self._open[request.key] = request
        queued = len(self._queue)
        if queued == self._size_max:
            self.flush()
        elif self._timer is None and queued < self._size_max:  # with more than that it is due
            if self._patient:
                self._patience = Patience(queued)
                self._timer = asyncio.get_running_loop().call_soon(self._ring)
            else:
                self._timer = asyncio.get_running_loop().call_later(self._wait_s, self.flush)

    def _ring(self) -> None:
        """In each turn of the loop, for a patient one; while a batch is under way seldom."""
        if self._running and not self._patience.is_spent:
            self._timer = asyncio.get_running_loop().call_later(_TICK_S, self._ring)
        elif not self._patience.is_over(len(self._queue)):
            self._timer = asyncio.get_running_loop().call_later(self._patience.pause_s, self._ring)
        else:
            self.flush()

    def flush(self) -> None:
        """What is queued waits for nothing but its turn."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._queue:
            self._batching.due(self)

    def take(self) -> list[Request[B]]:
        """The next batch; what nobody waits for any more is left out."""
        batch: list[Request[B]] = []
        queue, work_of, work = self._queue, self._work_of, 0
        while queue and len(batch) < self._size_max:
            request = queue[0]
            if request.wanted:
                work += work_of(request.asked.body) if work_of else 1
                if batch and work > WORK_MAX:
                    break
                batch.append(request)
            else:
                del self._open[request.key]
            queue.popleft()
        return batch

    async def run(self, batch: Sequence[Request[B]], committed: Callable[[], None]) -> None:
        """Answers the batch; committed: told before that, if all goes well."""
        began_ns = time.monotonic_ns()
        self._running += 1
        self.counts.batches += 1
        self.counts.requests += len(batch)
        self._size.observe(len(batch))
        self._wait_seconds.observe(began_ns / 1e9 - batch[0].asked_at)
        try:
            await self._work.do(batch, committed=committed)
        except BaseException:  # torn, by the end of the loop
            for request in batch:
                if self._open.get(request.key) is request:
                    self._answer(request, Unavailable("batcher", "the server is shutting down"))
            raise
        finally:
            self._running -= 1
        took_us = (time.monotonic_ns() - began_ns) // 1000
        self._commit_seconds.observe(took_us / 1e6)
        self._batch_us = (3 * self._batch_us + took_us) // 4 if self._batch_us else took_us

    def _answer(self, request: Request[B], outcome: Outcome) -> None:
        del self._open[request.key]
        for future, _ in request.waiters:
            if not future.done():
                future.set_result(outcome)


class _Deadlines:
    """Tells those whose deadline passes; one timer for all, as hardly any ever does.

    watched_until: the timer rings then; it must be told of earlier deadlines.
    """

    def __init__(self, waited_for: Mapping[Key, Request[Any]]) -> None:
        self._waited_for = waited_for
        self._timer: asyncio.TimerHandle | None = None
        self.watched_until = math.inf

    def watch(self, deadline: float) -> None:
        """Rings at that time the latest."""
        if self._timer is not None:
            self._timer.cancel()
        self.watched_until = deadline
        self._timer = asyncio.get_running_loop().call_at(deadline, self._ring)

    def _ring(self) -> None:
        now, nearest = time.monotonic(), math.inf
        for request in self._waited_for.values():
            for future, deadline in request.waiters:
                if future.done():
                    continue
                if deadline <= now:
                    future.set_result(None)
                elif deadline < nearest:
                    nearest = deadline
        self._timer, self.watched_until = None, math.inf
        if nearest < math.inf:
            # Many deadlines that pass one after the other must not cost a look each.
            self.watch(max(nearest, now + _LATE_S_MAX))
