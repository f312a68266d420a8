"""Value that comes in: once, into its lot, and never without its entries."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from rangli.core.errors import Invalid, Reason, Refused
from rangli.storage.postgres import transaction
from rangli.v1 import wallet_service_pb2 as pb
from tests.wallet.purse import BALANCE, CASH, POINTS, Purse, day, ends, parts
from tests.world import World, request_id

_ENTRIES = """
SELECT owner, a.kind, unit, amount_minor, method, request_id, reference
FROM ledger_entries JOIN ledger_accounts a USING (tenant, account_id)
JOIN ledger_transactions USING (tenant, transaction_id)
WHERE tenant = $1 ORDER BY owner DESC
"""
_EVENTS = "SELECT * FROM outbox WHERE tenant = $1 ORDER BY event_seq"


async def test_balance_never_stands_without_ledger_rows(purse: Purse) -> None:
    await purse.credit(500, request_id="k", reference="spring")

    theirs, house = await purse.world.rows(_ENTRIES)
    method = "rangli.v1.WalletService/Credit"
    assert tuple(theirs) == ("user/ann", "balance", "USD", 500, method, "k", "spring")
    assert tuple(house) == ("house/3", "issued:balance", "USD", -500, method, "k", "spring")
    assert await purse.available() == 500


async def test_who_share_no_house_wait_for_no_one_else(world: World) -> None:
    ann, bob = Purse(world, "ann"), Purse(world, "bob")
    for purse in (ann, bob):
        await purse.credit(5)
    async with transaction(world.stores.pg) as conn:
        locked = await conn.fetch(
            """SELECT FROM ledger_accounts JOIN ledger_entries e USING (tenant, account_id)
               WHERE tenant = $1 AND transaction_id IN (
                   SELECT e.transaction_id FROM ledger_entries e
                   JOIN ledger_accounts a USING (tenant, account_id)
                   WHERE tenant = $1 AND owner = 'user/ann')
               FOR UPDATE""",
            world.tenant,
        )
        assert len(locked) == 2
        async with asyncio.timeout(60):
            await bob.credit(5)
            await bob.pay(3)

    assert await bob.available() == 7
    assert await bob.findings() == []


async def test_credits_of_one_expiry_are_one_lot_and_add_up(purse: Purse) -> None:
    for amount, at in ((5, day(2)), (7, day(1)), (11, None), (13, day(1)), (17, None)):
        await purse.credit(amount, expires_at=at)

    pocket = await purse.pocket()

    assert [(ends(lot), lot.available) for lot in pocket.lots] == [
        (day(1), 20),
        (day(2), 5),
        (None, 28),
    ]
    assert (pocket.available, pocket.reserved, pocket.lots_total) == (53, 0, 3)


async def test_rollover_never_overwrites_credits(purse: Purse) -> None:
    """Renewals and top-ups that come at the same time all stay."""
    await asyncio.gather(
        *(purse.credit(100, expires_at=day(1)) for _ in range(30)),
        *(purse.credit(7, expires_at=day(31)) for _ in range(30)),
        *(purse.credit(1) for _ in range(30)),
    )

    assert [lot.available for lot in (await purse.pocket()).lots] == [3_000, 210, 30]


async def test_kinds_and_units_are_never_mixed(purse: Purse) -> None:
    await purse.credit(1, BALANCE)
    await purse.credit(2, BALANCE, unit="EUR")
    await purse.credit(3, CASH)
    await purse.credit(4, POINTS)
    await purse.credit(5, POINTS, unit="stars")

    pockets = (await purse.get()).pockets

    assert [(one.kind, one.unit, one.available) for one in pockets] == [
        (BALANCE, "EUR", 2),
        (BALANCE, "USD", 1),
        (CASH, "USD", 3),
        (POINTS, "points", 4),
        (POINTS, "stars", 5),
    ]


async def test_a_repeated_credit_credits_once_and_answers_the_same(purse: Purse) -> None:
    answers = await asyncio.gather(*(purse.credit(5, request_id="k") for _ in range(20)))

    assert {*answers, await purse.credit(5, request_id="k")} == {answers[0]}
    assert await purse.available() == 5
    with pytest.raises(Invalid) as refused:
        await purse.credit(6, request_id="k")
    assert refused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED
    assert await purse.available() == 5


async def test_each_credit_of_a_batch_stands_for_itself(purse: Purse) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    await purse.credit(1, request_id="known")
    credits_ = [
        purse.credit_request(1, request_id="known"),
        purse.credit_request(10, request_id="a"),
        purse.credit_request(0),
        purse.credit_request(20, request_id="b", expires_at=past),
        purse.credit_request(10, request_id="a"),
        purse.credit_request(40, request_id="known"),
    ]

    answer = await purse.call("BatchCredit", pb.BatchCreditRequest(credits=credits_))

    assert [item.WhichOneof("result") for item in answer.items] == [
        *("credit", "credit", "error", "error", "credit", "error")
    ]
    assert answer.items[1] == answer.items[4]
    assert [item.error.message for item in answer.items if item.HasField("error")] == [
        "amount: must be 1 to 1000000000000, not 0",
        "expires_at: must be in the future",
        "this request_id was used for another request; choose a new one",
    ]
    assert await purse.available() == 11


async def test_a_batch_of_a_thousand_is_credited_once_however_often_it_is_sent(
    purse: Purse,
) -> None:
    request = pb.BatchCreditRequest(
        credits=[purse.credit_request(1, expires_at=day(number)) for number in range(1_000)]
    )
    first, second = await asyncio.gather(*(purse.call("BatchCredit", request) for _ in range(2)))

    assert first == second
    pocket = await purse.pocket()
    assert (pocket.available, pocket.lots_total, len(pocket.lots)) == (1_000, 1_000, 500)


async def test_a_wallet_sums_up_what_expires_soon(purse: Purse) -> None:
    await purse.credit(1, expires_at=day(0))
    await purse.credit(2, expires_at=day(5))
    await purse.credit(4)

    assert [(await purse.pocket(days=days)).expiring for days in (0, 2, 10)] == [0, 1, 3]


async def test_what_expires_leaves_the_balance_before_and_after_the_sweeper(purse: Purse) -> None:
    await purse.credit(5, expires_at=day(1))
    await purse.credit(7)
    await purse.ended(day(1))

    assert await purse.available() == 7
    await purse.swept()

    pocket = await purse.pocket()
    assert (pocket.available, [lot.available for lot in pocket.lots]) == (7, [7])
    (house,) = await purse.world.rows(
        "SELECT posted_minor FROM ledger_accounts WHERE tenant = $1 AND kind = 'expired:balance'"
    )
    assert house["posted_minor"] == 5


async def test_a_debit_takes_first_what_expires_first_and_leaves_counter_entries(
    purse: Purse,
) -> None:
    await purse.credit(10)
    await purse.credit(5, expires_at=day(1))

    done = await purse.debit(8, request_id="d")

    assert parts(done.lots) == [(day(1), 5), (None, 3)]
    assert await purse.available() == 7
    assert (await purse.debit(8, request_id="d")) == done
    assert await purse.available() == 7
    house = [row for row in await purse.world.rows(_ENTRIES) if row["kind"] == "issued:balance"]
    assert sorted(row["amount_minor"] for row in house) == [-10, -5, 3, 5]


async def test_a_debit_of_more_than_there_is_takes_nothing(purse: Purse) -> None:
    await purse.credit(5, expires_at=day(1))
    await purse.credit(10)

    with pytest.raises(Refused) as refused:
        await purse.debit(16)

    assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
    assert refused.value.metadata == {
        "owner": "user/ann",
        "kind": "balance",
        "unit": "USD",
        "available_minor": "15",
        "wanted_minor": "16",
    }
    assert await purse.available() == 15


async def test_every_change_leaves_an_event_with_actor_and_reason(purse: Purse) -> None:
    await purse.credit(5, expires_at=day(1), reference="r", reason="why")
    await purse.debit(2, reason="a mistake")
    await purse.freeze(POINTS, reason="odd")

    credited, debited, frozen = await purse.world.rows(_EVENTS)

    kinds = [event["event_type"] for event in (credited, debited, frozen)]
    assert kinds == ["wallet.credited", "wallet.debited", "wallet.frozen"]
    assert {(e["subject_kind"], e["subject_id"], e["actor"]) for e in (credited, debited)} == {
        ("wallet", "ann", "olga")
    }
    assert '"reason": "why"' in credited["payload"]
    assert '"amount": 5' in credited["payload"]
    assert '"reason": "a mistake"' in debited["payload"]
    assert frozen["payload"] == '{"kinds": ["points"], "reason": "odd"}'


async def test_tenants_share_no_wallets(purse: Purse, world: World) -> None:
    other = Purse(world.of(f"{world.tenant}-other"))
    await purse.credit(5, request_id="k")
    await other.credit(7, request_id="k")

    assert (await purse.available(), await other.available()) == (5, 7)
    reservation = await purse.reserve(5)
    for verb in (other.capture, other.release, other.reservation):
        with pytest.raises(Exception, match="no reservation is named"):
            await verb(reservation.reservation_id)


async def test_users_share_no_wallets(purse: Purse, world: World) -> None:
    await purse.credit(5)

    assert list((await Purse(world, "bob").get()).pockets) == []
    with pytest.raises(Refused):
        await Purse(world, "bob").reserve(1)


_BAD_CREDITS = [
    ({"request_id": ""}, "request_id"),
    ({"request_id": "r" * 65}, "request_id"),
    ({"user_id": ""}, "user_id"),
    ({"user_id": "u" * 101}, "user_id"),
    ({"user_id": "a\nb"}, "user_id"),
    ({"kind": 0}, "kind"),
    ({"kind": 9}, "kind"),
    ({"unit": ""}, "unit"),
    ({"unit": "usd"}, "unit"),
    ({"kind": POINTS, "unit": "USD"}, "unit"),
    ({"kind": POINTS, "unit": "a b"}, "unit"),
    ({"amount": 0}, "amount"),
    ({"amount": -1}, "amount"),
    ({"amount": 10**12 + 1}, "amount"),
    ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at"),
    ({"kind": CASH, "expires_at": day(1)}, "expires_at"),
    ({"reference": "r" * 101}, "reference"),
    ({"reference": "a\nb"}, "reference"),
    ({"reason": "r" * 501}, "reason"),
    ({"reason": "a\0"}, "reason"),
]


@pytest.mark.parametrize(("fields", "path"), _BAD_CREDITS)
async def test_a_credit_that_is_none_is_refused_by_the_name_of_its_field(
    purse: Purse, fields: dict[str, object], path: str
) -> None:
    request = purse.credit_request(1)
    request.MergeFrom(pb.CreditRequest(**fields))
    for name, value in fields.items():
        if not value:
            request.ClearField(name)

    with pytest.raises(Invalid) as refused:
        await purse.call("Credit", request)

    assert [violation.field for violation in refused.value.violations] == [path]
    assert list((await purse.get()).pockets) == []


@pytest.mark.parametrize("count", [0, 1_001])
async def test_a_batch_has_one_to_a_thousand_credits(purse: Purse, count: int) -> None:
    request = pb.BatchCreditRequest(credits=[purse.credit_request(1)] * count)

    with pytest.raises(Invalid) as refused:
        await purse.call("BatchCredit", request)

    assert refused.value.violations[0].field == "credits"


@pytest.mark.parametrize("reason", ["", " ", "r" * 501])
async def test_a_debit_says_why(purse: Purse, reason: str) -> None:
    await purse.credit(5)

    with pytest.raises(Invalid) as refused:
        await purse.debit(1, reason=reason)

    assert refused.value.violations[0].field == "reason"
    with pytest.raises(Invalid):
        await purse.freeze(reason=reason)
    with pytest.raises(Invalid):
        await purse.call(
            "UnfreezeWallet",
            pb.UnfreezeWalletRequest(request_id=request_id(), user_id="ann", reason=reason),
        )
