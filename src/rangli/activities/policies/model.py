"""Policies and assignments as stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rangli.activities.policies.spec import PolicySpec


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A version of a policy. created_at: None for presets."""

    spec: PolicySpec
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which policy a channel's carts are priced with.

    channel: "" is every channel that has none of its own. policy_id: "" is none any more.
    version: 0 is always the newest.
    """

    channel: str
    policy_id: str
    version: int
