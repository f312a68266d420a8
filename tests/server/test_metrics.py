"""What an operator's Prometheus is told by a running server."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from rangli.client import RangliClient
from rangli.server.metrics import kept_metrics
from rangli.server.settings import ServerSettings
from rangli.storage.settings import SettingsError
from rangli.v1 import wallet_service_pb2 as pb

PATIENCE_S = 60
FILTERING = ('promo_redis_mode{mode="filter"} 2.0', 'promo_redis_mode{mode="bypass"} 0.0')


def url_of(serving) -> str:
    """Where it tells its metrics, as its log says."""
    return re.search(r"http://127\.0\.0\.1:\d+/metrics", serving.log.read_text())[0]


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return answer.read().decode()


async def told(url: str, *lines: str) -> str:
    """The metrics, as soon as these lines are among them."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            text = await asyncio.to_thread(fetched, url)
            if set(lines) <= set(text.splitlines()):
                return text
            await asyncio.sleep(0.05)


async def test_metrics_of_all_workers_are_told_together_and_dead_ones_not_counted(serve):
    async with serve("--workers", "2", "--metrics-address", "0") as serving:
        url = url_of(serving)
        text = await told(url, *FILTERING)
        assert re.search(r"^promo_redis_epoch [1-9]", text, re.MULTILINE)
        assert "promo_filter_drift_units 0.0" in text
        assert 'promo_filter_total{verdict="sold_out"} 0.0' in text
        assert 'promo_shed_total{reason="queue"} 0.0' in text
        async with RangliClient(serving.address) as client:
            kind = pb.WALLET_KIND_POINTS
            credit = pb.CreditRequest(user_id="ann-private", kind=kind, unit="stars", amount=5)
            await client.wallet.credit(credit)
        method = 'method="rangli.v1.WalletService/Credit"'
        await told(url, f"promo_batch_commit_seconds_count{{{method}}} 1.0")

        await serving.replace(next(iter(serving.workers())), signal.SIGKILL)

        text = await told(url, *FILTERING)
        # What was counted stays counted, whoever has ended; and nobody's name is told.
        for name in ("size", "wait_seconds", "commit_seconds"):
            assert f"promo_batch_{name}_count{{{method}}} 1.0" in text
        assert "ann-private" not in text
        await only_metrics_are_to_be_had(url)


COUNTING = """
from rangli.storage import metrics
metrics.SHED.labels("queue").inc()
metrics.BATCH_SIZE.labels("m").observe(3)
metrics.REDIS_MODE.labels("filter").set(1)
import os
os._exit(9)  # as one ends that is killed
"""


def test_workers_that_follow_each_other_leave_no_more_files_and_lose_no_counts():
    with kept_metrics("127.0.0.1:0") as endpoint:
        folder = Path(endpoint.environment["PROMETHEUS_MULTIPROC_DIR"])
        files = set()
        for _ in range(12):
            for worker in (0, 1):
                environment = endpoint.environment | {"RANGLI_WORKER": str(worker)}
                done = subprocess.run(
                    [sys.executable, "-c", COUNTING], env=os.environ | environment, check=False
                )
                assert done.returncode == 9
            lines = endpoint.text().decode().splitlines()
            assert 'promo_redis_mode{mode="filter"} 2.0' in lines
            files = files or set(folder.iterdir())
            assert set(folder.iterdir()) == files
            endpoint.ended(0)
            endpoint.ended(1)

        lines = endpoint.text().decode().splitlines()
        assert 'promo_shed_total{reason="queue"} 24.0' in lines
        assert 'promo_batch_size_count{method="m"} 24.0' in lines
        assert 'promo_batch_size_sum{method="m"} 72.0' in lines
        assert not [line for line in lines if line.startswith("promo_redis_mode{")]


async def test_workers_that_are_replaced_leave_no_files_behind(serve):
    async with serve("--workers", "1", "--metrics-address", "0") as serving:
        url = url_of(serving)
        (worker,) = serving.workers().values()
        folder = worker.environ()["PROMETHEUS_MULTIPROC_DIR"]
        await told(url, 'promo_redis_mode{mode="filter"} 1.0')
        before = set(os.listdir(folder))

        await serving.replace(worker.pid, signal.SIGKILL)

        await told(url, 'promo_redis_mode{mode="filter"} 1.0')
        assert set(os.listdir(folder)) == before


async def only_metrics_are_to_be_had(url: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        await asyncio.to_thread(fetched, url.replace("/metrics", "/etc/passwd"))
    port = int(re.search(r":(\d+)/", url)[1])
    for said in (b"POST /metrics HTTP/1.1\r\n\r\n", b"x" * 100_000, b"GET"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        writer.write_eof()
        try:
            answer = await reader.read()
        except ConnectionResetError:  # it hung up with something unread
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 405 ")
        writer.close()
    await asyncio.to_thread(fetched, url)


def test_metrics_address_is_a_port_of_loopback_unless_a_host_is_given():
    def address(value: str) -> str:
        return ServerSettings.load(metrics_address=value).metrics_address

    assert ServerSettings.load().metrics_address == ""  # told to nobody
    assert address("9100") == "127.0.0.1:9100"
    assert address("0.0.0.0:9100") == "0.0.0.0:9100"
    assert address("[::1]:9100") == "[::1]:9100"
    for wrong in ("host:9100", "9100x", "127.0.0.1:70000", "127.0.0.1"):
        with pytest.raises(SettingsError, match="RANGLI_METRICS_ADDRESS"):
            address(wrong)
