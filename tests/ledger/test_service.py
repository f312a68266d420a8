"""Direct postings through the batcher."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import count

import pytest

from rangli.core.errors import Invalid, NotFound, RangliError, Reason, Refused
from rangli.ledger.model import AccountKey
from rangli.ledger.service import Ledger, Transfer
from rangli.storage.batcher import Batching
from rangli.storage.stores import Stores
from tests.ledger.desk import Desk

BANK = AccountKey("t", "house", "bank", "USD")
ANNE = AccountKey("t", "user/anne", "balance", "USD")
SHOP = AccountKey("t", "shop", "balance", "USD")
POINTS = AccountKey("t", "user/anne", "points", "points")
_keys = count()


@pytest.fixture
async def ledger(stores: Stores) -> AsyncIterator[Ledger]:
    batching = Batching(stores.pg)
    yield Ledger(batching)
    await batching.close()


async def post(ledger: Ledger, *transfers: Transfer, key: str = "", tenant: str = "t") -> str:
    return await ledger.post(
        tenant,
        transfers,
        request_id=key or f"r{next(_keys)}",
        actor="olga",
        deadline=time.monotonic() + 60,
        reference="order-1",
    )


async def verdict(ledger: Ledger, *transfers: Transfer, key: str = "") -> str:
    try:
        await post(ledger, *transfers, key=key)
    except RangliError as refusal:
        return refusal.reason
    return "done"


async def test_accounts_are_named_or_numbered(ledger: Ledger) -> None:
    ids = await ledger.open({BANK: None, ANNE: 0})

    await post(ledger, Transfer(BANK, ids[ANNE], 70), Transfer(ids[BANK], ANNE, 5))

    (anne,) = (await ledger.balances([("t", ids[ANNE])])).values()
    assert (anne.key, anne.posted_minor) == (ANNE, 75)
    page = await ledger.statement("t", ids[ANNE])
    assert [(line.amount_minor, line.reference) for line in page.lines] == [
        (5, "order-1"),
        (70, "order-1"),
    ]


async def test_together_no_more_is_paid_than_there_is_and_each_knows_his_verdict(
    ledger: Ledger, stores: Stores
) -> None:
    ids = await ledger.open({BANK: None, ANNE: 0, SHOP: 0})
    await post(ledger, Transfer(BANK, ANNE, 100))

    verdicts = await asyncio.gather(
        *(verdict(ledger, Transfer(ANNE, SHOP, 3)) for _ in range(50)),
        *(verdict(ledger, Transfer(BANK, SHOP, 1)) for _ in range(50)),
    )

    assert verdicts[:50].count("done") == 33
    assert set(verdicts[:50]) == {"done", Reason.INSUFFICIENT_FUNDS}
    assert verdicts[50:] == ["done"] * 50
    balances = await ledger.balances([("t", number) for number in ids.values()])
    posted = {account.key: account.posted_minor for account in balances.values()}
    assert posted == {BANK: -150, ANNE: 1, SHOP: 149}
    assert await Desk(stores).broken() == []


async def test_a_repeat_gets_the_first_answer_and_moves_nothing(ledger: Ledger) -> None:
    ids = await ledger.open({BANK: None, ANNE: 0})
    again = Transfer(BANK, ANNE, 5)

    answers = await asyncio.gather(*(post(ledger, again, key="once") for _ in range(5)))
    answers.append(await post(ledger, again, key="once"))

    assert len(set(answers)) == 1
    assert (await ledger.balances([("t", ids[ANNE])]))["t", ids[ANNE]].posted_minor == 5
    with pytest.raises(Invalid) as refused:
        await post(ledger, Transfer(BANK, ANNE, 6), key="once")
    assert refused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED


async def test_a_refused_posting_may_succeed_later(ledger: Ledger) -> None:
    await ledger.open({BANK: None, ANNE: 0, SHOP: 0})
    assert await verdict(ledger, Transfer(ANNE, SHOP, 5), key="k") == Reason.INSUFFICIENT_FUNDS

    await post(ledger, Transfer(BANK, ANNE, 5))

    assert await verdict(ledger, Transfer(ANNE, SHOP, 5), key="k") == "done"


async def test_what_is_not_there_and_what_belongs_to_others_is_not_found(ledger: Ledger) -> None:
    ids = await ledger.open({BANK: None, ANNE: 0})

    for unknown in (SHOP, 987_654):
        with pytest.raises(NotFound):
            await post(ledger, Transfer(BANK, unknown, 5))
    for foreign in (ANNE, ids[ANNE]):
        with pytest.raises(NotFound):
            await post(ledger, Transfer(foreign, foreign, 5), tenant="someone-else")


async def test_a_faulty_posting_fails_alone(ledger: Ledger) -> None:
    await ledger.open({BANK: None, ANNE: 0, POINTS: 0})

    outcomes = await asyncio.gather(
        *(verdict(ledger, Transfer(BANK, ANNE, 1)) for _ in range(5)),
        post(ledger, Transfer(BANK, POINTS, 1)),
        *(verdict(ledger, Transfer(BANK, ANNE, 1)) for _ in range(5)),
        return_exceptions=True,
    )

    assert isinstance(outcomes.pop(5), ValueError)
    assert outcomes == ["done"] * 10


async def test_frozen_funds_are_refused_by_that_reason(ledger: Ledger, stores: Stores) -> None:
    await ledger.open({BANK: None, ANNE: 0})
    await stores.pg.execute("UPDATE ledger_accounts SET frozen = true WHERE owner = 'house'")

    with pytest.raises(Refused) as refused:
        await post(ledger, Transfer(BANK, ANNE, 1))

    assert refused.value.reason is Reason.FUNDS_FROZEN
    assert refused.value.metadata["owner"] == "house"
