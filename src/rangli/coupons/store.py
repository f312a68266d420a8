"""The coupons' only SQL; whole batches at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import asyncpg

from rangli.core.clock import EPOCH
from rangli.counters.model import counted_from_json, counted_to_json
from rangli.coupons.book import Change, CouponBook
from rangli.coupons.model import Coupon, CouponKey, CouponSource, CouponState
from rangli.storage.columns import columns
from rangli.storage.idempotency import KeyTakenError
from rangli.storage.outbox import Event, emit_all
from rangli.storage.postgres import Connection, Record

_FIELDS = (
    "tenant", "user_id", "coupon_id", "batch_id", "activity_id", "activity_version",
    "usable_from", "expires_at", "transferable", "returns_on_refund", "source", "given_at",
    "counted", "state", "frozen", "reason", "order_id", "grant_key", "revision",
)  # fmt: skip
COLUMNS = ", ".join(f"c.{name}" for name in _FIELDS)

_NOW = "SELECT clock_timestamp()"
_LOCK = """
SELECT FROM unnest($1::text[], $2::text[], $3::text[]) AS k (tenant, user_id, coupon_id)
JOIN coupons c USING (tenant, user_id, coupon_id)
ORDER BY c.tenant, c.user_id, c.coupon_id
FOR UPDATE OF c
"""
# OFFSET keeps the planner from joining, for which it might read all there is.
_GET = f"""
SELECT {COLUMNS}
FROM unnest($1::text[], $2::text[], $3::text[]) AS k (tenant, user_id, coupon_id),
LATERAL (
    SELECT * FROM coupons c
    WHERE (c.tenant, c.user_id, c.coupon_id) = (k.tenant, k.user_id, k.coupon_id) OFFSET 0
) c
"""
_UPDATE = """
UPDATE coupons c SET user_id = n.user_id, state = n.state, frozen = n.frozen, reason = n.reason,
       order_id = n.order_id, expires_at = n.expires_at, source = n.source,
       counted = n.counted, revision = n.revision
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[],
            $8::text[], $9::timestamptz[], $10::text[], $11::jsonb[], $12::bigint[])
     AS n (tenant, old_user_id, coupon_id, user_id, state, frozen, reason, order_id, expires_at,
           source, counted, revision)
