"""What the ledger knows: accounts, holds and why value moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

# One leg of a transaction; sums of a thousand thousand of them stay far inside 64 bits.
AMOUNT_MINOR_MAX = 10**15
# An account's balance, in either direction.
BALANCE_MINOR_MAX = 10**18
LEGS_MAX = 200
HOLD_TTL_S_MAX = 30 * 86_400


class Phase(IntEnum):
    """Which of an account's balances an entry changes."""

    POSTED = 0
    PENDING_OUT = 1  # negative when held, positive when the hold ends
    PENDING_IN = 2  # positive when held, negative when the hold ends


class Kind(StrEnum):
    """What a transaction does."""

    POST = "POST"  # moves value at once
    HOLD = "HOLD"  # sets value aside for a while
    CAPTURE = "CAPTURE"  # moves what was held, or a part of it
    VOID = "VOID"  # gives up what is still held
    EXPIRE = "EXPIRE"  # the same, because its time has passed
    RETURN = "RETURN"  # moves back what was captured, or a part of it


class HoldState(StrEnum):
    """PENDING until it ends, once, in one of the other ways; part captures leave it PENDING."""

    PENDING = "PENDING"
    POSTED = "POSTED"
    VOIDED = "VOIDED"
    EXPIRED = "EXPIRED"


class AccountKey(NamedTuple):
    """An account by its names.

    owner: "user/u1", "pool/summer", "house".  kind: "balance", "points", "budget", "spent", ...
    unit: an ISO 4217 currency or a name of points.
    expires_at: of a lot, None if it never expires.
    """

    tenant: str
    owner: str
    kind: str
    unit: str
    expires_at: datetime | None = None


@dataclass(slots=True)
class Account:
    """An account as locked: its balances are those of all entries up to now."""

    key: AccountKey
    account_id: int
    floor_minor: int | None
    frozen: bool
    posted_minor: int
    pending_out_minor: int
    pending_in_minor: int
    entry_count: int

    @property
    def available_minor(self) -> int:
        """What may still go out; without a floor, what the bounds leave."""
        floor = -BALANCE_MINOR_MAX if self.floor_minor is None else self.floor_minor
        return self.posted_minor - self.pending_out_minor - floor

    @property
    def room_minor(self) -> int:
        """What may still come in, by the bounds; what is pending will."""
        return BALANCE_MINOR_MAX - self.posted_minor - self.pending_in_minor

    def expired(self, now: datetime) -> bool:
        """Whether it is a lot whose time has passed."""
        return self.key.expires_at is not None and self.key.expires_at <= now


class Leg(NamedTuple):
    """So much from one account to another of the same unit; 1 to `AMOUNT_MINOR_MAX`."""

    source_id: int
    target_id: int
    amount_minor: int


@dataclass(slots=True)
class HoldLeg:
    """A held leg: held = captured + released + left; of the captured, returned has gone back."""

    source_id: int
    target_id: int
    held_minor: int
    captured_minor: int = 0
    released_minor: int = 0
    returned_minor: int = 0

    @property
    def left_minor(self) -> int:
        """Still held."""
        return self.held_minor - self.captured_minor - self.released_minor


@dataclass(slots=True)
class Hold:
    """A two-phase transfer."""

    tenant: str
    hold_id: str
    state: HoldState
    expires_at: datetime
    legs: tuple[HoldLeg, ...]

    def state_at(self, now: datetime) -> HoldState:
        """What others are told: EXPIRED once its time has passed, whether it was ended or not."""
        if self.state is HoldState.PENDING and self.expires_at <= now:
            return HoldState.EXPIRED
        return self.state


class Cause(NamedTuple):
    """Why value moved: stands in the journal.

    method, request_id: the request that asked for it ("" for what the service does by itself).
    reference: the caller's own word for it, such as an order; "" if none.
    occurred_at: when it was in business; None: when it is decided, by PostgreSQL's clock.
    """

    method: str
    request_id: str
    reference: str = ""
    occurred_at: datetime | None = None
