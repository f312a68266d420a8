"""A connection that is lost at the commit: the change has happened, or it has not, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rangli.v1.wallet_service_pb2 import (
    WALLET_KIND_BALANCE,
    CreditRequest,
    DebitRequest,
    GetWalletRequest,
)
from tests.faults.calling import Caller
from tests.faults.history import Change, Outcome
from tests.faults.installation import installed
from tests.faults.proxy import Loss, Proxy, proxied


@asynccontextmanager
async def behind_proxy(
    database: str, redis_url: str, folder: Path, *, fault: str | None = None
) -> AsyncIterator[tuple[Proxy, Caller]]:
    """One server process whose PostgreSQL is behind a proxy, and a caller who never retries."""
    async with (
        proxied(database, folder) as (proxy, dsn),
        installed(
            folder, workers=1, fault=fault, RANGLI_POSTGRES_DSN=dsn, RANGLI_REDIS_URL=redis_url
        ) as installation,
        Caller(installation.address, "lost", connections=1, retries=False) as caller,
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
