"""A connection that is lost at the commit: the change has happened, or it has not, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from google.protobuf.message import Message

from rangli.v1.checkout_service_pb2 import (
    CommitOrderRequest,
    RefundOrderRequest,
    ReleaseOrderRequest,
)
from rangli.v1.coupon_service_pb2 import ClaimRequest, ClaimResponse
from rangli.v1.wallet_service_pb2 import (
    WALLET_KIND_BALANCE,
    CreditRequest,
    DebitRequest,
    GetWalletRequest,
)
from tests.faults import shopping
from tests.faults.calling import Caller
from tests.faults.history import Change, History, Outcome, answer_of
from tests.faults.installation import installed
from tests.faults.proxy import Loss, Proxy, proxied


@asynccontextmanager
async def behind_proxy(
    database: str, redis_url: str, folder: Path, *, fault: str | None = None
) -> AsyncIterator[tuple[Proxy, Caller]]:
    """One server process whose PostgreSQL is behind a proxy, and a caller who never retries.

    Both wait for as long as a slow machine may need: only what the proxy does is a fault.
    """
    async with (
        proxied(database, folder) as (proxy, dsn),
        installed(
            folder,
            workers=1,
            fault=fault,
            RANGLI_POSTGRES_DSN=dsn,
            RANGLI_REDIS_URL=redis_url,
            RANGLI_ACQUIRE_TIMEOUT_S="20",
            RANGLI_REDIS_TIMEOUT_S="10",
        ) as installation,
        Caller(installation.address, "lost", connections=1, retries=False, call_s=60) as caller,
    ):
        yield proxy, caller


def credit(request_id: str) -> Change:
    return Change(
        "WalletService/Credit",
        request_id,
        CreditRequest(
            request_id=request_id, user_id="u", kind=WALLET_KIND_BALANCE, unit="USD", amount=100
        ),
    )


def debit(request_id: str) -> Change:
    return Change(
        "WalletService/Debit",
        request_id,
        DebitRequest(
            request_id=request_id,
            user_id="u",
            kind=WALLET_KIND_BALANCE,
            unit="USD",
            amount=30,
            reason="a correction",
        ),
    )


async def balance(caller: Caller) -> int:
    wallet = await caller.read("WalletService/GetWallet", GetWalletRequest(user_id="u"))
    return sum(pocket.available for pocket in wallet.pockets)


async def lose(proxy: Proxy, caller: Caller, change: Change, *losses: Loss) -> Outcome:
    """Send the change and lose its commit; what its caller is told then."""
    proxy.to_lose.extend(losses)
    proxy.lost.clear()
    await caller.send(change)
    assert proxy.lost == list(losses)
    return change.attempts[-1].outcome


async def the_server_finds_out(database: str, redis_url: str, folder: Path, **fault: str) -> None:
    """Whatever became of a commit, the caller gets an answer, and it has happened once."""
    async with behind_proxy(database, redis_url, folder, **fault) as (proxy, caller):
        await caller.send(credit("all"))
        for number, loss in enumerate(Loss, start=1):
            change = debit(f"lost-{number}")
            assert await lose(proxy, caller, change, loss) is Outcome.OK, change.attempts
            await caller.send(change)
            assert len(change.answers) == 1, f"one key, two answers: {change}"
            left = await balance(caller)
            assert left == 100 - 30 * number, f"{left} is left: not once"


async def test_a_commit_whose_reply_is_lost_has_one_effect_and_is_answered(
    database, redis_url, data_dir
):
    await the_server_finds_out(database, redis_url, data_dir)


@pytest.mark.parametrize("loss", Loss)
async def test_a_claim_and_an_order_whose_commits_are_lost_happen_once_and_are_answered(
    database, redis_url, data_dir, loss
):
    history = History()
    async with behind_proxy(database, redis_url, data_dir) as (proxy, caller):
        await shopping.prepare(caller, history)

        async def lost(method: str, request: Message) -> Change:
            change = history.change(method, request)
            assert await lose(proxy, caller, change, loss) is Outcome.OK, change.attempts
            await caller.send(change)
            assert len(change.answers) == 1, f"one key, two answers: {change}"
            return change

        claim = ClaimRequest(request_id="c1", batch_id="scarce", user_id=shopping.USERS[0])
        coupon = answer_of(await lost(shopping.CLAIM, claim), ClaimResponse).coupon
        for number, end in enumerate((released, paid, sent_back)):
            order_id = f"o{number}"
            coupon_id = coupon.coupon_id if end is not sent_back else ""
            await lost(shopping.RESERVE, shopping.reservation(order_id, claim.user_id, coupon_id))
            for method, request in end(order_id):
                await lost(method, request)
        await shopping.check(caller, history)


def released(order_id: str) -> list[tuple[str, Message]]:
    return [(shopping.RELEASE, ReleaseOrderRequest(request_id=f"{order_id}-r", order_id=order_id))]


def paid(order_id: str) -> list[tuple[str, Message]]:
    return [(shopping.COMMIT, CommitOrderRequest(request_id=f"{order_id}-p", order_id=order_id))]


def sent_back(order_id: str) -> list[tuple[str, Message]]:
    refund = RefundOrderRequest(request_id=f"{order_id}-b", order_id=order_id, whole=True)
    return [*paid(order_id), (shopping.REFUND, refund)]


async def test_money_that_went_with_a_lost_reply_does_not_make_its_repeat_a_refusal(
    database, redis_url, data_dir
):
    """The server's second look finds the wallet empty, because its first has emptied it."""
    async with behind_proxy(database, redis_url, data_dir) as (proxy, caller):
        await caller.send(credit("all"))
        change = debit("whole")
        change.request.amount = 100

        assert await lose(proxy, caller, change, Loss.UNANSWERED) is Outcome.OK

        assert await balance(caller) == 0


