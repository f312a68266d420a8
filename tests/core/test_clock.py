"""Instants inside are microseconds, outside aware datetimes."""

from __future__ import annotations

import shutil
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rangli.core.clock import instant, micros, now, zone


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_survives_as_microseconds(at: datetime) -> None:
    assert instant(micros(at)) == at


def test_microseconds_do_not_depend_on_the_zone() -> None:
    at = datetime(2026, 3, 8, 12, tzinfo=timezone(timedelta(hours=8)))

    assert micros(at) == micros(at.astimezone(UTC)) == 1_772_942_400_000_000


def test_now_is_aware() -> None:
    assert now().tzinfo is UTC


def test_zones_are_known_by_their_iana_names() -> None:
    assert zone("Asia/Shanghai") is not None
    assert zone("UTC") is not None


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "America", "../zoneinfo/UTC", "/etc/localtime", "UTC\0", "", "a" * 500]
)
def test_other_names_are_no_zones(name: str) -> None:
    assert zone(name) is None


@pytest.mark.parametrize("name", ["localtime", "posixrules", "posix/UTC", "right/UTC"])
def test_what_differs_from_machine_to_machine_is_no_zone(name: str, tmp_path: Path) -> None:
    """A machine's own data may well have such files."""
    for folder in ("posix", "right"):
        (tmp_path / folder).mkdir()
    shutil.copy(files("tzdata") / "zoneinfo" / "UTC", tmp_path / name)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        assert zoneinfo.ZoneInfo.no_cache(name) is not None
        assert zone(name) is None
    finally:
        zoneinfo.reset_tzpath(before)
