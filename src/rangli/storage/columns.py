"""Many rows as one statement's arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def columns(rows: Iterable[Iterable[Any]], width: int) -> list[Sequence[Any]]:
    """Rows of so many values each, as the arrays that `unnest` takes; empty ones of no rows."""
    return list(zip(*rows, strict=True)) or [()] * width
