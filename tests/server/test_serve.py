"""`rangli serve`: starts, drains, survives its workers and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import grpc
import psutil
import pytest

from rangli.client import RangliClient
from rangli.v1.pricing_service_pb2 import CartLine, QuoteRequest
from rangli.v1.selection_service_pb2 import SET_KIND_STORE
from tests.server.conftest import PATIENCE_S

CART = QuoteRequest(
    currency="EUR", lines=[CartLine(line_id="1", sku="rye", quantity=2, list_minor=350)]
)
EMBEDDED = {"RANGLI_POSTGRES_DSN": "", "RANGLI_REDIS_URL": ""}


async def survivors(processes: list[psutil.Process]) -> list[str]:
    """What has not ended within half a minute; killed then, so that nothing is left."""
    for _ in range(600):
        alive = [process for process in processes if runs(process)]
        if not alive:
            return []
        await asyncio.sleep(0.05)
    for process in alive:
        process.kill()
    return [str(process) for process in alive]


def runs(process: psutil.Process) -> bool:
    """Whether it lives; one that nobody has waited for yet counts as ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def sockets_of(data_dir: Path) -> Path:
    """The folder of the embedded stores' sockets."""
    return Path(json.loads((data_dir / "owner.lock").read_text())["runtime_dir"])


def exists(path: Path) -> bool:
    return path.exists()


async def ask(client: RangliClient) -> None:
    """A quote, and a read from Postgres, which takes a while; both are checked."""
    assert (await client.pricing.quote(CART, timeout_s=PATIENCE_S)).payable_minor == 700
    sets = client.selection.list_sets(timeout_s=PATIENCE_S)
    found = [(item.set_id, item.member_count) async for item in sets]
    assert found == [("north", 3)]


async def import_north(client: RangliClient) -> None:
    await client.selection.import_set("north", SET_KIND_STORE, ["a", "b", "c"])


async def test_serves_on_its_own_stores_and_leaves_no_process_behind(serve, data_dir):
    async with serve("--workers", "2", "--data-dir", str(data_dir), **EMBEDDED) as serving:
        async with RangliClient(serving.address) as client:
            await import_north(client)
            await ask(client)
        processes = serving.descendants()
        assert len(serving.workers()) == 2
        assert len(processes) > 4  # workers, valkey, postgres and its own

        assert await serving.end() == 0

    assert not [process for process in processes if process.is_running()]


async def test_nothing_outlives_a_killed_supervisor_and_the_next_one_recovers(serve, data_dir):
    async with serve("--workers", "2", "--data-dir", str(data_dir), **EMBEDDED) as serving:
        async with RangliClient(serving.address) as client:
            await import_north(client)
        processes = serving.descendants()
        sockets = sockets_of(data_dir)

        await serving.end(signal.SIGKILL)

        assert await survivors(processes) == []
        assert exists(sockets)  # nobody was left to clear them away

    async with serve("--workers", "1", "--data-dir", str(data_dir), **EMBEDDED) as serving:
        async with RangliClient(serving.address) as client:
            await ask(client)
        assert not exists(sockets)
        assert await serving.end() == 0


@pytest.mark.usefixtures("transport")
async def test_a_drained_worker_costs_no_call(serve, under_load):
    async with serve("--workers", "2") as serving:
        async with RangliClient(serving.address) as client:
            await import_north(client)
        async with under_load(serving.address, ask) as load:
            await load.more(100)
            for pid in list(serving.workers()):
                await serving.replace(pid, signal.SIGTERM)
                await load.more(100)

    assert load.refusals == []


@pytest.mark.usefixtures("transport")
async def test_a_killed_worker_comes_back_while_the_others_go_on(serve, under_load):
    async with serve("--workers", "2") as serving:
        async with RangliClient(serving.address) as client:
            await import_north(client)
        async with under_load(serving.address, ask) as load:
            await load.more(100)
            victim, survivor = serving.workers()
            await serving.replace(victim, signal.SIGKILL)
            await load.more(100)

            assert survivor in serving.workers()
            assert len(serving.workers()) == 2
    # Wrong answers would have failed the load; all that may have happened is no answer.
    assert {refusal.code for refusal in load.refusals} <= {grpc.StatusCode.UNAVAILABLE}


@pytest.mark.usefixtures("transport")
async def test_imports_survive_drained_workers(serve):
    """Changes under way when a worker drains happen once, whoever completes them."""

    async def imports(client: RangliClient, name: str) -> None:
        for _ in range(150):
            await client.selection.import_set(name, SET_KIND_STORE, ["a"])

    async with (
        serve("--workers", "2") as serving,
        RangliClient(serving.address, connections=4) as client,
    ):
        async with asyncio.TaskGroup() as callers:
            for caller in range(4):
                callers.create_task(imports(client, f"s{caller}"))
            await serving.replace(next(iter(serving.workers())), signal.SIGTERM)
        sets = [item async for item in client.selection.list_sets()]

    assert [item.version for item in sets] == [150] * 4


@pytest.mark.usefixtures("transport")
async def test_supervisor_drains_under_load_and_answers_or_says_unavailable(serve, under_load):
    async with serve("--workers", "2") as serving:
        async with RangliClient(serving.address) as client:
            await import_north(client)
        async with under_load(serving.address, ask) as load:
            await load.more(100)
            assert await serving.end() == 0

    assert {refusal.code for refusal in load.refusals} <= {grpc.StatusCode.UNAVAILABLE}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "ctrl-c"])
async def test_signal_drains_and_ends_with_code_zero(serve, number):
    async with serve("--workers", "1") as serving:
        assert await serving.end(number) == 0
        assert "Traceback" not in serving.log.read_text()
