"""Events as they are read, and where in their order a reader stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

SEQ_MAX = 2**63 - 1


class Position(NamedTuple):
    """Behind the event of this turn and number; of all tenants' events there is one order.

    turn: the writing transaction's, as migration 0016 explains it.
    """

    turn: int
    event_seq: int


START = Position(0, 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """One event. payload: plain JSON values, as it was written."""

    position: Position
    subject_kind: str
    subject_id: str
    event_type: str
    actor: str
    payload: Mapping[str, Any]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """events: in order.  next: behind all that was looked at.  more: there may be more at once."""

    events: tuple[Seen, ...]
    next: Position
    more: bool
