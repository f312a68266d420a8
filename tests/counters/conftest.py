"""Counters of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.counters.meter import Meter
from tests.world import World


@pytest.fixture
async def meter(world: World) -> AsyncIterator[Meter]:
    """A tenant's counters; the audits are clean when the test has ended."""
    one = Meter(world)
    yield one
    assert await one.findings() == []
