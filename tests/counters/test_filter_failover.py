"""A replica that lags behind becomes the primary: same keys, same epoch, older counts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import redis.asyncio as redispy

from rangli.counters.filter import Admission
from rangli.storage.embedded import EmbeddedStores
from rangli.storage.stores import Stores
from tests.counters.stage import (
    Relay,
    Stage,
    ask,
    asked,
    filtering,
    key,
    until_asked,
    until_filtering,
)

PASSED, SOLD_OUT, BYPASSED = Admission.PASSED, Admission.SOLD_OUT, Admission.BYPASSED


@pytest.fixture
def pair(new_folder, postgres_dsn):
    """Sockets of two Valkeys."""
    with (
        EmbeddedStores(new_folder(), postgres_dsn=postgres_dsn, fast=True) as one,
        EmbeddedStores(new_folder(), postgres_dsn=postgres_dsn, fast=True) as other,
    ):
        yield [Path(each.redis_url.removeprefix("unix://")) for each in (one, other)]


@pytest.fixture
async def link(pair):
    """What the replica copies from: a port before the primary."""
    relay = Relay(pair[0])
    server = await asyncio.start_server(relay.link, "127.0.0.1", 0)
    yield relay, server.sockets[0].getsockname()[1]
    server.close()
    await relay.close()
    await server.wait_closed()


@pytest.fixture
async def front(pair, folder):
    """What clients connect to: whoever is the primary."""
    relay = Relay(pair[0])
    server = await asyncio.start_unix_server(relay.link, folder / "redis.sock")
    yield relay, f"unix://{folder / 'redis.sock'}"
    server.close()
    await relay.close()
    await server.wait_closed()


@pytest.fixture
async def stage(store_settings, front):
    settings = store_settings.model_copy(update={"redis_url": front[1], "redis_timeout_s": 1})
    stores = await Stores.open(settings)
    yield Stage(stores)
    await stores.close()


async def test_lagging_replica_that_was_promoted_is_not_believed(stage, pair, link, front):
    await stage.put(100)
    replica = redispy.Redis(unix_socket_path=str(pair[1]))
    relay, port = link
    async with filtering(stage.stores, timeout_s=1) as door, replica:
        await stage.stores.redis.config_set("repl-diskless-sync-delay", 0)
        await replica.replicaof("127.0.0.1", str(port))
        # With its first replica a primary takes another replication id: once more from the start.
        await until_asked(door, BYPASSED)
        await until_filtering(door)
        before = door.epoch
        assert (await asked(door, 5)).count(PASSED) == 5
        async with asyncio.timeout(60):
            while await replica.hget(key(), "epoch") != b"%d" % before:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

        relay.hold()  # from now on the replica hears nothing
        for _ in range(100):
            await stage.sell()
        await until_asked(door, SOLD_OUT)
        await replica.replicaof("NO", "ONE")
        # The very epoch, and units that are long sold.
        assert await replica.hget(key(), "epoch") == b"%d" % before
        assert int(await replica.hget(key(), "left")) >= 100
        # No connection is lost while anything is asked: nobody sees an error.
        front[0].lead_to(pair[1])
        await asyncio.sleep(0.1)

        answers = await asked(door, 50)

        # A refill may have found it out before anybody asked, and healed it.
        assert set(answers) <= {BYPASSED, SOLD_OUT}
        await until_filtering(door)
        assert set(await asked(door, 50)) == {SOLD_OUT}
        assert door.epoch == before + 1 == await stage.epoch()
        rows = await stage.stores.pg.fetch("SELECT replid FROM redis_shards")
        info = await replica.info("replication")
        assert [row["replid"] for row in rows] == [info["master_replid"]]


async def test_old_primary_that_some_still_reach_says_no_yes_of_its_own(stage, pair, front):
    """Two servers believe that they are primaries, and each has its clients."""
    await stage.put(10)
    # Nothing is refilled, which might find it out before anybody asks.
    async with filtering(stage.stores, timeout_s=1, refill_every_s=3_600) as door:
        assert await ask(door) is PASSED
        before = door.epoch

        front[0].lead_to(pair[1])
        await asyncio.sleep(0.1)
        assert await ask(door) is BYPASSED
        await until_filtering(door)
        assert await ask(door) is PASSED
        front[0].lead_to(pair[0])
        await asyncio.sleep(0.1)

        assert await ask(door) is BYPASSED
        await until_filtering(door)
        assert await ask(door) is PASSED
        assert door.epoch == before + 2
