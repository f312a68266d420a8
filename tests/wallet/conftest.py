"""A wallet of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.wallet.purse import Purse
from tests.world import World


@pytest.fixture
async def purse(world: World) -> AsyncIterator[Purse]:
    """A user's wallet in a tenant of its own; the audits are clean when the test has ended."""
    one = Purse(world)
    yield one
    assert await one.findings() == []
