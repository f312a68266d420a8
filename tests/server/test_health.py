"""Both stores stopped: quotes go on, health says what is degraded, and all comes back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import grpc
import pytest

from rangli.client import CallRefused, RangliClient
from rangli.storage.embedded import EmbeddedStores
from rangli.storage.migrate import migrate
from rangli.v1.event_service_pb2 import PullRequest
from rangli.v1.pricing_service_pb2 import CartLine, QuoteRequest
from rangli.v1.selection_service_pb2 import SET_KIND_STORE

PRICING = "rangli.v1.PricingService"
# What cannot be answered without Postgres.
STORED = (
    "Activity", "Policy", "Selection", "Fund", "Wallet", "Counter", "Coupon", "Checkout", "Event",
)  # fmt: skip
CART = QuoteRequest(
    currency="EUR", lines=[CartLine(line_id="1", sku="rye", quantity=2, list_minor=350)]
)


@pytest.fixture
def own_stores(data_dir) -> Iterator[EmbeddedStores]:
    """Stores that this test may stop, given to `rangli serve` as an operator gives theirs."""
    with EmbeddedStores(data_dir, fast=True) as stores:
        migrate(stores.postgres_dsn)
        yield stores


def given(stores: EmbeddedStores) -> dict[str, str]:
    return {"RANGLI_POSTGRES_DSN": stores.postgres_dsn, "RANGLI_REDIS_URL": stores.redis_url}


async def becomes(client: RangliClient, **expected: str) -> None:
    """Wait until health says so of each service or component."""
    async with asyncio.timeout(60):
        while True:
            said = {name: await client.health(name.replace("__", ".")) for name in expected}
            if said == expected:
                return
            await asyncio.sleep(0.05)


async def test_all_is_served_while_the_stores_are_there(serve):
    async with serve("--workers", "1") as serving, RangliClient(serving.address) as client:
        components = ("rangli.postgres", "rangli.redis", "rangli.catalogue")
        services = (f"rangli.v1.{name}Service" for name in STORED)
        for name in ("", PRICING, *services, *components):
            assert await client.health(name) == "SERVING"


async def test_unknown_component_is_not_found(serve):
    async with serve("--workers", "1") as serving, RangliClient(serving.address) as client:
        with pytest.raises(CallRefused) as refused:
            await client.health("rangli.v1.Nothing")

    assert refused.value.code is grpc.StatusCode.NOT_FOUND


async def test_quotes_go_on_without_stores_and_health_says_what_is_degraded(serve, own_stores):
    async with (
        serve("--workers", "1", **given(own_stores)) as serving,
        RangliClient(serving.address) as client,
    ):
        before = await client.pricing.quote(CART)
        own_stores.postgres.stop()
        own_stores.valkey.stop()

        await becomes(
            client,
            rangli__postgres="NOT_SERVING",
            rangli__redis="NOT_SERVING",
            rangli__catalogue="NOT_SERVING",
            **{f"rangli__v1__{name}Service": "NOT_SERVING" for name in STORED},
        )
        assert await client.health() == await client.health(PRICING) == "SERVING"
        meanwhile = await client.pricing.quote(CART)
        assert meanwhile.payable_minor == before.payable_minor == 700
        with pytest.raises(CallRefused) as refused:
            await client.selection.import_set("north", SET_KIND_STORE, ["a"])
        assert (refused.value.code, refused.value.reason) == (
            grpc.StatusCode.UNAVAILABLE,
            "UNAVAILABLE",
        )

        own_stores.valkey.start()
        own_stores.postgres.start()

        await becomes(
            client,
            rangli__postgres="SERVING",
            rangli__redis="SERVING",
            rangli__catalogue="SERVING",
            **{f"rangli__v1__{name}Service": "SERVING" for name in STORED},
        )
        await client.selection.import_set("north", SET_KIND_STORE, ["a"])


async def test_a_worker_that_dies_while_the_stores_are_away_comes_back_with_them(serve, own_stores):
    async with serve("--workers", "1", **given(own_stores)) as serving:
        (victim,) = serving.workers()
        own_stores.valkey.stop()
        replaced = asyncio.create_task(serving.replace(victim, signal.SIGKILL))
        async with asyncio.timeout(60):
            while serving.log.read_text().count("worker ended") < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        own_stores.valkey.start()
        await replaced

        async with RangliClient(serving.address) as client:
            assert (await client.pricing.quote(CART)).payable_minor == 700
        assert "Redis is not reachable" in serving.log.read_text()


@pytest.mark.usefixtures("transport")
async def test_a_watcher_hears_of_the_drain_and_does_not_hold_it_up(serve):
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    async with (
        serve("--workers", "1", RANGLI_DRAIN_S="30") as serving,
        grpc.aio.insecure_channel(serving.address) as channel,
    ):
        watch = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(service=PRICING), timeout=60
        )
        serving_now = health_pb2.HealthCheckResponse
        assert (await watch.read()).status == serving_now.SERVING
        ending = asyncio.create_task(serving.end())

        assert (await watch.read()).status == serving_now.NOT_SERVING
        assert await watch.read() is grpc.aio.EOF
        assert await ending == 0


@pytest.mark.usefixtures("transport")
async def test_who_waits_for_events_is_answered_when_the_server_ends(serve):
    """Cancelled at the drain's end, it would have got no answer."""
    async with (
        serve("--workers", "1", RANGLI_DRAIN_S="5") as serving,
        RangliClient(serving.address) as client,
    ):
        waits = asyncio.create_task(client.events.pull(PullRequest(wait_ms=20_000)))
        await asyncio.sleep(0.5)
        ending = asyncio.create_task(serving.end())

        page = await waits
        assert page.next_cursor
        assert not page.events
        assert await ending == 0
