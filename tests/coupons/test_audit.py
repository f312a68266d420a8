"""Each check finds what it is for."""

from __future__ import annotations

import pytest

from rangli.counters import audit as counters
from rangli.coupons import audit as coupons
from rangli.storage.audit import audit, snapshot
from tests.coupons.mint import Mint

_TWIN = """
    INSERT INTO coupons (tenant, user_id, coupon_id, batch_id, activity_id, activity_version,
                         usable_from, expires_at, transferable, returns_on_refund, source,
                         given_at, state, counted)
    SELECT tenant, 'zoe', coupon_id, batch_id, activity_id, activity_version, usable_from,
           expires_at, transferable, returns_on_refund, source, given_at, state, counted
    FROM coupons WHERE tenant = $1 AND user_id = 'ann'
"""
BROKEN = {
    "coupons.count_in_their_stock": [
        "UPDATE coupons SET counted = '[]' WHERE tenant = $1 AND user_id = 'ann'",
        "UPDATE coupons SET counted = counted || counted WHERE tenant = $1 AND user_id = 'ann'",
        "UPDATE coupons SET batch_id = 'b2' WHERE tenant = $1 AND user_id = 'ann'",
    ],
    "coupons.have_one_life": [
        _TWIN,
        "UPDATE coupons SET activity_id = 'a2' WHERE tenant = $1 AND user_id = 'ann'",
        "UPDATE coupon_batches SET batch_id = 'b9' WHERE tenant = $1 AND batch_id = 'b1'",
    ],
    "coupons.grants_give_one": [
        "DELETE FROM coupon_grants WHERE tenant = $1",
        "UPDATE coupons SET grant_key = NULL WHERE tenant = $1",
        "UPDATE coupon_grants SET user_id = 'zoe' WHERE tenant = $1",
        "UPDATE coupon_grants SET batch_id = 'b2' WHERE tenant = $1",
    ],
    "coupons.batches_are_counted": [
        "UPDATE counter_limits SET ended = true WHERE tenant = $1 AND limit_id LIKE '%/stock'",
        "DELETE FROM counter_limits WHERE tenant = $1 AND limit_id LIKE '%/stock'",
    ],
    "counters.uses_equal_counts": [
        "DELETE FROM coupons WHERE tenant = $1 AND user_id = 'ann'",
        "UPDATE counter_uses SET used = used + 1 WHERE tenant = $1 AND limit_id LIKE '%/stock'",
    ],
}


class _UndoneError(Exception):
    """Ends a transaction that is not to be kept."""


@pytest.mark.parametrize(
    ("name", "harm"), [(name, harm) for name, harms in BROKEN.items() for harm in harms]
)
async def test_a_check_names_what_breaks_it(mint: Mint, name: str, harm: str) -> None:
    await mint.batch()
    await mint.issue("ann", grant_key="g1")
    await mint.issue("ben")
    found = []

    with pytest.raises(_UndoneError):
        async with mint.world.stores.pg.acquire() as conn, conn.transaction():
            await conn.execute(harm, mint.world.tenant)
            checks = (*counters.CHECKS, *coupons.CHECKS)
            found = await audit(conn, checks, tenant=mint.world.tenant)
            raise _UndoneError

    assert name in [finding.check.name for finding in found]


async def test_what_is_in_order_is_not_found(mint: Mint) -> None:
    await mint.batch(transferable=True, per_user_max=0)
    coupons_ = [await mint.issue("ann", grant_key=f"g{number}") for number in range(4)]
    await mint.void(coupons_[0], restock=True)
    await mint.void(coupons_[1])
    await mint.transfer(coupons_[2], "ben")
    await mint.order("lock", coupons_[3])

    async with snapshot(mint.world.stores.pg) as conn:
        assert await audit(conn, coupons.CHECKS, tenant=mint.world.tenant) == []
