"""The kinds of activity an operator can make, all on one screen.

A template is schema and bounds: what an activity of it may have, and what it gets by default. What
is not bounded here (stacking, rounding, refunds ...) any activity may have.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from rangli.activities import checks
from rangli.activities.conditions import CONDITIONS, walk
from rangli.activities.spec import ActivitySpec, Entitlement, Layer
from rangli.core.errors import Violation

_OPEN = (Entitlement.OPEN,)
_CREDENTIAL = (Entitlement.CREDENTIAL,)
_EITHER = (Entitlement.OPEN, Entitlement.CREDENTIAL)
_ITEM = (Layer.ITEM_DISCOUNT,)
_BUNDLE = (Layer.BUNDLE,)
_ORDER = (Layer.PLATFORM_ORDER, Layer.STORE_ORDER)
_SHIPPING = (Layer.SHIPPING,)
_OFF = ("amount_off", "percent_off", "set_price")
_ALL = tuple(CONDITIONS)


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of activity. The first of `entitlements` and of `layers` is the default."""

    template_id: str
    display_name: str
    description: str
    entitlements: tuple[Entitlement, ...]
    layers: tuple[Layer, ...]
    effects: tuple[str, ...]
    conditions: tuple[str, ...] = _ALL
    needs_products: bool = True

    def complete(self, spec: ActivitySpec) -> ActivitySpec:
        """The spec with this template's defaults for what it leaves out."""
        return msgspec.structs.replace(
            spec,
            entitlement=spec.entitlement or self.entitlements[0],
            layer=spec.layer or self.layers[0],
        )

    def violations(self, spec: ActivitySpec, path: str) -> list[Violation]:
        """Where a completed spec leaves this template's bounds."""
        found = []
        if spec.entitlement not in self.entitlements:
            found.append(_must_be(f"{path}.entitlement", "ENTITLEMENT", self.entitlements))
        if spec.layer not in self.layers:
            found.append(_must_be(f"{path}.layer", "LAYER", self.layers))
        kinds = self._kinds(spec, path)
        # What is wrong with the activity's own parts is said once.
        for at, stated in () if kinds else spec.stated(path):
            kinds += self._kinds(stated, at)
        found += kinds
        if self.needs_products and spec.products is None:
            found.append(Violation(f"{path}.products", "is required; for every product set `all`"))
        if not self.needs_products and spec.products is not None:
            words = "must be absent: entries name the products, or deliveries are what it is for"
            found.append(Violation(f"{path}.products", words))
        return found

    def _kinds(self, spec: ActivitySpec, path: str) -> list[Violation]:
        """Effects and conditions that the template does not have."""
        return [
            _may_be(at, self.effects)
            for at, effect in spec.placed_effects(path)
            if effect.__struct_config__.tag not in self.effects
        ] + [
            _may_be(placed.path, self.conditions)
            for placed in walk(spec.conditions, f"{path}.conditions")
            if placed.condition.__struct_config__.tag not in self.conditions
        ]


TEMPLATES: dict[str, Template] = {
    template.template_id: template
    for template in (
        Template(
            "price_book",
            "Price book",
            "Promotion prices of many products, entry by entry, by store and time.",
            _OPEN,
            (Layer.ITEM_PRICE,),
            ("price_book",),
            conditions=(),
            needs_products=False,
        ),
        Template(
            "promotion_price",
            "Promotion price",
            "One price, or so much off, for some products: the product simply costs less.",
            _OPEN,
            (Layer.ITEM_PRICE,),
            ("set_price", "percent_off", "amount_off"),
            conditions=(),
        ),
        Template(
            "flash_price",
            "Flash price",
            "One price for the first so many units of a cart; what is beyond keeps its price.",
            _OPEN,
            (Layer.ITEM_PRICE,),
            ("set_price",),
            conditions=(),
        ),
        Template(
            "item_discount",
            "Item discount",
            "A percentage or amount off single products, on top of their promotion price.",
            _OPEN,
            _ITEM,
            ("percent_off", "amount_off", "threshold_off"),
        ),
        Template(
            "item_coupon",
            "Item coupon",
            "Off some products, for shoppers who hold the coupon.",
            _CREDENTIAL,
            _ITEM,
            (*_OFF, "threshold_off"),
        ),
        Template(
            "nth_unit",
            "N-th unit",
            "Every second, third ... unit costs less.",
            _EITHER,
            _BUNDLE,
            ("nth_unit",),
        ),
        Template(
            "buy_get",
            "Buy some, get some",
            "Buy so many, get others, of these or other products, free or for less.",
            _EITHER,
            _BUNDLE,
            ("buy_get",),
        ),
        Template(
            "n_for_price",
            "So many for a price",
            "Any three for ten: so many units cost so much together.",
            _EITHER,
            _BUNDLE,
            ("n_for_price",),
        ),
        Template(
            "bundle",
            "Bundle",
            "Several products together cost less.",
            _EITHER,
            _BUNDLE,
            ("bundle",),
        ),
        Template(
            "trade_up",
            "Trade-up",
            "Who buys enough may have some of these at a price.",
            _EITHER,
            _BUNDLE,
            ("trade_up",),
        ),
        Template(
            "gift",
            "Gift",
            "Who buys enough gets a product for nothing.",
            _EITHER,
            (*_BUNDLE, *_ORDER),
            ("gift",),
        ),
        Template(
            "order_threshold",
            "Order threshold",
            "Spend or buy so much, get so much off, in tiers or for every full amount.",
            _OPEN,
            _ORDER,
            ("threshold_off", "gift", "shipping_off"),
        ),
        Template(
            "order_coupon",
            "Order coupon",
            "Off the order, for shoppers who hold the coupon.",
            _CREDENTIAL,
            _ORDER,
            ("threshold_off", *_OFF, "gift", "shipping_off"),
        ),
        Template(
            "shipping_discount",
            "Shipping discount",
            "Delivery costs less, or nothing.",
            _OPEN,
            _SHIPPING,
            ("shipping_off",),
            needs_products=False,
        ),
        Template(
            "shipping_coupon",
            "Shipping coupon",
            "Delivery costs less, or nothing, for shoppers who hold the coupon.",
            _CREDENTIAL,
            _SHIPPING,
            ("shipping_off",),
            needs_products=False,
        ),
        Template(
            "earning",
            "Earning",
            "Points, balance or coupons, given when the order is completed.",
            _EITHER,
            (Layer.EARNING,),
            ("earn",),
        ),
    )
}


def complete(spec: ActivitySpec, path: str) -> tuple[ActivitySpec, list[Violation]]:
    """The spec with its template's defaults, and all that is wrong with it."""
    template = TEMPLATES.get(spec.template_id)
    if template is None:
        known = ", ".join(TEMPLATES)
        return spec, [Violation(f"{path}.template_id", f"is unknown; use one of: {known}")]
    spec = template.complete(spec)
    return spec, template.violations(spec, path) + checks.violations(spec, path)


def _must_be(path: str, prefix: str, allowed: tuple[Entitlement | Layer, ...]) -> Violation:
    names = ", ".join(f"{prefix}_{item.name}" for item in allowed)
    return Violation(path, f"of this template must be: {names}")


def _may_be(path: str, allowed: tuple[str, ...]) -> Violation:
    return Violation(path, f"of this template must be: {', '.join(allowed) or 'absent'}")