async def test_when_the_server_gives_up_the_callers_retry_gets_the_answer(
    database, redis_url, data_dir
):
    async with behind_proxy(database, redis_url, data_dir) as (proxy, caller):
        await caller.send(credit("all"))
        change = debit("lost")

        told = await lose(proxy, caller, change, *[Loss.UNSENT] * 4)

        assert told is Outcome.INFO
        assert await balance(caller) == 100
        await caller.send(change)
        assert change.outcome is Outcome.OK
        assert await balance(caller) == 70


@pytest.mark.parametrize("end", ["cut_after", "crash_after"])
async def test_a_connection_lost_anywhere_in_a_change_is_noticed_by_nobody(
    database, redis_url, data_dir, end
):
    async with behind_proxy(database, redis_url, data_dir) as (proxy, caller):
        await caller.send(credit("all"))
        for number in range(1, 100):
            setattr(proxy, end, number)
            change = debit(f"lost-{number}")
            change.request.amount = 1
            await caller.send(change)
            assert change.outcome is Outcome.OK, f"{end} {number}: {change.attempts}"
            await caller.send(change)
            assert len(change.answers) == 1
            assert await balance(caller) == 100 - number
            if getattr(proxy, end) is not None:
                return  # the whole change was shorter than that
    raise AssertionError("the change is longer than it was cut")


async def an_order_survives(
    database: str, redis_url: str, folder: Path, *, end: str, every: int, fault: str | None = None
) -> None:
    """Each step of an order is lost at its first message, and so on; and it happens once.

    every: so many messages later the next time.
    """
    history = History()
    async with behind_proxy(database, redis_url, folder, fault=fault) as (proxy, caller):
        await shopping.prepare(caller, history)

        async def lost(number: int, method: str, request: Message) -> bool:
            """Whether it was so long that it was lost."""
            setattr(proxy, end, number)
            change = history.change(method, request)
            await caller.send(change)
            assert change.outcome is Outcome.OK, f"{end} {number}: {change.attempts}"
            was_lost = getattr(proxy, end) is None
            setattr(proxy, end, None)
            return was_lost

        for number in range(1, 200, every):
            user_id, order_id = shopping.USERS[number % len(shopping.USERS)], f"o{number}"
            claim = ClaimRequest(request_id=order_id, batch_id="plenty", user_id=user_id)
            any_lost = await lost(number, shopping.CLAIM, claim)
            coupon = answer_of(history.changes[shopping.CLAIM, order_id], ClaimResponse).coupon
            reserve = shopping.reservation(order_id, user_id, coupon.coupon_id)
            for method, request in ((shopping.RESERVE, reserve), *sent_back(order_id)):
                any_lost |= await lost(number, method, request)
            if not any_lost:
                return await shopping.check(caller, history)
    raise AssertionError("an order is longer than it was cut")


@pytest.mark.parametrize(
    ("end", "every"),
    [
        ("cut_after", 6),
        ("crash_after", 4),
        pytest.param("cut_after", 1, marks=pytest.mark.soak),
        pytest.param("crash_after", 1, marks=pytest.mark.soak),
    ],
)
async def test_a_connection_lost_anywhere_in_an_order_is_noticed_by_nobody(
    database, redis_url, data_dir, end, every
):
    await an_order_survives(database, redis_url, data_dir, end=end, every=every)
