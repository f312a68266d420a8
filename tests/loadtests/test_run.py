"""locust against a real server: what it reports, and when its command fails."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from loadtests.prepare import prepare
from loadtests.run import Kind, Run, drive
from rangli.cli.demo.serving import OwnServer
from rangli.v1.pricing_service_pb2 import (
    BatchQuoteRequest,
    CartLine,
    QuotedLine,
    QuoteRequest,
    QuoteResponse,
)
from tests.cli.demo import journeys

ROOT = Path(__file__).parent.parent.parent
TENANT = "load-tests"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with OwnServer(workers=2) as server:
        yield server.ready()


@pytest.fixture(scope="module")
async def baskets(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    requests = await prepare(
        journeys.journey(), address=address, tenant=TENANT, weeks=53, connections=8
    )
    file = tmp_path_factory.mktemp("load") / "baskets.binpb"
    file.write_bytes(requests.SerializeToString())
    return file


@pytest.mark.parametrize(("kind", "method"), [(Kind.QUOTE, "Quote"), (Kind.BATCH, "BatchQuote")])
def test_users_price_real_baskets_and_locust_reports_it(address, baskets, tmp_path, kind, method):
    html = tmp_path / "load.html"
    run = Run(kind=kind, address=address, tenant=TENANT, baskets=baskets)

    done = drive(run, users=4, seconds=5, processes=1, html=html)

    (calls,) = done.methods
    assert done.right
    assert (calls.name, calls.failures) == (method, 0)
    # More than one answer for each user: they go on.
    assert calls.calls > 4
    assert method in html.read_text()


def test_several_processes_of_locust_share_the_users(address, baskets, tmp_path):
    run = Run(kind=Kind.QUOTE, address=address, tenant=TENANT, baskets=baskets)

    done = drive(run, users=4, seconds=5, processes=2, html=tmp_path / "load.html")

    assert done.right


async def test_users_wait_for_their_answers_at_the_same_time(tmp_path):
    cart = QuoteRequest(
        currency="USD", lines=[CartLine(line_id="0", sku="rye", quantity=1, list_minor=100)]
    )
    line = QuotedLine(line_id="0", list_minor=100, payable_minor=100)
    answer = QuoteResponse(catalogue_version=1, list_minor=100, payable_minor=100, lines=[line])
    pair = asyncio.Barrier(2)

    async def answer_two_at_once(_request: bytes, _context: object) -> bytes:
        await pair.wait()
        return answer.SerializeToString()

    server = grpc.aio.server()
    quote = grpc.unary_unary_rpc_method_handler(answer_two_at_once)
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("rangli.v1.PricingService", {"Quote": quote})]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    baskets = tmp_path / "baskets.binpb"
    baskets.write_bytes(BatchQuoteRequest(quotes=[cart]).SerializeToString())
    run = Run(kind=Kind.QUOTE, address=f"127.0.0.1:{port}", tenant=TENANT, baskets=baskets)

    done = await asyncio.to_thread(
        drive, run, users=2, seconds=1, processes=1, html=tmp_path / "load.html"
    )

    await server.stop(0)
    assert done.right


def load(*options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loadtests", "--users", "2", "--seconds", "1", *map(str, options)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_answers_without_a_catalogue_fail_the_command(address, baskets, tmp_path):
    html = tmp_path / "load.html"

    ended = load(
        *("--address", address, "--tenant", "nobody", "--baskets", baskets, "--html", html),
    )

    assert ended.returncode == 1
    assert "calls failed" in ended.stderr
    assert " 0 failed" not in ended.stdout
    assert "no catalogue: nothing is published for this tenant" in html.read_text()


def test_a_server_that_is_away_fails_the_command(unused_tcp_port, baskets, tmp_path):
    html = tmp_path / "load.html"

    ended = load(
        *("--address", f"127.0.0.1:{unused_tcp_port}", "--tenant", TENANT),
        *("--baskets", baskets, "--html", html),
    )

    assert ended.returncode == 1
    assert "UNAVAILABLE" in html.read_text()
