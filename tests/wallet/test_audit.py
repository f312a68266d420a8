"""The wallets' audit: silent while all is well, and naming the row that is not."""

from __future__ import annotations

import pytest

from rangli.ledger import store as ledger
from rangli.ledger.model import AccountKey, Cause, Leg
from rangli.storage.postgres import transaction
from tests.wallet.purse import CASH, POINTS, Purse, day
from tests.world import World


async def corrupted(purse: Purse, statement: str) -> list[str]:
    """Does to the tables what no code of ours can; the names of the wallet's checks that fail."""
    async with purse.world.stores.pg.acquire() as conn, conn.transaction():
        await conn.execute("SET LOCAL session_replication_role = replica")
        status = await conn.execute(statement, purse.world.tenant)
        assert status.split()[-1] != "0"
    findings = await purse.findings()
    assert {row["tenant"] for one in findings for row in one.rows} <= {purse.world.tenant}
    return sorted(one.check.name for one in findings if one.check.name.startswith("wallet."))


async def used(world: World) -> Purse:
    """A wallet in which everything has happened."""
    purse = Purse(world)
    await purse.credit(10, expires_at=day(1))
    await purse.credit(10)
    await purse.credit(100, POINTS)
    await purse.credit(5, CASH)
    key = await purse.pay(12, (POINTS, 30, 3), external_minor=10)
    await purse.refund(key, refund_minor=9)
    await purse.reserve(2, (CASH, 1))
    await purse.debit(1)
    await purse.freeze(POINTS)
    assert await purse.findings() == []
    return purse


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        (
            "UPDATE wallet_tenders SET amount = amount + 1 WHERE tenant = $1 AND kind = 'cash'",
            "wallet.tenders_equal_legs",
        ),
        (
            """UPDATE wallet_reservations SET user_id = 'bob'
               WHERE tenant = $1 AND external_minor = 0""",
            "wallet.tenders_equal_legs",
        ),
        (
            "DELETE FROM wallet_tenders WHERE tenant = $1 AND kind = 'cash'",
            "wallet.legs_belong_to_tenders",
        ),
        (
            "DELETE FROM wallet_reservations WHERE tenant = $1 AND external_minor = 0",
            "wallet.reservations_have_holds",
        ),
        (
            """DELETE FROM ledger_holds WHERE tenant = $1 AND state = 'PENDING'""",
            "wallet.reservations_have_holds",
        ),
        (
            """UPDATE wallet_tenders SET refunded_minor = refunded_minor - 1
               WHERE tenant = $1 AND kind = 'balance' AND refunded_minor > 0""",
            "wallet.refunds_equal_journal",
        ),
        (
            """UPDATE wallet_tenders SET refunded_minor = 0
               WHERE tenant = $1 AND kind = 'points'""",
            "wallet.refunds_equal_journal",
        ),
        (
            """UPDATE wallet_tenders SET refunded_minor = 1
               WHERE tenant = $1 AND kind = 'cash'""",
            "wallet.refunds_are_bounded",
        ),
        (
            "DELETE FROM wallets WHERE tenant = $1 AND kind = 'cash'",
            "wallet.lots_have_wallets",
        ),
        (
            """UPDATE ledger_accounts SET floor_minor = NULL
               WHERE tenant = $1 AND owner = 'user/ann' AND kind = 'cash'""",
            "wallet.lots_have_wallets",
        ),
        (
            """UPDATE ledger_accounts SET expires_at = now() + interval '1 day'
               WHERE tenant = $1 AND owner = 'user/ann' AND kind = 'cash'""",
            "wallet.lots_have_wallets",
        ),
        (
            """UPDATE wallets SET frozen_at = opened_at, freeze_reason = 'early'
               WHERE tenant = $1 AND kind = 'cash'""",
            "wallet.frozen_wallets_give_nothing",
        ),
    ],
)
async def test_what_was_corrupted_is_named(world: World, statement: str, check: str) -> None:
    purse = await used(world)

    assert check in await corrupted(purse, statement)


async def test_a_lot_that_keeps_value_after_its_time_is_named(world: World) -> None:
    purse = await used(world)
    await purse.credit(3, expires_at=day(2))
    await corrupted(
        purse,
        """UPDATE ledger_accounts SET expires_at = now() - interval '5 minutes'
           WHERE tenant = $1 AND owner = 'user/ann' AND expires_at > now() AND posted_minor = 3""",
    )

    assert [one.check.name for one in await purse.findings()] == ["ledger.no_lot_outlives_its_time"]


async def test_a_balance_without_its_ledger_row_is_named(world: World) -> None:
    purse = await used(world)
    await corrupted(
        purse,
        """UPDATE ledger_accounts SET posted_minor = posted_minor + 5
           WHERE tenant = $1 AND owner = 'user/ann' AND kind = 'cash'""",
    )

    assert [one.check.name for one in await purse.findings()] == ["ledger.balances_equal_entries"]


async def test_what_a_frozen_wallet_gave_is_named_though_it_began_before(world: World) -> None:
    purse = await used(world)
    keys = [
        AccountKey(world.tenant, owner, kind, "USD")
        for owner, kind in (("user/ann", "balance"), ("house", "elsewhere"))
    ]
    async with transaction(world.stores.pg) as early:
        ids = await ledger.open_accounts(early, dict.fromkeys(keys))
        await purse.freeze()
        book = await ledger.locked(early, accounts=[(key.tenant, ids[key]) for key in keys])
        cause = Cause("rangli.v1.WalletService/Debit", "unheard")
        book.post(world.tenant, [Leg(ids[keys[0]], ids[keys[1]], 1)], cause)
        await ledger.write(early, book)

    (finding,) = await purse.findings()

    assert finding.check.name == "wallet.frozen_wallets_give_nothing"
