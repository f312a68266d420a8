"""A desk on stores of the test's own."""

from __future__ import annotations

import pytest

from rangli.storage.stores import Stores
from tests.ledger.desk import Desk


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return Desk(stores)
