"""The codec of the hot path answers as the plain way does, byte for byte, or leaves it to it."""

from __future__ import annotations

from random import Random

import pytest
from google.protobuf.message import DecodeError
from hypothesis import event, given, settings
from hypothesis import strategies as st

from rangli.activities.catalogue import Catalogue
from rangli.core.errors import RangliError
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.codec import codec_of, joined, parts
from rangli.pricing.quote import quote
from rangli.pricing.rpc import message
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities import compiled
from tests.activities.strategies import quotes
from tests.pricing.carts import problems, shuffled
from tests.world import NOW, cart, coupon, line, spec


def plainly(catalogue: Catalogue, data: bytes) -> bytes | None:
    """The plain way's answer; None if it refuses."""
    try:
        request = qb.QuoteRequest.FromString(data)
        return message(quote(catalogue, cart_of(request, NOW))).SerializeToString()
    except (RangliError, DecodeError):
        return None


@settings(max_examples=150, deadline=None)
@given(quotes(), st.booleans())
def test_usual_carts_are_answered_with_the_same_bytes(made, priced_now):
    offers, request = made
    catalogue = offers.catalogue
    request.explain = False
    if priced_now:
        request.ClearField("priced_at")

    answer = codec_of(catalogue).quote(request.SerializeToString(), NOW)

    event("answered" if answer is not None else "left to the plain way")
    if answer is not None:
        assert answer == plainly(catalogue, request.SerializeToString())


@settings(max_examples=100, deadline=None)
@given(problems())
def test_deliveries_floors_and_price_bases_are_answered_with_the_same_bytes(made):
    offers, request = made
    for unusual in (
        "explain",
        "codes",
        "facts",
        "limits_left",
        "outside_off_minor",
        "policy_id",
        "node_limit",
    ):
        request.ClearField(unusual)
    # Of a credential of no use, and of who may act beside whom, the plain way tells.
    for with_credentials in (True, False):
        if not with_credentials:
            request.ClearField("credentials")
        data = request.SerializeToString()

        answer = codec_of(offers.catalogue).quote(data, NOW)

        event("answered" if answer is not None else "left to the plain way")
        if answer is not None:
            assert answer == plainly(offers.catalogue, data)


@settings(max_examples=100, deadline=None)
@given(problems())
def test_unusual_carts_are_answered_alike_or_not_at_all(made):
    offers, request = made
    catalogue = offers.catalogue
    codec = codec_of(catalogue)

    for data in (request.SerializeToString(), shuffled(request, Random(1)).SerializeToString()):
        answer = codec.quote(data, NOW)

        assert answer is None or answer == plainly(catalogue, data)


@settings(max_examples=60, deadline=None)
@given(quotes(), st.randoms(use_true_random=False))
def test_broken_bytes_are_left_to_the_plain_way_or_answered_as_it_does(made, chance):
    offers, request = made
    catalogue = offers.catalogue
    codec = codec_of(catalogue)
    request.explain = False
    whole = request.SerializeToString()

    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 1, 2, 5])):
            at = chance.randrange(len(data) + 1)
            way = chance.randint(0, 3)
            if way == 0:
                del data[at:]
            elif way == 1:
                data[at:at] = bytes([chance.randrange(256)])
            elif at < len(data):
                data[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        answer = codec.quote(bytes(data), NOW)

        assert answer is None or answer == plainly(catalogue, bytes(data))


def test_most_usual_carts_take_the_quick_way():
    catalogue = compiled.catalogue(
        [
            compiled.live("ten", spec("item_discount", percent_off={"off_bps": 1_000})),
            compiled.live("less", spec("order_coupon", amount_off={"amount_minor": 500})),
        ]
    )
    codec = codec_of(catalogue)
    request = cart(
        *(line(f"line-{number}", 100 * number, number % 3 + 1) for number in range(1, 501)),
        credentials=[coupon("less")],
        user_id="u1",
        store_id="s1",
        channel="app",
    )

    answer = codec.quote(request.SerializeToString(), NOW)

    assert answer == plainly(catalogue, request.SerializeToString())


@pytest.mark.parametrize(
    "unusual",
    [
        {"explain": True},
        {"snapshot": True},
        {"hints": 1},
        {"codes": ["SAVE"]},
        {"policy_id": "best"},
        {"outside_off_minor": 5},
        {"currency": "XXX"},
        {"lines": []},
        {"lines": [line("a", 100), line("a", 200)]},
        {"lines": [line("é", 100)]},
        {"lines": [line("a", 100, 0)]},
        {"lines": [line("a", 10**12 + 1)]},
        {"credentials": [coupon("less"), coupon("less")]},
        {"credentials": [coupon("nobody")]},
    ],
    ids=str,
)
def test_what_is_not_usual_is_left_to_the_plain_way(unusual):
    catalogue = compiled.catalogue(
        [compiled.live("less", spec("order_coupon", amount_off={"amount_minor": 500}))]
    )
    request = qb.QuoteRequest(**{"currency": "USD", "lines": [line("a", 100)], **unusual})

    assert codec_of(catalogue).quote(request.SerializeToString(), NOW) is None


def test_a_rule_is_judged_the_plain_way():
    rule = {"rule": {"expression": "lines.exists(l, l.quantity > 1)"}}
    discount = spec("item_discount", percent_off={"off_bps": 1_000}, conditions=[rule])
    catalogue = compiled.catalogue([compiled.live("two", discount)])
    request = cart(line("a", 100, 2)).SerializeToString()

    assert codec_of(catalogue).quote(request, NOW) is None
    plain = plainly(catalogue, request)
    assert plain is not None
    assert qb.QuoteResponse.FromString(plain).payable_minor == 180


def test_a_codec_knows_products_at_earlier_instants_too():
    ended = spec(
        "item_discount",
        percent_off={"off_bps": 1_000},
        schedule={"ends_at": NOW},
    )
    catalogue = compiled.catalogue([compiled.live("ended", ended)])
    codec = codec_of(catalogue)
    now, earlier = cart(line("a", 100)), cart(line("a", 100))
    earlier.priced_at.FromDatetime(NOW.replace(month=3))

    for request in (now, earlier, now):
        data = request.SerializeToString()
        assert codec.quote(data, NOW) == plainly(catalogue, data)


def test_a_batch_is_taken_apart_and_its_answers_put_together():
    carts = [cart(line("a", 100)), cart(line("b", 100), explain=True), qb.QuoteRequest()]
    batch = qb.BatchQuoteRequest(quotes=carts)

    found = parts(batch.SerializeToString())

    assert found == [one.SerializeToString() for one in carts]
    answers = [(1, qb.QuoteResponse(list_minor=5).SerializeToString()), (2, b""), (1, b"")]
    put = qb.BatchQuoteResponse.FromString(joined(answers))
    assert [item.WhichOneof("result") for item in put.items] == ["quote", "error", "quote"]
    assert put.items[0].quote.list_minor == 5
    assert put.SerializeToString() == joined(answers)
    assert parts(b"\x0a\x05ab") is None
    assert parts(b"") == []
