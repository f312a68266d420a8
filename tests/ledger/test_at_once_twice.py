"""Statements that are lost, and two processes with the same requests: one effect each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path
from random import Random

import psycopg
import pytest
from psycopg import sql

from rangli.ledger.service import METHOD
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from tests.faults.proxy import Loss, proxied
from tests.ledger.desk import Desk
from tests.ledger.office import Office, transfer

MANY = 12


async def the_same_in_both(desk: Desk, offices: Sequence[Office]) -> None:
    """The same requests in either process, of which now one, now the other goes the long way."""
    chance, people = Random(7), [f"n{number}" for number in range(30)]
    await desk.open("bank", floor=None)
    await desk.open(*people)
    await desk.post(*(("bank", one, 900) for one in people))

    def some(part: str, office: Office, numbers: range) -> Sequence[Awaitable[str]]:
        by_part = Random(part)
        moves = [transfer(desk, *by_part.sample(people, 2), 1) for _ in range(60)]
        return [office.post(f"{part}-{number}", moves[number]) for number in numbers]

    for part in range(20):
        late = offices[part % 2]
        assert await late.post("no", transfer(desk, "n1", "n2", 9_000)) == "INSUFFICIENT_FUNDS"
        shared = [call for office in offices for call in some(f"{part}", office, range(60))]
        chance.shuffle(shared)
        await asyncio.gather(*shared)
        for again in range(2):
            await asyncio.gather(
                *some(f"{part}-{again}", offices[0], range(0, 60, 2)),
                *some(f"{part}-{again}", offices[1], range(1, 60, 2)),
            )

    made = await desk.stores.pg.fetch(
        "SELECT request_id, count(*) FROM ledger_transactions WHERE method = $1 GROUP BY 1", METHOD
    )
    assert {row["count"] for row in made} == {1}
    assert len(made) == 20 * 3 * 60
    assert await desk.stores.pg.fetchval("SELECT count(*) FROM idempotency_records") == len(made)
    assert await desk.broken() == []


async def test_two_processes_do_each_request_once_without_deadlocks(
    database: str, store_settings: StorageSettings
) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        name = sql.Identifier(admin.info.dbname)
        admin.execute(sql.SQL("ALTER DATABASE {} SET deadlock_timeout = '20ms'").format(name))
        stores = await Stores.open(store_settings)
        offices = [Office(stores), Office(stores)]
        try:
            await the_same_in_both(Desk(stores), offices)
        finally:
            for office in offices:
                await office.batching.close()
            await stores.close()
        (deadlocks,) = admin.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone() or (None,)

    assert all(0 < office.counts.at_once < office.counts.batches for office in offices)
    assert deadlocks == 0


@pytest.mark.parametrize("loss", Loss)
async def test_a_lost_statement_has_one_effect_and_is_answered(
    stores: Stores, store_settings: StorageSettings, folder: Path, loss: Loss
) -> None:
    desk = Desk(stores)
    await desk.open("bank", "anne", floor=None)
    async with proxied(store_settings.postgres_dsn, folder) as (proxy, dsn):
        there = await Stores.open(store_settings.model_copy(update={"postgres_dsn": dsn}))
        office = Office(there)
        proxy.to_lose.append(loss)

        answers = await asyncio.gather(
            *(office.post(f"r{n}", transfer(desk, "bank", "anne", 1)) for n in range(MANY))
        )

        assert proxy.lost == [loss]
        assert (office.counts.batches, office.counts.at_once, office.counts.retries) == (1, 0, 1)
        assert office.counts.replays == (0 if loss is Loss.UNSENT else MANY)
        heads = await desk.stores.pg.fetch(
            "SELECT transaction_id FROM ledger_transactions WHERE method = $1", METHOD
        )
        assert sorted(row[0] for row in heads) == sorted(answers)
        assert (await desk.balances())["anne"][0] == MANY
        await office.batching.close()
        await there.close()
