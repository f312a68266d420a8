"""An effect that says something impossible is refused, naming the field."""

from __future__ import annotations

from typing import Any

import pytest

from rangli.core.errors import Invalid
from rangli.v1 import activity_pb2 as ab
from tests.activities.compiled import completed
from tests.activities.test_effects import FREE, HALF, A, B, offer


def tiers(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"threshold_off": {"tiers": rows, **fields}}


PART = {"products": A, "quantity": 1}
OF_1 = {"min_quantity": 1, "amount_off_minor": 1}
POINTS = "EARNING_KIND_POINTS"
COUPON = "EARNING_KIND_COUPON"
SPOILT: list[tuple[dict[str, Any], list[str]]] = [
    ({"set_price": {}}, ["price_minor"]),
    ({"set_price": {"price_minor": 10**12 + 1}}, ["price_minor"]),
    ({"set_price": {"price_minor": 1, "per": 3, "unit_limit": 1}}, ["unit_limit"]),
    ({"set_price": {"price_minor": 1, "unit_limit": -1}}, ["unit_limit"]),
    ({"set_price": {"price_minor": 1, "pick": 9}}, ["pick"]),
    ({"percent_off": {"off_bps": 1, "unit_limit": 1}}, ["unit_limit"]),
    ({"amount_off": {"amount_minor": 1, "unit_limit": 1}}, ["unit_limit"]),
    ({"amount_off": {"amount_minor": 1, "cap_minor": -1}}, ["cap_minor"]),
    (tiers(), ["tiers"]),
    (tiers({"off_bps": 1}), ["tiers[0]"]),
    (tiers({"min_amount_minor": 1, "min_quantity": 1, "off_bps": 1}), ["tiers[0]"]),
    (tiers({"min_quantity": 1}), ["tiers[0]"]),
    (tiers(OF_1, {"min_amount_minor": 5, "off_bps": 1}), ["tiers[1]"]),
    (tiers(OF_1, OF_1), ["tiers[1].min_quantity"]),
    (tiers({"min_quantity": 10**9 + 1, "off_bps": 1}), ["tiers[0].min_quantity"]),
    (tiers({**OF_1, "cap_minor": 1}), ["tiers[0].cap_minor"]),
    (
        tiers({"min_amount_minor": 5, "amount_off_minor": 6}),
        ["tiers[0].amount_off_minor"],
    ),
    (tiers({"min_amount_minor": 5, "amount_off_minor": 6}, counted=A), []),
    (tiers(OF_1, {**OF_1, "min_quantity": 2}, every_multiple=True), ["every_multiple"]),
    (tiers({"min_quantity": 1, "off_bps": 1}, every_multiple=True), ["every_multiple"]),
    (
        tiers({"min_amount_minor": 5, "off_bps": 1}, graduated=True, per="AMOUNT_PER_UNIT"),
        ["graduated"],
    ),
    (tiers(OF_1, graduated=True), ["per"]),
    (
        tiers(OF_1, graduated=True, per="AMOUNT_PER_UNIT", every_multiple=True),
        ["every_multiple"],
    ),
    (tiers(OF_1, graduated=True, per="AMOUNT_PER_UNIT", counted=A), ["counted"]),
    (tiers(OF_1, pick="UNIT_PICK_CHEAPEST"), ["pick"]),
    (tiers(OF_1, base="CONDITION_BASE_LIST"), ["base"]),
    (tiers(OF_1, counted={}), ["counted"]),
    ({"nth_unit": {"n": 1, "benefit": HALF}}, ["n"]),
    ({"nth_unit": {"n": 2}}, ["benefit"]),
    ({"nth_unit": {"n": 2, "benefit": {}}}, ["benefit"]),
    ({"nth_unit": {"n": 2, "benefit": {"off_bps": 0}}}, ["benefit.off_bps"]),
    ({"nth_unit": {"n": 2, "benefit": {"amount_off_minor": 0}}}, ["benefit.amount_off_minor"]),
    ({"nth_unit": {"n": 2, "benefit": HALF, "pick": "UNIT_PICK_LAST"}}, ["pick"]),
    ({"nth_unit": {"n": 2, "benefit": HALF, "repeat_max": -1}}, ["repeat_max"]),
    ({"buy_get": {"get_quantity": 1}}, ["buy_quantity"]),
    ({"buy_get": {"buy_quantity": 1, "get_quantity": 10**6 + 1}}, ["get_quantity"]),
    ({"buy_get": {"buy_quantity": 1, "get_quantity": 1, "benefit": {}}}, ["benefit"]),
    ({"buy_get": {"buy_quantity": 1, "get_quantity": 1, "get_products": {}}}, ["get_products"]),
    ({"n_for_price": {"quantity": 1, "price_minor": 1}}, ["quantity"]),
    ({"n_for_price": {"quantity": 3}}, ["price_minor"]),
    ({"bundle": {"benefit": HALF}}, ["parts"]),
    ({"bundle": {"parts": [PART] * 11, "benefit": HALF}}, ["parts"]),
    ({"bundle": {"parts": [{"products": A}], "benefit": HALF}}, ["parts[0].quantity"]),
    ({"bundle": {"parts": [{"quantity": 1}], "benefit": HALF}}, ["parts[0].products"]),
    (
        {"bundle": {"parts": [PART, {"products": {}, "quantity": 1}], "benefit": {}}},
        ["benefit", "parts[1].products"],
    ),
    (
        {
            "bundle": {"parts": [PART, {"products": B, "quantity": 1}], "benefit": HALF},
            "products": A,
        },
        ["parts[1].products.skus[0]"],
    ),
    (
        {"bundle": {"parts": [PART, {"products": B, "quantity": 1}], "benefit": HALF}},
        [],
    ),
    ({"gift": {"sku": "mug"}}, ["worth_minor"]),
    ({"gift": {"worth_minor": 1}}, ["sku"]),
    ({"gift": {"sku": "a\u200b", "worth_minor": 1}}, ["sku"]),
    ({"gift": {"sku": "mug", "worth_minor": 1, "quantity": 1001}}, ["quantity"]),
    ({"trade_up": {"products": {}, "price_minor": 1, "unit_limit": 1}}, ["products"]),
    ({"trade_up": {"products": A, "price_minor": 1}}, ["unit_limit"]),
    (
        {
            "trade_up": {"products": {**A, "min_list_minor": 2, "max_list_minor": 1}}
            | {"price_minor": 1, "unit_limit": 1}
        },
        ["products.max_list_minor"],
    ),
    ({"shipping_off": {"benefit": {}}}, ["benefit"]),
    ({"shipping_off": {"benefit": FREE, "methods": ["a\u2066"]}}, ["methods[0]"]),
    ({"shipping_off": {"benefit": FREE, "methods": ["m"] * 21}}, ["methods"]),
    ({"earn": {"amount": 1}}, ["kind"]),
    ({"earn": {"kind": POINTS}}, [""]),
    ({"earn": {"kind": POINTS, "amount": 1, "rate_bps": 1}}, [""]),
    ({"earn": {"kind": POINTS, "rate_bps": 10_001}}, ["rate_bps"]),
    ({"earn": {"kind": POINTS, "amount": 1, "subject": "\u200b"}}, ["subject"]),
    ({"earn": {"kind": COUPON, "amount": 1}}, ["subject"]),
    ({"earn": {"kind": COUPON, "rate_bps": 1, "subject": "a"}}, ["rate_bps"]),
]


@pytest.mark.parametrize(
    ("effect", "fields"), SPOILT, ids=[f"{n}-{next(iter(e))}" for n, (e, _) in enumerate(SPOILT)]
)
def test_the_field_that_is_wrong_is_named(effect: dict[str, Any], fields: list[str]) -> None:
    at = f"spec.effect.{next(iter(effect))}"

    assert refused(offer(**effect)) == [f"{at}.{field}".rstrip(".") for field in fields]


def test_further_effects_are_judged_where_they_stand() -> None:
    stated = offer(
        percent_off={"off_bps": 1},
        more_effects=[
            {"set_price": {"price_minor": 1}},
            {"amount_off": {"amount_minor": 1, "unit_limit": 1}},
            {"gift": {"sku": "mug", "worth_minor": 1}},
        ],
    )

    assert refused(stated) == [
        "spec.more_effects[2]",
        "spec.more_effects[1].amount_off.unit_limit",
    ]


def refused(stated: ab.ActivitySpec) -> list[str]:
    try:
        completed(stated)
    except Invalid as invalid:
        return [violation.field for violation in invalid.violations]
    return []
