"""The outbox, read in the order of (turn, event_seq).

Reading ends before the oldest transaction under way, whatever it is about: below its id no event
appears any more, so a reader who has passed never misses one. A transaction that stays open holds
the events behind it back, for all tenants; ours end within seconds. (A dump that is restored where
transaction ids are lower brings turns which look as if they were yet to come:
`UPDATE outbox SET turn = '0'` makes its events readable, in the order of their numbers.)
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from rangli.events.model import SEQ_MAX, Page, Position, Seen
from rangli.storage.postgres import Connection, Pool, Record, connection

# So many events are looked at for those of some kinds; the next page goes on behind them.
LOOKED_AT_MAX = 10_000
# A page ends behind the event that makes it this long.
PAYLOAD_CHARS_MAX = 1_000_000

_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
# Every event behind $2, $3 that no transaction can precede any more. In the order of the columns,
# as the index has them, and not of what is read of them.
_BEHIND = """
FROM outbox WHERE tenant = $1 AND (turn, event_seq) > ($2::text::xid8, $3::bigint)
    AND turn < $4::text::xid8
ORDER BY outbox.turn, outbox.event_seq
"""
_COLUMNS = """
turn::text::bigint, event_seq, subject_kind, subject_id, event_type, actor, payload, occurred_at
"""
_PAGE = f"SELECT {_COLUMNS} {_BEHIND} LIMIT $5"
# Stops as soon as it has found enough.
_PAGE_OF_KINDS = f"""
SELECT {_COLUMNS} FROM (SELECT * {_BEHIND} LIMIT {LOOKED_AT_MAX}) looked_at
WHERE subject_kind = ANY($6) LIMIT $5
"""
_LOOKED_AT = f"""
SELECT turn::text::bigint, event_seq {_BEHIND} OFFSET {LOOKED_AT_MAX - 1} LIMIT 1
"""
_STIRRED = """
SELECT place FROM unnest($1::text[], $2::text[], $3::bigint[])
    WITH ORDINALITY AS w (tenant, turn, event_seq, place)
CROSS JOIN LATERAL (
    SELECT FROM outbox o
    WHERE o.tenant = w.tenant AND (o.turn, o.event_seq) > (w.turn::xid8, w.event_seq)
        AND o.turn < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY o.turn, o.event_seq LIMIT 1
) first
"""


@asynccontextmanager
async def reading(pool: Pool) -> AsyncIterator[Connection]:
    """A connection that reads in the index's order, whatever statistics it has."""
    async with connection(pool) as conn, conn.transaction(readonly=True):
        # Else, when many events are new, all of them would be sorted for each page.
        await conn.execute("SET LOCAL enable_sort = off")
        yield conn


async def horizon(conn: Connection) -> int:
    """The turn before which everything is there; it only grows."""
    turn: int = await conn.fetchval(_HORIZON)
    return turn


def all_before(turn: int) -> Position:
    """Behind all events of earlier turns."""
    return Position(turn - 1, SEQ_MAX)


async def page(
    conn: Connection,
    tenant: str,
    after: Position,
    *,
    before: int,
    kinds: Sequence[str],
    size: int,
) -> Page:
    """At most `size` events behind `after` and before that turn, a `horizon`.

    kinds: of subjects; empty for all.  Costs by what is looked at, however many events there are.
    """
    if before <= after.turn:
        return Page((), after, more=False)
    bounds = (tenant, str(after.turn), after.event_seq, str(before))
    query, wanted = (_PAGE_OF_KINDS, (list(kinds),)) if kinds else (_PAGE, ())
    found = await conn.fetch(query, *bounds, size, *wanted)
    events = tuple(_seen(row) for row in _in_one_answer(found))
    if len(events) < len(found) or len(events) == size:
        return Page(events, events[-1].position, more=True)
    last = await conn.fetchrow(_LOOKED_AT, *bounds) if kinds else None
    if last is not None:
        return Page(events, Position(*last), more=True)
    return Page(events, all_before(before), more=False)


async def stirred(conn: Connection, waiting: Sequence[tuple[str, Position]]) -> list[int]:
    """Which of the waiting, by their places, have anything to read behind where they stand."""
    tenants = [tenant for tenant, _ in waiting]
    turns = [str(after.turn) for _, after in waiting]
    seqs = [after.event_seq for _, after in waiting]
    return [row["place"] - 1 for row in await conn.fetch(_STIRRED, tenants, turns, seqs)]


def _in_one_answer(rows: Sequence[Record]) -> Sequence[Record]:
    """The first of the rows, so many that an answer can carry their payloads."""
    chars = 0
    for count, row in enumerate(rows, start=1):
        chars += len(row["payload"])
        if chars >= PAYLOAD_CHARS_MAX:
            return rows[:count]
    return rows


def _seen(row: Record) -> Seen:
    return Seen(
        position=Position(row["turn"], row["event_seq"]),
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        event_type=row["event_type"],
        actor=row["actor"],
        payload=json.loads(row["payload"]),
        occurred_at=row["occurred_at"],
    )
