"""Callers who wait for milliseconds only, or go away: nothing is half done or left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import psycopg

from rangli.server.app import opened
from rangli.storage.settings import StorageSettings
from tests.client.conftest import listening
from tests.faults import budgets, judging, shopping, wallets
from tests.faults.calling import Caller, in_turn
from tests.faults.history import History, Outcome
from tests.faults.load import Plan, running
from tests.transports import USUAL
from tests.world import until

TENANT = "hasty"


def all_idle(dsn: str) -> bool:
    """Whether no connection to the database is in a transaction or a statement."""
    query = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
    """
    with psycopg.connect(dsn) as conn:
        row = conn.execute(query).fetchone()
    return row == (0,)


@asynccontextmanager
async def nothing_left(database: str, redis_url: str) -> AsyncIterator[str]:
    """A server in this process; after the block its tasks and connections are as before it."""
    settings = StorageSettings(
        postgres_dsn=database, redis_url=redis_url, acquire_timeout_s=20, redis_timeout_s=10
    )
    async with opened(settings) as app, listening(USUAL, *app.services) as address:
        before = len(asyncio.all_tasks())
        yield address
        await until(lambda: all_idle(database))
        await until(lambda: len(asyncio.all_tasks()) <= before)


async def hasty(
    database: str, redis_url: str, work: Callable[[Caller, History], Awaitable[None]]
) -> None:
    """The work, after which every change has happened once, whole, or not at all."""
    history = History()
    async with (
        nothing_left(database, redis_url) as address,
        Caller(address, TENANT) as caller,
    ):
        await budgets.prepare(caller, history)
        await shopping.prepare(caller, history)
        await work(caller, history)
        assert history.of(Outcome.INFO), "everybody was answered in time: nothing was tested"
        judging.before_settling(database, TENANT, history)
        await judging.settled(database, TENANT, caller, history)


async def test_deadlines_of_milliseconds_leave_no_half_effects_and_nothing_behind(
    database, redis_url
):
    def milliseconds(chance: Random) -> float | None:
        return chance.randint(1, 20) / 1000 if chance.random() < 0.7 else None

    async def work(caller: Caller, history: History) -> None:
        async with running(caller, history, seed=17, timeout_s=milliseconds) as load:
            await load.more(300)

    await hasty(database, redis_url, work)


async def test_callers_who_go_away_leave_no_half_effects_and_nothing_behind(database, redis_url):
    chance = Random(18)

    async def asked_in_vain(caller: Caller, history: History, plan: Plan) -> None:
        for _ in range(20):
            asking = asyncio.create_task(caller.send(history.change(*plan.next()[0])))
            await asyncio.wait({asking}, timeout=chance.randint(1, 20) / 1000)
            asking.cancel()
            await asyncio.wait({asking})

    async def work(caller: Caller, history: History) -> None:
        plans: list[Plan] = [wallets.Plan(f"c{number}", chance) for number in range(20)]
        plans += [shopping.Newcomer(f"s{number}", chance) for number in range(20)]
        await in_turn(caller, [history.change(*plan.next()[0]) for plan in plans])
        await asyncio.gather(*(asked_in_vain(caller, history, plan) for plan in plans))

    await hasty(database, redis_url, work)
