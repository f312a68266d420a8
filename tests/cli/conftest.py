"""A server in this process for commands to ask."""

from __future__ import annotations

from tests.client.conftest import address as address  # noqa: PLC0414  a fixture
