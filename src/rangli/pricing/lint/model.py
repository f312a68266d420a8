"""What lint finds, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from rangli.activities.catalogue import Catalogue
from rangli.activities.live import LiveActivity
from rangli.pricing.plan import Group, rows
from rangli.pricing.policy import Policy

FINDINGS_MAX = 1_000
OFF_BPS_MAX_DEFAULT = 5_000


class FindingKind(StrEnum):
    """What is wrong, or may go wrong."""

    OVERLAP = "OVERLAP"
    UNREACHABLE = "UNREACHABLE"
    SHADOWED = "SHADOWED"
    DEEP_STACK = "DEEP_STACK"
    BELOW_FLOOR = "BELOW_FLOOR"
    USELESS_CREDENTIAL = "USELESS_CREDENTIAL"
    NO_GROUP = "NO_GROUP"
    SAME_CODE = "SAME_CODE"


class Severity(IntEnum):
    """How much it matters."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. See `Finding` of `lint.proto`.

    activity_ids: the first is the one to change. from_us, until_us: None: it does not depend on
    time.
    """

    kind: FindingKind
    severity: Severity
    activity_ids: tuple[str, ...]
    message: str
    off_bps: int = 0
    sku: str = ""
    from_us: int | None = None
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at: a catalogue under a policy, from an instant on.

    active: what is neither held nor over; dormant: the rest.
    wanted: findings about these only; empty: about all.
    off_bps_max: stacks that give away more are told.
    """

    catalogue: Catalogue
    policy: Policy
    groups: list[Group]
    at_us: int
    active: tuple[LiveActivity, ...]
    dormant: tuple[LiveActivity, ...]
    wanted: frozenset[str] = frozenset()
    off_bps_max: int = OFF_BPS_MAX_DEFAULT
    _members: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def at(
        cls,
        catalogue: Catalogue,
        policy: Policy,
        at_us: int,
        *,
        wanted: Iterable[str] = (),
        off_bps_max: int = OFF_BPS_MAX_DEFAULT,
    ) -> Look:
        """A look at everything from that instant on."""
        activities = sorted(catalogue.activities.values(), key=lambda a: a.activity_id)
        return cls(
            catalogue,
            policy,
            rows(policy.tree.groups, Group),
            at_us,
            active=tuple(a for a in activities if a.until_us > at_us),
            dormant=tuple(a for a in activities if a.until_us <= at_us),
            wanted=frozenset(wanted),
            off_bps_max=off_bps_max,
        )

    def wants(self, *activity_ids: str) -> bool:
        """Whether a finding about these is asked for."""
        return not self.wanted or not self.wanted.isdisjoint(activity_ids)

    def members(self, set_ids: Iterable[str]) -> frozenset[str]:
        """Everything that is in one of these sets; what is unknown has no members."""
        names = tuple(sorted(set_ids))
        known = self._members.get(names)
        if known is None:
            sets = self.catalogue.sets
            found = [sets[set_id].members for set_id in names if set_id in sets]
            # One set alone, however large, is not copied.
            known = found[0] if len(found) == 1 else frozenset().union(*found)
            self._members[names] = known
        return known
