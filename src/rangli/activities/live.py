"""A published activity, compiled: it answers what a quote asks without looking anything up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import count
from zoneinfo import ZoneInfo

from rangli.activities.compiling import compiled
from rangli.activities.conditions import Fact
from rangli.activities.effects.price_book import PriceBook
from rangli.activities.model import Activity, RunState
from rangli.activities.program import Program
from rangli.activities.schedule import WeeklyWindow
from rangli.activities.scope import Deliveries, Products, Stores, Users, lines_of
from rangli.activities.spec import (
    ActivitySpec,
    Entitlement,
    Layer,
    PriceBasis,
    RefundPolicy,
    WhenShort,
)
from rangli.activities.stacking import Stacking, Stop
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
    products: None for a price book, whose entries name them, and for what acts on delivery alone.
    lists: the lists of lines that the program numbers, from 1.
    facts: the facts that the program numbers, from 0.
    cond_paths: where each row of the program's conditions stands in the spec; "" of rows that join.
    effect_of: for each of the program's effects the number of the spec's, from 0.
    public_code: casefolded; "" if it has none.
    spec: what all of this was made of.
    further: the same with its other amounts, by currency and channel ("": of all channels).
    by_basis: the same for carts of each price basis, if what it states names one.
    variant: its number among all of these, from 1; 0: the activity itself.
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
    lists: tuple[Products | Deliveries, ...]
    facts: tuple[Fact, ...]
    is_book: bool
    program: Program
    cond_paths: tuple[str, ...]
    effect_of: tuple[int, ...]
    funders: tuple[str, ...]
    labels: tuple[str, ...]
    exclusion_group: str
    combines_with: tuple[str, ...]
    exclusive: bool
    stop: Stop | None
    price_basis: PriceBasis | None
    public_code: str
    when_short: WhenShort
    refund_policy: RefundPolicy
    created_us: int
    template_id: str
    spec: ActivitySpec
    further: Mapping[tuple[str, str], LiveActivity] = field(default_factory=dict)
    by_basis: Mapping[str, LiveActivity] = field(default_factory=dict)
    variant: int = 0

    @property
    def variants(self) -> tuple[LiveActivity, ...]:
        """It with each of its amounts and for each price basis, by their numbers."""
        stated = {self, *self.further.values()}
        stated |= {each for amounts in stated for each in amounts.by_basis.values()}
        return tuple(sorted(stated, key=lambda each: each.variant))

    def for_cart(self, currency: str, channel: str, price_basis: str) -> LiveActivity:
        """It with the amounts for such carts; with its own if it has no others for them.

        price_basis: as carts name it. If it is not known, and must be, that is still to be told:
        then `by_basis` is not empty.
        """
        stated = self
        if self.further:
            by_channel, for_all = self.further.get((currency, channel)), (currency, "")
            stated = by_channel or self.further.get(for_all) or self
        return stated.by_basis.get(price_basis, stated)

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
    further: dict[tuple[str, str], LiveActivity] = {}
    numbers = count()
    own = _for_each_basis(activity, spec, numbers)
    for amounts in spec.amounts:
        stated = _for_each_basis(activity, spec.with_amounts(amounts), numbers)
        for channel in amounts.channels or ("",):
            further[stated.currency, channel] = stated
    return replace(own, further=further)


def _for_each_basis(activity: Activity, spec: ActivitySpec, numbers: Iterator[int]) -> LiveActivity:
    """The spec compiled, for each price basis too if it names one."""
    variant = next(numbers)
    by_basis = {
        basis.value: replace(_compiled(activity, spec, basis), variant=next(numbers))
        for basis in (PriceBasis if spec.names_basis else ())
    }
    return replace(_compiled(activity, spec), variant=variant, by_basis=by_basis)


def _compiled(
    activity: Activity, spec: ActivitySpec, basis: PriceBasis | None = None
) -> LiveActivity:
    time_zone = zone(spec.schedule.time_zone)
    assert time_zone is not None  # checked when the spec was accepted
    assert spec.layer is not None  # completed then, too
    asks = compiled(spec, basis)
    stacking = spec.stacking or Stacking()
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
        lists=tuple(lines_of(target) for target in asks.lists),
        facts=asks.facts,
        is_book=isinstance(spec.effect, PriceBook),
        program=asks.program,
        cond_paths=asks.cond_paths,
        effect_of=asks.effect_of,
        funders=tuple(share.funder for share in spec.funding),
        labels=stacking.labels,
        exclusion_group=stacking.exclusion_group,
        combines_with=stacking.combines_with,
        exclusive=stacking.exclusive,
        stop=stacking.stop,
        price_basis=spec.price_basis,
        public_code=spec.public_code.casefold(),
        when_short=spec.when_short,
        refund_policy=spec.refund_policy,
        created_us=micros(activity.created_at),
        template_id=spec.template_id,
        spec=spec,
    )
