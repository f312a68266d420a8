"""What many users can use now, read together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from rangli.coupons.model import Coupon
from rangli.coupons.store import COLUMNS, coupon_of
from rangli.storage.postgres import Connection

# statement_timestamp() lets the index skip what has expired.
_USABLE = f"""
SELECT {COLUMNS}, w.place, statement_timestamp() AS now
FROM unnest($1::text[], $2::text[], $3::int[]) WITH ORDINALITY AS w (tenant, user_id, most, place),
LATERAL (
    SELECT * FROM coupons c
    WHERE c.tenant = w.tenant AND c.user_id = w.user_id AND c.state = 'USABLE' AND NOT c.frozen
      AND c.expires_at > statement_timestamp() AND c.usable_from <= statement_timestamp()
    ORDER BY c.expires_at, c.coupon_id LIMIT w.most
) c
ORDER BY w.place, c.expires_at, c.coupon_id
"""


class Holder(NamedTuple):
    """A user, and how many coupons are to be read at most."""

    tenant: str
    user_id: str
    most: int


async def usable_of(
    conn: Connection, holders: Sequence[Holder]
) -> tuple[datetime | None, list[list[Coupon]]]:
    """What each can use, the soonest to expire first, and the instant; None if nobody has any."""
    if not holders:
        return None, []
    coupons: list[list[Coupon]] = [[] for _ in holders]
    now: datetime | None = None
    for row in await conn.fetch(_USABLE, *map(list, zip(*holders, strict=True))):
        fields = dict(row)
        now = fields.pop("now")
        coupons[fields.pop("place") - 1].append(coupon_of(fields))
    return now, coupons
