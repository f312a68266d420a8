"""A table of words, and how amounts and shares are written in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rangli.core.money import format_minor


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of words; numbers are right-aligned where `right` counts the column."""

    title: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    right: frozenset[int] = field(default_factory=frozenset)
    note: str = ""


def usd(amount_minor: object) -> str:
    """Cents as dollars: "1.23"."""
    return format_minor(int(str(amount_minor)), "USD")


def percent(share: object) -> str:
    """A share of 1 as "12.34 %"; only the whole is "100.00 %", however little is missing."""
    number = float(str(share))
    return f"{100 * number if number == 1 else min(100 * number, 99.99):.2f} %"
