"""Batches of postings in one statement do what the long way does, or leave it to that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from rangli.ledger import at_once
from rangli.ledger.model import BALANCE_MINOR_MAX, AccountKey
from rangli.ledger.service import METHOD, Transfer
from rangli.storage.postgres import connection, transaction
from rangli.storage.stores import Stores
from tests.ledger.desk import Desk
from tests.ledger.office import Office, transfer

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LOT_UNTIL = datetime(2036, 1, 1, tzinfo=UTC)
MANY = 12


@pytest.fixture
async def office(stores: Stores) -> AsyncIterator[Office]:
    office = Office(stores)
    yield office
    await office.batching.close()


@pytest.fixture
async def other(stores: Stores) -> AsyncIterator[Office]:
    """Another process."""
    other = Office(stores)
    yield other
    await other.batching.close()


@pytest.fixture
async def desk(stores: Stores) -> Desk:
    """A bank, people who have something, a lot, points, and somebody of another tenant."""
    desk = Desk(stores)
    await desk.open("bank", floor=None)
    await desk.open("anne", "bert", "cleo")
    await desk.open("lot", until=LOT_UNTIL)
    await desk.open("points", "prizes", floor=None, unit="points")
    await desk.post(*(("bank", name, 1_000) for name in ("anne", "bert", "lot")))
    return desk


async def journal(stores: Stores, tenant: str) -> list[Sequence[Any]]:
    """All that there is of entries, with their accounts and transactions but no ids of either."""
    return [
        tuple(row)
        for row in await stores.pg.fetch(
            """
            SELECT a.owner, e.entry_no, e.phase, e.amount_minor, e.balance_minor, t.kind, t.method,
                   t.request_id, t.reference, nullif(t.occurred_at, t.posted_at)
            FROM ledger_entries e JOIN ledger_accounts a USING (tenant, account_id)
            JOIN ledger_transactions t USING (tenant, transaction_id)
            WHERE tenant = $1 ORDER BY a.owner, e.entry_no
            """,
            tenant,
        )
    ]


@pytest.mark.parametrize("seed", range(5))
async def test_what_is_posted_at_once_is_what_the_long_way_posts(stores: Stores, seed: int) -> None:
    chance = Random(seed)
    shape = [
        [
            (*chance.sample(range(6), 2), chance.randint(1, 50))
            for _ in range(chance.choice([1, 1, 1, 3]))
        ]
        for _ in range(60)
    ]
    # Nobody both gives and takes in one posting: that goes the long way.
    shape = [
        moves
        for moves in shape
        if {source for source, _, _ in moves}.isdisjoint(target for _, target, _ in moves)
    ]
    facts = [
        {
            "reference": chance.choice(["", f"order-{number}"]),
            "occurred_at": chance.choice([None, NOON + timedelta(microseconds=number)]),
        }
        for number in range(len(shape))
    ]
    for tenant, short in (("short", True), ("long", False)):
        office, desk = Office(stores, short=short), Desk(stores, tenant)
        names = [f"n{number}" for number in range(6)]
        await desk.open("bank", floor=None)
        await desk.open(*names)
        await desk.post(*(("bank", name, 5_000) for name in names))

        answers = await asyncio.gather(
            *(
                office.post(
                    f"r{number}",
                    *(transfer(desk, f"n{a}", f"n{b}", amount) for a, b, amount in moves),
                    tenant=tenant,
                    **facts[number],
                )
                for number, moves in enumerate(shape)
            )
        )

        assert office.counts.at_once == office.counts.batches * short
        heads = await stores.pg.fetch(
            "SELECT transaction_id, request_id FROM ledger_transactions"
            " WHERE tenant = $1 AND method = $2",
            tenant,
            METHOD,
        )
        assert {row["request_id"]: row["transaction_id"] for row in heads} == {
            f"r{number}": answer for number, answer in enumerate(answers)
        }
        assert await desk.broken() == []
    short_ones, long_ones = await journal(stores, "short"), await journal(stores, "long")
    opening = [row[:7] for row in short_ones if row[6] != METHOD]
    assert opening == [row[:7] for row in long_ones if row[6] != METHOD]
    assert [row for row in short_ones if row[6] == METHOD] == [
        row for row in long_ones if row[6] == METHOD
    ]


async def test_tenants_and_units_go_together(desk: Desk, office: Office) -> None:
    there = Desk(desk.stores, "another")
    await there.open("bank", "anne", floor=None)

    await asyncio.gather(
        office.post("r1", transfer(desk, "bank", "anne", 1)),
        office.post("r1", transfer(there, "bank", "anne", 2), tenant="another"),
        office.post("r2", transfer(desk, "points", "prizes", 3)),
        office.post("r3", Transfer(AccountKey("t", "bank", "balance", "USD"), desk.ids["anne"], 4)),
    )

    assert (office.counts.batches, office.counts.at_once) == (1, 1)
    assert (await desk.balances())["anne"][0] == 1_005
    assert (await there.balances())["anne"][0] == 2
    assert await desk.broken() == []


async def freeze(desk: Desk) -> Transfer:
    await desk.stores.pg.execute("UPDATE ledger_accounts SET frozen = true WHERE owner = 'bert'")
    return transfer(desk, "bert", "cleo", 1)


async def expire(desk: Desk) -> Transfer:
    await desk.stores.pg.execute("UPDATE ledger_accounts SET expires_at = now() WHERE owner='lot'")
    return transfer(desk, "lot", "cleo", 1)


async def overdraw(desk: Desk) -> Transfer:
    return transfer(desk, "bert", "cleo", 1_001)


async def take_what_is_held(desk: Desk) -> Transfer:
    await desk.hold(("bert", "cleo", 600))
    return transfer(desk, "bert", "cleo", 401)


async def overfill(desk: Desk) -> Transfer:
    await desk.stores.pg.execute(
        "UPDATE ledger_accounts SET posted_minor = $1 WHERE owner = 'cleo'", BALANCE_MINOR_MAX
    )
    return transfer(desk, "bert", "cleo", 1)


async def invent(desk: Desk) -> Transfer:
    return Transfer(desk.ids["bert"], 987_654, 1)


async def name(desk: Desk) -> Transfer:
    unknown = AccountKey("t", "nobody", "balance", "USD")
    return Transfer(unknown, unknown, 1)


@pytest.mark.parametrize(
    ("prepared", "reason"),
    [
        (freeze, "FUNDS_FROZEN"),
        (expire, "LOT_EXPIRED"),
        (overdraw, "INSUFFICIENT_FUNDS"),
        (take_what_is_held, "INSUFFICIENT_FUNDS"),
        (overfill, "INSUFFICIENT_FUNDS"),
        (invent, "NO_SUCH_RESOURCE"),
        (name, "NO_SUCH_RESOURCE"),
    ],
)
async def test_a_batch_with_a_refusal_goes_the_long_way_and_the_others_are_done(
    desk: Desk, office: Office, prepared: Any, reason: str
) -> None:
    refused = await prepared(desk)

    answers = await asyncio.gather(
        *(office.post(f"before{n}", transfer(desk, "anne", "bank", 1)) for n in range(MANY)),
        office.post("refused", refused),
        *(office.post(f"after{n}", transfer(desk, "anne", "bank", 1)) for n in range(MANY)),
    )

    assert answers.pop(MANY) == reason
    assert all(answer.startswith("txn_") for answer in answers)
    assert (office.counts.batches, office.counts.at_once) == (1, 0)
    assert (await desk.balances())["anne"][0] == 1_000 - 2 * MANY
    kept = await desk.stores.pg.fetch("SELECT request_id FROM idempotency_records")
    assert len(kept) == 2 * MANY
    if prepared is not overfill:  # which is itself out of balance
        assert await desk.broken() == []


async def test_what_a_frozen_or_expired_account_receives_is_posted_at_once(
    desk: Desk, office: Office
) -> None:
    await freeze(desk)
    await expire(desk)

    await asyncio.gather(
        office.post("r1", transfer(desk, "bank", "bert", 1)),
        office.post("r2", transfer(desk, "bank", "lot", 1)),
    )

    assert (office.counts.batches, office.counts.at_once) == (1, 1)


async def test_no_account_falls_below_its_floor_on_the_way(desk: Desk, office: Office) -> None:
    answers = await asyncio.gather(
        office.post("r1", transfer(desk, "cleo", "bank", 5)),
        office.post("r2", transfer(desk, "bank", "cleo", 5)),
        office.post("r3", transfer(desk, "cleo", "bank", 5)),
    )

    assert answers[0] == "INSUFFICIENT_FUNDS"
    assert (office.counts.batches, office.counts.at_once) == (1, 0)
    assert (await desk.balances())["cleo"] == (0, 0, 0)
    assert await desk.broken() == []


async def test_what_a_posting_brings_does_not_go_out_in_it_either_way(
    desk: Desk, office: Office
) -> None:
    through = [transfer(desk, "anne", "cleo", 5), transfer(desk, "cleo", "bank", 5)]

    assert await office.post("r1", *through) == "INSUFFICIENT_FUNDS"
    assert office.counts.at_once == 0


async def test_after_a_refusal_batches_go_the_long_way_until_one_is_smooth(
    desk: Desk, office: Office
) -> None:
    assert await office.post("r1", await overdraw(desk)) == "INSUFFICIENT_FUNDS"

    ways = []
    for number in range(3):
        before = office.counts.at_once
        await office.post(f"good{number}", transfer(desk, "anne", "bank", 1))
        ways.append(office.counts.at_once - before)

    assert ways == [0, 1, 1]


async def test_texts_that_cannot_be_told_apart_go_the_long_way(desk: Desk, office: Office) -> None:
    odd = ["\x1f", "a\x1fb", "", "plain"]

    await asyncio.gather(
        *(
            office.post(f"r{n}", transfer(desk, "bank", "anne", 1), reference=reference)
            for n, reference in enumerate(odd)
        ),
        office.post("r\x1f", transfer(desk, "bank", "anne", 1)),
    )

    assert (office.counts.batches, office.counts.at_once) == (1, 0)
    found = await desk.stores.pg.fetch(
        "SELECT reference FROM ledger_transactions WHERE method = $1", METHOD
    )
    assert sorted(row[0] for row in found) == sorted([*odd, ""])


async def test_an_empty_text_is_a_text(desk: Desk, office: Office) -> None:
    answer = await office.post("", transfer(desk, "bank", "anne", 1))

    assert answer.startswith("txn_")
    assert await office.post("", transfer(desk, "bank", "anne", 1)) == answer


async def test_a_repeat_among_new_requests_gets_its_first_answer_and_the_others_are_done(
    desk: Desk, office: Office, other: Office
) -> None:
    move = transfer(desk, "bank", "anne", 1)
    first = await office.post("once", move)

    answers = await asyncio.gather(
        *(other.post(key, move) for key in ("a", "once", "z")),
        other.post("z", transfer(desk, "bank", "anne", 2)),
    )

    assert answers[1] == first
    assert answers[3] == "IDEMPOTENCY_KEY_REUSED"
    assert (other.counts.batches, other.counts.at_once, other.counts.replays) == (1, 0, 1)
    assert (await desk.balances())["anne"][0] == 1_003
    assert await desk.broken() == []


async def test_time_is_read_when_all_accounts_are_held(desk: Desk, office: Office) -> None:
    """A lot that expires while its transaction waits for another account gives nothing."""
    await desk.stores.pg.execute(
        "UPDATE ledger_accounts SET expires_at = clock_timestamp() + interval '0.3s'"
        " WHERE owner = 'lot'"
    )
    async with transaction(desk.stores.pg) as conn:
        await conn.execute("SELECT FROM ledger_accounts WHERE owner = 'points' FOR UPDATE")
        asked = asyncio.gather(
            office.post("r1", transfer(desk, "lot", "cleo", 1)),
            office.post("r2", transfer(desk, "points", "prizes", 1)),
        )
        await asyncio.sleep(0.5)
        assert not asked.done()

    lot, points = await asked
    assert lot == "LOT_EXPIRED"
    assert points.startswith("txn_")


async def test_accounts_are_held_in_their_order_and_found_by_key_however_few_there_were(
    stores: Stores,
) -> None:
    """The worst that can be known when the plan is made: two accounts, and that they are two."""
    desk = Desk(stores)
    await desk.open("bank", "anne", floor=None)
    plans: list[str] = []
    async with connection(stores.pg) as conn:
        await conn.execute("ANALYZE ledger_accounts")
        await conn.execute("LOAD 'auto_explain'")
        for setting in ("log_min_duration = 0", "log_nested_statements = on"):
            await conn.execute(f"SET auto_explain.{setting}")
        await conn.execute("SET client_min_messages = log")
        told = lambda _, message: plans.append(message.message)  # noqa: E731
        conn.add_log_listener(told)
        batch = at_once.AtOnce(METHOD)
        moves = [(desk.ids["bank"], desk.ids["anne"], 1)]
        assert batch.add(("t", "r1", b"." * 32, "txn_1", "", None), moves)
        assert await batch.write(conn)
        conn.remove_log_listener(told)
        await conn.execute("RESET ALL")

    (plan,) = [plan for plan in plans if "Update on ledger_accounts" in plan]
    tree = plan[plan.index("Update on ledger_accounts") :]
    given, found = tree.index("Function Scan on unnest"), tree.index("using ledger_accounts_pkey")
    assert "Nested Loop" in tree[:given]
    assert given < found
    assert "Index Cond: ((tenant = w.tenant) AND (account_id = w.account_id))" in tree
