"""Ends orders whose time has passed: coupons and counts go back.

Budgets and tender are holds of the ledger, which end at the same instant by themselves: its own
sweeper, and that of the budgets, see to them, before this one or after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rangli.checkout import books as desk
from rangli.checkout import store
from rangli.checkout.model import OrderKey, OrderState
from rangli.checkout.orders import let_go
from rangli.ledger.sweeper import ACTOR
from rangli.storage.in_parts import in_parts
from rangli.storage.postgres import Connection, Pool, connection
from rangli.storage.postponed import Postponed
from rangli.storage.sweeping import BATCH


async def sweep(pool: Pool, postponed: Postponed | None = None) -> int:
    """Ends at most `BATCH` orders; how many it has looked at. Several processes may at once.

    postponed: what this process has failed to end. Raises Unavailable.
    """
    postponed = postponed or Postponed()
    async with connection(pool) as conn:
        due = sorted(postponed.ready(await store.due(conn, postponed.look(BATCH)), BATCH))
    failed = await in_parts(pool, _expire, due)
    postponed.put_off(failed)
    return len(due)


async def _expire(conn: Connection, due: Sequence[OrderKey]) -> None:
    found = {order.key: order for order in await store.locked_due(conn, due)}
    books = await desk.lock_for(conn, found, only_counts=True)
    for was in found.values():
        let_go(books, was)
        order = replace(was, state=OrderState.EXPIRED, counted=(), revision=was.revision + 1)
        books.put(order, was)
        books.tell(order, "expired", ACTOR, coupon_ids=list(was.coupon_ids))
    await desk.write(conn, books)
