"""What checkouts count of an activity, and how much of it there may be."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from rangli.core.errors import Violation
from rangli.counters.model import QUANTITY_MAX, LimitSpec, Period, Subject

LIMITS_MAX = 10


class LimitMeasure(StrEnum):
    """What a limit counts of what an activity gave."""

    USES = "USES"
    UNITS = "UNITS"
    AMOUNT = "AMOUNT"


Measure = LimitMeasure  # forms name the choices by the class, messages call it so


class UsageLimit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """So much of an activity for each shopper, store, ... in a period."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9-]{0,40}\Z",
            max_length=40,
            description="Unique in the activity; default: what is counted.",
        ),
    ] = ""
    subject: Annotated[Subject, Meta(description="Whom or what it counts, each by itself.")]
    period: Annotated[Period, Meta(description="How long it counts before it begins anew.")] = (
        Period.LIFETIME
    )
    measure: Annotated[Measure, Meta(description="What is counted.")] = Measure.USES
    most: Annotated[int, Meta(ge=0, le=QUANTITY_MAX, description="So much there may be.")]
    day_start_minute: Annotated[
        int, Meta(ge=0, le=1439, description="When a business day begins, after local midnight.")
    ] = 0

    @property
    def known_as(self) -> str:
        """Its name, or what it counts: "user-day-uses"."""
        return self.name or f"{self.subject}-{self.period}-{self.measure}".lower()


def limit_id(activity_id: str, limit: UsageLimit) -> str:
    """As `counters` knows an activity's limit."""
    return f"activity/{activity_id}/{limit.known_as}"


def limits_of(activity_id: str, limits: Sequence[UsageLimit], *, time_zone: str) -> list[LimitSpec]:
    """An activity's limits as `counters` takes them. time_zone: its schedule's."""
    return [
        LimitSpec(
            limit_id=limit_id(activity_id, limit),
            subject=limit.subject,
            period=limit.period,
            most=limit.most,
            time_zone=time_zone,
            day_start_minute=limit.day_start_minute,
            measure=limit.measure.value,
        )
        for limit in limits
    ]


def violations(limits: Sequence[UsageLimit], path: str, *, one_currency: bool) -> list[Violation]:
    """What the fields' own bounds cannot say.

    one_currency: all that the activity gives is in the same.
    """
    names = [limit.known_as for limit in limits]
    found = [
        Violation(f"{path}[{number}].name", f"{name!r} is that of another limit")
        for number, name in enumerate(names)
        if name in names[:number]
    ]
    if not one_currency:
        found += [
            Violation(f"{path}[{number}].measure", "AMOUNT goes with one currency only")
            for number, limit in enumerate(limits)
            if limit.measure is LimitMeasure.AMOUNT
        ]
    return found
