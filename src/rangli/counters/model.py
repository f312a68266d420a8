"""What is counted: limits, uses in their periods, and what domains keep of what they counted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from rangli.core.clock import EPOCH, instant, micros

QUANTITY_MAX = 10**13
BUCKETS_MAX = 64
ITEMS_MAX = 20
TTL_S_MAX = 7 * 86_400
# What was counted in a period that began longer ago is not given back any more: the period has been
# over for a year, nobody will ever count in it again, and its uses may have been swept.
PERIODS_KEPT = timedelta(days=400)


class LimitSubject(StrEnum):
    """Whom or what a limit counts, each by itself; ACTIVITY: everybody together."""

    ACTIVITY = "ACTIVITY"
    USER = "USER"
    DEVICE = "DEVICE"
    PHONE = "PHONE"
    STORE = "STORE"
    SKU = "SKU"


class LimitPeriod(StrEnum):
    """How long a limit counts before it begins anew."""

    LIFETIME = "LIFETIME"
    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


# The classes are named as the enums of messages, which forms name choices by; here they are short.
Subject = LimitSubject
Period = LimitPeriod


class Want(NamedTuple):
    """What is to be counted.

    subject_id: whose; "" where nobody is told, and of ACTIVITY, for which it is not read.
    quantity: 1 to QUANTITY_MAX.
    """

    limit_id: str
    subject_id: str
    quantity: int = 1


class Counted(NamedTuple):
    """What was counted, and where it is given back to.

    period_at: when the period began, a whole second; EPOCH of LIFETIME.
    """

    limit_id: str
    subject_id: str
    period_at: datetime
    bucket: int
    quantity: int


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """A limit as its owner wants it.

    subject, period, time_zone, day_start_minute, measure: what it counts, which never changes. Of
        LIFETIME the clock's part says nothing and may change.
    most: 0 to QUANTITY_MAX, for each subject in each period.
    buckets: of a stock, in how many parts it is counted, 1 to BUCKETS_MAX; 0: as it is, and of a
        new one 1.
    measure: what one of it is, in the owner's words, such as "UNITS".
    """

    limit_id: str
    subject: Subject
    period: Period
    most: int
    time_zone: str = "UTC"
    day_start_minute: int = 0
    buckets: int = 0
    measure: str = ""

    @property
    def is_stock(self) -> bool:
        """Whether all share it for good: then its uses are in buckets, each with its share."""
        return self.subject is Subject.ACTIVITY and self.period is Period.LIFETIME

    @property
    def counts(self) -> tuple[object, ...]:
        """What it counts."""
        lasting = self.period is Period.LIFETIME
        clock = () if lasting else (self.time_zone, self.day_start_minute)
        return self.subject, self.period, self.measure, *clock


@dataclass(frozen=True, slots=True)
class Limit(LimitSpec):
    """A limit as stored.

    bucket_rows: a stock's buckets, those included that it has no longer but once had; 0 of others.
    is_over: the stock was lowered below what was out.
    ended: it counts nothing any more.
    """

    bucket_rows: int = 0
    is_over: bool = False
    ended: bool = False
    revision: int = 1
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a limit for one subject at an instant.

    period_at: when the running period began, EPOCH of LIFETIME.  resets_at: when the next one
    does; None: never.
    """

    limit: Limit
    subject_id: str
    used: int
    period_at: datetime
    resets_at: datetime | None

    @property
    def left(self) -> int:
        """So many more can be counted; QUANTITY_MAX of a limit that has ended."""
        return QUANTITY_MAX if self.limit.ended else max(0, self.limit.most - self.used)


def subject_of(limit: LimitSpec, subject_id: str) -> str:
    """Under which subject the limit counts: all share one of ACTIVITY."""
    return "" if limit.subject is Subject.ACTIVITY else subject_id


def counted_to_json(counted: Iterable[Counted]) -> str:
    """As a domain stores it in a jsonb; the database's `counter_counted` reads it too."""
    rows = [
        (one.limit_id, one.subject_id, micros(one.period_at) // 1_000_000, one.bucket, one.quantity)
        for one in counted
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def counted_from_json(text: str) -> list[Counted]:
    """What `counted_to_json` made."""
    return [
        Counted(limit_id, subject_id, _period_at(at_s), bucket, quantity)
        for limit_id, subject_id, at_s, bucket, quantity in json.loads(text)
    ]


def _period_at(at_s: int) -> datetime:
    return instant(at_s * 1_000_000) if at_s else EPOCH


class CountState(StrEnum):
    """Where a reservation of counts stands."""

    RESERVED = "RESERVED"
    CONFIRMED = "CONFIRMED"
    ROLLED_BACK = "ROLLED_BACK"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class CountReservation:
    """Counts that a caller reserved by name.

    items: as asked; none of one that was rolled back before it came.
    counted: what they counted last, which RESERVED and CONFIRMED still do.
    """

    tenant: str
    reservation_id: str
    state: CountState
    items: tuple[Want, ...]
    counted: tuple[Counted, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Reserve:
    """What ReserveCounts asks."""

    reservation_id: str
    items: tuple[Want, ...]
    ttl_s: int


@dataclass(frozen=True, slots=True)
class Confirm:
    """What ConfirmCounts asks."""

    reservation_id: str
    late: bool


@dataclass(frozen=True, slots=True)
class RollBack:
    """What RollBackCounts asks."""

    reservation_id: str
