"""Time: instants are timezone-aware UTC datetimes outside, int64 microseconds inside hot paths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The current instant, UTC."""
    return datetime.now(UTC)


def micros(at: datetime) -> int:
    """An aware datetime as microseconds since 1970 (UTC)."""
    return (at - EPOCH) // _MICROSECOND


def instant(at_us: int) -> datetime:
    """Microseconds since 1970 as an aware datetime (UTC)."""
    return EPOCH + timedelta(microseconds=at_us)


# Files of a machine's own zone data that are no IANA names: what they mean depends on the machine.
_NO_ZONES = {"localtime", "posixrules"}
_NO_AREAS = ("posix/", "right/")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name, None if there is none."""
    if name in _NO_ZONES or name.startswith(_NO_AREAS):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
