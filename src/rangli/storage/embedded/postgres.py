"""An embedded PostgreSQL: its cluster, its process, its DSN."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from rangli.storage.embedded.child import end, log_tail, open_log, spawn
from rangli.storage.embedded.folder import DataFolder, end_leftovers
from rangli.storage.embedded.programs import EmbeddedError, Programs

DATABASE = "rangli"
_READY_PATIENCE_S = 60.0  # recovery after a crash replays the log first
_STOP = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0))
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Failed statements are reported by who sent them; here they would only fill the disk.
    "log_min_messages": "log",
}
# For servers that are thrown away: nothing has to survive a power cut.
_FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def dsn_at(runtime_dir: Path, database: str = DATABASE) -> str:
    """The DSN of the server whose socket is in that folder."""
    return f"postgresql://postgres@/{database}?host={runtime_dir}"


class EmbeddedPostgres:
    """A PostgreSQL of our own in `<data folder>/postgres`, reached by a unix socket only."""

    def __init__(self, folder: DataFolder, programs: Programs, *, fast: bool) -> None:
        self._folder = folder
        self._programs = programs
        self._settings = _SETTINGS | (_FAST_SETTINGS if fast else {})
        self._cluster = folder.path / "postgres"
        self._log = folder.path / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """The DSN of our database, understood by asyncpg and psycopg."""
        return dsn_at(self._folder.runtime_dir)

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Make the cluster if there is none, start the server, wait until it answers."""
        if not self._cluster.exists():
            self._initdb()
        self._check_version()
        end_leftovers(self._cluster, "postgres")
        # Nobody works in this cluster, and the folder is locked: the file can only be stale.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        settings = self._settings | {"unix_socket_directories": str(self._folder.runtime_dir)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with open_log(self._log) as output:
            self._process = spawn(
                [self._programs.postgres, "-D", self._cluster, *options],
                user=self._folder.user,
                output=output,
                death_signal=signal.SIGINT,  # fast shutdown
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, committed ones are on disk."""
        if self._process is not None:
            end(self._process, _STOP)
            self._process = None

    def _initdb(self) -> None:
        # Under another name first: a half-made cluster must never look like one.
        shutil.rmtree(self._folder.path / "postgres.draft", ignore_errors=True)
        draft = self._folder.server_dir("postgres.draft")
        with open_log(self._log) as output:
            process = spawn(
                [
                    self._programs.initdb,
                    *("-D", draft, "--username=postgres", "--auth=trust", "--encoding=UTF8"),
                    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                    # A power cut before the first checkpoint leaves a draft, not a cluster.
                    *(["--no-sync"] if "fsync" in self._settings else []),
                ],
                user=self._folder.user,
                output=output,
                death_signal=signal.SIGTERM,
            )
            try:
                code = process.wait()
            except BaseException:
                end(process, ((signal.SIGTERM, 5.0),))
                raise
        if code != 0:
            raise EmbeddedError(f"initdb failed; the end of {self._log}:\n{log_tail(self._log)}")
        draft.rename(self._cluster)

    def _check_version(self) -> None:
        self._folder.server_dir("postgres")  # complains if it belongs to somebody else
        made_by = (self._cluster / "PG_VERSION").read_text().strip()
        output = subprocess.run(
            [self._programs.postgres, "--version"], capture_output=True, text=True, check=True
        ).stdout
        ours = output.split()[-1].split(".")[0]
        if made_by != ours:
            raise EmbeddedError(
                f"{self._cluster} was made by PostgreSQL {made_by}, the embedded one is {ours}; "
                "move the data with pg_dump and pg_restore, or set RANGLI_DATA_DIR to a new folder"
            )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + _READY_PATIENCE_S
        while process.poll() is None and time.monotonic() < give_up_at:
            try:
                _ensure_database(dsn_at(self._folder.runtime_dir, "postgres"))
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        ended = process.poll()
        why = "gave no answer" if ended is None else f"ended with code {ended}"
        raise EmbeddedError(
            f"PostgreSQL {why} at start; the end of {self._log}:\n{log_tail(self._log)}"
        )


def _ensure_database(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
