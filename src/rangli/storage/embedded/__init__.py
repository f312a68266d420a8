"""Our own PostgreSQL and Valkey, real servers out of wheels, when none is given.

    folder     one owner per data folder; ends what a killed owner left
    programs   the programs, and the system user who runs them
    child      processes that never outlive their owner
    postgres   PostgreSQL
    valkey     Valkey
    existing   the PostgreSQL of a folder, for who only reads

For development, demos, tests and small installations on one machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from rangli.storage.embedded.existing import existing_postgres
from rangli.storage.embedded.folder import DataFolder
from rangli.storage.embedded.postgres import EmbeddedPostgres
from rangli.storage.embedded.programs import EmbeddedError, Programs, ServerUser
from rangli.storage.embedded.valkey import EmbeddedValkey
from rangli.storage.settings import StorageSettings

__all__ = ["EmbeddedError", "EmbeddedStores", "existing_postgres"]


class EmbeddedStores:
    """The stores of an installation: what is given, and a server of our own for what is not.

    A context manager for the process that supervises; it needs no event loop. Both servers are
    its direct children and end with it, even when it is killed. Start it from the main thread,
    and before threads that hold locks.

    postgres_dsn, redis_url: given servers, left alone. If both are given, nothing is started and
        the data folder is not touched.
    fast: no fsync, no append-only file: for servers that are thrown away.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        postgres_dsn: str | None = None,
        redis_url: str | None = None,
        fast: bool = False,
    ) -> None:
        self._data_dir = data_dir
        self._postgres_dsn = postgres_dsn
        self._redis_url = redis_url
        self._fast = fast
        self._folder: DataFolder | None = None
        self._owner_pid: int | None = None
        self.postgres: EmbeddedPostgres | None = None
        self.valkey: EmbeddedValkey | None = None

    @classmethod
    def of(cls, settings: StorageSettings) -> EmbeddedStores:
        """The stores that the settings ask for."""
        return cls(
            settings.data_dir,
            postgres_dsn=settings.postgres_dsn,
            redis_url=settings.redis_url,
        )

    @property
    def postgres_dsn(self) -> str:
        """Where Postgres is: the given DSN, else the embedded server's. Stays over restarts."""
        if self._postgres_dsn is not None:
            return self._postgres_dsn
        if self.postgres is None:
            raise EmbeddedError("the embedded stores are not started")
        return self.postgres.dsn

    @property
    def redis_url(self) -> str:
        """Where Redis is: the given URL, else the embedded server's. Stays over restarts."""
        if self._redis_url is not None:
            return self._redis_url
        if self.valkey is None:
            raise EmbeddedError("the embedded stores are not started")
        return self.valkey.url

    def start(self) -> None:
        """Start what is not given. EmbeddedError if that fails; then nothing is left running."""
        if self._postgres_dsn is not None and self._redis_url is not None:
            return
        user = ServerUser.for_this_process()
        programs = Programs.for_user(user)
        self._folder = DataFolder.take(self._data_dir, user)
        self._owner_pid = os.getpid()
        try:
            if self._redis_url is None:
                self.valkey = EmbeddedValkey(self._folder, programs, fast=self._fast)
                self.valkey.start()
            if self._postgres_dsn is None:
                self.postgres = EmbeddedPostgres(self._folder, programs, fast=self._fast)
                self.postgres.start()
        except BaseException:
            self.stop()
            raise

    def revive(self) -> list[str]:
        """Start again which server has ended unasked; the names of those, empty when all is well.

        For the supervisor to call now and then. Blocks until they answer.
        """
        revived = []
        for name, server in (("valkey", self.valkey), ("postgres", self.postgres)):
            if server is not None and server.pid is None:
                server.start()
                revived.append(name)
        return revived

    def stop(self) -> None:
        """Stop our servers cleanly and wait for their end. Again is harmless.

        In a forked worker, which has inherited this object, it does nothing.
        """
        if self._folder is None or self._owner_pid != os.getpid():
            return
        try:
            for server in (self.valkey, self.postgres):
                if server is not None:
                    server.stop()
        finally:
            self.postgres = self.valkey = None
            self._folder.release()
            self._folder = None

    def __enter__(self) -> EmbeddedStores:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
