"""Coupons as they are read: a user's own, page by page, and what he can use now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from rangli.core.errors import NotFound
from rangli.coupons.model import Coupon, CouponKey, CouponState
from rangli.coupons.store import COLUMNS, coupon_of, get
from rangli.storage.postgres import Connection

# As `Coupon.state_at`.
_STATE = """
CASE WHEN c.state <> 'USABLE' THEN c.state WHEN c.expires_at <= clock_timestamp() THEN 'EXPIRED'
     WHEN c.frozen THEN 'FROZEN' ELSE 'USABLE' END
"""
# statement_timestamp() lets the index skip what has expired.
_USABLE = f"""
SELECT {COLUMNS} FROM coupons c
WHERE c.tenant = $1 AND c.user_id = $2 AND c.state = 'USABLE' AND NOT c.frozen
  AND c.expires_at > statement_timestamp() AND c.usable_from <= statement_timestamp()
ORDER BY c.expires_at, c.coupon_id LIMIT $3
"""
_LOCKED = f"""
SELECT {COLUMNS} FROM coupons c
WHERE c.tenant = $1 AND c.user_id = $2 AND c.state = 'LOCKED' AND c.order_id = $3
ORDER BY c.expires_at, c.coupon_id LIMIT $4
"""
_NEWEST = f"""
SELECT {COLUMNS} FROM coupons c
WHERE c.tenant = $1 AND c.user_id = $2 AND ($3 = '' OR c.coupon_id < $3)
  AND ($4 = '' OR c.batch_id = $4) AND ($5::text[] = '{{}}' OR {_STATE} = ANY($5))
ORDER BY c.coupon_id DESC LIMIT $6
"""
_EXPIRING = f"""
SELECT {COLUMNS} FROM coupons c
WHERE c.tenant = $1 AND c.user_id = $2 AND c.state = 'USABLE' AND NOT c.frozen
  AND c.expires_at > statement_timestamp()
  AND c.expires_at <= statement_timestamp() + make_interval(days => $3)
  AND (c.expires_at, c.coupon_id) > ($4, $5) AND ($6 = '' OR c.batch_id = $6)
ORDER BY c.expires_at, c.coupon_id LIMIT $7
"""


class Expiring(NamedTuple):
    """Where a list of what expires soon goes on: behind this coupon."""

    expires_at: datetime
    coupon_id: str


async def one(conn: Connection, key: CouponKey) -> Coupon:
    """The coupon; raises NotFound."""
    found = await get(conn, [key])
    if key not in found:
        raise NotFound("coupon", key.coupon_id)
    return found[key]


async def usable(
    conn: Connection,
    tenant: str,
    user_id: str,
    *,
    order_id: str | None = None,
    limit: int = 100,
) -> list[Coupon]:
    """What the user can use now, the soonest to expire first, no more than `limit`.

    order_id: what this order has locked as well, and that first.
    """
    rows = []
    if order_id is not None:
        rows = await conn.fetch(_LOCKED, tenant, user_id, order_id, limit)
    rows += await conn.fetch(_USABLE, tenant, user_id, limit - len(rows))
    return [coupon_of(row) for row in rows]


async def newest(
    conn: Connection,
    tenant: str,
    user_id: str,
    *,
    states: Collection[CouponState],
    batch_id: str,
    before: str,
    size: int,
) -> list[Coupon]:
    """The user's coupons, the newest first.

    states: as they are now; none: all.  batch_id: "" for all.  before: only those older than this
    coupon_id, "" for the first page.
    """
    wanted = [state.value for state in states]
    rows = await conn.fetch(_NEWEST, tenant, user_id, before, batch_id, wanted, size)
    return [coupon_of(row) for row in rows]


async def expiring(
    conn: Connection,
    tenant: str,
    user_id: str,
    *,
    within_days: int,
    batch_id: str,
    after: Expiring,
    size: int,
) -> list[Coupon]:
    """What can be used, or will be, and expires within so many days, the soonest first."""
    rows = await conn.fetch(_EXPIRING, tenant, user_id, within_days, *after, batch_id, size)
    return [coupon_of(row) for row in rows]
