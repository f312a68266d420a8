"""Code sets, and what is asked of codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from rangli.core.errors import Reason, Refused

CODES_MAX = 1_000_000
REDEMPTIONS_MAX = 10**9


class CodeSetKind(StrEnum):
    """How the codes of a set came to be, and how often each is good."""

    GENERATED = "GENERATED"
    IMPORTED = "IMPORTED"
    VANITY = "VANITY"


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Codes that were made together.

    count: how many; of VANITY, which is one code: how often it may be redeemed.
    """

    tenant: str
    code_set_id: str
    batch_id: str
    kind: CodeSetKind
    count: int
    redeemed: int
    is_void: bool
    created_at: datetime

    @property
    def key(self) -> SetKey:
        """Which it is."""
        return SetKey(self.tenant, self.code_set_id)


class SetKey(NamedTuple):
    """A code set; in the order in which they are locked."""

    tenant: str
    code_set_id: str


class CodeKey(NamedTuple):
    """A code by its keyed hash; in the order in which they are locked."""

    tenant: str
    code_hash: bytes


class VanityUse(NamedTuple):
    """That a user has redeemed the vanity code of a set."""

    tenant: str
    code_set_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Redeem:
    """A user wants a coupon for a code; the code itself goes no further than to its hash."""

    code_hash: bytes
    user_id: str
    device_id: str
    phone: str


def owner_of(code_set_id: str) -> str:
    """What brings a vanity code's limit."""
    return f"code/{code_set_id}"


def cap_of(code_set_id: str) -> str:
    """The limit that counts how often a vanity code is redeemed."""
    return f"code/{code_set_id}/cap"


def is_cap(limit_id: str) -> bool:
    """Whether that limit is some code's."""
    return limit_id.startswith("code/")


def refused() -> Refused:
    """CODE_REFUSED: the same for every code that opens nothing, so that nobody learns why."""
    return Refused(Reason.CODE_REFUSED, "the code opens nothing")
