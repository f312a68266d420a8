"""Prices from bytes to bytes are those that objects give."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from rangli.checkout.quick_rpc import QuickPrices
from rangli.v1 import quote_pb2 as qb
from tests.checkout.shop import Shop, checkout
from tests.world import NOW, line, spec

SPECS = {
    "tenth": spec("item_coupon", percent_off={"off_bps": 1000}),
    "five": spec(
        "order_coupon",
        threshold_off={"tiers": [{"min_amount_minor": 30_00, "amount_off_minor": 5_00}]},
    ),
    "sale": spec("item_discount", percent_off={"off_bps": 500}),
    "thanks": spec(
        "earning", earn={"kind": "EARNING_KIND_POINTS", "subject": "points", "amount": 5}
    ),
}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[qb.QuoteResponse | None]:
    """What the quick way gave; None: nothing."""
    given: list[qb.QuoteResponse | None] = []
    price = QuickPrices.price

    def noted(*args: Any) -> qb.QuoteResponse | None:
        given.append(price(*args))
        return given[-1]

    monkeypatch.setattr(QuickPrices, "price", noted)
    return given


async def test_an_evaluation_from_bytes_to_bytes_is_that_of_an_order(
    shop: Shop, taken: list[qb.QuoteResponse | None]
) -> None:
    for name, offer in SPECS.items():
        await shop.offer(name, offer)
    for _ in range(2):
        for name in ("tenth", "five"):
            await shop.give(name)
    random = Random(11)

    for _ in range(30):
        asked = checkout(
            *(
                line(f"l{n}", random.randrange(1, 50_00), random.randrange(1, 5), sku=f"s{n % 3}")
                for n in range(random.randrange(1, 8))
            )
        )
        told = await shop.evaluator.price(shop.call(), asked)
        plain = await shop.evaluated(asked, snapshot=False)
        assert told == (plain.response, plain.coupon_ids)

    assert taken.count(None) == 0
    assert len(taken) == 30


async def test_what_bytes_cannot_price_objects_do(
    shop: Shop, taken: list[qb.QuoteResponse | None]
) -> None:
    await shop.offer("sale", SPECS["sale"])
    asked = checkout(line("a", 10_00), hints=1)

    told = await shop.evaluate(asked)

    assert taken == [None]
    assert told.quote.payable_minor == 9_50
    assert told.quote.priced_at.ToDatetime(NOW.tzinfo) == NOW
