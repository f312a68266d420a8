"""What a batch decides of each of its requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from rangli.core.errors import RangliError

R = TypeVar("R")


def each(decide: Callable[..., R], *asked: Iterable[Any]) -> list[R | RangliError]:
    """What is decided for each, in order; a refusal stands for itself.

    asked: the requests, and what else `decide` takes of each.
    """
    verdicts: list[R | RangliError] = []
    for row in zip(*asked, strict=True):
        try:
            verdicts.append(decide(*row))
        except RangliError as refusal:
            verdicts.append(refusal)
    return verdicts
