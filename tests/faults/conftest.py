"""Where installations keep what they have; and `serve` of the server's own tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conftest import serve

__all__ = ["serve"]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """What an installation keeps; pytest's own folders are private."""
    folder = Path(tempfile.mkdtemp(prefix="rangli-faults-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
