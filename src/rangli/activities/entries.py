"""Price entries: the price of one product, somewhere, for some time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

ENTRIES_MAX = 2_000_000
EVERYWHERE = ""
REMOVED = 0


class Entry(NamedTuple):
    """One price entry. A named tuple, since a book holds hundreds of thousands.

    store_set_id: a set of stores, or EVERYWHERE.
    starts_us, ends_us: first instant, and first no longer, in microseconds since 1970.
    kind: REMOVED, or the kernel's PRICE (a unit costs), OFF (off per units) or PERCENT.
    value: minor units or basis points, as the kind reads it.
    per_quantity: with OFF, the value is for so many units.
    """

    sku: str
    store_set_id: str
    starts_us: int
    ends_us: int
    kind: int
    value: int
    per_quantity: int


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of an import that was left out: which, which field, and what it must be."""

    row: int
    field: str
    description: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of an import's rows."""

    received: int
    accepted: int
    rejected: int
    bad_rows: tuple[BadRow, ...]
