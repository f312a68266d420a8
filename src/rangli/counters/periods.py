"""When the periods of limits begin, by the clock of their time zone.

A business day begins `day_start_minute` after midnight as the wall clock tells it, so a change of
the clocks makes a day of 23 or 25 hours. A wall time that is left out begins when it would have
come, one that comes twice begins the first time. Weeks begin with Monday's business day, months
with that of the first. Every instant belongs to exactly one period of a kind.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from rangli.core.clock import EPOCH, zone
from rangli.counters.model import LimitSpec, Period

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def period_of(limit: LimitSpec, at: datetime) -> tuple[datetime, datetime | None]:
    """When the limit's period of that instant began, and when the next one does; both UTC.

    EPOCH and None of LIFETIME.  at: UTC.
    """
    match limit.period:
        case Period.LIFETIME:
            return EPOCH, None
        case Period.MINUTE:
            began_at = at.replace(second=0, microsecond=0)
            return began_at, began_at + _MINUTE
        case Period.HOUR:
            return _hour(limit.time_zone, at)
    begin_minute = limit.day_start_minute
    day = _business_day(limit.time_zone, begin_minute, at)
    first, following = _days(limit.period, day)
    return (
        _day_begins(limit.time_zone, begin_minute, first),
        _day_begins(limit.time_zone, begin_minute, following),
    )


def _hour(time_zone: str, at: datetime) -> tuple[datetime, datetime]:
    """Hours are told from local midnight on; where clocks change by half an hour, one is short."""
    day = _business_day(time_zone, 0, at)
    midnight = _day_begins(time_zone, 0, day)
    began_at = midnight + (at - midnight) // _HOUR * _HOUR
    return began_at, min(began_at + _HOUR, _day_begins(time_zone, 0, day + _DAY))


def _business_day(time_zone: str, begin_minute: int, at: datetime) -> date:
    """The last business day that has begun."""
    local = at.astimezone(zone(time_zone)).replace(tzinfo=None)
    # A change of the clocks, or a day left out, moves the begin by less than a day and a half.
    day = (local - begin_minute * _MINUTE).date() + 2 * _DAY
    while _day_begins(time_zone, begin_minute, day) > at:
        day -= _DAY
    return day


@lru_cache(maxsize=4096)
def _day_begins(time_zone: str, begin_minute: int, day: date) -> datetime:
    wall = datetime(day.year, day.month, day.day, begin_minute // 60, begin_minute % 60)
    return wall.replace(tzinfo=zone(time_zone)).astimezone(UTC)


def _days(period: Period, day: date) -> tuple[date, date]:
    """The first day of the period that the day is in, and of the next one."""
    if period is Period.WEEK:
        first = day - day.weekday() * _DAY
        return first, first + 7 * _DAY
    if period is Period.MONTH:
        first = day.replace(day=1)
        return first, (first + 31 * _DAY).replace(day=1)
    return day, day + _DAY
