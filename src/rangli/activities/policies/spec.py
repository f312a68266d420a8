"""What a stacking policy says, as `policy.proto` states it.

Its bounds are its fields' types; `violations` adds what takes more than one field.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from rangli.activities.bounds import CapMinor, Name, ResourceId
from rangli.activities.measures import ConditionBase
from rangli.activities.rounding import Rounding
from rangli.activities.spec import Entitlement, Layer
from rangli.core.errors import Violation
from rangli.core.ids import printable
from rangli.core.money import BPS

GROUPS_MAX = 64
DEPTH_MAX = 4
NODE_LIMIT_DEFAULT = 2_000


class GroupMode(StrEnum):
    """How the members of a group share the work."""

    ALL = "ALL"
    FIRST = "FIRST"
    LARGEST = "LARGEST"
    SMALLEST = "SMALLEST"
    BEST = "BEST"


class GroupScope(StrEnum):
    """What has winners of its own."""

    CART = "CART"
    LINE = "LINE"
    UNIT = "UNIT"


class GroupOrder(StrEnum):
    """In which order the members of a group act."""

    PRIORITY = "PRIORITY"
    PRIORITY_DOWN = "PRIORITY_DOWN"
    OLDEST = "OLDEST"
    NEWEST = "NEWEST"
    REQUEST = "REQUEST"
    REQUEST_DOWN = "REQUEST_DOWN"
    OPEN = "OPEN"


class GroupMember(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which activities have their place in a group: those that fit everything stated."""

    layer: Layer | None = None
    entitlement: Entitlement | None = None
    label: Annotated[str, Meta(max_length=100)] = ""
    template_id: Annotated[str, Meta(max_length=100)] = ""
    without_labels: Annotated[tuple[Name, ...], Meta(max_length=10)] = ()


class PolicyGroup(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node of the tree: it has either members or child groups."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    mode: GroupMode
    scope: GroupScope = GroupScope.CART
    most: Annotated[int, Meta(ge=0, le=100_000)] = 0
    base: ConditionBase = ConditionBase.RUNNING
    order: GroupOrder = GroupOrder.PRIORITY
    limit_minor: CapMinor = 0
    reset_units: bool = False
    zero_counts: bool = False
    members: Annotated[tuple[GroupMember, ...], Meta(max_length=20)] = ()
    groups: Annotated[tuple[PolicyGroup, ...], Meta(max_length=20)] = ()


class Guards(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may never be given away, whatever activities say; 0: no guard."""

    line_off_bps_max: Annotated[int, Meta(ge=0, le=BPS)] = 0
    cart_off_bps_max: Annotated[int, Meta(ge=0, le=BPS)] = 0
    cart_off_minor_max: CapMinor = 0


class PolicySpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stacking policy at one version; presets have version 0 and say so in preset_of."""

    policy_id: ResourceId
    version: Annotated[int, Meta(ge=0)] = 0
    display_name: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Annotated[str, Meta(max_length=4000)] = ""
    groups: Annotated[tuple[PolicyGroup, ...], Meta(min_length=1, max_length=20)]
    rounding: Rounding | None = None
    unplaced_is_lost: bool = False
    end_digits: Annotated[int, Meta(ge=0, le=4)] = 0
    guards: Guards | None = None
    node_limit: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    deviations: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=1000)], ...], Meta(max_length=50)
    ] = ()
    preset_of: str = ""

    def walk(self) -> Iterator[Node]:
        """All groups, each before its children."""
        yield from _walk(self.groups, "groups", ())

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found, names = [], set()
        if not printable(self.display_name):
            found.append(Violation(f"{path}.display_name", "must hold no invisible characters"))
        for count, node in enumerate(self.walk(), 1):
            if count > GROUPS_MAX:
                found.append(Violation(f"{path}.groups", f"at most {GROUPS_MAX} groups in all"))
                break
            found += [
                Violation(f"{path}.{node.path}{where}", words) for where, words in node.faults()
            ]
            if node.group.name in names:
                found.append(Violation(f"{path}.{node.path}.name", "each name once"))
            names.add(node.group.name)
        return found


class Node(Struct, frozen=True):
    """A group where it stands: its path in the policy and the groups around it, root first."""

    group: PolicyGroup
    path: str
    around: tuple[PolicyGroup, ...]

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the group at this place: (where in it, what it must be)."""
        group = self.group
        if len(self.around) >= DEPTH_MAX:
            yield "", f"at most {DEPTH_MAX} groups deep"
        if bool(group.members) == bool(group.groups):
            yield ".members", "a group has either members or groups"
        if not printable(group.name):
            yield ".name", "must hold no invisible characters"
        if group.base is ConditionBase.OTHER_PRICE:
            yield ".base", "discounts are not computed on the other price basis"
        if group.groups and group.scope is not GroupScope.CART:
            yield ".scope", "a group with groups inside has scope CART"
        if group.mode is GroupMode.BEST:
            if any(g.mode is not GroupMode.ALL for g in self.around):
                yield ".mode", "BEST stands under ALL groups only"
            if group.groups or group.scope is GroupScope.UNIT:
                yield ".mode", "BEST is for members, with scope CART or LINE"
        if group.order is GroupOrder.OPEN and not (
            group.mode is GroupMode.BEST and group.scope is GroupScope.CART
        ):
            yield ".order", "OPEN goes with mode BEST and scope CART only"
        for index, member in enumerate(group.members):
            names = member.label, member.template_id, *member.without_labels
            if not all(printable(name) for name in names):
                yield f".members[{index}]", "names must hold no invisible characters"


def _walk(
    groups: tuple[PolicyGroup, ...], path: str, around: tuple[PolicyGroup, ...]
) -> Iterator[Node]:
    for index, group in enumerate(groups):
        here = f"{path}[{index}]"
        yield Node(group, here, around)
        yield from _walk(group.groups, f"{here}.groups", (*around, group))


def encode(spec: PolicySpec) -> str:
    """The policy as JSON, as it is stored."""
    return msgspec.json.encode(spec).decode()


def decode(stored: str) -> PolicySpec:
    """The policy from its JSON."""
    return msgspec.json.decode(stored, type=PolicySpec)
