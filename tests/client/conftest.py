"""A server in this process for the client to call: made-up services, or the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest

from rangli.core.call import Method, Service
from rangli.server.app import opened
from rangli.storage.settings import StorageSettings
from rangli.transport.choice import Transport, server
from rangli.transport.gate import Gate

Serving = Callable[..., AbstractAsyncContextManager[str]]


@asynccontextmanager
async def listening(transport: Transport, *services: Service) -> AsyncIterator[str]:
    serving = server(transport, services, gate=Gate(1000))
    port = await serving.start("127.0.0.1:0")
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await serving.stop(0)


@pytest.fixture
def serving(transport: Transport) -> Serving:
    """`async with serving("rangli.v1.PricingService", Method(...)) as address`."""

    def start(name: str, *methods: Method) -> AbstractAsyncContextManager[str]:
        return listening(transport, Service(name, methods))

    return start


@pytest.fixture
async def address(transport: Transport, database: str, redis_url: str) -> AsyncIterator[str]:
    """Where all real services listen, on stores of the test's own."""
    settings = StorageSettings(
        postgres_dsn=database, redis_url=redis_url, acquire_timeout_s=20, redis_timeout_s=10
    )
    async with (
        opened(settings) as app,
        listening(transport, *map(_patient, app.services)) as where,
    ):
        yield where


def _patient(service: Service) -> Service:
    """Its methods may take their time: a busy machine must not be taken for a lost call."""
    methods = [
        replace(one, deadline_s_max=max(60.0, one.deadline_s_max)) for one in service.methods
    ]
    return replace(service, methods=tuple(methods))
