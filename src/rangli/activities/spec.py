"""What an operator decides about an activity.

Its bounds are its fields' types; `checks` adds what takes more than one field.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from rangli.activities import conditions as of_conditions
from rangli.activities import limits as of_limits
from rangli.activities.amounts import AMOUNTS_MAX, Amounts
from rangli.activities.bounds import CapMinor, Name, ResourceId
from rangli.activities.conditions import Condition
from rangli.activities.effects import Effect
from rangli.activities.lists import ListNumbers
from rangli.activities.measures import ConditionBase
from rangli.activities.multiplier import Multiplier
from rangli.activities.rounding import Rounding
from rangli.activities.schedule import Schedule
from rangli.activities.stacking import Stacking
from rangli.activities.targets import LineTarget, ProductTarget, StoreTarget, UserTarget
from rangli.core.money import BPS


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
    EARNING = "EARNING"


class PriceBasis(StrEnum):
    """In which prices amounts are stated."""

    GROSS = "GROSS"
    NET = "NET"


class WhenShort(StrEnum):
    """What happens when a limit or a budget leaves less than the activity would give."""

    CUT = "CUT"
    REFUSE = "REFUSE"


class RefundPolicy(StrEnum):
    """What happens to a discount when a part of the order is returned."""

    KEEP = "KEEP"
    CLAWBACK = "CLAWBACK"
    REQUIRE_RETURN = "REQUIRE_RETURN"
    REPRICE = "REPRICE"


class FundingShare(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who bears a share of what the activity gives."""

    funder: Annotated[Name, Meta(description='A party, such as "retailer".')]
    share_bps: Annotated[int, Meta(ge=1, le=BPS, description="Basis points; all make 10,000.")]
    pool_id: Annotated[
        ResourceId | None, Meta(description="The budget pool that pays; none: no budget limits it.")
    ] = None
    takes_remainder: Annotated[
        bool, Meta(description="Gets what rounding leaves over; one funder at most.")
    ] = False


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
    more_effects: Annotated[
        tuple[Effect, ...],
        Meta(max_length=9, description="Act after `effect`, on what those before left."),
    ] = ()
    first_effect_only: Annotated[
        bool, Meta(description="Only the first effect that gives anything acts.")
    ] = False
    cap_minor: Annotated[
        CapMinor,
        Meta(description="Most that all effects give per cart, in minor units; 0: no cap."),
    ] = 0
    multiplier: Annotated[
        Multiplier | None, Meta(description="How often it is given; default: once.")
    ] = None
    stacking: Annotated[Stacking | None, Meta(description="Who else may act beside it.")] = None
    rounding: Annotated[
        Rounding | None, Meta(description="How amounts are rounded; default: as the policy says.")
    ] = None
    discount_base: Annotated[
        ConditionBase | None, Meta(description="What discounts are computed on.")
    ] = None
    price_basis: Annotated[
        PriceBasis | None, Meta(description="Only for carts with prices of this basis.")
    ] = None
    public_code: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9-]{3,50}\Z",
            min_length=3,
            max_length=50,
            description="Letters, digits, hyphens that everybody may present. CREDENTIAL only.",
        ),
    ] = ""
    when_short: Annotated[
        WhenShort, Meta(description="If limits leave less than wanted: less, or nothing.")
    ] = WhenShort.CUT
    refund_policy: Annotated[
        RefundPolicy, Meta(description="What becomes of it when goods are returned.")
    ] = RefundPolicy.KEEP
    amounts: Annotated[
        tuple[Amounts, ...],
        Meta(max_length=AMOUNTS_MAX, description="For other currencies, or some channels only."),
    ] = ()
    value_basis: Annotated[
        PriceBasis | None,
        Meta(description="Of prices set and amounts off; default: the cart's own."),
    ] = None
    cap_basis: Annotated[
        PriceBasis | None, Meta(description="Of caps; default: the cart's own.")
    ] = None
    slow_share_bps: Annotated[
        int,
        Meta(ge=0, le=BPS, description="How many of 10,000 shoppers have it while funds are low."),
    ] = 5_000
    limits: Annotated[
        tuple[of_limits.UsageLimit, ...],
        Meta(max_length=of_limits.LIMITS_MAX, description="What checkouts count."),
    ] = ()

    @property
    def names_basis(self) -> bool:
        """Whether it can be read only where the cart's price basis is known."""
        return self.value_basis is not None or self.cap_basis is not None

    @property
    def effects(self) -> tuple[Effect, ...]:
        """All, in acting order."""
        return (self.effect, *self.more_effects)

    def with_amounts(self, amounts: Amounts) -> ActivitySpec:
        """What it says on the carts that these amounts are for."""
        return msgspec.structs.replace(
            self,
            currency=amounts.currency or self.currency,
            channels=amounts.channels or self.channels,
            amounts=(),
            **amounts.given(),
        )

    def stated(self, path: str) -> list[tuple[str, ActivitySpec]]:
        """What it says with each of its further amounts, with the path at which they stand."""
        return [
            (f"{path}.amounts[{index}]", self.with_amounts(amounts))
            for index, amounts in enumerate(self.amounts)
        ]

    @property
    def allow_partial(self) -> bool:
        """Whether budgets may grant less than asked: what `when_short` is to whoever reserves."""
        return self.when_short is WhenShort.CUT

    def placed_effects(self, path: str) -> list[tuple[str, Effect]]:
        """Each effect with the path at which it stands."""
        more = enumerate(self.more_effects)
        return [
            (f"{path}.effect", self.effect),
            *((f"{path}.more_effects[{index}]", effect) for index, effect in more),
        ]

    def set_ids(self) -> dict[str, str]:
        """Every set it names, with the kind it must be of."""
        lists = self._lists_of_lines()
        for _, stated in self.stated(""):
            lists += stated._lists_of_lines()
        named = {s: "PRODUCT" for target in lists for s in target.product_sets()}
        if self.stores:
            named |= dict.fromkeys(self.stores.set_ids + self.stores.exclude_set_ids, "STORE")
        if self.users:
            named |= dict.fromkeys(self.users.set_ids + self.users.exclude_set_ids, "USER")
        return named

    def _lists_of_lines(self) -> list[LineTarget]:
        lists = ListNumbers()
        for effect in self.effects:
            effect.ops(lists)
        counting = [placed.condition for placed in of_conditions.walk(self.conditions, "")]
        targets = [self.products, *(getattr(item, "products", None) for item in counting)]
        targets.append(self.multiplier.products if self.multiplier is not None else None)
        return lists.lists + [target for target in targets if target is not None]

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
