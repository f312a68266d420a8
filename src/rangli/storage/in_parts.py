"""Work on many rows at once, of which a few may be broken or in use by others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from rangli.core.errors import NotFound, Refused
from rangli.storage.postgres import Busy, Connection, ConstraintBroken, Pool, changing

# What rows that contradict each other, or that others keep locked, lead to.
_FAULTS = (
    LookupError,
    TypeError,
    ValueError,
    RuntimeError,
    Refused,
    NotFound,
    Busy,
    ConstraintBroken,
)
_Row = TypeVar("_Row")
_log = structlog.get_logger(__name__)


async def in_parts(
    pool: Pool, do: Callable[[Connection, Sequence[_Row]], Awaitable[None]], rows: Sequence[_Row]
) -> list[_Row]:
    """Does all in one transaction; if that fails, each half in its own.

    So what is broken, or drawn on by everybody at the moment, keeps nothing else waiting for ever;
    what cannot be done alone is logged, left and returned. rows: in the order in which they are
    locked. Raises Unavailable if Postgres is away.
    """
    if not rows:
        return []
    try:
        async with changing(pool) as conn:
            await do(conn, rows)
        return []
    except _FAULTS as fault:
        if len(rows) == 1:
            busy = isinstance(fault, Busy)
            _log.warning("cannot be swept now", row=rows[0], exc_info=None if busy else fault)
            return list(rows)
        middle = len(rows) // 2
        failed = await in_parts(pool, do, rows[:middle])
        return failed + await in_parts(pool, do, rows[middle:])
