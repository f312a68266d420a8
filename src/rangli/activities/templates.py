"""The kinds of activity an operator can make, all on one screen.

A template is schema and bounds: what an activity of it may have, and what it gets by default.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from rangli.activities.conditions import CONDITIONS
from rangli.activities.spec import ActivitySpec, Entitlement, Layer
from rangli.core.errors import Violation

_OPEN = (Entitlement.OPEN,)
_CREDENTIAL = (Entitlement.CREDENTIAL,)
_ORDER = (Layer.PLATFORM_ORDER, Layer.STORE_ORDER)
_ALL_CONDITIONS = tuple(CONDITIONS)


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of activity. The first of `entitlements` and of `layers` is the default."""

    template_id: str
    display_name: str
    description: str
    entitlements: tuple[Entitlement, ...]
    layers: tuple[Layer, ...]
    effects: tuple[str, ...]
    conditions: tuple[str, ...] = ()
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
        if spec.effect.__struct_config__.tag not in self.effects:
            allowed = ", ".join(self.effects)
            found.append(Violation(f"{path}.effect", f"of this template must be: {allowed}"))
        for index, condition in enumerate(spec.conditions):
            if condition.__struct_config__.tag not in self.conditions:
                allowed = ", ".join(self.conditions) or "none"
                found.append(
                    Violation(f"{path}.conditions[{index}]", f"of this template may be: {allowed}")
                )
        if self.needs_products and spec.products is None:
            found.append(Violation(f"{path}.products", "is required; for every product set `all`"))
        if not self.needs_products and spec.products is not None:
            found.append(
                Violation(f"{path}.products", "must be absent: the price entries name products")
            )
        return found


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
            needs_products=False,
        ),
        Template(
            "promotion_price",
            "Promotion price",
            "One price, or so much off, for some products: the product simply costs less.",
            _OPEN,
            (Layer.ITEM_PRICE,),
            ("set_price", "percent_off", "amount_off"),
        ),
        Template(
            "item_discount",
            "Item discount",
            "A percentage or amount off single products, on top of their promotion price.",
            _OPEN,
            (Layer.ITEM_DISCOUNT,),
            ("percent_off", "amount_off"),
            _ALL_CONDITIONS,
        ),
        Template(
            "item_coupon",
            "Item coupon",
            "Off some products, for shoppers who hold the coupon.",
            _CREDENTIAL,
            (Layer.ITEM_DISCOUNT,),
            ("amount_off", "percent_off", "set_price"),
            _ALL_CONDITIONS,
        ),
        Template(
            "order_threshold",
            "Order threshold",
            "Spend so much, get so much off, in tiers or for every full amount.",
            _OPEN,
            _ORDER,
            ("threshold_off",),
            _ALL_CONDITIONS,
        ),
        Template(
            "order_coupon",
            "Order coupon",
            "Off the order, for shoppers who hold the coupon.",
            _CREDENTIAL,
            _ORDER,
            ("threshold_off", "amount_off", "percent_off"),
            _ALL_CONDITIONS,
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
    return spec, template.violations(spec, path) + spec.violations(path)


def _must_be(path: str, prefix: str, allowed: tuple[Entitlement | Layer, ...]) -> Violation:
    names = ", ".join(f"{prefix}_{item.name}" for item in allowed)
    return Violation(path, f"of this template must be: {names}")
