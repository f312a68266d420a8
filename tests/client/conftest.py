"""A server in this process for the client to call: made-up services, or the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from rangli.core.call import Method, Service
from rangli.server.app import opened
from rangli.storage.settings import StorageSettings
from rangli.transport.grpcio import Gate, GrpcServer

Serving = Callable[..., AbstractAsyncContextManager[str]]


@asynccontextmanager
async def listening(*services: Service) -> AsyncIterator[str]:
    server = GrpcServer(services, gate=Gate(1000))
    port = await server.start("127.0.0.1:0")
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


@pytest.fixture
def serving() -> Serving:
    """`async with serving("rangli.v1.PricingService", Method(...)) as address`."""

    def start(name: str, *methods: Method) -> AbstractAsyncContextManager[str]:
        return listening(Service(name, methods))

    return start


@pytest.fixture
async def address(database: str, redis_url: str) -> AsyncIterator[str]:
    """Where all real services listen, on stores of the test's own."""
    settings = StorageSettings(
        postgres_dsn=database, redis_url=redis_url, acquire_timeout_s=20, redis_timeout_s=10
    )
    async with opened(settings) as app, listening(*app.services) as where:
        yield where
