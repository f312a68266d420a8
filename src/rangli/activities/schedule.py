"""When an activity runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from rangli.core.clock import zone
from rangli.core.errors import Violation


class WeeklyWindow(Struct, frozen=True, kw_only=True):
    """Part of the week, in the schedule's time zone."""

    days: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=7)], ...],
        Meta(min_length=1, max_length=7, description="1 = Monday to 7 = Sunday."),
    ]
    from_minute: Annotated[int, Meta(ge=0, le=1439, description="Minutes after midnight.")] = 0
    to_minute: Annotated[int, Meta(ge=1, le=1440, description="Minutes after midnight, exclusive.")]


class Schedule(Struct, frozen=True, kw_only=True):
    """When an activity runs: [starts_at, ends_at), inside the weekly windows if there are any."""

    starts_at: Annotated[datetime, Meta(tz=True, description="First instant.")]
    ends_at: Annotated[datetime, Meta(tz=True, description="First instant no longer.")]
    time_zone: Annotated[str, Meta(min_length=1, max_length=50, description="IANA name.")]
    weekly_windows: Annotated[
        tuple[WeeklyWindow, ...],
        Meta(max_length=21, description="Only in these parts of the week; none: all week."),
    ] = ()

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = []
        if self.ends_at <= self.starts_at:
            found.append(Violation(f"{path}.ends_at", "must be after starts_at"))
        if zone(self.time_zone) is None:
            found.append(
                Violation(f"{path}.time_zone", 'must be an IANA time zone such as "Asia/Shanghai"')
            )
        found += [
            Violation(f"{path}.weekly_windows[{index}].to_minute", "must be above from_minute")
            for index, window in enumerate(self.weekly_windows)
            if window.to_minute <= window.from_minute
        ]
        return found
