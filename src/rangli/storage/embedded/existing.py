"""The PostgreSQL that a data folder already has, for who only reads: nothing new is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rangli.storage.embedded.folder import DataFolder, FolderInUse
from rangli.storage.embedded.postgres import EmbeddedPostgres, dsn_at
from rangli.storage.embedded.programs import EmbeddedError, Programs, ServerUser


@contextmanager
def existing_postgres(data_dir: Path) -> Iterator[str]:
    """The DSN of the folder's PostgreSQL while the block runs.

    Of the one that its owner runs, which stays untouched; if nobody owns the folder, PostgreSQL is
    started for the block, and nothing else. EmbeddedError if there is no data, or no server.
    """
    try:
        has_cluster = (data_dir / "postgres").is_dir()
    except OSError as error:
        raise EmbeddedError(f"{data_dir} cannot be read ({error.strerror})") from error
    if not has_cluster:
        raise EmbeddedError(
            f"there is no PostgreSQL data in {data_dir}; set RANGLI_DATA_DIR to the folder that "
            "`rangli serve` uses, or RANGLI_POSTGRES_DSN"
        )
    user = ServerUser.for_this_process()
    try:
        folder = DataFolder.take(data_dir, user)
    except FolderInUse as used:
        if used.runtime_dir is None:
            raise EmbeddedError(f"the owner of {data_dir} is just starting; try again") from used
        yield dsn_at(used.runtime_dir)
        return
    try:
        postgres = EmbeddedPostgres(folder, Programs.for_user(user), fast=False)
        postgres.start()
        try:
            yield postgres.dsn
        finally:
            postgres.stop()
    finally:
        folder.release()
