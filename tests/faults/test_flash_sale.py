"""1,000 units, 20,000 shoppers, four processes against two, whatever Redis does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import psycopg
import pytest
from google.protobuf.json_format import ParseDict
from redis.asyncio import Redis

from rangli.client import RangliClient
from rangli.storage.embedded import EmbeddedStores
from rangli.v1.activity_pb2 import ActivitySpec
from rangli.v1.coupon_service_pb2 import (
    CouponBatchSpec,
    CouponValidity,
    CreateBatchRequest,
    VoidCouponRequest,
)
from tests.counters.stage import Relay
from tests.faults.crowd import claims, crowd, shoppers
from tests.faults.installation import Installation, installed

TENANT, BATCH = "faults", "flash"
STOCK, PROCESSES, EACH = 1_000, 4, 5_000
RETURNED = 50
_PATIENCE_S = 120

Disturb = Callable[[Installation], Awaitable[None]]


async def test_twenty_thousand_claims_at_once_give_a_thousand_units_to_a_thousand_shoppers(
    data_dir,
):
    async with installed(data_dir) as installation:
        await sell(installation)


async def test_the_same_while_redis_is_flushed_stalled_and_killed(data_dir):
    async def disturb(installation: Installation) -> None:
        await given(installation, STOCK // 10)
        await installation.flush_valkey()
        await given(installation, STOCK // 3)
        async with installation.stalled_valkey():
            await asyncio.sleep(1.0)
        installation.kill_valkey()

    async with installed(data_dir) as installation:
        await sell(installation, disturb)


@pytest.mark.soak
async def test_the_same_while_redis_fails_over_to_a_replica_that_lags(
    data_dir, new_folder, postgres_dsn
):
    with (
        EmbeddedStores(new_folder(), postgres_dsn=postgres_dsn, fast=True) as one,
        EmbeddedStores(new_folder(), postgres_dsn=postgres_dsn, fast=True) as other,
    ):
        sockets = [Path(each.redis_url.removeprefix("unix://")) for each in (one, other)]
        front, link = Relay(sockets[0]), Relay(sockets[0])
        door = data_dir / "front.sock"
        async with (
            await asyncio.start_unix_server(front.link, door),
            await asyncio.start_server(link.link, "127.0.0.1", 0) as from_primary,
            Redis.from_url(one.redis_url) as primary,
            Redis.from_url(other.redis_url) as replica,
            installed(data_dir, RANGLI_REDIS_URL=f"unix://{door}") as installation,
        ):
            await primary.config_set("repl-diskless-sync-delay", 0)
            await replica.replicaof("127.0.0.1", str(from_primary.sockets[0].getsockname()[1]))

            async def disturb(installation: Installation) -> None:
                await given(installation, STOCK // 10)
                link.hold()
                await given(installation, STOCK // 3)
                assert (await replica.info("replication"))["master_link_status"] == "up"
                await replica.replicaof("NO", "ONE")
                front.lead_to(sockets[1])

            async with asyncio.timeout(_PATIENCE_S):
                while (await replica.info("replication"))["master_link_status"] != "up":  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await sell(installation, disturb)
            assert (await replica.info("commandstats"))["cmdstat_evalsha"]["calls"]
            await front.close()
            await link.close()


async def prepare(rangli: RangliClient) -> None:
    now = datetime.now(UTC)
    spec = {
        "template_id": "item_coupon",
        "display_name": "Flash",
        "currency": "USD",
        "schedule": {
            "starts_at": (now - timedelta(hours=1)).isoformat(),
            "ends_at": (now + timedelta(days=1)).isoformat(),
            "time_zone": "UTC",
        },
        "products": {"all": True},
        "effect": {"amount_off": {"amount_minor": 100}},
        "funding": [{"funder": "shop", "share_bps": 10_000}],
    }
    await rangli.activities.launch(ParseDict(spec, ActivitySpec()), activity_id="flash")
    batch = CouponBatchSpec(
        activity_id="flash", stock=STOCK, validity=CouponValidity(lasts_s=86_400)
    )
    await rangli.coupons.create_batch(CreateBatchRequest(batch_id=BATCH, spec=batch))


def coupons_out(dsn: str) -> dict[str, str]:
    """By user, at this moment; each user's one."""
    query = "SELECT user_id, coupon_id FROM coupons WHERE batch_id = %s AND state <> 'VOID'"
    with psycopg.connect(dsn) as conn:
        rows = conn.execute(query, [BATCH]).fetchall()
    assert len({user_id for user_id, _ in rows}) == len(rows), "a user has two"
    return dict(rows)


async def given(installation: Installation, count: int) -> None:
    """Wait until that many are out."""
    dsn, out = installation.postgres_dsn, 0
    async with asyncio.timeout(_PATIENCE_S):
        while out < count:
            out = len(await asyncio.to_thread(coupons_out, dsn))
            await asyncio.sleep(0.005)


@asynccontextmanager
async def never_more_than_the_stock(dsn: str) -> AsyncIterator[None]:
    """Looks again and again while the block runs."""
    enough = asyncio.Event()

    async def watch() -> None:
        while not enough.is_set():
            found = await asyncio.to_thread(coupons_out, dsn)
            assert len(found) <= STOCK
            await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as watching:
        watching.create_task(watch())
        try:
            yield
        finally:
            enough.set()


async def sell(installation: Installation, disturb: Disturb | None = None) -> None:
    """The sale, the winners' retries, the returns, and all checks."""
    address, dsn = installation.address, installation.postgres_dsn
    async with RangliClient(address, tenant=TENANT, actor="olga") as rangli:
        await prepare(rangli)
        async with never_more_than_the_stock(dsn), asyncio.TaskGroup() as tasks:
            selling = tasks.create_task(
                crowd(address, TENANT, BATCH, processes=PROCESSES, each=EACH)
            )
            if disturb is not None:
                await disturb(installation)
        won = selling.result()
        healed: dict[str, str] = {}
        if disturb is not None:
            # Those who lost ask again, and get what was not given meanwhile.
            healed = await claims(address, TENANT, BATCH, _others(won), again="/healed")
        holders = won | healed
        assert holders == coupons_out(dsn)
        assert len(set(holders.values())) == STOCK

        assert await claims(address, TENANT, BATCH, won) == won, "winners ask again"
        assert await claims(address, TENANT, BATCH, healed, again="/healed") == healed
        back = list(holders)[:RETURNED]
        for user_id in back:
            await rangli.coupons.void(
                VoidCouponRequest(user_id=user_id, coupon_id=holders.pop(user_id), restock=True)
            )
        more = await claims(address, TENANT, BATCH, _others(holders, *back), again="/more")
        assert len(more) == RETURNED
        assert coupons_out(dsn) == holders | more
    code, said = await installation.audit()
    assert code == 0, said


def _others(holders: dict[str, str], *back: str) -> list[str]:
    """Enough of those who have none, and never had."""
    without = (user for user in shoppers(0, PROCESSES * EACH) if user not in {*holders, *back})
    return list(islice(without, 2 * STOCK))
