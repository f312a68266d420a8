"""The SQL of decisions: limits held, uses locked for a book, and what a book has done.

All statements take whole batches, so a batch costs as many round trips as one request. What limits
themselves are is `limit_store`'s, whose functions for other domains are had here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from random import randrange
from typing import NamedTuple

from asyncpg import UniqueViolationError

from rangli.core.clock import EPOCH
from rangli.counters.book import CounterBook, LimitKey, UseKey
from rangli.counters.buckets import is_short, pick
from rangli.counters.limit_store import (
    GATE,
    LIMIT,
    find_limits,
    gates,
    limit_of,
    put_limits,
    remaining,
)
from rangli.counters.model import Counted, Subject, Want, subject_of
from rangli.storage.columns import columns
from rangli.storage.idempotency import KeyTakenError
from rangli.storage.postgres import Connection

__all__ = ["find_limits", "forget_past", "locked", "put_limits", "remaining", "write"]

# The gates first, in order; then each limit as it is by then, though the statement began before.
# Of stocks in several rows also what was left in each when the statement began.
_HOLD_LIMITS = f"""
SELECT w.tenant, l.*, clock_timestamp(),
       CASE WHEN l.bucket_rows > 1 AND NOT l.is_over THEN (
           SELECT array_agg(u.most - u.used ORDER BY u.bucket) FROM counter_uses u
           WHERE u.tenant = w.tenant AND u.limit_id = l.limit_id
       ) END
FROM (SELECT count(pg_advisory_xact_lock_shared($3, gate)) AS held
      FROM unnest($4::int[]) AS gate) AS gates,
unnest($1::text[], $2::text[]) AS w (tenant, limit_id),
LATERAL (
    SELECT {LIMIT} FROM counter_limits l
    WHERE l.tenant = w.tenant AND l.limit_id = w.limit_id AND gates.held >= 0
    FOR SHARE
) l
"""
# Locked one by one in the order given, which is sorted.
_LOCK_USES = """
SELECT w.place, u.used, u.most
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::smallint[])
     WITH ORDINALITY AS w (tenant, limit_id, subject_id, period_at, bucket, place),
LATERAL (
    SELECT u.used, u.most FROM counter_uses u
    WHERE u.tenant = w.tenant AND u.limit_id = w.limit_id AND u.subject_id = w.subject_id
      AND u.period_at = w.period_at AND u.bucket = w.bucket
    FOR UPDATE
) u
"""
_NOW = "SELECT clock_timestamp()"
# What was used before guards against writing rows that were not locked or have changed since.
_UPDATE = """
UPDATE counter_uses u SET used = w.used, most = w.most
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::smallint[], $6::bigint[],
            $7::bigint[], $8::bigint[])
     AS w (tenant, limit_id, subject_id, period_at, bucket, used, most, was_used)
WHERE (u.tenant, u.limit_id, u.subject_id, u.period_at, u.bucket)
      = (w.tenant, w.limit_id, w.subject_id, w.period_at, w.bucket) AND u.used = w.was_used
