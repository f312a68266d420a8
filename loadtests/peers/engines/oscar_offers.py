"""django-oscar's offers, asked by lines of JSON: {"load": {...}} once, then {"carts": [...],
"repeats": n}; each is answered with one line. What is timed is `Applicator.apply` alone, on baskets
whose lines are loaded.

Run by the Python of build/peers, which has oscar and not rangli.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from decimal import Decimal
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "oscar_settings"
django.setup()

import oscar  # noqa: E402  Django first
from django.core.management import call_command  # noqa: E402
from oscar.apps.basket.models import Basket  # noqa: E402
from oscar.apps.catalogue.models import Product, ProductClass  # noqa: E402
from oscar.apps.offer.applicator import Applicator  # noqa: E402
from oscar.apps.offer.models import Benefit, Condition, ConditionalOffer, Range  # noqa: E402
from oscar.apps.partner.models import Partner, StockRecord  # noqa: E402
from oscar.apps.partner.strategy import Selector  # noqa: E402

_KINDS = {
    "percent": Benefit.PERCENTAGE,
    "unit": Benefit.FIXED_UNIT,
    "once": Benefit.FIXED_UNIT,
}
_CENT = Decimal("0.01")
_products: dict[str, Product] = {}


def load(told: dict[str, Any]) -> dict[str, Any]:
    call_command("flush", interactive=False, verbosity=0)
    partner = Partner.objects.create(name="Shop")
    kind = ProductClass.objects.create(name="Goods", track_stock=False)
    _products.clear()
    ranges: dict[tuple[str, str], Range] = {}
    for one in told["products"]:
        product = Product.objects.create(title=one["sku"], upc=one["sku"], product_class=kind)
        StockRecord.objects.create(
            product=product,
            partner=partner,
            partner_sku=one["sku"],
            price=one["price_cents"] * _CENT,
        )
        _products[one["sku"]] = product
        for attribute in ("category", "brand", "shelf"):
            key = attribute, one[attribute]
            if key not in ranges:
                ranges[key] = Range.objects.create(name=" ".join(key))
            ranges[key].add_product(product)
    everything = Range.objects.create(name="everything", includes_all_products=True)
    for one in told["promotions"]:
        _offer(one, ranges[one["attribute"], one["subject"]], everything)
    return {"loaded": ConditionalOffer.active.count()}


def _offer(told: dict[str, Any], products: Range, everything: Range) -> None:
    percent = told["kind"] == "percent"
    if told["min_cart_cents"]:
        condition = Condition.objects.create(
            range=everything, type=Condition.VALUE, value=told["min_cart_cents"] * _CENT
        )
    else:
        condition = Condition.objects.create(range=products, type=Condition.COUNT, value=1)
    benefit = Benefit.objects.create(
        range=products,
        type=_KINDS[told["kind"]],
        value=told["value"] * (1 if percent else _CENT),
        max_affected_items=1 if told["kind"] == "once" else None,
    )
    ConditionalOffer.objects.create(
        name=told["code"],
        condition=condition,
        benefit=benefit,
        exclusive=False,
        # Once is enough, and spares oscar the second try that would find nothing left.
        max_basket_applications=1,
        priority=1 if percent else 0,
    )


def price(told: dict[str, Any]) -> dict[str, Any]:
    baskets = [_basket(cart) for cart in told["carts"]]
    applicator = Applicator()
    seconds = 0.0
    for _ in range(told["repeats"]):
        for basket in baskets:
            basket.reset_offer_applications()
            len(basket.all_lines())  # loads them
            started = time.perf_counter()
            applicator.apply(basket)
            seconds += time.perf_counter() - started
    return {"seconds": seconds, "discounts": [_discounts(basket) for basket in baskets]}


def _basket(cart: list[dict[str, Any]]) -> Basket:
    basket = Basket.objects.create()
    basket.strategy = Selector().strategy()
    for line in cart:
        basket.add_product(_products[line["sku"]], line["quantity"])
    return basket


def _discounts(basket: Basket) -> list[float]:
    # Cents as they are: a fraction would show.
    return [float(line.discount_value / _CENT) for line in basket.all_lines()]


def main() -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    versions = {
        "oscar": oscar.get_version(),
        "django": django.get_version(),
        "oscar_python": platform.python_version(),
    }
    print(json.dumps({"versions": versions}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = load(asked["load"]) if "load" in asked else price(asked)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
