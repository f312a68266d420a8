"""Every instant belongs to one period of a kind, and begins where the wall clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rangli.core.clock import EPOCH
from rangli.counters.model import LimitSpec, Period, Subject
from rangli.counters.periods import period_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONES = (
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # clocks change by half an hour
    "America/Sao_Paulo",  # clocks changed at midnight
    "Pacific/Apia",  # 2011-12-30 was left out
    "Africa/Casablanca",
)


def limit(period: Period, time_zone: str = "UTC", day_start: str = "00:00") -> LimitSpec:
    hours, minutes = day_start.split(":")
    begin_minute = 60 * int(hours) + int(minutes)
    return LimitSpec("l", Subject.USER, period, 1, time_zone, begin_minute)


def wall(text: str, time_zone: str = "UTC", *, second: bool = False) -> datetime:
    """An instant by the wall clock; second: when it comes again."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(time_zone), fold=second)
    return local.astimezone(UTC)


@pytest.mark.parametrize(
    ("of", "at", "began", "ends"),
    [
        ((Period.MINUTE, "Asia/Kolkata", "00:00"), "2026-06-15 12:34:56.7", "2026-06-15 12:34",
         "2026-06-15 12:35"),
        ((Period.HOUR, "Asia/Kolkata", "00:00"), "2026-06-15 12:34:56", "2026-06-15 12:00",
         "2026-06-15 13:00"),
        ((Period.HOUR, "UTC", "00:00"), "2026-06-15 23:59:59.999999", "2026-06-15 23:00",
         "2026-06-16 00:00"),
        ((Period.DAY, "Asia/Shanghai", "00:00"), "2026-06-15 00:00", "2026-06-15 00:00",
         "2026-06-16 00:00"),
        ((Period.DAY, "Asia/Shanghai", "04:00"), "2026-06-15 03:59:59", "2026-06-14 04:00",
         "2026-06-15 04:00"),
        ((Period.DAY, "Asia/Shanghai", "04:00"), "2026-06-15 04:00", "2026-06-15 04:00",
         "2026-06-16 04:00"),
        ((Period.WEEK, "Asia/Shanghai", "00:00"), "2026-06-14 23:59", "2026-06-08 00:00",
         "2026-06-15 00:00"),  # a Sunday
        ((Period.WEEK, "Asia/Shanghai", "04:00"), "2026-06-15 03:59", "2026-06-08 04:00",
         "2026-06-15 04:00"),  # Monday, but Sunday's business day
        ((Period.WEEK, "Asia/Shanghai", "04:00"), "2026-06-15 04:00", "2026-06-15 04:00",
         "2026-06-22 04:00"),
        ((Period.MONTH, "Europe/Berlin", "04:00"), "2026-03-01 03:00", "2026-02-01 04:00",
         "2026-03-01 04:00"),
        ((Period.MONTH, "UTC", "00:00"), "2024-02-29 23:00", "2024-02-01 00:00",
         "2024-03-01 00:00"),
        ((Period.MONTH, "UTC", "00:00"), "2026-12-31 23:00", "2026-12-01 00:00",
         "2027-01-01 00:00"),
    ],
)  # fmt: skip
def test_a_period_is_told_by_the_wall_clock(
    of: tuple[Period, str, str], at: str, began: str, ends: str
) -> None:
    time_zone = of[1]

    found = period_of(limit(*of), wall(at, time_zone))

    assert found == (wall(began, time_zone), wall(ends, time_zone))
    assert found[0].tzinfo is UTC


@pytest.mark.parametrize(
    ("at", "day_start", "hours"),
    [
        ("2026-03-08 12:00", "00:00", 23),
        ("2026-11-01 12:00", "00:00", 25),
        ("2026-03-07 12:00", "04:00", 23),  # until 04:00 of the 8th, after clocks were changed
        ("2026-03-08 12:00", "04:00", 24),
        ("2026-10-31 12:00", "04:00", 25),
    ],
)
def test_a_change_of_the_clocks_makes_a_day_of_23_or_25_hours(
    at: str, day_start: str, hours: int
) -> None:
    new_york = "America/New_York"

    began, ends = period_of(limit(Period.DAY, new_york, day_start), wall(at, new_york))

    assert ends is not None
    assert ends - began == hours * HOUR


def test_a_day_that_begins_in_an_hour_that_comes_twice_begins_the_first_time() -> None:
    new_york, daily = "America/New_York", limit(Period.DAY, "America/New_York", "01:30")
    first = wall("2026-11-01 01:30", new_york)

    assert period_of(daily, first)[0] == first
    assert period_of(daily, wall("2026-11-01 01:00", new_york, second=True))[0] == first
    assert period_of(daily, first - timedelta(microseconds=1))[1] == first


def test_a_day_that_begins_in_an_hour_that_is_left_out_begins_when_it_would_have_come() -> None:
    new_york, daily = "America/New_York", limit(Period.DAY, "America/New_York", "02:30")
    begin = wall("2026-03-08 03:30", new_york)

    assert period_of(daily, begin)[0] == begin
    assert period_of(daily, begin - timedelta(microseconds=1))[1] == begin


def test_in_the_hour_that_comes_twice_an_hourly_limit_begins_anew() -> None:
    new_york, hourly = "America/New_York", limit(Period.HOUR, "America/New_York")
    first = wall("2026-11-01 01:30", new_york)
    again = wall("2026-11-01 01:30", new_york, second=True)

    assert again - first == HOUR
    assert period_of(hourly, first)[1] == period_of(hourly, again)[0]


def test_samoa_had_no_30th_of_december_2011() -> None:
    apia, daily = "Pacific/Apia", limit(Period.DAY, "Pacific/Apia")
    last, following = wall("2011-12-29 12:00", apia), wall("2011-12-31 12:00", apia)

    assert following - last == DAY
    assert period_of(daily, last)[1] == period_of(daily, following)[0]
    weekly = limit(Period.WEEK, apia)
    assert period_of(weekly, last) == period_of(weekly, following)


def test_a_lifetime_has_one_period() -> None:
    lasting = limit(Period.LIFETIME)

    assert period_of(lasting, wall("1999-01-01")) == period_of(lasting, wall("2099-01-01"))
    assert period_of(lasting, wall("2099-01-01")) == (EPOCH, None)


@given(
    period=st.sampled_from([p for p in Period if p is not Period.LIFETIME]),
    time_zone=st.sampled_from(ZONES),
    minute=st.integers(0, 1_439),
    at=st.datetimes(
        datetime(1995, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)
    ),
)  # fmt: skip
def test_every_instant_is_in_exactly_one_period(
    period: Period, time_zone: str, minute: int, at: datetime
) -> None:
    spec = LimitSpec("l", Subject.USER, period, 1, time_zone, minute)

    began, ends = period_of(spec, at)

    assert ends is not None
    assert began <= at < ends
    assert began.microsecond == ends.microsecond == 0
    for inside in (began, ends - timedelta(microseconds=1)):
        assert period_of(spec, inside) == (began, ends)
    assert period_of(spec, ends)[0] == ends
