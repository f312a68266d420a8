"""Servers that a test may kill, and processes that own servers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from rangli.storage.embedded import EmbeddedStores
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores

_PATIENCE_S = 60


@dataclass
class Owner:
    """A process that owns embedded servers (`owner.py`)."""

    process: subprocess.Popen[str]
    postgres_dsn: str
    redis_url: str
    postgres_pid: int
    valkey_pid: int


@pytest.fixture
def start_owner() -> Iterator[Callable[..., Owner]]:
    """`start_owner(data_dir, uid, gid)`: an owner whose servers answer; ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(data_dir: Path, *ids: int) -> Owner:
        script = Path(__file__).with_name("owner.py")
        process = subprocess.Popen(
            [sys.executable, script, data_dir, *map(str, ids)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the owner did not start"
        return Owner(process, **json.loads(line))

    yield start
    for process in started:
        with process:  # closes its input, which ends it, and waits
            pass


def servers_in(folder: Path) -> list[psutil.Process]:
    """The server processes that work in a data folder; zombies have ended."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture
def servers_end() -> Callable[[Path], bool]:
    """Whether all server processes of a data folder end, within patience."""

    def end(folder: Path) -> bool:
        give_up_at = time.monotonic() + _PATIENCE_S
        while servers_in(folder) and time.monotonic() < give_up_at:
            time.sleep(0.02)
        return not servers_in(folder)

    return end


@pytest.fixture(scope="module")
def mortal_servers(new_folder: Callable[[], Path]) -> Iterator[EmbeddedStores]:
    """Servers of the module's own, durable, as tests kill them; they are revived afterwards."""
    with EmbeddedStores(new_folder()) as embedded:
        yield embedded


@pytest.fixture
async def mortal_stores(mortal_servers: EmbeddedStores) -> AsyncIterator[Stores]:
    mortal_servers.revive()
    opened = await Stores.open(
        StorageSettings(
            postgres_dsn=mortal_servers.postgres_dsn,
            redis_url=mortal_servers.redis_url,
            acquire_timeout_s=20,
            redis_timeout_s=1,
        )
    )
    try:
        await opened.redis.flushall()
        yield opened
    finally:
        await opened.close()
