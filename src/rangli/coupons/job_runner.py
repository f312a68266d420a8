"""Jobs are worked off: by every worker, a shard's next members in one transaction each.

A step locks a shard that nobody works on, gives its next members their coupons, and moves the
shard's mark behind them. A worker that dies leaves its step undone and its shard to the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from rangli.core.errors import RangliError, Reason
from rangli.coupons import giving, job_service, job_store
from rangli.coupons.job_model import RETRIES, Failure, JobKey, JobState, Shard, Step
from rangli.coupons.model import Coupon, CouponSource, Giving
from rangli.selection import store as sets
from rangli.storage import detached
from rangli.storage.postgres import Busy, Connection, Pool, changing

STEP_MAX = 500
# Then others have their turn, and a worker that drains need not wait for a whole job.
_STEPS_MAX = 2_000
# Of everybody, and until an operator does something about it.
_STOPPING = (Reason.SOLD_OUT, Reason.BATCH_NOT_OPEN)
_FAULT = RangliError(Reason.INTERNAL_FAULT, "internal fault")
_log = structlog.get_logger(__name__)


class _EndedError(Exception):
    """The job was paused, stopped or cancelled meanwhile: the step must leave nothing."""


class JobRunner:
    """What one worker does of all jobs. Several steps of one runner may run at once."""

    def __init__(self, pg: Pool) -> None:
        self._pg = pg
        # Of shards in which a step met a fault: how many members to try next; 0: pass one over.
        self._sizes: dict[tuple[JobKey, int], int] = {}

    async def round(self) -> int:
        """Works off what is due, within bounds; how many steps that were. Raises Unavailable."""
        for done in range(_STEPS_MAX):
            # To its end: a commit that is torn leaves nobody the wiser.
            if not await detached.finish(self.step()):
                return done
        return _STEPS_MAX

    async def step(self) -> bool:
        """Works off a shard's next members; False if none are due."""
        shard: Shard | None = None
        try:
            async with changing(self._pg) as conn:
                shard = await job_store.take(conn)
                if shard is None:
                    return False
                size = self._sizes.get((shard.key, shard.shard), STEP_MAX)
                await _advance(conn, shard, size)
            self._grow(shard)
        except (_EndedError, Busy):
            return True
        except RangliError:
            raise
        except Exception as fault:
            if shard is None:
                raise
            self._shrink(shard, fault)
        return True

    def _grow(self, shard: Shard) -> None:
        key = shard.key, shard.shard
        size = self._sizes.pop(key, STEP_MAX)
        if size < STEP_MAX // 2:
            self._sizes[key] = max(1, 2 * size)

    def _shrink(self, shard: Shard, fault: Exception) -> None:
        """The member with which nothing can be done is cornered, and then passed over."""
        key = shard.key, shard.shard
        size = self._sizes.get(key, STEP_MAX)
        self._sizes[key] = size // 2
        if size == 1:
            _log.error("a member gets no coupon", job_id=shard.job_id, exc_info=fault)


async def _advance(conn: Connection, shard: Shard, size: int) -> None:
    limit = shard.size(max(1, size))
    if shard.shard == RETRIES:
        users = await job_store.failed_after(conn, shard.key, after=shard.after, limit=limit)
    else:
        users = await sets.members_after(
            conn,
            shard.tenant,
            shard.set_id,
            shard.set_version,
            after=shard.after,
            upto=shard.upto,
            limit=limit,
        )
    outcomes: Sequence[Coupon | RangliError] = [_FAULT] * len(users)
    if size and users:
        outcomes = await giving.give(conn, [_giving(shard, user_id) for user_id in users])
    step, failed = _judged(shard, users, outcomes, is_last=len(users) < limit)
    if shard.shard == RETRIES or failed:
        again = users[: step.members] if shard.shard == RETRIES else ()
        await job_store.write_failures(conn, shard.key, failed=failed, forget=again)
    await job_store.move(conn, shard, step)
    await _settle(conn, shard, step)


def _judged(
    shard: Shard,
    users: Sequence[str],
    outcomes: Sequence[Coupon | RangliError],
    *,
    is_last: bool,
) -> tuple[Step, list[Failure]]:
    """What the step has done, and who failed."""
    given = had = 0
    failed: list[Failure] = []
    problem, after = "", shard.after
    for user_id, outcome in zip(users, outcomes, strict=True):
        if isinstance(outcome, Coupon):
            given += 1
        elif outcome.reason in _STOPPING:
            # Whoever comes after it is refused as well; all of them are done when it goes on.
            problem = f"{outcome.reason}: {outcome.message}"
            break
        elif outcome.reason is Reason.LIMIT_REACHED:
            had += 1
        else:
            failed.append(Failure(user_id, outcome.reason, outcome.message))
        after = user_id
    members = given + had + len(failed)
    if any(isinstance(outcome, Coupon) for outcome in outcomes[members:]):
        raise RuntimeError("coupons were given after the stock was out")
    failed_more = len(failed) - (members if shard.shard == RETRIES else 0)
    is_last = is_last and not problem
    return Step(members, after, given, had, failed_more, is_last, problem), failed


async def _settle(conn: Connection, shard: Shard, step: Step) -> None:
    """The last thing of all: the job still runs, and perhaps it does so no longer."""
    may_end = step.is_last or bool(step.problem)
    if await job_store.locked_state(conn, shard.key, alone=may_end) is not JobState.RUNNING:
        raise _EndedError
    if step.problem:
        await job_store.set_state(conn, shard.key, JobState.STOPPED, step.problem)
        await _tell(conn, shard, "issue_job_stopped", problem=step.problem)
    elif step.is_last and await job_store.is_done(conn, shard.key):
        await job_store.set_state(conn, shard.key, JobState.DONE)
        await _tell(conn, shard, "issue_job_done")


async def _tell(conn: Connection, shard: Shard, what: str, **facts: str) -> None:
    job = await job_service.get(conn, shard.key)
    await job_service.tell(
        conn, job, shard.actor, what, given=job.given, had=job.had, failed=job.failed, **facts
    )


def _giving(shard: Shard, user_id: str) -> Giving:
    return Giving(
        shard.tenant,
        shard.batch_id,
        user_id,
        CouponSource.ISSUED,
        shard.actor,
        reason=shard.reason,
    )
