"""Each check of codes and jobs finds what it is for."""

from __future__ import annotations

import pytest

from rangli.coupons import code_audit
from rangli.storage.audit import audit, snapshot
from tests.coupons.codebook import Codebook
from tests.coupons.mint import Mint, activity
from tests.coupons.office import Office
from tests.world import World

BROKEN = [
    ("codes.are_counted", "UPDATE coupon_code_sets SET redeemed = redeemed + 1"),
    ("codes.are_counted", "UPDATE coupon_code_sets SET count = count + 1 WHERE kind = 'IMPORTED'"),
    ("codes.are_counted", "DELETE FROM coupon_code_users"),
    ("codes.are_counted", "UPDATE coupon_codes SET user_id = NULL, coupon_id = NULL"),
    ("codes.brought_coupons", "DELETE FROM coupons WHERE source = 'CODE'"),
    ("codes.brought_coupons", "UPDATE coupon_codes SET coupon_id = 'x' WHERE coupon_id <> ''"),
    ("codes.brought_coupons", "UPDATE coupon_code_sets SET batch_id = 'other'"),
    ("issue_jobs.are_counted", "UPDATE coupon_issue_shards SET given = given + 1 WHERE shard = 0"),
    ("issue_jobs.are_counted", "UPDATE coupon_issue_shards SET failed = 1 WHERE shard = 0"),
    ("issue_jobs.are_counted", "UPDATE coupon_issue_shards SET done = false WHERE shard = 0"),
]


@pytest.mark.parametrize(("check", "breaks"), BROKEN)
async def test_a_check_finds_what_is_broken(world: World, check: str, breaks: str) -> None:
    await world.launch("a1", activity())
    mint = Mint(world)
    await mint.batch(stock=100, per_user_max=0)
    book, office = Codebook(mint), Office(mint)
    await book.import_codes(["PARTNER-0001", "PARTNER-0002"])
    await book.put("SUMMER")
    await book.redeem("PARTNER-0001")
    await book.redeem("SUMMER")
    await office.members(3)
    await office.done()

    async def failing() -> list[str]:
        async with snapshot(world.stores.pg) as conn:
            found = await audit(conn, code_audit.CHECKS, tenant=world.tenant)
        return [one.check.name for one in found]

    assert await failing() == []
    where = "AND" if "WHERE" in breaks else "WHERE"
    await world.stores.pg.execute(f"{breaks} {where} tenant = '{world.tenant}'")

    assert check in await failing()
