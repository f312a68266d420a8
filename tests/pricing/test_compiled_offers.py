"""The codec keeps what a price book offers for a product for as long as that stands."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from rangli.activities.catalogue import Catalogue
from rangli.activities.program import Kind
from rangli.cli.bench.books import FIRST_WEEK_AT, carts_for, entry, weekly, with_book
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.codec import codec_of
from rangli.pricing.quote import quote
from rangli.pricing.rpc import message
from rangli.v1 import pricing_service_pb2 as qb


def _plainly(catalogue: Catalogue, request: qb.QuoteRequest) -> bytes:
    return message(quote(catalogue, cart_of(request, FIRST_WEEK_AT))).SerializeToString()


def test_each_week_has_its_prices_whatever_was_asked_before():
    catalogue = with_book(Catalogue("default"), "book", weekly(3 * 53, Random(1)))
    codec = codec_of(catalogue)

    requests = carts_for(3 * 53, Random(2), count=300, lines=3)

    answers = [codec.quote(each.SerializeToString(), FIRST_WEEK_AT) for each in requests]
    assert answers == [_plainly(catalogue, each) for each in requests]


def test_an_offer_ends_at_its_instant():
    rows = [entry("a", Kind.PRICE, 80, week=1, weeks=1)]
    catalogue = with_book(Catalogue("default"), "book", rows)
    codec = codec_of(catalogue)
    week, moment = timedelta(weeks=1), timedelta(microseconds=1)
    request = qb.QuoteRequest(currency="USD")
    request.lines.add(line_id="1", sku="a", quantity=1, list_minor=100)
    data = request.SerializeToString()

    payable = [
        qb.QuoteResponse.FromString(codec.quote(data, FIRST_WEEK_AT + at)).payable_minor
        for at in (0 * week, week - moment, week, 2 * week - moment, 2 * week, week, 0 * week)
    ]

    assert payable == [100, 100, 80, 80, 100, 80, 100]
