"""locust against a real server: what it reports, and when its command fails."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.prepare import prepare
from loadtests.run import Kind, Run, drive
from rangli.cli.demo.serving import OwnServer
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

    done = drive(run, users=4, seconds=2, processes=1, html=html)

    (calls,) = done.methods
    assert done.right
    assert (calls.name, calls.failures) == (method, 0)
    # More than one answer for each user: they go on.
    assert calls.calls > 4
    assert method in html.read_text()


def test_several_processes_of_locust_share_the_users(address, baskets, tmp_path):
    run = Run(kind=Kind.QUOTE, address=address, tenant=TENANT, baskets=baskets)

    done = drive(run, users=4, seconds=2, processes=2, html=tmp_path / "load.html")

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
