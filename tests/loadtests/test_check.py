"""A right answer passes; each way to be wrong is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loadtests.check import WrongAnswer, check
from loadtests.summary import Summary
from rangli.v1.activity_pb2 import LAYER_ITEM_PRICE, LAYER_SHIPPING
from rangli.v1.pricing_service_pb2 import (
    Adjustment,
    AppliedActivity,
    CartLine,
    DeliveryGroup,
    FunderAmount,
    LayerTotal,
    QuotedDelivery,
    QuotedLine,
    QuoteRequest,
    QuoteResponse,
)

REQUEST = QuoteRequest(
    currency="USD",
    lines=[
        CartLine(line_id="0", sku="rye", quantity=2, list_minor=350),
        CartLine(line_id="1", sku="oat", quantity=1, list_minor=100, outside_off_minor=10),
    ],
    deliveries=[DeliveryGroup(delivery_id="d", fee_minor=50)],
)


def answer() -> QuoteResponse:
    """1.00 off the rye, of which the shop bears 0.60, and 0.20 off its delivery."""
    parts = [
        FunderAmount(funder="retailer", amount_minor=60),
        FunderAmount(funder="manufacturer", amount_minor=40),
    ]
    return QuoteResponse(
        currency="USD",
        catalogue_version=3,
        list_minor=850,
        discount_minor=120,
        payable_minor=720,
        outside_off_minor=10,
        lines=[
            QuotedLine(
                line_id="0",
                list_minor=700,
                discount_minor=100,
                payable_minor=600,
                adjustments=[Adjustment(applied=0, amount_minor=100, funder_minor=[60, 40])],
            ),
            QuotedLine(line_id="1", list_minor=100, payable_minor=90, outside_off_minor=10),
        ],
        deliveries=[
            QuotedDelivery(
                delivery_id="d",
                fee_minor=50,
                discount_minor=20,
                payable_minor=30,
                adjustments=[Adjustment(applied=1, amount_minor=20, funder_minor=[20])],
            )
        ],
        applied=[
            AppliedActivity(activity_id="sale", discount_minor=100, funders=parts),
            AppliedActivity(
                activity_id="ship",
                discount_minor=20,
                funders=[FunderAmount(funder="retailer", amount_minor=20)],
            ),
        ],
        layers=[
            LayerTotal(layer=LAYER_ITEM_PRICE, discount_minor=100),
            LayerTotal(layer=LAYER_SHIPPING, discount_minor=20),
        ],
        funders=[
            FunderAmount(funder="manufacturer", amount_minor=40),
            FunderAmount(funder="retailer", amount_minor=80),
        ],
    )


def test_a_right_answer_passes():
    check(REQUEST, answer())


def set_to(path: str, value: object) -> Callable[[QuoteResponse], None]:
    def damage(quote: QuoteResponse) -> None:
        *parents, field = path.split(".")
        owner = quote
        for name in parents:
            owner = owner[int(name)] if name.isdigit() else getattr(owner, name)
        if field.isdigit():
            owner[int(field)] = value
        else:
            setattr(owner, field, value)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        set_to("catalogue_version", 0),
        set_to("list_minor", 801),
        set_to("discount_minor", 99),
        set_to("payable_minor", 701),
        set_to("lines.0.line_id", "1"),
        set_to("lines.0.list_minor", 701),
        set_to("lines.0.discount_minor", 99),
        set_to("lines.1.payable_minor", 99),
        set_to("lines.0.adjustments.0.amount_minor", 99),
        set_to("lines.0.adjustments.0.funder_minor.0", 61),
        set_to("lines.0.adjustments.0.applied", 1),
        set_to("lines.1.outside_off_minor", 11),
        set_to("deliveries.0.fee_minor", 51),
        set_to("deliveries.0.payable_minor", 31),
        set_to("outside_off_minor", 9),
        set_to("applied.0.discount_minor", 101),
        set_to("applied.0.funders.0.amount_minor", 61),
        set_to("layers.1.discount_minor", 21),
        set_to("funders.1.amount_minor", 81),
        lambda quote: quote.lines.pop(),
        lambda quote: quote.lines.add(),
        lambda quote: quote.deliveries.pop(),
        lambda quote: quote.layers.pop(),
        lambda quote: quote.funders.pop(),
    ],
)
def test_a_wrong_answer_is_found(damage):
    quote = answer()

    damage(quote)

    with pytest.raises(WrongAnswer):
        check(REQUEST, quote)


def test_a_line_that_pays_the_shopper_is_found():
    quote = answer()
    for amounts in (quote, quote.lines[0]):
        amounts.discount_minor += 700
        amounts.payable_minor -= 700
    cut = quote.lines[0].adjustments[0]
    cut.amount_minor += 700
    cut.funder_minor[0] += 700
    quote.applied[0].discount_minor += 700
    quote.applied[0].funders[0].amount_minor += 700
    quote.funders[1].amount_minor += 700
    quote.layers[0].discount_minor += 700

    with pytest.raises(WrongAnswer, match="payable"):
        check(REQUEST, quote)


def test_percentiles_are_the_times_within_which_so_many_calls_ended():
    summary = Summary(
        name="Quote", calls=100, failures=0, per_s=9.0, times_ms={2: 50, 9: 45, 40: 5}
    )

    assert [summary.percentile_ms(percent) for percent in (50, 51, 95, 99)] == [2, 9, 9, 40]
    assert str(summary) == "Quote: 100 calls, 9/s, p50 2 ms, p95 9 ms, p99 40 ms, 0 failed"
