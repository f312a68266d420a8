"""CounterService's requests, checked, as the domain takes them."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, TypeVar

from rangli.core.clock import zone
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import printable
from rangli.counters.model import (
    BUCKETS_MAX,
    ITEMS_MAX,
    QUANTITY_MAX,
    TTL_S_MAX,
    Confirm,
    LimitSpec,
    Period,
    Reserve,
    RollBack,
    Subject,
    Want,
)
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import counter_service_pb2 as pb
from rangli.wire.convert import enum_prefix
from rangli.wire.names import text_of

LIMIT_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,160}")
_REMAINING_MAX = 100
_TTL_S = 900
_REASON_MAX = 500

E = TypeVar("E", bound=Enum)


def limit(request: pb.PutLimitRequest) -> LimitSpec:
    """A limit; raises Invalid, as all here do."""
    if not request.HasField("most"):
        raise _invalid("most", f"is required: 0 to {QUANTITY_MAX}")
    time_zone = request.time_zone or "UTC"
    if zone(time_zone) is None:
        raise _invalid("time_zone", 'must be an IANA time zone such as "Asia/Shanghai"')
    period = Period.LIFETIME
    if request.period:
        period = _member(Period, ab.LimitPeriod.DESCRIPTOR, request.period, "period")
    spec = LimitSpec(
        limit_id(request.limit_id, "limit_id"),
        _member(Subject, ab.LimitSubject.DESCRIPTOR, request.subject, "subject"),
        period,
        _number(request.most, "most", 0, QUANTITY_MAX),
        time_zone,
        _number(request.day_start_minute, "day_start_minute", 0, 1_439),
        _number(request.buckets, "buckets", 0, BUCKETS_MAX),
    )
    if spec.buckets > 1 and not spec.is_stock:
        raise _invalid("buckets", "goes with ACTIVITY and LIFETIME only")
    return spec


def expected_most(request: pb.PutLimitRequest) -> int | None:
    """What the limit should be before; None: whatever it is."""
    if not request.HasField("expected_most"):
        return None
    return _number(request.expected_most, "expected_most", 0, QUANTITY_MAX)


def reason(request: pb.PutLimitRequest) -> str:
    """Why, for the audit."""
    return text_of(request.reason, "reason", _REASON_MAX)


def limit_id(text: str, path: str) -> str:
    """Which limit."""
    if not LIMIT_ID.fullmatch(text):
        raise _invalid(path, "must be 1 to 160 of a-z A-Z 0-9 - _ . : /")
    return text


def prefix(request: pb.ListLimitsRequest) -> str:
    """How the ids begin; may be empty."""
    return limit_id(request.prefix, "prefix") if request.prefix else ""


def remaining(request: pb.GetRemainingRequest) -> list[tuple[str, str]]:
    """Limits, and whose use of them."""
    if not 1 <= len(request.items) <= _REMAINING_MAX:
        raise _invalid("items", f"must be 1 to {_REMAINING_MAX}, not {len(request.items)}")
    return [
        (
            limit_id(item.limit_id, f"items[{place}].limit_id"),
            _subject_id(item.subject_id, f"items[{place}].subject_id"),
        )
        for place, item in enumerate(request.items)
    ]


def reserve(request: pb.ReserveCountsRequest) -> Reserve:
    """A reservation."""
    if not 1 <= len(request.items) <= ITEMS_MAX:
        raise _invalid("items", f"must be 1 to {ITEMS_MAX}, not {len(request.items)}")
    items = tuple(
        Want(
            limit_id(item.limit_id, f"items[{place}].limit_id"),
            _subject_id(item.subject_id, f"items[{place}].subject_id"),
            _number(item.quantity or 1, f"items[{place}].quantity", 1, QUANTITY_MAX),
        )
        for place, item in enumerate(request.items)
    )
    ttl_s = _number(request.ttl_s or _TTL_S, "ttl_s", 1, TTL_S_MAX)
    return Reserve(reservation_id(request), items, ttl_s)


def confirm(request: pb.ConfirmCountsRequest) -> Confirm:
    """A confirmation."""
    return Confirm(reservation_id(request), request.late)


def roll_back(request: pb.RollBackCountsRequest) -> RollBack:
    """The end of a reservation."""
    return RollBack(reservation_id(request))


def reservation_id(request: Any) -> str:
    """Which reservation."""
    text: str = request.reservation_id
    if not 1 <= len(text) <= 100 or not printable(text):
        raise _invalid("reservation_id", "must be 1 to 100 printable characters")
    return text


def _subject_id(text: str, path: str) -> str:
    """Whose; whether it may be left out, the limit says."""
    if len(text) > 100 or not printable(text):
        raise _invalid(path, "must be at most 100 printable characters")
    return text


def _member(members: type[E], descriptor: Any, number: int, path: str) -> E:
    value = descriptor.values_by_number.get(number)
    if value is None or not number:
        raise _invalid(path, f"must be a {descriptor.name} other than UNSPECIFIED")
    return members[value.name.removeprefix(enum_prefix(descriptor))]


def _number(value: int, path: str, least: int, most: int) -> int:
    if not least <= value <= most:
        raise _invalid(path, f"must be {least} to {most}, not {value}")
    return value


def _invalid(path: str, description: str) -> Invalid:
    return Invalid.fields(Violation(path, description))
