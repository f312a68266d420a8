"""Coupons, the batches they are given from, and when each may be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from rangli.core.errors import Reason, Refused
from rangli.counters.model import Counted, Want
from rangli.coupons.spec import BatchSpec


class CouponState(StrEnum):
    """Where a coupon is in its life. EXPIRED and FROZEN are never stored: see `Coupon.state_at`."""

    USABLE = "USABLE"
    LOCKED = "LOCKED"
    USED = "USED"
    EXPIRED = "EXPIRED"
    VOID = "VOID"
    FROZEN = "FROZEN"


class CouponSource(StrEnum):
    """How a coupon came to its owner."""

    CLAIMED = "CLAIMED"
    ISSUED = "ISSUED"
    CODE = "CODE"
    TRANSFERRED = "TRANSFERRED"


class BatchState(StrEnum):
    """Whether a batch gives coupons."""

    OPEN = "OPEN"
    PAUSED = "PAUSED"
    CLOSED = "CLOSED"


class NotUsable(StrEnum):
    """Why a coupon is not: COUPON_NOT_USABLE's `why`."""

    WRONG_STATE = "WRONG_STATE"
    EXPIRED = "EXPIRED"
    NOT_STARTED = "NOT_STARTED"
    NOT_YOURS = "NOT_YOURS"
    NOT_TRANSFERABLE = "NOT_TRANSFERABLE"


class NotOpen(StrEnum):
    """Why a batch gives nothing here and now: BATCH_NOT_OPEN's `why`."""

    PAUSED = "PAUSED"
    CLOSED = "CLOSED"
    NOT_STARTED = "NOT_STARTED"
    ENDED = "ENDED"
    NOT_IN_AUDIENCE = "NOT_IN_AUDIENCE"
    OTHER_CHANNEL = "OTHER_CHANNEL"
    NOT_CLAIMABLE = "NOT_CLAIMABLE"
    NOT_RUNNING = "NOT_RUNNING"


class CouponKey(NamedTuple):
    """One coupon; in the order in which they are locked."""

    tenant: str
    user_id: str
    coupon_id: str


BatchKey: TypeAlias = tuple[str, str]  # tenant, batch_id


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon as stored.

    state: USABLE, LOCKED, USED or VOID.  frozen: nobody new can lock it.  reason: why it is VOID
    or frozen.  order_id: who has it LOCKED or USED it.  counted: what it still counts for, given
    back when it returns to the stock.
    """

    tenant: str
    user_id: str
    coupon_id: str
    batch_id: str
    activity_id: str
    activity_version: int
    usable_from: datetime
    expires_at: datetime
    transferable: bool
    returns_on_refund: bool
    source: CouponSource
    given_at: datetime
    counted: tuple[Counted, ...]
    state: CouponState = CouponState.USABLE
    frozen: bool = False
    reason: str = ""
    order_id: str | None = None
    grant_key: str | None = None
    revision: int = 1

    @property
    def key(self) -> CouponKey:
        """Which it is."""
        return CouponKey(self.tenant, self.user_id, self.coupon_id)

    def state_at(self, now: datetime) -> CouponState:
        """Where it is at that instant: what an order has, neither time nor an operator takes."""
        if self.state is not CouponState.USABLE:
            return self.state
        if now >= self.expires_at:
            return CouponState.EXPIRED
        return CouponState.FROZEN if self.frozen else CouponState.USABLE

    def not_usable(self, now: datetime, why: NotUsable | None = None) -> Refused:
        """The refusal, as it is at that instant."""
        state = self.state_at(now)
        if why is None:
            expired = state is CouponState.EXPIRED
            why = NotUsable.EXPIRED if expired else NotUsable.WRONG_STATE
        return Refused(
            Reason.COUPON_NOT_USABLE,
            f"the coupon {self.coupon_id!r} is {state}: {why}",
            metadata={"coupon_id": self.coupon_id, "state": state, "why": why},
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as stored."""

    tenant: str
    batch_id: str
    state: BatchState
    spec: BatchSpec
    revision: int
    created_at: datetime

    @property
    def key(self) -> BatchKey:
        """Which it is."""
        return self.tenant, self.batch_id


@dataclass(frozen=True, slots=True)
class BatchSeen:
    """A batch with its counts.

    given: coupons that are out.  left: what can be given still.  codes: made and not redeemed yet.
    """

    batch: Batch
    given: int
    left: int
    codes: int


class Giving(NamedTuple):  # one a claim: a frozen dataclass would cost four times as much
    """One coupon that is asked for.

    source: CLAIMED is asked everything; CODE no channel, and may be redeemed where users cannot
    claim; ISSUED only for stock and limits.  grant_key: at most one for it, for good.
    also: is counted with it, and judged first.
    """

    tenant: str
    batch_id: str
    user_id: str
    source: CouponSource
    actor: str
    device_id: str = ""
    phone: str = ""
    channel: str = ""
    not_admitted: str = ""
    grant_key: str = ""
    reason: str = ""
    also: tuple[Want, ...] = ()

    @property
    def batch(self) -> BatchKey:
        """From which batch."""
        return self.tenant, self.batch_id
