"""Rows are locked, decided on, and written together."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from rangli.core.errors import Unavailable
from rangli.ledger import store
from rangli.ledger.model import AccountKey, Cause, HoldState, Leg
from rangli.storage.postgres import Connection, transaction
from rangli.storage.stores import Stores

CAUSE = Cause("Test/Move", "r1", "order-1")
BANK = AccountKey("t", "house", "bank", "USD")
ANNE = AccountKey("t", "user/anne", "balance", "USD")
LOT = AccountKey("t", "user/anne", "balance", "USD", datetime(2031, 1, 1, tzinfo=UTC))
OPEN = {BANK: None, ANNE: 0, LOT: 0}


async def opened(stores: Stores) -> dict[AccountKey, int]:
    async with transaction(stores.pg) as conn:
        return await store.open_accounts(conn, OPEN)


async def test_accounts_are_opened_once_and_found_by_their_names(stores: Stores) -> None:
    first, second = await asyncio.gather(opened(stores), opened(stores))

    assert first == second
    assert len(set(first.values())) == 3
    async with transaction(stores.pg) as conn:
        unknown = AccountKey("t", "user/bert", "balance", "USD")
        assert await store.find_accounts(conn, [*OPEN, unknown]) == first
        assert await store.open_accounts(conn, {ANNE: -5}) == {ANNE: first[ANNE]}
        book = await store.locked(conn, accounts=[("t", first[ANNE])])
    assert book.account("t", first[ANNE]).floor_minor == 0


async def test_what_a_book_did_is_what_the_next_one_finds(stores: Stores) -> None:
    ids = await opened(stores)
    keys = [("t", number) for number in ids.values()]
    async with transaction(stores.pg) as conn:
        book = await store.locked(conn, accounts=keys)
        book.post("t", [Leg(ids[BANK], ids[ANNE], 900), Leg(ids[BANK], ids[LOT], 100)], CAUSE)
        legs = [Leg(ids[ANNE], ids[BANK], 300), Leg(ids[LOT], ids[BANK], 100)]
        held = book.hold("t", legs, CAUSE, ttl_s=60)
        await store.write(conn, book)
        written = dict(book.accounts), dict(book.holds)

    async with transaction(stores.pg) as conn:
        again = await store.locked(conn, holds=[("t", held.hold_id), ("t", "nothing")])
        assert (again.accounts, again.holds) == written
        again.capture("t", held.hold_id, CAUSE, amounts_minor=[200, 100])
        again.give_back("t", held.hold_id, [50, 0], CAUSE)
        await store.write(conn, again)

    async with transaction(stores.pg) as conn:
        last = await store.locked(conn, accounts=keys, holds=[("t", held.hold_id)])
        assert (last.accounts, last.holds) == (again.accounts, again.holds)
        assert last.holds["t", held.hold_id].state is HoldState.POSTED
        assert last.account("t", ids[ANNE]).posted_minor == 750


async def test_time_in_a_book_is_that_of_postgres_after_the_locks(stores: Stores) -> None:
    async with transaction(stores.pg) as conn:
        book = await store.locked(conn)
        assert await conn.fetchval("SELECT $1 BETWEEN now() AND clock_timestamp()", book.now)


async def test_rows_that_changed_since_are_never_written(stores: Stores) -> None:
    ids = await opened(stores)
    keys = [("t", ids[BANK]), ("t", ids[ANNE])]
    async with transaction(stores.pg) as conn:
        stale = await store.locked(conn, accounts=keys)
        book = await store.locked(conn, accounts=keys)
        book.post("t", [Leg(ids[BANK], ids[ANNE], 5)], CAUSE)
        await store.write(conn, book)

    stale.post("t", [Leg(ids[BANK], ids[ANNE], 7)], CAUSE)
    with pytest.raises(Exception, match="ledger_entries_pkey"):
        async with transaction(stores.pg) as conn:
            await store.write(conn, stale)


async def test_a_count_that_is_not_as_locked_is_a_fault(stores: Stores) -> None:
    ids = await opened(stores)
    with pytest.raises(RuntimeError, match="not locked"):
        async with transaction(stores.pg) as conn:
            book = await store.locked(conn, accounts=[("t", ids[BANK]), ("t", ids[ANNE])])
            book.post("t", [Leg(ids[BANK], ids[ANNE], 5)], CAUSE)
            await conn.execute("UPDATE ledger_accounts SET entry_count = 8")
            await store.write(conn, book)


async def test_a_hold_that_has_ended_otherwise_is_never_ended_again(stores: Stores) -> None:
    ids = await opened(stores)
    async with transaction(stores.pg) as conn:
        book = await store.locked(conn, accounts=[("t", ids[BANK]), ("t", ids[ANNE])])
        held = book.hold("t", [Leg(ids[BANK], ids[ANNE], 5)], CAUSE, ttl_s=60)
        await store.write(conn, book)

    with pytest.raises(RuntimeError, match="not locked"):
        async with transaction(stores.pg) as conn:
            book = await store.locked(conn, holds=[("t", held.hold_id)])
            book.void("t", held.hold_id, CAUSE)
            await conn.execute("UPDATE ledger_holds SET state = 'EXPIRED', ended_at = now()")
            await store.write(conn, book)


async def test_a_book_may_be_written_again_for_what_came_since(stores: Stores) -> None:
    ids = await opened(stores)
    async with transaction(stores.pg) as conn:
        book = await store.locked(conn, accounts=[("t", ids[BANK]), ("t", ids[ANNE])])
        for _ in range(2):
            book.post("t", [Leg(ids[BANK], ids[ANNE], 5)], CAUSE)
            held = book.hold("t", [Leg(ids[BANK], ids[ANNE], 1)], CAUSE, ttl_s=60)
            await store.write(conn, book)
            await store.write(conn, book)
        book.void("t", held.hold_id, CAUSE)
        await store.write(conn, book)

    async with transaction(stores.pg) as conn:
        again = await store.locked(conn, accounts=[("t", ids[BANK]), ("t", ids[ANNE])])
        assert again.accounts == book.accounts
        assert await conn.fetchval("SELECT count(*) FROM ledger_transactions") == 5


async def test_frozen_accounts_are_seen_frozen_by_the_next_book(stores: Stores) -> None:
    ids = await opened(stores)
    for frozen in (True, False):
        async with transaction(stores.pg) as conn:
            await store.freeze(conn, [("t", ids[ANNE]), ("t", ids[LOT])], frozen=frozen)
            book = await store.locked(conn, accounts=[("t", number) for number in ids.values()])
        assert [book.account("t", ids[key]).frozen for key in (BANK, ANNE, LOT)] == [
            False,
            frozen,
            frozen,
        ]


@pytest.mark.parametrize("table", ["ledger_entries", "ledger_transactions"])
@pytest.mark.parametrize("change", ["UPDATE {} SET tenant = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_the_journal_is_never_changed(stores: Stores, table: str, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="counter-entry"):
        await stores.pg.execute(change.format(table))


async def test_when_it_was_in_business_is_kept_and_else_is_now(stores: Stores) -> None:
    ids = await opened(stores)
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    async with transaction(stores.pg) as conn:
        book = await store.locked(conn, accounts=[("t", ids[BANK]), ("t", ids[ANNE])])
        legs = [Leg(ids[BANK], ids[ANNE], 5)]
        for why in (CAUSE, Cause("Test/Move", "r2", "order-2", earlier)):
            book.post("t", legs, why)
        await store.write(conn, book)

    rows = await stores.pg.fetch(
        "SELECT occurred_at, posted_at, request_id, reference FROM ledger_transactions"
        " ORDER BY request_id"
    )
    assert [row["occurred_at"] for row in rows] == [book.now, earlier]
    assert {row["posted_at"] for row in rows} == {book.now}
    assert [row["reference"] for row in rows] == ["order-1", "order-2"]


async def test_an_accounts_entries_are_in_the_order_of_their_instants(stores: Stores) -> None:
    ids = await opened(stores)

    async def posted(conn: Connection) -> None:
        book = await store.locked(conn, accounts=[("t", ids[BANK]), ("t", ids[ANNE])])
        book.post("t", [Leg(ids[BANK], ids[ANNE], 5)], CAUSE)
        await store.write(conn, book)

    async with transaction(stores.pg) as early:
        await early.fetchval("SELECT now()")
        async with transaction(stores.pg) as late:
            await posted(late)
        await posted(early)

    instants = await stores.pg.fetch(
        "SELECT posted_at FROM ledger_entries JOIN ledger_transactions USING (tenant,"
        " transaction_id) WHERE account_id = $1 ORDER BY entry_no",
        ids[ANNE],
    )
    assert instants == sorted(instants)


@pytest.mark.parametrize("what", ["the hold", "its account"])
async def test_what_one_book_has_locked_no_other_gets_meanwhile(stores: Stores, what: str) -> None:
    ids = await opened(stores)
    async with transaction(stores.pg) as conn:
        book = await store.locked(conn, accounts=[("t", ids[BANK]), ("t", ids[ANNE])])
        held = book.hold("t", [Leg(ids[BANK], ids[ANNE], 5)], CAUSE, ttl_s=60)
        await store.write(conn, book)
    by_hold = {"holds": [("t", held.hold_id)]}
    wanted = by_hold if what == "the hold" else {"accounts": [("t", ids[ANNE])]}

    async with transaction(stores.pg) as first:
        if what == "the hold":  # and no account, which would be waited for as well
            await first.execute(store._LOCK_HOLDS, ["t"], [held.hold_id])
        else:
            await store.locked(first, **by_hold)
        with pytest.raises(Unavailable):
            async with transaction(stores.pg) as second:
                await store.locked(second, **wanted)
