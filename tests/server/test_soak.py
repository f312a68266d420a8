"""The long form of killing and draining workers."""

from __future__ import annotations

import signal
from random import Random

import grpc
import pytest

from rangli.client import RangliClient
from tests.server.test_serve import ask, import_north

pytestmark = pytest.mark.soak
ROUNDS = 20


async def test_twenty_killed_and_drained_workers_cost_no_wrong_answer(serve, under_load):
    chance = Random(7)
    async with serve("--workers", "2") as serving:
        async with RangliClient(serving.address) as client:
            await import_north(client)
        async with under_load(serving.address, ask) as load:
            for _ in range(ROUNDS):
                victim = chance.choice(list(serving.workers()))
                await serving.replace(victim, chance.choice([signal.SIGKILL, signal.SIGTERM]))
                await load.more(chance.randint(50, 500))
        assert len(serving.workers()) == 2

    assert {refusal.code for refusal in load.refusals} <= {grpc.StatusCode.UNAVAILABLE}
    assert load.answered > 50 * ROUNDS