"""
# In the order of an index that does not hold what counts for life.
_FORGET_PAST = """
DELETE FROM counter_uses WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM counter_uses
    WHERE period_at > '1970-01-01 00:00:00+00' AND period_at < statement_timestamp() - $1::interval
    ORDER BY period_at LIMIT $2
    FOR UPDATE SKIP LOCKED
))
"""
_USE = ("tenant", "limit_id", "subject_id", "period_at", "bucket", "used", "most")


class _Stock(NamedTuple):
    """need: what is wanted of it in all.  picked: which of its buckets are to be drawn on, and
    what was left in each; None: all of them.
    """

    need: int
    picked: dict[int, int] | None


async def locked(
    conn: Connection,
    *,
    wants: Iterable[tuple[str, Want]] = (),
    counted: Iterable[tuple[str, Counted]] = (),
) -> CounterBook:
    """A book that can count these wants, and give back what was counted; by tenant each.

    Limits that do not exist are absent from the book. The locks last until the transaction ends.
    """
    wants, counted = list(wants), list(counted)
    named = {(tenant, want.limit_id) for tenant, want in wants}
    named.update((tenant, one.limit_id) for tenant, one in counted)
    if not named:
        return CounterBook(EPOCH, {})  # no limit's period is asked for
    rows = await conn.fetch(_HOLD_LIMITS, *columns(sorted(named), 2), GATE, gates(named))
    now = rows[-1][14] if rows else await conn.fetchval(_NOW)
    book = CounterBook(now, {(row[0], row[1]): limit_of(row[1:]) for row in rows})
    stocks = _stocks(book, wants, {(row[0], row[1]): row[15] for row in rows})
    keys = _keys(book, wants, counted)
    partly = any(stock.picked is not None for stock in stocks.values())
    if partly:
        await conn.execute("SAVEPOINT picked_buckets")
    await _lock(conn, book, keys | _rows_of(book, stocks))
    if partly and any(_may_have_more(book, key, stock) for key, stock in stocks.items()):
        await conn.execute("ROLLBACK TO SAVEPOINT picked_buckets")
        stocks = {key: _Stock(stock.need, None) for key, stock in stocks.items()}
        book = CounterBook(now, book.limits)
        await _lock(conn, book, keys | _rows_of(book, stocks))
    return book


async def write(conn: Connection, book: CounterBook) -> None:
    """Writes everything the book did since it was locked or last written, in two statements.

    KeyTakenError if others have begun to count for the same subject meanwhile: the transaction is
    to be rolled back and begun anew. RuntimeError, a fault of ours, if a row was not locked.
    """
    changed = [(key, use) for key, use in sorted(book.uses.items()) if use.changed]
    old = [(*key, use.used, use.most, use.was_used) for key, use in changed if use.is_stored]
    new = [(*key, use.used, use.most) for key, use in changed if not use.is_stored]
    if old:
        status = await conn.execute(_UPDATE, *columns(old, 8))
        if status != f"UPDATE {len(old)}":
            raise RuntimeError(f"{status} instead of {len(old)} uses: they were not locked")
    if new:
        try:
            # COPY costs half of an INSERT from arrays.
            await conn.copy_records_to_table("counter_uses", columns=_USE, records=new)
        except UniqueViolationError:
            raise KeyTakenError from None
    book.forget()


async def forget_past(conn: Connection, age: timedelta, limit: int) -> int:
    """Removes so many uses at most whose period began longer ago; how many."""
    status: str = await conn.execute(_FORGET_PAST, age, limit)
    return int(status.removeprefix("DELETE "))


async def _lock(conn: Connection, book: CounterBook, keys: set[UseKey]) -> None:
    """Adds the rows to the book, locked in order."""
    if not keys:
        return
    wanted = sorted(keys)
    found = {row[0]: row for row in await conn.fetch(_LOCK_USES, *columns(wanted, 5))}
    for place, key in enumerate(wanted, start=1):
        _, used, most = found.get(place, (place, 0, None))
        book.put(key, used, most, is_stored=place in found)


def _stocks(
    book: CounterBook,
    wants: Iterable[tuple[str, Want]],
    rooms: dict[LimitKey, list[int] | None],
) -> dict[LimitKey, _Stock]:
    """The stocks that are wanted. rooms: what was left in each row of those in several."""
    needs: dict[LimitKey, int] = {}
    for tenant, want in wants:
        key = tenant, want.limit_id
        limit = book.limits.get(key)
        if limit is not None and limit.is_stock and not limit.ended:
            needs[key] = needs.get(key, 0) + want.quantity
    stocks = {}
    for key, need in needs.items():
        seen, picked = rooms[key], None
        # One that was put into other buckets just now is looked at anew.
        if seen is not None and len(seen) == book.limits[key].bucket_rows:
            picked = pick(seen, need, randrange(len(seen)))
        stocks[key] = _Stock(need, picked)
    return stocks


def _keys(
    book: CounterBook, wants: Iterable[tuple[str, Want]], counted: Iterable[tuple[str, Counted]]
) -> set[UseKey]:
    """The rows of what is wanted but of stocks, and of what is given back."""
    keys = set()
    for tenant, want in wants:
        limit = book.limits.get((tenant, want.limit_id))
        if limit is None or limit.ended or limit.is_stock:
            continue
        subject_id = subject_of(limit, want.subject_id)
        if subject_id or limit.subject is Subject.ACTIVITY:
            period_at, _ = book.period_of(tenant, limit)
            keys.add(UseKey(tenant, limit.limit_id, subject_id, period_at, 0))
    for tenant, one in counted:
        keys.add(UseKey(tenant, *one[:4]))
        limit = book.limits[tenant, one.limit_id]
        if limit.is_over:  # what makes room depends on what is out in all
            keys |= _rows_of(book, {(tenant, one.limit_id): _Stock(0, None)})
    return keys


def _rows_of(book: CounterBook, stocks: dict[LimitKey, _Stock]) -> set[UseKey]:
    return {
        UseKey(*key, "", EPOCH, bucket)
        for key, stock in stocks.items()
        for bucket in (
            range(book.limits[key].bucket_rows) if stock.picked is None else stock.picked
        )
    }


def _may_have_more(book: CounterBook, key: LimitKey, stock: _Stock) -> bool:
    if stock.picked is None:
        return False
    rows = {use_key.bucket: use for use_key, use in book.stocks.get(key, ())}
    found = {bucket: rows[bucket].room for bucket in stock.picked}
    return is_short(found, stock.picked, stock.need)
