"""The schema: numbered SQL files, applied in order, forward only, by yoyo under our own lock."""

from __future__ import annotations

import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import Migration, default_migration_table

_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number that nobody else uses in the same database ("rangli" in ASCII).
_LOCK_KEY = int.from_bytes(b"rangli")


class MigrationError(RuntimeError):
    """A migration could not be applied; those before it are, of itself nothing."""


def migrate(dsn: str, *, folder: Path = _MIGRATIONS) -> list[str]:
    """Apply what is missing; the names applied now, empty when the schema was up to date.

    Safe to call from many processes at once, and again after being killed: a file and the note
    that it is applied are one transaction, and an advisory lock of Postgres lets one process work
    while the others wait. It ends with its connection; yoyo's own lock is a row, which a killed
    process leaves behind. Blocks; psycopg.OperationalError if the server is away.
    """
    with psycopg.connect(dsn, autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", [_LOCK_KEY])
        with _connect(dsn) as backend:
            # Nobody else is here, so a row of yoyo's lock was left by the dead.
            backend.break_lock()
            return _apply(backend, folder)


def _apply(backend: _Backend, folder: Path) -> list[str]:
    applied = []
    for migration in backend.to_apply(read_migrations(str(folder))):
        try:
            backend.apply_one(migration)
        except Exception as error:
            raise MigrationError(f"migration {migration.id} failed: {error}") from error
        applied.append(migration.id)
    return applied


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]  # yoyo has no types
    """yoyo's backend, with what it lacks for unattended use."""

    def apply_one(self, migration: Migration, force: bool = False, mark: bool = True) -> None:
        """Apply and mark in one transaction; yoyo's two leave a gap for a kill to fall into."""
        self.ensure_internal_schema_updated()
        with self.transaction():
            migration.process_steps(self, "apply", force=force)
            if mark:
                self.mark_one(migration)

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        """As yoyo's, but a container's user need not have a name."""
        return {
            "id": str(uuid.uuid4()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": self.connection.info.user,
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }


def _connect(dsn: str) -> _Backend:
    """yoyo's backend, connected.

    libpq reads the DSN, as yoyo's own URIs know no socket folders: all goes in as arguments.
    """
    arguments = conninfo_to_dict(dsn)
    uri = DatabaseURI(
        scheme="postgresql+psycopg",
        username=None,
        password=None,
        hostname=None,
        port=None,
        database=arguments.pop("dbname", None),
        args=arguments,
    )
    backend = _Backend(uri, default_migration_table)
    backend.init_database()
    return backend
