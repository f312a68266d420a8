"""Refusals that name the field, of messages whose parts must agree with each other."""

from __future__ import annotations

from typing import NoReturn

from rangli.core.errors import Invalid, Violation


def same(value: object, wanted: object, field: str) -> None:
    """Raises Invalid unless they are equal."""
    if value != wanted:
        refuse(field, f"does not fit the rest of the snapshot: must be {wanted}, not {value}")


def within(value: int, field: str, *, low: int, high: int) -> None:
    """Raises Invalid unless the value is in its bounds."""
    if not low <= value <= high:
        refuse(field, f"must be {low} to {high}, not {value}")


def refuse(field: str, words: str) -> NoReturn:
    """Raises Invalid."""
    raise Invalid.fields(Violation(field, words))
