"""The statement: every movement once, newest first, each with the balance after it."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate
from random import Random

import pytest

from rangli.core.errors import Invalid
from rangli.ledger import store as ledger
from rangli.ledger.model import AccountKey, Cause, Leg
from rangli.storage.batcher import Asked
from rangli.storage.postgres import moment, transaction
from rangli.v1 import wallet_service_pb2 as pb
from rangli.wallet import service
from rangli.wallet.model import Debit, Pocket, WalletKind
from rangli.wallet.statement import statement
from rangli.wallet.store import WalletKey, open_wallets
from tests.wallet.purse import BALANCE, CASH, POINTS, Purse, day, ends
from tests.world import new_tenant

# Entries that this transaction has read.
_READ = """
SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'ledger_entries'
"""


async def test_a_statement_tells_what_came_and_went_and_why(purse: Purse) -> None:
    await purse.credit(10, expires_at=day(1), reference="spring")
    await purse.credit(5, reference="sorry")
    await purse.credit(99, CASH)
    key = await purse.pay(12, order_id="o7")
    await purse.ended(day(1))
    await purse.refund(key, refund_minor=3)
    extend = {"expired_lots": pb.EXPIRED_LOTS_EXTEND, "extend_s": 3_600}
    await purse.refund(key, refund_minor=4, **extend)
    await purse.debit(1, reference="oops")

    entries = list((await purse.statement()).entries)

    kinds = [
        pb.WalletEntryType.Name(one.type).removeprefix("WALLET_ENTRY_TYPE_") for one in entries
    ]
    assert [(kind, one.amount, one.balance) for kind, one in zip(kinds, entries, strict=True)] == [
        ("DEBIT", -1, 9),
        ("EXTENSION", -4, 10),
        ("EXTENSION", 4, 14),
        ("REFUND", 4, 10),
        ("REFUND", 2, 6),
        ("REFUND", 1, 4),
        ("CAPTURE", -2, 3),
        ("CAPTURE", -10, 5),
        ("CREDIT", 5, 15),
        ("CREDIT", 10, 10),
    ]
    assert {one.order_id for one in entries if one.type == pb.WALLET_ENTRY_TYPE_REFUND} == {"o7"}
    assert {one.reservation_id for one in entries if one.order_id} == {key}
    assert [one.reference for one in entries if not one.order_id] == [
        *("oops", "o7", "o7", "sorry", "spring")
    ]
    assert ends(pb.Wallet.Lot(expires_at=entries[-1].lot_expires_at)) is not None
    assert all(one.transaction_id and one.posted_at.seconds for one in entries)


async def test_what_expired_stands_in_the_statement(purse: Purse) -> None:
    await purse.credit(10, POINTS, expires_at=day(1))
    await purse.ended(day(1))
    await purse.swept()

    last, _ = (await purse.statement(POINTS)).entries

    assert (last.type, last.amount, last.balance) == (pb.WALLET_ENTRY_TYPE_EXPIRY, -10, 0)


async def test_what_is_only_reserved_is_in_no_statement(purse: Purse) -> None:
    await purse.credit(10)
    reservation = await purse.reserve(4)
    await purse.release(reservation.reservation_id)

    assert [one.amount for one in (await purse.statement()).entries] == [10]


async def test_pages_hold_every_entry_once_and_in_order(purse: Purse) -> None:
    for number in range(1, 8):
        await purse.credit(number, expires_at=day(number) if number % 2 else None)
    whole = list((await purse.statement()).entries)
    assert [one.amount for one in whole] == [7, 6, 5, 4, 3, 2, 1]
    assert [one.balance for one in whole] == [28, 21, 15, 10, 6, 3, 1]

    for size in (1, 2, 3, 7, 8):
        seen, token, pages = [], "", 0
        while pages < 10:
            answer = await purse.statement(page_size=size, page_token=token)
            seen += answer.entries
            token, pages = answer.next_page_token, pages + 1
            if not token:
                break
        assert seen == whole
        assert pages == -(-7 // size)


async def test_what_began_first_but_was_decided_last_stands_last(purse: Purse) -> None:
    await purse.credit(10)
    world = purse.world
    async with transaction(world.stores.pg) as early:
        await early.fetchval("SELECT now()")
        await purse.credit(100)
        asked = Debit("ann", WalletKind.BALANCE, "USD", 100, reference="", reason="a mistake")
        await service.debit(early, [Asked(world.tenant, "late", b"", "tester", asked)])

    entries = (await purse.statement()).entries

    assert [(one.amount, one.balance) for one in entries] == [(-100, 10), (100, 110), (10, 10)]


async def test_a_page_is_the_same_whatever_comes_meanwhile(purse: Purse) -> None:
    for number in (1, 2, 3, 4):
        await purse.credit(number)
    first = await purse.statement(page_size=2)
    await purse.credit(100)

    second = await purse.statement(page_size=2, page_token=first.next_page_token)

    assert [(one.amount, one.balance) for one in second.entries] == [(2, 3), (1, 1)]


async def busy(purse: Purse, moments: int, *, each: int) -> None:
    """So many moments at which so much is posted, to and from three lots; some of it set aside."""
    pg, tenant = purse.world.stores.pg, purse.world.tenant
    house = AccountKey(tenant, "house", "balance", "USD")
    ends = [day(1), day(2), None]
    pocket = [AccountKey(tenant, "user/ann", "balance", "USD", end) for end in ends]
    chance, cause = Random(11), Cause("", "")
    async with transaction(pg) as conn:
        await open_wallets(conn, [WalletKey(tenant, "ann", WalletKind.BALANCE)])
        found = await ledger.open_accounts(conn, {house: None} | dict.fromkeys(pocket, 0))
        bank, lots = found[house], [found[lot] for lot in pocket]
        book = await ledger.locked(conn, accounts=[(tenant, one) for one in (bank, *lots)])
        book.post(tenant, [Leg(bank, lot, 1_000_000) for lot in lots], cause)
        for _ in range(moments):
            book.now += timedelta(microseconds=1)
            for _ in range(each):
                one = chance.choice(lots)
                sides = (bank, one) if chance.random() < 0.6 else (one, bank)
                leg = Leg(*sides, chance.randint(1, 99))
                if one == leg.target_id and chance.random() < 0.3:
                    hold = book.hold(tenant, [leg], cause, ttl_s=60)
                    book.capture(tenant, hold.hold_id, cause)
                    if chance.random() < 0.5:
                        book.give_back(tenant, hold.hold_id, [1], cause)
                else:
                    book.post(tenant, [leg], cause)
        await ledger.write(conn, book)


async def plainly(purse: Purse) -> list[tuple[int, int]]:
    """Amounts and balances, newest first, of all there is."""
    rows = await purse.world.rows(
        """
        SELECT e.amount_minor FROM ledger_entries e
        JOIN ledger_accounts a USING (tenant, account_id)
        JOIN ledger_transactions t USING (tenant, transaction_id)
        WHERE tenant = $1 AND a.owner = 'user/ann' AND e.phase = 0
        ORDER BY t.posted_at,
                 CASE WHEN e.amount_minor < 0 THEN 2 WHEN t.kind = 'RETURN' THEN 0 ELSE 1 END,
                 transaction_id, account_id, entry_no
        """
    )
    amounts = [row["amount_minor"] for row in rows]
    return list(zip(amounts, accumulate(amounts), strict=True))[::-1]


@pytest.mark.parametrize(("moments", "each"), [(60, 1), (20, 5), (2, 50)])
async def test_page_by_page_all_lots_make_one_history(
    purse: Purse, moments: int, each: int
) -> None:
    await busy(purse, moments, each=each)
    whole = await plainly(purse)

    for size in (1, 7, 40, 100):
        seen, token = [], ""
        for _ in range(len(whole) // size + 1):
            answer = await purse.statement(page_size=size, page_token=token)
            seen += [(one.amount, one.balance) for one in answer.entries]
            token = answer.next_page_token
            if not token:
                break
        assert seen == whole


@pytest.mark.parametrize("deep", [False, True], ids=["the newest page", "a page in the middle"])
async def test_a_page_costs_what_is_on_it_and_not_what_there_is(purse: Purse, deep: bool) -> None:
    for _ in range(150):  # what makes this pocket larger than statistics expect
        await busy(Purse(purse.world.of(new_tenant())), 8, each=1)
    await busy(purse, 3_000, each=1)
    # As autovacuum does by and by: plans that were made while the table was all but empty end.
    await purse.world.stores.pg.execute("ANALYZE ledger_entries, ledger_accounts")
    pocket = Pocket(purse.world.tenant, "ann", WalletKind.BALANCE, "USD")
    async with moment(purse.world.stores.pg) as conn:
        before = None
        if deep:
            before = (await statement(conn, pocket, size=1_500, before=None))[-1].place
        already = await conn.fetchval(_READ)

        assert len(await statement(conn, pocket, size=10, before=before)) == 10

        assert 10 < await conn.fetchval(_READ) - already < 200


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"kind": 0}, "kind"),
        ({"kind": 9}, "kind"),
        ({"unit": ""}, "unit"),
        ({"user_id": ""}, "user_id"),
        ({"page_size": 501}, "page_size"),
        ({"page_size": -1}, "page_size"),
        ({"page_token": "x"}, "page_token"),
        ({"page_token": "YTpiOmM6ZDpl"}, "page_token"),
        ({"page_token": "YQ=="}, "page_token"),
    ],
)
async def test_a_statement_that_is_none_is_refused_by_the_name_of_its_field(
    purse: Purse, fields: dict[str, object], path: str
) -> None:
    asked = {"user_id": "ann", "kind": BALANCE, "unit": "USD", **fields}

    with pytest.raises(Invalid) as refused:
        await purse.call("ListEntries", pb.ListWalletEntriesRequest(**asked))

    assert refused.value.violations[0].field == path


@pytest.mark.parametrize("days", [-1, 3_651])
async def test_a_wallet_looks_ahead_ten_years_at_most(purse: Purse, days: int) -> None:
    with pytest.raises(Invalid) as refused:
        await purse.get(days)

    assert refused.value.violations[0].field == "expiring_within_days"
