"""Amounts for other currencies and single channels: nothing is read in a currency it is not in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from rangli.core.errors import Invalid
from rangli.pricing.answer_rpc import message
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.codec import codec_of
from rangli.pricing.quote import quote
from rangli.v1 import activity_pb2 as ab
from tests.activities import compiled
from tests.pricing.carts import Problem, problems
from tests.world import NOW, cart, coupon, line, spec

_EURO = {"currency": "EUR"}


def ten_off(*amounts: dict[str, Any], **fields: Any) -> ab.ActivitySpec:
    """10.00 USD off, and other amounts elsewhere."""
    off = {"amount_off": {"amount_minor": 1000}}
    return spec("order_coupon", amounts=amounts, **{**off, **fields})


def off(amount_minor: int) -> dict[str, Any]:
    return {"effect": {"amount_off": {"amount_minor": amount_minor}}}


def wrong(stated: ab.ActivitySpec) -> list[str]:
    with pytest.raises(Invalid) as refused:
        compiled.completed(stated)
    return [violation.field for violation in refused.value.violations]


def test_each_part_with_an_amount_is_required_for_another_currency() -> None:
    stated = ten_off(
        _EURO,
        products={"all": True, "exclude": {"all": True, "min_list_minor": 9_000}},
        conditions=[{"any_of": {"conditions": [{"min_amount": {"amount_minor": 5}}]}}],
        cap_minor=900,
        multiplier={"measure": ab.MEASURE_AMOUNT, "every": 100},
    )

    assert wrong(stated) == [
        f"spec.amounts[0].{name}"
        for name in ("products", "conditions", "effect", "multiplier", "cap_minor")
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"percent_off": {"off_bps": 1000}, "amount_off": None},
        {"gift": {"sku": "cup", "worth_minor": 0}, "amount_off": None},
        {"set_price": {"price_minor": 0}, "amount_off": None},
    ],
)
def test_what_holds_no_amount_is_the_same_in_every_currency(fields: dict[str, Any]) -> None:
    fields = {name: value for name, value in fields.items() if value is not None}
    kept = [{"min_quantity": {"quantity": 2}}]

    compiled.completed(spec("order_coupon", conditions=kept, amounts=[_EURO], **fields))


@pytest.mark.parametrize(
    ("amounts", "field"),
    [
        ([{**_EURO, **off(5)}, {**_EURO, **off(6)}], "amounts[1]"),
        ([off(5)], "amounts[0]"),  # as the activity's own: dollars, all channels
        ([{"channels": ["app"], **off(5)}, {"channels": ["web", "app"], **off(5)}], "amounts[1]"),
        ([{"currency": "EURO", **off(5)}], "amounts[0].currency"),
        ([{"channels": ["kiosk"], **off(5)}], "amounts[0].channels[0]"),
        ([{"channels": ["app"], "more_effects": [off(5)["effect"]]}], "amounts[0].effect"),
        ([{"channels": ["app"], "products": {"skus": ["a"]}}], "amounts[0].products"),
        ([{**_EURO, "effect": {"buy_get": {"buy_quantity": 1, "get_quantity": 1}}}],
         "amounts[0].effect"),
        ([{**_EURO, **off(5), "conditions": [{"any_of": {"conditions": [
            {"min_quantity": {"quantity": 1, "products": {}}}]}}]}],
         "amounts[0].conditions[0].any_of.conditions[0].min_quantity.products"),
    ],
)  # fmt: skip
def test_amounts_that_cannot_be_are_refused(amounts: list[dict[str, Any]], field: str) -> None:
    assert f"spec.{field}" in wrong(ten_off(*amounts, channels=["app", "web"]))


def test_a_price_book_has_no_further_amounts() -> None:
    assert wrong(spec("price_book", price_book={}, amounts=[_EURO])) == ["spec.amounts"]


def test_entries_of_a_price_book_are_in_the_basis_of_its_carts() -> None:
    stated = spec("price_book", price_book={}, value_basis=ab.PRICE_BASIS_NET)

    assert wrong(stated) == ["spec.value_basis"]


def test_what_is_wrong_with_its_own_parts_is_said_once() -> None:
    stated = ten_off({"channels": ["app"]}, conditions=[{"fact_is": {"name": "orders"}}])

    assert wrong(stated) == ["spec.conditions[0].fact_is"]


def test_sets_of_further_amounts_must_exist_too() -> None:
    part = {"min_quantity": {"quantity": 1, "products": {"set_ids": ["shoes"]}}}
    stated = compiled.completed(ten_off({"channels": ["app"], "conditions": [part]}))

    assert stated.set_ids() == {"shoes": "PRODUCT"}


def test_other_list_prices_may_bound_the_products_of_another_currency() -> None:
    dear = {"all": True, "min_list_minor": 5_000}
    yen = {"currency": "JPY", "products": {"all": True, "min_list_minor": 700}, **off(100)}
    made = compiled.catalogue([compiled.live("a", ten_off(yen, products=dear))])

    def paid(currency: str, list_minor: int) -> int:
        asked = cart(line("l", list_minor), currency=currency, credentials=[coupon("a")])
        return message(quote(made, cart_of(asked, NOW))).payable_minor

    assert [paid("USD", 5_000), paid("USD", 4_999)] == [4_000, 4_999]
    assert [paid("JPY", 700), paid("JPY", 699)] == [600, 699]


@settings(max_examples=100, deadline=None)
@given(problems())
def test_other_amounts_price_as_an_activity_of_its_own_would(made: Problem) -> None:
    offers, request = made
    request.explain = False  # what else might have touched the cart is told otherwise
    basis = cart_of(request, NOW).price_basis
    stated = [each.for_cart(request.currency, request.channel, basis) for each in offers.activities]
    alone = compiled.catalogue(
        [replace(each, further={}, variant=0) for each in stated],
        sets=offers.sets,
        books=offers.catalogue.books,
        pool_levels=offers.catalogue.pool_levels,
    )

    answers = [message(quote(each, cart_of(request, NOW))) for each in (offers.catalogue, alone)]

    assert answers[0] == answers[1]


def test_the_quick_way_leaves_other_amounts_to_the_plain_one() -> None:
    stated = spec("item_discount", amount_off={"amount_minor": 1}, amounts=[{**_EURO, **off(2)}])
    codec = codec_of(compiled.catalogue([compiled.live("a", stated)]))
    asked = [cart(line("l", 100), currency=currency) for currency in ("USD", "EUR", "JPY")]

    answers = [codec.quote(each.SerializeToString(), NOW) for each in asked]

    assert answers == [None, None, None]


def test_its_own_list_prices_bound_the_carts_that_it_has_no_other_amounts_for() -> None:
    dear = {"all": True, "min_list_minor": 5_000}
    euro = {**_EURO, "products": {"all": True}, **off(2)}
    made = compiled.catalogue([compiled.live("a", ten_off(euro, products=dear))])
    asked = cart(line("l", 4_999), credentials=[coupon("a")])

    assert message(quote(made, cart_of(asked, NOW))).payable_minor == 4_999
