"""One process's services for all tests of the folder; each test is a tenant of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import pytest

from tests.world import World, new_tenant, shared_world


@pytest.fixture(scope="package")
async def process(
    new_database: Callable[..., AbstractContextManager[str]], redis_url: str
) -> AsyncIterator[World]:
    async with shared_world(new_database, redis_url) as opened:
        yield opened


@pytest.fixture
def world(process: World) -> World:
    return process.of(new_tenant())
