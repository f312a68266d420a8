"""Who paid what in a period, and whether others' books say the same: the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

DIFFERENCES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Period:
    """From the first instant to before the second, by value date."""

    starts_at: datetime
    ends_at: datetime


class RowKey(NamedTuple):
    """What a row of the report is for. pool_id: "" without a budget."""

    funder: str
    pool_id: str
    activity_id: str
    currency: str


FIRST = RowKey("", "", "", "")


@dataclass(frozen=True, slots=True)
class Settled:
    """reserved: now.  spent, refunded, orders: in the period."""

    reserved_minor: int
    spent_minor: int
    refunded_minor: int
    orders: int


class Source(IntEnum):
    """Whose books are compared with the journal."""

    ORDER = 1
    REDEMPTION = 2


class Kind(IntEnum):
    """How a source and the journal differ."""

    MISSING_IN_JOURNAL = 1
    MISSING_IN_SOURCE = 2
    AMOUNT = 3


class Row(NamedTuple):
    """What a source says of an order and activity. funder: "" for all together."""

    source: Source
    order_id: str
    activity_id: str
    funder: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What a source and the journal say differently."""

    source: Source
    kind: Kind
    order_id: str
    activity_id: str
    funder: str
    source_minor: int
    journal_minor: int


@dataclass(frozen=True, slots=True)
class SourceTotal:
    """How one source compares with the journal."""

    source: Source
    source_minor: int
    journal_minor: int
    missing_in_journal: int
    missing_in_source: int
    amounts_different: int

    @property
    def differences(self) -> int:
        """Of all kinds."""
        return self.missing_in_journal + self.missing_in_source + self.amounts_different
