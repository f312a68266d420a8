"""Each check finds what it is for, names the row, and no other check is disturbed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from rangli.ledger import audit as ledger
from rangli.ledger.sweeper import sweep
from rangli.storage.audit import ROWS_MAX, snapshot
from rangli.storage.postgres import transaction
from tests.ledger.desk import Desk, cause

Connection = asyncpg.Connection
LATER = datetime(2035, 1, 1, tzinfo=UTC)


@pytest.fixture
async def used(desk: Desk) -> Desk:
    """A desk at which everything has happened once. holds: pending, part taken, taken and
    returned, given up, expired and taken again."""
    await desk.open("bank", floor=None)
    await desk.open("anne", "shop")
    await desk.open("lot", until=LATER)
    await desk.post(("bank", "anne", 10_000), ("bank", "lot", 500))
    for _ in range(5):
        await desk.hold(("anne", "shop", 300), ("lot", "shop", 20))
    _, part, taken, given_up, expired = desk.holds
    await desk.capture(part, [100, 0], final=False)
    await desk.capture(taken, [250, 20])
    await desk.give_back(taken, [50, 20])
    await desk.void(given_up)
    await desk.move_time(expired, seconds=600)
    await sweep(desk.stores.pg)
    await desk.capture(expired, [80, 5], late=True)
    return desk


class Spoiler:
    """Writes what the service never would."""

    def __init__(self, desk: Desk, conn: Connection) -> None:
        self.desk = desk
        self.conn = conn

    async def __call__(self, statement: str, *args: Any) -> None:
        assert await self.conn.execute(statement, *args) not in ("UPDATE 0", "INSERT 0 0")

    async def transaction(self, kind: str, hold_id: str | None = None) -> str:
        transaction_id = f"txn_{kind}"
        await self(
            "INSERT INTO ledger_transactions VALUES ('t', $1, $2, $3, 'm', '', '', now(), now())",
            transaction_id,
            kind,
            hold_id,
        )
        return transaction_id

    async def entry(self, owner: str, transaction_id: str, phase: int, amount: int) -> None:
        """Another entry of the account, which its balances take up."""
        column = ("posted_minor", "-pending_out_minor", "pending_in_minor")[phase]
        name = column.removeprefix("-")
        sign = -1 if phase == 1 else 1
        account_id = self.desk.ids[owner]
        await self(
            f"UPDATE ledger_accounts SET entry_count = entry_count + 1, {name} = {name} + $2"
            " WHERE account_id = $1",
            account_id,
            sign * amount,
        )
        await self(
            "INSERT INTO ledger_entries SELECT tenant, account_id, entry_count, $2, $3, $4,"
            f" {column} FROM ledger_accounts WHERE account_id = $1",
            account_id,
            transaction_id,
            phase,
            amount,
        )


async def sum_to_zero(spoil: Spoiler) -> str:
    found = await spoil.conn.fetchval(
        "SELECT transaction_id FROM ledger_transactions WHERE kind = 'POST'"
    )
    await spoil.entry("bank", found, 0, 7)
    return found


async def have_entries(spoil: Spoiler) -> str:
    return await spoil.transaction("POST")


async def have_transactions(spoil: Spoiler) -> str:
    await spoil.entry("bank", "txn_lost", 0, -7)
    await spoil.entry("anne", "txn_lost", 0, 7)
    return "txn_lost"


async def have_accounts(spoil: Spoiler) -> str:
    await spoil(
        "INSERT INTO ledger_entries SELECT tenant, 987654, 1, transaction_id, 0, 5, 5"
        " FROM ledger_transactions WHERE kind = 'POST'"
    )
    return "987654"


async def equal_entries(spoil: Spoiler) -> str:
    await spoil("UPDATE ledger_accounts SET posted_minor = posted_minor + 1 WHERE owner = 'bank'")
    return "bank"


async def numbered(spoil: Spoiler) -> str:
    await spoil("UPDATE ledger_accounts SET entry_count = entry_count + 1 WHERE owner = 'bank'")
    return "bank"


async def carry_balances(spoil: Spoiler) -> str:
    await spoil(
        "UPDATE ledger_entries SET balance_minor = balance_minor + 1"
        " WHERE account_id = $1 AND entry_no = 1",
        spoil.desk.ids["shop"],
    )
    return str(spoil.desk.ids["shop"])


async def floors(spoil: Spoiler) -> str:
    await spoil("ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_floor")
    await spoil("UPDATE ledger_accounts SET floor_minor = 1000000 WHERE owner = 'anne'")
    return "anne"


async def pending_equals_holds(spoil: Spoiler) -> str:
    transaction_id = await spoil.transaction("POST")
    await spoil.entry("bank", transaction_id, 1, -5)
    await spoil.entry("anne", transaction_id, 2, 5)
    return "bank"


async def holds_equal_journal(spoil: Spoiler) -> str:
    taken = spoil.desk.holds[2]
    await spoil(
        "UPDATE ledger_hold_legs SET captured_minor = captured_minor - 1,"
        " released_minor = released_minor + 1 WHERE hold_id = $1 AND leg = 0",
        taken,
    )
    return taken


async def are_whole(spoil: Spoiler) -> str:
    await spoil("INSERT INTO ledger_holds VALUES ('t', 'hold_lost', 'PENDING', '2035-01-01')")
    return "hold_lost"


async def end_once(spoil: Spoiler) -> str:
    given_up = spoil.desk.holds[3]
    await spoil("UPDATE ledger_holds SET state = 'EXPIRED' WHERE hold_id = $1", given_up)
    return given_up


async def are_empty(spoil: Spoiler) -> str:
    part = spoil.desk.holds[1]
    await spoil(
        "UPDATE ledger_holds SET state = 'POSTED', ended_at = now() WHERE hold_id = $1", part
    )
    return part


async def are_bounded(spoil: Spoiler) -> str:
    taken = spoil.desk.holds[2]
    await spoil("ALTER TABLE ledger_hold_legs DROP CONSTRAINT ledger_hold_legs_check1")
    transaction_id = await spoil.transaction("RETURN", taken)
    await spoil.entry("shop", transaction_id, 0, -201)
    await spoil.entry("anne", transaction_id, 0, 201)
    await spoil(
        "UPDATE ledger_hold_legs SET returned_minor = returned_minor + 201"
        " WHERE hold_id = $1 AND leg = 0",
        taken,
    )
    return taken


async def one_effect(spoil: Spoiler) -> str:
    why = cause()
    for _ in range(2):
        await spoil.desk.post(("bank", "anne", 1), why=why)
    return why.request_id


async def hold_outlives(spoil: Spoiler) -> str:
    pending = spoil.desk.holds[0]
    await spoil.desk.move_time(pending, seconds=661)
    return pending


async def lot_outlives(spoil: Spoiler) -> str:
    await spoil(
        "UPDATE ledger_accounts SET expires_at = now() - interval '61s' WHERE owner = 'lot'"
    )
    return "lot"


# Each spoils one thing and tells a word that the check must name.
SPOILERS: dict[str, Callable[[Spoiler], Awaitable[str]]] = {
    "ledger.transactions_sum_to_zero": sum_to_zero,
    "ledger.transactions_have_entries": have_entries,
    "ledger.entries_have_transactions": have_transactions,
    "ledger.entries_have_accounts": have_accounts,
    "ledger.balances_equal_entries": equal_entries,
    "ledger.entries_are_numbered": numbered,
    "ledger.entries_carry_balances": carry_balances,
    "ledger.floors": floors,
    "ledger.pending_equals_holds": pending_equals_holds,
    "ledger.holds_equal_journal": holds_equal_journal,
    "ledger.holds_are_whole": are_whole,
    "ledger.holds_end_once": end_once,
    "ledger.ended_holds_are_empty": are_empty,
    "ledger.legs_are_bounded": are_bounded,
    "ledger.one_effect_per_request": one_effect,
    "ledger.no_hold_outlives_its_time": hold_outlives,
    "ledger.no_lot_outlives_its_time": lot_outlives,
}


async def spoil(desk: Desk, name: str) -> str:
    async with desk.stores.pg.acquire() as conn:
        # Else triggers and foreign keys would forbid it, which is as it should be.
        await conn.execute("SET session_replication_role = replica")
        word = await SPOILERS[name](Spoiler(desk, conn))
        await conn.execute("SET session_replication_role = DEFAULT")
    return word


async def test_a_ledger_in_use_breaks_nothing(used: Desk) -> None:
    assert await used.findings() == []


@pytest.mark.parametrize("name", [check.name for check in ledger.CHECKS])
async def test_each_check_alone_finds_what_it_is_for_and_names_the_row(
    used: Desk, name: str
) -> None:
    word = await spoil(used, name)

    (finding,) = await used.findings()

    assert finding.check.name == name
    assert finding.check.invariant in ("I3", "I4", "I6", "I8")
    assert finding.count == len(finding.rows) > 0
    assert word in [str(cell) for cell in finding.rows[0].values()]
    assert all(row["tenant"] == "t" for row in finding.rows)


async def test_an_audit_of_one_tenant_is_not_about_others(used: Desk) -> None:
    await spoil(used, "ledger.balances_equal_entries")

    assert await used.findings("someone-else") == []
    assert len(await used.findings("t")) == 1


async def test_many_broken_rows_are_counted_and_some_are_named(desk: Desk) -> None:
    await desk.open(*(f"u{number}" for number in range(ROWS_MAX + 5)))
    await desk.stores.pg.execute("UPDATE ledger_accounts SET entry_count = 3")

    (finding,) = await desk.findings()

    assert (finding.count, len(finding.rows)) == (ROWS_MAX + 5, ROWS_MAX)


async def test_an_audit_sees_one_moment_and_cannot_write(desk: Desk) -> None:
    await desk.open("bank", "anne", floor=None)
    async with snapshot(desk.stores.pg) as conn:
        before = await ledger.trial_balance(conn)
        await desk.post(("bank", "anne", 5))
        assert await ledger.trial_balance(conn) == before
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with conn.transaction():
                await conn.execute("DELETE FROM ledger_holds")


async def test_a_trial_balance_tells_what_each_kind_holds_and_sums_to_zero(used: Desk) -> None:
    async with transaction(used.stores.pg) as conn:
        rows = [dict(row) for row in await ledger.trial_balance(conn, tenant="t")]
        assert await ledger.trial_balance(conn, tenant="someone-else") == []

    assert rows == [
        {
            "tenant": "t",
            "unit": "USD",
            "kind": "balance",
            "accounts": 4,
            "posted_minor": 0,
            "pending_out_minor": 540,
            "pending_in_minor": 540,
        }
    ]
