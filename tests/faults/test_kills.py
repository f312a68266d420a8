"""kill -9 of workers and of both stores at random moments, under load, on durable stores."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from random import Random

import pytest

from tests.faults import budgets, judging, shopping
from tests.faults.calling import Caller
from tests.faults.history import History
from tests.faults.installation import Installation, installed
from tests.faults.load import Load, running
from tests.faults.watching import Watcher

TENANT = "faults"


class Victim(StrEnum):
    WORKER = "a worker"
    WORKERS = "both workers"
    POSTGRES = "PostgreSQL"
    VALKEY = "Valkey"


def seed() -> int:
    """A new one for each run, unless RANGLI_FAULTS_SEED names it; always printed."""
    return int(os.environ.get("RANGLI_FAULTS_SEED") or Random().randrange(2**32))


async def kill(installation: Installation, victim: Victim, load: Load) -> None:
    """Kill it, and wait until it is back and changes are acknowledged again."""
    if victim is Victim.POSTGRES:
        installation.kill_postgres()
    elif victim is Victim.VALKEY:
        installation.kill_valkey()
    else:
        count = 1 if victim is Victim.WORKER else 2
        async with installation.restarted(count):
            installation.kill_workers(count)
    await load.more(50)


async def survive(
    data_dir: Path, victims: Sequence[Victim], chance: Random, *, fault: str | None = None
) -> str:
    """Load, kills and all checks; what there was to check."""
    history = History()
    number = chance.randrange(2**32)
    async with installed(data_dir, fault=fault) as installation:
        dsn = installation.postgres_dsn
        async with Caller(installation.address, TENANT) as caller:
            await budgets.prepare(caller, history)
            await shopping.prepare(caller, history)
            watcher = Watcher(caller)
            async with running(caller, history, seed=number, observe=watcher.look) as load:
                await load.more(100)
                for victim in victims:
                    await asyncio.sleep(chance.uniform(0.05, 0.8))
                    await kill(installation, victim, load)
            assert "INTERNAL" not in history.told(), history.told()
            judging.before_settling(dsn, TENANT, history)
            await judging.settled(dsn, TENANT, caller, history)
        judging.observed(history, watcher.observations)
        code, said = await installation.audit()
        assert code == 0, said
    return f"{history.told()}; {len(watcher.observations)} observations"


async def test_nothing_acknowledged_is_lost_or_counted_twice_when_anything_is_killed(data_dir):
    number = seed()
    chance = Random(number)
    victims = list(Victim)
    chance.shuffle(victims)
    print(f"RANGLI_FAULTS_SEED={number}: {', '.join(victims)}")

    print(await survive(data_dir, victims, chance))


@pytest.mark.soak
async def test_twenty_kills_lose_nothing_and_count_nothing_twice(data_dir):
    number = seed()
    chance = Random(number)
    victims = chance.choices(list(Victim), k=20)
    print(f"RANGLI_FAULTS_SEED={number}: {', '.join(victims)}")

    print(await survive(data_dir, victims, chance))
