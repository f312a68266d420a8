"""Jobs that give a coupon to every member of a set, and the shards they are done in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

PER_S_MAX = 100_000
SHARDS_MAX = 16
# The shard that has no members of its own, but the failures.
RETRIES = -1


class JobState(StrEnum):
    """Where a job is in its life."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    STOPPED = "STOPPED"


class JobChange(StrEnum):
    """What an operator does to a job."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    CANCEL = "CANCEL"
    SPEED = "SPEED"


class JobKey(NamedTuple):
    """Which job."""

    tenant: str
    job_id: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job with its counts.

    set_version: the version of the set whose members get a coupon.  members: how many they are.
    given, had, failed: of them; the others are still to be done.  per_s_max: 0: no limit.
    """

    tenant: str
    job_id: str
    batch_id: str
    set_id: str
    set_version: int
    state: JobState
    members: int
    per_s_max: int
    problem: str
    created_at: datetime
    updated_at: datetime
    given: int
    had: int
    failed: int

    @property
    def key(self) -> JobKey:
        """Which it is."""
        return JobKey(self.tenant, self.job_id)


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a job that this transaction works on; nobody else does meanwhile.

    after, upto: its members that are still to be done.  live: how many of the job's shards are not
    done, over which its speed is spread.
    """

    tenant: str
    job_id: str
    shard: int
    after: str
    upto: str
    batch_id: str
    set_id: str
    set_version: int
    per_s_max: int
    actor: str
    reason: str
    live: int

    @property
    def key(self) -> JobKey:
        """Of which job."""
        return JobKey(self.tenant, self.job_id)

    def size(self, most: int) -> int:
        """How many members to do at once, so that a job with a speed goes evenly."""
        return min(most, max(1, self.per_s_max // self.live)) if self.per_s_max else most


class Failure(NamedTuple):
    """Who got no coupon, and why. reason: an ERROR_REASON without its prefix."""

    user_id: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class FailureSeen:
    """A failure as stored."""

    failure: Failure
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What a transaction does of a shard.

    members: how many, up to `after`; the others of a step that had to stop are done later.
    given, had, failed: of them; of the failures' shard, failed is less by those that came right.
    is_last: the shard is done.  problem: why the job cannot go on; "": it can.
    """

    members: int
    after: str
    given: int
    had: int
    failed: int
    is_last: bool
    problem: str = ""
