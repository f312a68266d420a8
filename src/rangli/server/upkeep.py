"""What a worker clears away now and then."""

from __future__ import annotations

import asyncio

import structlog

from rangli.core.errors import Unavailable
from rangli.storage.idempotency import sweep_idempotency
from rangli.storage.postgres import Pool

_log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 3_600.0
# A caller may repeat a change for a week and get the first answer again; a day for slow clocks.
KEEP_ANSWERS_S = 8 * 86_400.0


async def keep_up(pool: Pool) -> None:
    """Clear away for ever; to be run as a task and cancelled. Several workers may at once."""
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        try:
            swept = await sweep_idempotency(pool, KEEP_ANSWERS_S)
        except Unavailable:
            continue  # the next round will do
        except Exception:
            # Nobody waits for this task: what goes wrong must be seen, and must not end it.
            _log.exception("sweeping failed")
            continue
        _log.info("swept stored answers", count=swept)
