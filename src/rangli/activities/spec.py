"""What an operator decides about an activity.

Its bounds are its fields' types; `violations` adds what takes more than one field.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from rangli.activities.bounds import Name, ResourceId, unprintable
from rangli.activities.conditions import Condition
from rangli.activities.effects import Effect
from rangli.activities.program import Program
from rangli.activities.targets import ProductTarget, StoreTarget, UserTarget
from rangli.core.clock import zone
from rangli.core.errors import Violation
from rangli.core.ids import printable
from rangli.core.money import BPS, known_currency


class Entitlement(StrEnum):
    """Whether everybody has the activity or a credential must be presented."""

    OPEN = "OPEN"
    CREDENTIAL = "CREDENTIAL"


class Layer(StrEnum):
    """Where in the price an activity acts."""

    ITEM_PRICE = "ITEM_PRICE"
    ITEM_DISCOUNT = "ITEM_DISCOUNT"
    BUNDLE = "BUNDLE"
    STORE_ORDER = "STORE_ORDER"
    PLATFORM_ORDER = "PLATFORM_ORDER"
    SHIPPING = "SHIPPING"


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


class FundingShare(Struct, frozen=True, kw_only=True):
    """Who bears a share of what the activity gives."""

    funder: Annotated[Name, Meta(description='A party, such as "retailer".')]
    share_bps: Annotated[int, Meta(ge=1, le=BPS, description="Basis points; all make 10,000.")]


class ActivitySpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything an operator decides about an activity."""

    template_id: Annotated[ResourceId, Meta(description="The template it is made from.")]
    display_name: Annotated[str, Meta(min_length=1, max_length=200, description="For people.")]
    description: Annotated[str, Meta(max_length=2000, description="For people.")] = ""
    currency: Annotated[str, Meta(description="ISO 4217, such as USD.")]
    entitlement: Annotated[
        Entitlement | None, Meta(description="OPEN, or CREDENTIAL for coupons.")
    ] = None
    layer: Annotated[Layer | None, Meta(description="Where in the price it acts.")] = None
    priority: Annotated[
        int, Meta(ge=-1000, le=1000, description="Lower acts first and wins ties.")
    ] = 0
    schedule: Annotated[Schedule, Meta(description="When it runs.")]
    products: ProductTarget | None = None
    stores: StoreTarget | None = None
    users: UserTarget | None = None
    channels: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...],
        Meta(max_length=50, description="Only in these channels; none: in all."),
    ] = ()
    conditions: Annotated[tuple[Condition, ...], Meta(max_length=10)] = ()
    effect: Effect
    funding: Annotated[
        tuple[FundingShare, ...],
        Meta(min_length=1, max_length=10, description="Who bears what it gives."),
    ]

    def program(self) -> Program:
        """What it asks of the price kernel."""
        return Program(
            conds=tuple(condition.cond() for condition in self.conditions),
            tiers=self.effect.tier_ops(),
            funder_bps=tuple(share.share_bps for share in self.funding),
        )

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say; the template's part is the template's."""
        found = self.schedule.violations(f"{path}.schedule")
        if not known_currency(self.currency):
            found.append(Violation(f"{path}.currency", 'must be an ISO 4217 code such as "USD"'))
        for name in ("products", "stores", "users"):
            target = getattr(self, name)
            if target is not None:
                found += target.violations(f"{path}.{name}")
        for index, condition in enumerate(self.conditions):
            if condition.products is not None:
                kind = condition.__struct_config__.tag
                found += condition.products.violations(
                    f"{path}.conditions[{index}].{kind}.products"
                )
        found += self.effect.violations(f"{path}.effect.{self.effect.__struct_config__.tag}")
        found += unprintable(f"{path}.channels", self.channels)
        found += [
            Violation(f"{path}.funding[{index}].funder", "must hold no invisible characters")
            for index, share in enumerate(self.funding)
            if not printable(share.funder)
        ]
        if sum(share.share_bps for share in self.funding) != BPS:
            found.append(Violation(f"{path}.funding", "shares must make 10,000 bps in all"))
        if len({share.funder for share in self.funding}) != len(self.funding):
            found.append(Violation(f"{path}.funding", "each funder once"))
        return found

    def set_ids(self) -> dict[str, str]:
        """Every set it names, with the kind it must be of."""
        targets = [self.products] + [c.products for c in self.conditions]
        named = {s: "PRODUCT" for t in targets if t for s in t.product_sets()}
        if self.stores:
            named |= dict.fromkeys(self.stores.set_ids + self.stores.exclude_set_ids, "STORE")
        if self.users:
            named |= dict.fromkeys(self.users.set_ids + self.users.exclude_set_ids, "USER")
        return named

    def differs_in_substance(self, other: ActivitySpec) -> bool:
        """Whether anything but the words for people differs."""
        return other != msgspec.structs.replace(
            self, display_name=other.display_name, description=other.description
        )


def encode(spec: ActivitySpec) -> str:
    """The spec as JSON, as it is stored."""
    return msgspec.json.encode(spec).decode()


def decode(stored: str) -> ActivitySpec:
    """The spec from its JSON."""
    return msgspec.json.decode(stored, type=ActivitySpec)
