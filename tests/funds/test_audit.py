"""The audit names what breaks: each fault, made by hand and rolled back, turns its checks red."""

from __future__ import annotations

import pytest

from rangli.funds.audit import CHECKS
from rangli.storage.audit import audit
from tests.funds.budgets import (
    amount,
    audited,
    child,
    fund,
    pass_time,
    refund,
    reserve,
    root,
    share,
    spend,
    spent,
    sweep,
)
from tests.world import World

FAULTS = {
    "a pool spends more than it has": (
        "UPDATE ledger_accounts SET floor_minor = NULL WHERE tenant = $1 AND owner = 'pool/plan'",
        "funds.pools_within_budget",
    ),
    "money skips a level": (
        "UPDATE ledger_entries SET account_id = (SELECT budget_account_id FROM fund_pools"
        " WHERE tenant = $1 AND pool_id = 'other'), entry_no = 1000"
        " WHERE tenant = $1 AND phase = 0 AND amount_minor = -400",
        "funds.money_follows_the_tree",
    ),
    "a budget grows without a posting": (
        "UPDATE ledger_accounts SET posted_minor = posted_minor + 1"
        " WHERE tenant = $1 AND owner = 'pool/plan' AND kind = 'budget'",
        "funds.budgets_are_what_was_allocated",
    ),
    "a parent is closed above an open child": (
        "UPDATE fund_pools SET state = 'CLOSED' WHERE tenant = $1 AND pool_id = 'root'",
        "funds.trees_are_whole",
    ),
    "a pool hangs too high": (
        "UPDATE fund_pools SET depth = 3 WHERE tenant = $1 AND pool_id = 'plan'",
        "funds.trees_are_whole",
    ),
    "a part is lost": (
        "DELETE FROM fund_reservation_parts WHERE tenant = $1 AND leg = 0",
        "funds.parts_are_legs",
    ),
    "a part names another pool": (
        "UPDATE fund_reservation_parts SET pool_id = 'other' WHERE tenant = $1"
        " AND pool_id = 'plan'",
        "funds.parts_are_legs",
    ),
    "a reservation is lost": (
        "DELETE FROM fund_reservations WHERE tenant = $1",
        "funds.parts_are_legs",
    ),
    "a part bills somebody else": (
        "UPDATE fund_reservation_parts SET funder = 'thief' WHERE tenant = $1 AND pool_id IS NULL",
        "funds.parts_follow_the_shares",
    ),
    "a part bills the other funder": (
        "UPDATE fund_reservation_parts SET funder = 'acme' WHERE tenant = $1"
        " AND funder = 'retailer'",
        "funds.parts_follow_the_shares",
    ),
    "a part is of an activity nobody funds": (
        "UPDATE fund_reservation_parts SET activity_id = 'b' WHERE tenant = $1",
        "funds.parts_follow_the_shares",
    ),
    "a part is of a version nobody funds": (
        "UPDATE fund_reservation_parts SET version = version + 1 WHERE tenant = $1",
        "funds.parts_follow_the_shares",
    ),
    "a part is billed to a pool that its share does not name": (
        "UPDATE fund_reservation_parts SET pool_id = 'plan', day = now()::date WHERE tenant = $1"
        " AND funder = 'acme'",
        "funds.parts_follow_the_shares",
    ),
    "a part bypasses its pool": (
        "UPDATE fund_reservation_parts SET pool_id = NULL, day = NULL WHERE tenant = $1"
        " AND pool_id IS NOT NULL",
        "funds.parts_follow_the_shares",
    ),
    "a reservation is for another order": (
        "UPDATE fund_reservations SET order_id = order_id || 'x' WHERE tenant = $1",
        "funds.reservations_are_their_holds",
    ),
    "a reservation is in another currency": (
        "UPDATE fund_reservations SET currency = 'EUR' WHERE tenant = $1",
        "funds.reservations_are_their_holds",
    ),
    "a refund is not told": (
        "DELETE FROM fund_moves WHERE tenant = $1 AND amount_minor < 0",
        "funds.moves_equal_legs",
    ),
    "a spending is told twice": (
        "INSERT INTO fund_moves SELECT tenant, transaction_id || 'x', leg, reservation_id,"
        " amount_minor, occurred_at FROM fund_moves WHERE tenant = $1",
        "funds.moves_equal_entries",
    ),
    "a spending is told of another month": (
        "UPDATE fund_moves SET occurred_at = occurred_at - interval '31 days' WHERE tenant = $1",
        "funds.moves_equal_entries",
    ),
    "a release stays counted": (
        "UPDATE fund_reservation_parts SET counted_minor = counted_minor + 1"
        " WHERE tenant = $1 AND pool_id IS NOT NULL",
        "funds.parts_count",
    ),
    "a day forgets": (
        "UPDATE fund_pool_days SET used_minor = used_minor - 1 WHERE tenant = $1",
        "funds.days_equal_parts",
    ),
    "a day is lost": (
        "DELETE FROM fund_pool_days WHERE tenant = $1",
        "funds.days_equal_parts",
    ),
    "a share is lost": (
        "DELETE FROM fund_shares WHERE tenant = $1 AND position = 1",
        "funds.shares_make_the_whole",
    ),
    "a share is of another's pool": (
        "UPDATE fund_shares SET funder = 'thief' WHERE tenant = $1 AND position = 0",
        "funds.shares_make_the_whole",
    ),
    "a level is behind": (
        "UPDATE fund_pools SET budget_level = 1 WHERE tenant = $1 AND pool_id = 'plan'",
        "funds.levels",
    ),
    "a level is ahead": (
        "UPDATE fund_pools SET budget_level = 4 WHERE tenant = $1 AND pool_id = 'plan'",
        "funds.levels",
    ),
    "a pool works on a used up day": (
        "UPDATE fund_pools SET daily_cap_minor = 1 WHERE tenant = $1 AND pool_id = 'plan'",
        "funds.levels",
    ),
    "a pool rests for nothing": (
        "UPDATE fund_pools SET paused_until = now() + interval '1 hour' WHERE tenant = $1"
        " AND pool_id = 'plan'",
        "funds.levels",
    ),
    "a pending reservation counts as ended": (
        "UPDATE fund_reservations SET is_open = false WHERE tenant = $1",
        "funds.expiries_are_counted",
    ),
    "a spent one counts as open": (
        "UPDATE fund_reservations SET is_open = true WHERE tenant = $1",
        "funds.expiries_are_counted",
    ),
}


