"""Embedded servers whose owner, or who themselves, were killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import redis

from rangli.storage.embedded import EmbeddedStores
from rangli.storage.embedded.programs import Programs, ServerUser


def write(dsn: str, redis_url: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.Redis.from_url(redis_url) as client:
        client.set("kept", "42")


def kept(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT answer FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_killed_owner_takes_its_servers_along(folder, start_owner, servers_end):
    owner = start_owner(folder)
    write(owner.postgres_dsn, owner.redis_url)
    runtime_dir = Path(urlsplit(owner.redis_url).path).parent

    owner.process.kill()
    owner.process.wait()

    assert servers_end(folder)
    assert runtime_dir.exists()  # nobody was left to remove it
    with EmbeddedStores(folder, fast=True) as stores:
        assert kept(stores.postgres_dsn) == 42
        assert not runtime_dir.exists()


def test_start_right_after_the_kill_waits_for_the_old_servers(folder, start_owner):
    owner = start_owner(folder)
    write(owner.postgres_dsn, owner.redis_url)

    owner.process.kill()
    owner.process.wait()

    with EmbeddedStores(folder, fast=True) as stores:
        assert kept(stores.postgres_dsn) == 42


def test_everything_killed_at_once_is_recovered(folder, start_owner):
    owner = start_owner(folder)
    write(owner.postgres_dsn, owner.redis_url)

    for pid in (owner.postgres_pid, owner.valkey_pid, owner.process.pid):
        kill(pid)
    owner.process.wait()

    # The file may name a zombie: the first process of a container need not reap.
    assert (folder / "postgres" / "postmaster.pid").exists()
    with EmbeddedStores(folder, fast=True) as stores:
        assert kept(stores.postgres_dsn) == 42


def test_process_id_used_by_another_program_misleads_nobody(folder):
    with EmbeddedStores(folder, fast=True) as stores:
        write(stores.postgres_dsn, stores.redis_url)
    user = ServerUser.for_this_process()
    # A process of the same user, so that PostgreSQL itself would take it for its own.
    stranger = subprocess.Popen(["sleep", "60"], user=user.uid, group=user.gid, cwd="/")
    stale = folder / "postgres" / "postmaster.pid"
    stale.write_text(f"{stranger.pid}\n{folder}/postgres\n1700000000\n5432\n/nowhere\n\n")
    user.own(stale)

    with EmbeddedStores(folder, fast=True) as stores:
        assert kept(stores.postgres_dsn) == 42

    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_orphaned_postgres_of_the_folder_is_stopped_first(folder):
    with EmbeddedStores(folder, fast=True) as stores:
        write(stores.postgres_dsn, stores.redis_url)
    user = ServerUser.for_this_process()
    cluster = folder / "postgres"
    orphan = subprocess.Popen(
        [
            Programs.for_user(user).postgres,
            *("-D", cluster, "-c", "listen_addresses=", "-k", cluster),
        ],
        user=user.uid,
        group=user.gid,
        cwd="/",
        stderr=subprocess.DEVNULL,
    )
    give_up_at = time.monotonic() + 30
    while not (cluster / ".s.PGSQL.5432").exists() and time.monotonic() < give_up_at:
        time.sleep(0.02)

    with EmbeddedStores(folder, fast=True) as stores:
        assert orphan.wait(timeout=30) == 0  # a fast shutdown, not a kill
        assert kept(stores.postgres_dsn) == 42


def test_half_made_cluster_is_made_anew(folder):
    draft = folder / "postgres.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")

    with EmbeddedStores(folder, fast=True) as stores:
        write(stores.postgres_dsn, stores.redis_url)

    assert not draft.exists()


def test_owner_revives_killed_servers_under_the_same_addresses(folder):
    with EmbeddedStores(folder) as stores:
        addresses = (stores.postgres_dsn, stores.redis_url)
        write(*addresses)
        assert stores.revive() == []
        for server in (stores.postgres, stores.valkey):
            assert server is not None
            assert server.pid is not None
            process = psutil.Process(server.pid)
            kill(process.pid)
            process.wait(timeout=30)

        assert stores.revive() == ["valkey", "postgres"]

        assert (stores.postgres_dsn, stores.redis_url) == addresses
        assert kept(stores.postgres_dsn) == 42
        with redis.Redis.from_url(stores.redis_url) as client:
            assert client.get("kept") == b"42"


def test_forked_worker_that_ends_leaves_the_servers_alone(folder):
    with EmbeddedStores(folder, fast=True) as stores:
        write(stores.postgres_dsn, stores.redis_url)
        stores._owner_pid = 1  # as a worker sees it, which has inherited the object

        stores.stop()

        assert kept(stores.postgres_dsn) == 42
        stores._owner_pid = os.getpid()
