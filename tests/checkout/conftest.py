"""A shop of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.checkout.desk import Desk
from tests.checkout.shop import Shop
from tests.world import World


@pytest.fixture
def shop(world: World) -> Shop:
    """A tenant without offers."""
    return Shop(world)


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    """A shop that takes orders; all audits are clean when the test has ended."""
    one = Desk(world)
    yield one
    assert await one.findings() == []
