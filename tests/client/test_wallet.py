"""A wallet through the client, on the real server."""

from __future__ import annotations

import pytest

from rangli.client import CallRefused, RangliClient
from rangli.v1 import wallet_service_pb2 as pb

USD = {"kind": pb.WALLET_KIND_BALANCE, "unit": "USD"}


@pytest.fixture
async def client(address):
    async with RangliClient(address, actor="tests") as opened:
        yield opened


async def test_what_is_credited_pays_and_comes_back(client):
    wallet = client.wallet
    await wallet.credit(pb.CreditRequest(user_id="ann", amount=100, **USD))
    items = await wallet.batch_credit(
        [pb.CreditRequest(user_id="ann", amount=amount, **USD) for amount in (50, 0)]
    )
    assert [item.WhichOneof("result") for item in items] == ["credit", "error"]
    asked = pb.ReserveTenderRequest(
        user_id="ann",
        order_id="o1",
        ttl_s=60,
        currency="USD",
        tenders=[{"amount": 120, **USD}],
        external_minor=30,
    )

    reservation = await wallet.reserve(asked)
    key = reservation.reservation_id
    await wallet.capture(key, tenders=[pb.TenderAmount(amount=90, **USD)])
    await wallet.release(key, reason="sold out")
    done = await wallet.refund(pb.RefundTenderRequest(reservation_id=key, refund_minor=40))

    assert not asked.request_id
    assert (done.tenders[0].amount, done.external_minor) == (30, 10)
    assert (await wallet.reservation(key)).tenders[0].returned == 30
    debited = await wallet.debit(
        pb.DebitRequest(user_id="ann", amount=10, reason="a mistake", **USD)
    )
    assert [lot.amount for lot in debited.lots] == [10]
    (pocket,) = (await wallet.get("ann", expiring_within_days=7)).pockets
    assert (pocket.available, pocket.reserved, pocket.expiring) == (80, 0, 0)
    amounts = [entry.amount async for entry in wallet.entries("ann", **USD)]
    assert amounts == [-10, 30, -90, 50, 100]


async def test_a_frozen_wallet_refuses_with_its_reason(client):
    await client.wallet.credit(pb.CreditRequest(user_id="ann", amount=100, **USD))
    (frozen,) = await client.wallet.freeze("ann", kind=USD["kind"], reason="stolen")

    with pytest.raises(CallRefused) as refused:
        await client.wallet.debit(pb.DebitRequest(user_id="ann", amount=1, reason="r", **USD))

    assert frozen.reason == "stolen"
    assert refused.value.reason == "FUNDS_FROZEN"
    assert await client.wallet.unfreeze("ann", reason="found") == []


async def test_a_change_sent_twice_under_one_name_happens_once(client):
    credit = pb.CreditRequest(request_id="k", user_id="ann", amount=100, **USD)

    assert await client.wallet.credit(credit) == await client.wallet.credit(credit)

    (pocket,) = (await client.wallet.get("ann")).pockets
    assert pocket.available == 100


async def test_a_long_statement_is_read_page_after_page(client):
    await client.wallet.batch_credit(
        [pb.CreditRequest(user_id="ann", amount=1, **USD) for _ in range(250)]
    )

    balances = [entry.balance async for entry in client.wallet.entries("ann", **USD)]

    assert balances == [*range(250, 0, -1)]
