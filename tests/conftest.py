"""Real servers for the tests: one PostgreSQL and one Valkey per run, thrown away at its end."""

from __future__ import annotations

import os

# Stores are forked from processes that make gRPC calls: its fork handlers would now and then abort
# the child before it becomes PostgreSQL. To be said before grpc is imported anywhere.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
import structlog
from psycopg import sql

from rangli.storage import postgres
from rangli.storage.embedded import EmbeddedStores
from rangli.storage.migrate import migrate
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from rangli.transport.choice import Transport
from tests.transports import CHOSEN
from tests.world import World, new_tenant, shared_world

# structlog's own tracebacks show all that a frame holds, which for a catalogue takes a second.
_PLAIN = structlog.dev.ConsoleRenderer(
    colors=False, exception_formatter=structlog.dev.plain_traceback
)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _PLAIN])

# A machine that stands still for seconds, in the middle of a transaction, must fail no test.
IDLE_IN_TRANSACTION = postgres._SERVER_SETTINGS["idle_in_transaction_session_timeout"]
postgres._SERVER_SETTINGS["idle_in_transaction_session_timeout"] = "120s"


@pytest.fixture(params=CHOSEN)
def transport(request: pytest.FixtureRequest) -> Transport:
    """What speaks gRPC; a test that asks for it, or for a server on it, runs on each."""
    return request.param


@pytest.fixture(scope="session")
def new_folder() -> Iterator[Callable[[], Path]]:
    """Makes temporary folders which the servers' system user can reach; pytest's are private."""
    made = []

    def new() -> Path:
        folder = Path(tempfile.mkdtemp(prefix="rangli-test-", dir="/tmp"))
        made.append(folder)
        folder.chmod(0o755)
        return folder

    yield new
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture
def folder(new_folder: Callable[[], Path]) -> Path:
    """A folder of the test's own, which the servers' system user can reach."""
    return new_folder()


@pytest.fixture(scope="session")
def servers(new_folder: Callable[[], Path]) -> Iterator[EmbeddedStores]:
    """The run's own servers; no test stops them."""
    with EmbeddedStores(new_folder(), fast=True) as embedded:
        with psycopg.connect(embedded.postgres_dsn, autocommit=True) as admin:
            admin.execute("CREATE DATABASE rangli_template")
        migrate(embedded.postgres_dsn.replace("/rangli?", "/rangli_template?"))
        yield embedded


@pytest.fixture(scope="session")
def postgres_dsn(servers: EmbeddedStores) -> str:
    """The server's own database: without schema, and not to be written to."""
    return servers.postgres_dsn


@pytest.fixture(scope="session")
def redis_url(servers: EmbeddedStores) -> str:
    return servers.redis_url


@pytest.fixture(scope="session")
def new_database(servers: EmbeddedStores) -> Callable[..., AbstractContextManager[str]]:
    """`with new_database() as dsn`: a database with the current schema, dropped at the end.

    `new_database(template="template0")` gives an empty one.
    """

    @contextmanager
    def new(template: str = "rangli_template") -> Iterator[str]:
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(servers.postgres_dsn, autocommit=True) as admin:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
            try:
                yield servers.postgres_dsn.replace("/rangli?", f"/{name}?")
            finally:
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                admin.execute(drop.format(sql.Identifier(name)))

    return new


@pytest.fixture
def database(new_database: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The DSN of a database of the test's own, with the current schema."""
    with new_database() as dsn:
        yield dsn


@pytest.fixture
def store_settings(database: str, redis_url: str) -> StorageSettings:
    """Settings of a test's own stores: patient, so that a busy machine fails none of them."""
    return StorageSettings(
        postgres_dsn=database,
        redis_url=redis_url,
        acquire_timeout_s=20,
        connect_timeout_s=20,
        redis_timeout_s=10,
    )


@pytest.fixture
async def stores(store_settings: StorageSettings) -> AsyncIterator[Stores]:
    """Stores on a database of the test's own and an empty Valkey."""
    opened = await Stores.open(store_settings)
    try:
        await opened.redis.flushall()
        yield opened
    finally:
        await opened.close()


@pytest.fixture(scope="session")
async def process(
    new_database: Callable[..., AbstractContextManager[str]], redis_url: str
) -> AsyncIterator[World]:
    """One process's services, which many tests share."""
    async with shared_world(new_database, redis_url) as opened:
        yield opened


@pytest.fixture
def world(process: World) -> World:
    """The shared services, as a tenant of the test's own sees them."""
    return process.of(new_tenant())
