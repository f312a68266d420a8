"""The command `rangli` itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rangli import __version__

RANGLI = Path(sys.executable).with_name("rangli")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RANGLI, *arguments], capture_output=True, text=True, timeout=60, check=True
    )


def test_help_names_every_command_and_loads_none_of_them():
    listed = run("--help").stdout
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, rangli.cli.main; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.split()

    for command in ("serve", "migrate", "demo", "bench", "issue", "version"):
        assert f"  {command} " in listed
    assert {"grpc", "asyncpg", "redis", "pandas", "rangli.server"}.isdisjoint(loaded)


def test_version_is_the_packages():
    assert run("version").stdout.strip() == __version__


def test_serve_tells_its_options_and_their_variables():
    told = run("serve", "--help").stdout

    for part in ("--workers", "--port", "--data-dir", "--insecure-listen", "RANGLI_WORKERS"):
        assert part in told


def test_migrate_brings_a_given_postgres_up_to_date(database, redis_url, monkeypatch):
    monkeypatch.setenv("RANGLI_POSTGRES_DSN", database)
    monkeypatch.setenv("RANGLI_REDIS_URL", redis_url)

    assert "the schema is up to date" in run("migrate").stdout
