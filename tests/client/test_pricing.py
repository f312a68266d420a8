"""What a caller reads of a quote."""

from __future__ import annotations

from rangli.client import RangliClient, adjustments_of
from rangli.v1.pricing_service_pb2 import (
    Adjustment,
    AppliedActivity,
    FunderAmount,
    GetPricesRequest,
    QuotedDelivery,
    QuotedLine,
    QuoteResponse,
)
from tests.world import line


def test_an_adjustment_is_told_with_its_activity_and_those_who_pay():
    funders = [FunderAmount(funder="retailer"), FunderAmount(funder="brand")]
    quote = QuoteResponse(
        applied=[
            AppliedActivity(activity_id="sale", funders=funders),
            AppliedActivity(activity_id="ship", funders=funders[:1]),
        ],
        lines=[
            QuotedLine(
                adjustments=[
                    Adjustment(applied=0, amount_minor=7, funder_minor=[7, 0]),
                    Adjustment(applied=0, amount_minor=5, funder_minor=[2, 3]),
                ]
            )
        ],
        deliveries=[
            QuotedDelivery(adjustments=[Adjustment(applied=1, amount_minor=4, funder_minor=[4])])
        ],
    )

    off = [
        (cut.activity.activity_id, cut.amount_minor, cut.funders())
        for priced in (quote.lines[0], quote.deliveries[0])
        for cut in adjustments_of(quote, priced)
    ]

    assert off == [
        ("sale", 7, {"retailer": 7}),
        ("sale", 5, {"retailer": 2, "brand": 3}),
        ("ship", 4, {"retailer": 4}),
    ]


async def test_prices_of_products_are_asked_for_at_once(address):
    request = GetPricesRequest(currency="USD", products=[line("a", 700), line("b", 50, 2)])

    async with RangliClient(address) as client:
        answer = await client.pricing.get_prices(request)

    assert [(price.line_id, price.price_minor) for price in answer.prices] == [
        ("a", 700),
        ("b", 100),
    ]
