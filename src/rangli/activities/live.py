"""A published activity, compiled: it answers what a quote asks without looking anything up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from rangli.activities.effects.price_book import PriceBook
from rangli.activities.model import Activity, RunState
from rangli.activities.program import Program
from rangli.activities.scope import Products, Stores, Users
from rangli.activities.spec import Entitlement, Layer, WeeklyWindow
from rangli.core.clock import instant, micros, zone

# Before every instant a cart can be priced at.
NEVER_US = -(2**63)


class Dormant(StrEnum):
    """Why a published activity does not run at an instant, in the order in which it is said."""

    NOT_LIVE = "NOT_LIVE"
    NOT_STARTED = "NOT_STARTED"
    ENDED = "ENDED"
    OUTSIDE_WINDOW = "OUTSIDE_WINDOW"


@dataclass(frozen=True, slots=True, eq=False)
class LiveActivity:
    """The live version of a published activity.

    held: paused, cancelled or archived.
    own_products: product targets of the conditions that have one, in their order.
    """

    activity_id: str
    version: int
    display_name: str
    held: bool
    currency: str
    credential: bool
    layer: Layer
    priority: int
    starts_us: int
    ends_us: int
    time_zone: ZoneInfo
    weekly_windows: tuple[WeeklyWindow, ...]
    channels: tuple[str, ...]
    products: Products | None
    stores: Stores | None
    users: Users | None
    own_products: tuple[Products, ...]
    is_book: bool
    program: Program
    funders: tuple[str, ...]

    @property
    def until_us(self) -> int:
        """The instant from which on it never runs again, as things stand."""
        return NEVER_US if self.held else self.ends_us

    def dormant(self, at_us: int) -> Dormant | None:
        """Why it does not run at that instant; None if it does."""
        if self.held:
            return Dormant.NOT_LIVE
        if at_us < self.starts_us:
            return Dormant.NOT_STARTED
        if at_us >= self.ends_us:
            return Dormant.ENDED
        if self.weekly_windows and not self._in_window(instant(at_us)):
            return Dormant.OUTSIDE_WINDOW
        return None

    def _in_window(self, at: datetime) -> bool:
        # By the clock on the shop's wall, so that 17:00 stays 17:00 when clocks change.
        local = at.astimezone(self.time_zone)
        minute = local.hour * 60 + local.minute
        return any(
            local.isoweekday() in window.days and window.from_minute <= minute < window.to_minute
            for window in self.weekly_windows
        )


def compile_activity(activity: Activity) -> LiveActivity:
    """The live version of an activity, ready to be priced with."""
    spec = activity.spec
    time_zone = zone(spec.schedule.time_zone)
    assert time_zone is not None  # checked when the spec was accepted
    assert spec.layer is not None  # completed then, too
    return LiveActivity(
        activity_id=activity.activity_id,
        version=activity.version,
        display_name=spec.display_name,
        held=activity.run_state is not RunState.PUBLISHED,
        currency=spec.currency,
        credential=spec.entitlement is Entitlement.CREDENTIAL,
        layer=spec.layer,
        priority=spec.priority,
        starts_us=micros(spec.schedule.starts_at),
        ends_us=micros(spec.schedule.ends_at),
        time_zone=time_zone,
        weekly_windows=spec.schedule.weekly_windows,
        channels=spec.channels,
        products=Products.of(spec.products) if spec.products is not None else None,
        stores=Stores.of(spec.stores) if spec.stores is not None else None,
        users=Users.of(spec.users) if spec.users is not None else None,
        own_products=tuple(
            Products.of(condition.products)
            for condition in spec.conditions
            if condition.products is not None
        ),
        is_book=isinstance(spec.effect, PriceBook),
        program=spec.program(),
        funders=tuple(share.funder for share in spec.funding),
    )