WHERE (c.tenant, c.user_id, c.coupon_id) = (n.tenant, n.old_user_id, n.coupon_id)
"""
_GRANTS = f"""
SELECT g.grant_key AS for_key, g.batch_id AS for_batch, g.granted_to, {COLUMNS}
FROM unnest($1::text[], $2::text[]) AS k (tenant, grant_key),
LATERAL (
    SELECT * FROM coupon_grants g
    WHERE (g.tenant, g.grant_key) = (k.tenant, k.grant_key) OFFSET 0
) g,
LATERAL (
    SELECT * FROM coupons c
    WHERE (c.tenant, c.user_id, c.coupon_id) = (g.tenant, g.user_id, g.coupon_id) OFFSET 0
) c
"""
_GRANT_COLUMNS = ("tenant", "grant_key", "batch_id", "granted_to", "user_id", "coupon_id")
_MOVE_GRANTS = """
UPDATE coupon_grants g SET user_id = n.user_id
FROM unnest($1::text[], $2::text[], $3::text[]) AS n (tenant, grant_key, user_id)
WHERE (g.tenant, g.grant_key) = (n.tenant, n.grant_key)
"""

GrantKey = tuple[str, str]  # tenant, grant_key


class Grant(NamedTuple):
    """What a grant_key was used for: from which batch, for whom; and the coupon as it is now."""

    batch_id: str
    granted_to: str
    coupon: Coupon


async def clock(conn: Connection) -> datetime:
    """PostgreSQL's clock, by which a coupon's state is told."""
    now: datetime = await conn.fetchval(_NOW)
    return now


async def locked(conn: Connection, keys: Iterable[CouponKey]) -> CouponBook:
    """A book of those coupons that there are, locked in order."""
    keys = set(keys)
    if not keys:
        return CouponBook(EPOCH, {})  # of no coupon any state is told
    await conn.execute(_LOCK, *columns(sorted(keys), 3))
    # Statements of their own: they see what those who held the locks before have written.
    return CouponBook(await clock(conn), await get(conn, keys))


async def get(conn: Connection, keys: Collection[CouponKey]) -> dict[CouponKey, Coupon]:
    """Those of the coupons that there are."""
    if not keys:
        return {}
    rows = await conn.fetch(_GET, *columns(set(keys), 3))
    return {coupon.key: coupon for coupon in map(coupon_of, rows)}


async def write(conn: Connection, book: CouponBook, *, actor_of: Callable[[Change], str]) -> None:
    """Writes what the book has changed, with an event for each change.

    actor_of: who asked for it.
    """
    changed = book.changed()
    if not changed:
        return
    rows = [
        (key.tenant, key.user_id, c.coupon_id, c.user_id, c.state, c.frozen, c.reason, c.order_id,
         c.expires_at, c.source, counted_to_json(c.counted), c.revision)
        for key, c in changed
    ]  # fmt: skip
    await conn.execute(_UPDATE, *columns(rows, 12))
    moved = [
        (c.tenant, c.grant_key, c.user_id)
        for key, c in changed
        if c.user_id != key.user_id and c.grant_key is not None
    ]
    if moved:
        await conn.execute(_MOVE_GRANTS, *columns(moved, 3))
    await emit_all(
        conn, [event for change in book.log for event in _events(change, actor_of(change))]
    )


async def insert(conn: Connection, made: Sequence[Coupon]) -> None:
    """Writes new coupons."""
    rows = [
        (c.tenant, c.user_id, c.coupon_id, c.batch_id, c.activity_id, c.activity_version,
         c.usable_from, c.expires_at, c.transferable, c.returns_on_refund, c.source, c.given_at,
         counted_to_json(c.counted), c.state, c.frozen, c.reason, c.order_id, c.grant_key,
         c.revision)
        for c in made
    ]  # fmt: skip
    await conn.copy_records_to_table("coupons", columns=_FIELDS, records=rows)


async def grants(conn: Connection, keys: Collection[GrantKey]) -> dict[GrantKey, Grant]:
    """What those of the keys that were used were used for."""
    found = {}
    for row in await conn.fetch(_GRANTS, *columns(set(keys), 2)):
        for_key, for_batch, granted_to, *fields = row
        coupon = coupon_of(dict(zip(_FIELDS, fields, strict=True)))
        found[coupon.tenant, for_key] = Grant(for_batch, granted_to, coupon)
    return found


async def insert_grants(conn: Connection, made: Mapping[GrantKey, Grant]) -> None:
    """Keeps what the keys were used for; KeyTakenError if another has just used one of them."""
    rows = [
        (*key, grant.batch_id, grant.granted_to, grant.coupon.user_id, grant.coupon.coupon_id)
        for key, grant in sorted(made.items(), key=itemgetter(0))
    ]
    try:
        await conn.copy_records_to_table("coupon_grants", columns=_GRANT_COLUMNS, records=rows)
    except asyncpg.UniqueViolationError:
        raise KeyTakenError from None


def coupon_of(row: Record | Mapping[str, Any]) -> Coupon:
    """A row with the `COLUMNS` as a coupon."""
    fields = dict(row)
    fields["source"] = CouponSource(fields["source"])
    fields["state"] = CouponState(fields["state"])
    fields["counted"] = tuple(counted_from_json(fields["counted"]))
    return Coupon(**fields)


def _events(change: Change, actor: str) -> Iterator[Event]:
    """Its owner's event; and if it changed hands, that of whoever has it now."""
    coupon, giver = change.coupon, change.key.user_id
    named = {"coupon_id": coupon.coupon_id, "batch_id": coupon.batch_id}
    facts = {**named, **change.facts}
    yield Event(coupon.tenant, "coupon", giver, f"coupon.{change.verb}", actor, facts)
    if coupon.user_id != giver:
        facts = {**named, "from_user_id": giver, "expires_at": coupon.expires_at.isoformat()}
        yield Event(coupon.tenant, "coupon", coupon.user_id, "coupon.received", actor, facts)
