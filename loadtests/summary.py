"""Rate, percentiles and failures of a locust run, from the JSON that it leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Summary:
    """One method's calls.

    calls: those that failed included; per_s: calls per second from the first to the last;
    times_ms: response time in locust's own rounding -> calls.
    """

    name: str
    calls: int
    failures: int
    per_s: float
    times_ms: dict[int, int]

    def percentile_ms(self, percent: int) -> int:
        """The shortest time within which at least so many percent of the calls ended."""
        wanted, seen = self.calls * percent, 0
        for time_ms in sorted(self.times_ms):
            seen += self.times_ms[time_ms]
            if seen * 100 >= wanted:
                return time_ms
        return 0

    def __str__(self) -> str:
        times = ", ".join(f"p{p} {self.percentile_ms(p)} ms" for p in (50, 95, 99))
        return (
            f"{self.name}: {self.calls:,} calls, {self.per_s:,.0f}/s, {times},"
            f" {self.failures:,} failed"
        )


def read(path: Path) -> list[Summary]:
    """What the run did, method by method."""
    return [_summary(entry) for entry in json.loads(path.read_text())]


def _summary(entry: dict[str, Any]) -> Summary:
    took_s = (entry["last_request_timestamp"] or 0) - entry["start_time"]
    return Summary(
        name=entry["name"],
        calls=entry["num_requests"],
        failures=entry["num_failures"],
        per_s=entry["num_requests"] / took_s if took_s > 0 else 0.0,
        times_ms={int(time_ms): count for time_ms, count in entry["response_times"].items()},
    )