async def trade(world: World) -> None:
    """A tree with an activity whose orders are open, spent, refunded, and expired."""
    await root(world, budget=1_000)
    await child(world, "plan", budget=400)
    await child(world, "other", budget=100)
    await fund(world, "a", share("retailer", 5_000, "plan"), share("acme", 5_000))
    held = await reserve(world, {"a": 100})
    await pass_time(world, held)
    await sweep(world)
    await reserve(world, {"a": 400})
    paid = await spent(world, {"a": 260})
    await refund(world, paid, amount("a", 20))
    await spend(world, await reserve(world, {"a": 20}), amount("a", 10), final=True)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_named(world: World, fault: str) -> None:
    statement, check = FAULTS[fault]
    await trade(world)
    assert await audited(world) == []

    async with world.stores.pg.acquire() as conn:
        trial = conn.transaction()
        await trial.start()
        # Past the walls that would have stopped it.
        await conn.execute("SET LOCAL session_replication_role = replica")
        status = await conn.execute(statement, world.tenant)
        findings = await audit(conn, CHECKS, tenant=world.tenant)
        await trial.rollback()

    assert int(status.split()[-1]) > 0
    assert check in {finding.check.name for finding in findings}
    assert all(row["tenant"] == world.tenant for finding in findings for row in finding.rows)


def test_every_check_has_a_fault_that_turns_it_red() -> None:
    assert {check for _, check in FAULTS.values()} == {check.name for check in CHECKS}
