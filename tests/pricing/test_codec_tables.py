"""What the codec keeps of one catalogue: many products, stores and weeks, again and again."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from rangli.activities.catalogue import Catalogue
from rangli.activities.entries import EVERYWHERE, Entry
from rangli.activities.program import Kind
from rangli.core.clock import micros
from rangli.pricing._codec import Codec
from rangli.pricing.codec import codec_of
from rangli.pricing.policy import policy_of
from tests.activities import compiled
from tests.pricing.test_codec import plainly
from tests.world import NOW, cart, coupon, line, spec

WEEK = timedelta(weeks=1)


def books(prices: list[Entry]) -> Catalogue:
    return compiled.catalogue(
        [compiled.live("book", spec("price_book", price_book={}))],
        books={"book": compiled.book(prices)},
    )


def test_one_codec_answers_for_more_products_stores_and_brands_than_its_tables_begin_with():
    chance = Random(7)
    some_stores = [f"s{number}" for number in range(0, 300, 3)]
    offers = [
        compiled.live(
            f"brand-{number}",
            spec(
                "item_discount",
                percent_off={"off_bps": 100 + number},
                products={"brands": [f"b{number}", f"b{number + 1}"]},
                stores={"store_ids": some_stores} if number % 2 else None,
                funding=[
                    {"funder": f"f{number}", "share_bps": 3_000},
                    {"funder": "shared", "share_bps": 7_000},
                ],
            ),
        )
        for number in range(40)
    ]
    coupons = [
        compiled.live(f"less-{number}", spec("order_coupon", amount_off={"amount_minor": 50}))
        for number in range(40)
    ]
    catalogue = compiled.catalogue([*offers, *coupons])
    codec = codec_of(catalogue)

    for _ in range(12):
        request = cart(
            *(
                line(
                    f"line-{number}",
                    chance.choice([3, 900, 20_000, 2**28, 10**11]),
                    brand=f"b{chance.randrange(45)}",
                    sku=f"sku-{chance.randrange(2_000)}",
                    store_id=chance.choice(["", f"s{chance.randrange(300)}"]),
                )
                for number in range(80)
            ),
            credentials=[
                coupon(f"less-{number}", f"c{number}") for number in chance.sample(range(40), 20)
            ],
            store_id="s3",
        ).SerializeToString()

        answer = codec.quote(request, NOW)

        assert answer is not None
        assert answer == plainly(catalogue, request)


def test_a_price_book_is_quoted_week_after_week_and_back():
    weeks = [NOW + number * WEEK for number in range(30)]
    catalogue = books(
        [
            Entry("a", EVERYWHERE, micros(at), micros(at + WEEK), int(Kind.PRICE), 100 + number, 1)
            for number, at in enumerate(weeks)
        ]
    )
    codec = codec_of(catalogue)
    request = cart(line("a", 500))

    for at in Random(3).choices([NOW - WEEK, *weeks, weeks[-1] + WEEK], k=120):
        request.priced_at.FromDatetime((at + timedelta(hours=5)).replace(tzinfo=None))
        data = request.SerializeToString()
        assert codec.quote(data, NOW) == plainly(catalogue, data)


def test_products_that_were_forgotten_are_asked_for_again():
    prices = [
        Entry(f"sku-{number}", EVERYWHERE, 0, 2**62, int(Kind.PRICE), 7 + number % 5, 1)
        for number in range(70_000)
    ]
    catalogue = books(prices)
    codec = codec_of(catalogue)
    first = cart(*(line(f"sku-{number}", 50) for number in range(20))).SerializeToString()
    answer = codec.quote(first, NOW)
    assert answer == plainly(catalogue, first)

    for begin in range(0, 70_000, 500):
        lines = (line(f"sku-{number}", 50) for number in range(begin, begin + 500))
        assert codec.quote(cart(*lines).SerializeToString(), NOW) is not None

    assert codec.quote(first, NOW) == answer


def test_a_quote_asked_for_in_the_middle_of_another_is_left_to_the_plain_way():
    catalogue = compiled.catalogue(
        [compiled.live("ten", spec("item_discount", percent_off={"off_bps": 1_000}))]
    )
    request = cart(line("a", 100)).SerializeToString()
    between = []

    def asks_again(channel):
        between.append(codec.quote(request, NOW))
        return policy_of(catalogue.policy_for(channel))

    codec = Codec(catalogue, asks_again)

    assert codec.quote(request, NOW) == plainly(catalogue, request)
    assert between == [None]
