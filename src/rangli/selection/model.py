"""What a set is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MEMBERS_MAX = 5_000_000


class SetKind(StrEnum):
    """What a set holds: user ids, store ids or skus."""

    USER = "USER"
    STORE = "STORE"
    PRODUCT = "PRODUCT"


@dataclass(frozen=True, slots=True)
class MemberSet:
    """A set at its newest version, without its members."""

    set_id: str
    kind: SetKind
    display_name: str
    version: int
    member_count: int
    updated_at: datetime
