"""A right answer passes; each way to be wrong is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loadtests.check import WrongAnswer, check
from loadtests.summary import Summary
from rangli.v1.pricing_service_pb2 import (
    Adjustment,
    CartLine,
    FunderAmount,
    QuotedLine,
    QuoteRequest,
    QuoteResponse,
)

REQUEST = QuoteRequest(
    currency="USD",
    lines=[
        CartLine(line_id="0", sku="rye", quantity=2, list_minor=350),
        CartLine(line_id="1", sku="oat", quantity=1, list_minor=100),
    ],
)


def answer() -> QuoteResponse:
    """1.00 off the rye, of which the shop bears 0.60."""
    parts = [
        FunderAmount(funder="retailer", amount_minor=60),
        FunderAmount(funder="manufacturer", amount_minor=40),
    ]
    return QuoteResponse(
        currency="USD",
        catalogue_version=3,
        list_minor=800,
        discount_minor=100,
        payable_minor=700,
        lines=[
            QuotedLine(
                line_id="0",
                list_minor=700,
                discount_minor=100,
                payable_minor=600,
                adjustments=[Adjustment(activity_id="sale", amount_minor=100, funders=parts)],
            ),
            QuotedLine(line_id="1", list_minor=100, payable_minor=100),
        ],
        funders=parts,
    )


def test_a_right_answer_passes():
    check(REQUEST, answer())


def set_to(path: str, value: object) -> Callable[[QuoteResponse], None]:
    def damage(quote: QuoteResponse) -> None:
        *parents, field = path.split(".")
        owner = quote
        for name in parents:
            owner = owner[int(name)] if name.isdigit() else getattr(owner, name)
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
        set_to("lines.0.adjustments.0.funders.0.amount_minor", 61),
        set_to("funders.1.amount_minor", 41),
        lambda quote: quote.lines.pop(),
        lambda quote: quote.lines.add(),
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
    for amounts in (
        quote,
        quote.lines[0],
    ):
        amounts.discount_minor += 700
        amounts.payable_minor -= 700
    cut = quote.lines[0].adjustments[0]
    cut.amount_minor += 700
    cut.funders[0].amount_minor += 700
    quote.funders[0].amount_minor += 700

    with pytest.raises(WrongAnswer, match="payable"):
        check(REQUEST, quote)


def test_percentiles_are_the_times_within_which_so_many_calls_ended():
    summary = Summary(
        name="Quote", calls=100, failures=0, per_s=9.0, times_ms={2: 50, 9: 45, 40: 5}
    )

    assert [summary.percentile_ms(percent) for percent in (50, 51, 95, 99)] == [2, 9, 9, 40]
    assert str(summary) == "Quote: 100 calls, 9/s, p50 2 ms, p95 9 ms, p99 40 ms, 0 failed"
