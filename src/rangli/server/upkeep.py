"""What a worker clears away now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from rangli.checkout.sweeper import sweep as sweep_orders
from rangli.core.errors import Unavailable
from rangli.counters.sweeper import sweep as sweep_counts
from rangli.counters.sweeper import sweep_past
from rangli.coupons.job_runner import JobRunner
from rangli.funds.sweeper import sweep_all as sweep_budgets
from rangli.ledger.sweeper import sweep as sweep_ledger
from rangli.storage.idempotency import sweep_idempotency
from rangli.storage.postgres import Pool
from rangli.storage.postponed import Postponed
from rangli.storage.sweeping import Sweeper

_log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 3_600.0
# A caller may repeat a change for a week and get the first answer again; a day for slow clocks.
KEEP_ANSWERS_S = 8 * 86_400.0
# A round takes ten thousand at most, of which a busy day may leave millions behind.
PAST_EVERY_S = 60.0
# What has expired is given back about this much later.
EXPIRE_EVERY_S = 1.0
# A job that is started, or whose worker has died, is taken up about this much later.
ISSUE_EVERY_S = 1.0


async def keep_up(pool: Pool) -> None:
    """Clear away for ever; to be run as a task and cancelled. Several workers may at once."""

    async def forget_answers() -> int:
        return await sweep_idempotency(pool, KEEP_ANSWERS_S)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_every(SWEEP_EVERY_S, forget_answers, "stored answers"))
        for sweep, what in (
            (sweep_ledger, "holds and lots"),
            (sweep_counts, "counts"),
            (sweep_orders, "orders"),
        ):
            tasks.create_task(_every(EXPIRE_EVERY_S, Sweeper(pool, sweep).round, what))
        past = Sweeper(pool, sweep_past).round
        tasks.create_task(_every(PAST_EVERY_S, past, "uses of past periods"))
        budgets = partial(sweep_budgets, pool, Postponed())
        tasks.create_task(_every(EXPIRE_EVERY_S, budgets, "budgets"))
        tasks.create_task(_every(ISSUE_EVERY_S, JobRunner(pool).round, "steps of issue jobs"))


async def _every(period_s: float, sweep: Callable[[], Awaitable[int]], what: str) -> None:
    while True:
        await asyncio.sleep(period_s)
        try:
            swept = await sweep()
        except Unavailable:
            continue  # the next round will do
        except Exception:
            # Nobody waits for this task: what goes wrong must be seen, and must not end it.
            _log.exception("sweeping failed", of=what)
            continue
        if swept:
            _log.info("swept", of=what, count=swept)
