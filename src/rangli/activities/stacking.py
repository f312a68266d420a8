"""Who else may act on a cart beside an activity."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from rangli.activities.bounds import Name, unprintable
from rangli.core.errors import Violation
from rangli.core.ids import printable

_Labels = Annotated[tuple[Name, ...], Meta(max_length=10)]


class StopScope(StrEnum):
    """What an activity ends for those that act after it."""

    LINE = "LINE"
    GROUP = "GROUP"
    ALL = "ALL"


class Stop(Struct, frozen=True, kw_only=True):
    """Ends the work of others."""

    scope: Annotated[
        StopScope, Meta(description="On the lines it acted on, of its group, or all work.")
    ]
    if_matched: Annotated[
        bool, Meta(description="Already when its conditions are met, even if it takes nothing off.")
    ] = False


class Stacking(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who else may act beside it."""

    labels: Annotated[
        _Labels, Meta(description="Names by which policies and `combines_with` refer to it.")
    ] = ()
    exclusion_group: Annotated[
        str,
        Meta(max_length=100, description="Of those with the same name the first that applies."),
    ] = ""
    combines_with: Annotated[
        _Labels,
        Meta(description="Only beside activities with one of these labels; none: all."),
    ] = ()
    exclusive: Annotated[
        bool, Meta(description="Applies only if nothing has, and nothing applies after it.")
    ] = False
    stop: Annotated[Stop | None, Meta(description="What it ends when it applies.")] = None
    skip_reduced: Annotated[
        bool, Meta(description="Lines that cost less than their list price already are left out.")
    ] = False

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = unprintable(f"{path}.labels", self.labels)
        found += unprintable(f"{path}.combines_with", self.combines_with)
        if not printable(self.exclusion_group):
            words = "must hold no control or invisible characters"
            found.append(Violation(f"{path}.exclusion_group", words))
        return found
