"""A cart's price with the shopper's own coupons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from rangli.checkout.evaluating_rpc import Evaluated
from rangli.core.errors import Invalid, Refused
from rangli.pricing.bounds import NODES_MAX
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import quote_pb2 as qb
from rangli.v1 import refund_pb2
from tests.checkout.shop import Shop, checkout, limit, why_of
from tests.world import coupon, line, spec

TODAY = datetime.now(UTC)


def percent(off_bps: int, **fields: Any) -> ab.ActivitySpec:
    """A coupon for a percentage off some products."""
    return spec("item_coupon", percent_off={"off_bps": off_bps}, **fields)


def threshold(minimum: int, off_minor: int, **fields: Any) -> ab.ActivitySpec:
    """A coupon for so much off an order of so much."""
    tier = {"min_amount_minor": minimum, "amount_off_minor": off_minor}
    return spec("order_coupon", threshold_off={"tiers": [tier]}, **fields)


async def test_the_users_own_coupons_lower_the_price(shop: Shop) -> None:
    await shop.offer("tenth", percent(1000))
    mine = await shop.give("tenth")
    await shop.give("tenth", "bob")

    evaluation = await shop.evaluate(checkout(line("a", 100_00)))

    assert evaluation.quote.payable_minor == 90_00
    assert list(evaluation.coupon_ids) == [mine]
    assert not evaluation.quote.HasField("terms")


async def test_the_best_combination_of_the_users_coupons_is_used(shop: Shop) -> None:
    await shop.offer("small", threshold(10_00, 3_00))
    await shop.offer("large", threshold(10_00, 5_00))
    await shop.offer("high", threshold(500_00, 90_00))
    await shop.give("small")
    large = await shop.give("large")
    await shop.give("high")

    evaluation = await shop.evaluate(checkout(line("a", 100_00)))

    assert evaluation.quote.payable_minor == 95_00
    assert list(evaluation.coupon_ids) == [large]
    assert why_of(evaluation, "small") == ["BEATEN"]
    assert why_of(evaluation, "high") == ["CONDITION_NOT_MET"]


async def test_of_two_coupons_that_save_the_same_the_first_to_expire_is_used(shop: Shop) -> None:
    await shop.offer("five", threshold(10_00, 5_00))
    await shop.give("five", expires_at=TODAY + timedelta(days=20))
    first = await shop.give("five", expires_at=TODAY + timedelta(days=10))
    await shop.give("five", expires_at=TODAY + timedelta(days=15))

    evaluation = await shop.evaluate(checkout(line("a", 100_00)))

    assert list(evaluation.coupon_ids) == [first]


@pytest.mark.parametrize(
    "fields",
    [
        {"frozen": True},
        {"usable_from": TODAY + timedelta(days=1)},
        {"usable_from": TODAY - timedelta(days=9), "expires_at": TODAY - timedelta(days=1)},
    ],
    ids=["frozen", "not started", "expired"],
)
async def test_what_cannot_be_used_now_is_not(shop: Shop, fields: dict[str, Any]) -> None:
    await shop.offer("tenth", percent(1000))
    coupon_id = await shop.give("tenth", **fields)

    evaluation = await shop.evaluate(checkout(line("a", 100_00)))

    assert evaluation.quote.payable_minor == 100_00
    with pytest.raises(Refused) as refusal:
        await shop.evaluate(checkout(line("a", 100_00), coupon_ids=[coupon_id]))
    assert refusal.value.reason.value == "COUPON_NOT_USABLE"
    assert refusal.value.metadata["coupon_id"] == coupon_id


async def test_what_an_order_has_locked_is_that_orders_alone(shop: Shop) -> None:
    await shop.offer("tenth", percent(1000))
    coupon_id = await shop.give("tenth")
    await shop.lock(coupon_id, "o1")
    asked = checkout(line("a", 100_00))

    assert (await shop.evaluated(asked)).coupon_ids == ()
    assert (await shop.evaluated(asked, order_id="o2")).coupon_ids == ()
    assert (await shop.evaluated(asked, order_id="o1")).coupon_ids == (coupon_id,)


async def test_others_coupons_and_unknown_ones_cannot_be_named(shop: Shop) -> None:
    await shop.offer("tenth", percent(1000))
    bobs = await shop.give("tenth", "bob")

    for coupon_id in (bobs, "none-such"):
        with pytest.raises(Refused) as refusal:
            await shop.evaluate(checkout(line("a", 100_00), coupon_ids=[coupon_id]))
        assert refusal.value.metadata == {"coupon_id": coupon_id, "why": "NOT_YOURS"}


async def test_only_the_coupons_that_are_named_are_used_or_none(shop: Shop) -> None:
    await shop.offer("small", threshold(10_00, 3_00))
    await shop.offer("large", threshold(10_00, 5_00))
    small = await shop.give("small")
    await shop.give("large")
    a = line("a", 100_00)

    assert (await shop.evaluate(checkout(a, coupon_ids=[small]))).quote.payable_minor == 97_00
    assert (await shop.evaluate(checkout(a, without_coupons=True))).quote.payable_minor == 100_00
    assert (await shop.evaluate(checkout(a, user_id=""))).quote.payable_minor == 100_00


async def test_what_the_caller_has_checked_itself_counts_beside_the_coupons(shop: Shop) -> None:
    await shop.offer("member", percent(2000))
    await shop.offer("five", threshold(10_00, 5_00))
    five = await shop.give("five")

    asked = checkout(line("a", 100_00), credentials=[coupon("member", "card")])
    evaluated = await shop.evaluated(asked)

    assert evaluated.response.payable_minor == 75_00
    assert evaluated.coupon_ids == (five,)


async def test_a_coupon_of_the_user_cannot_be_presented_as_the_callers_own(shop: Shop) -> None:
    await shop.offer("tenth", percent(1000))
    mine = await shop.give("tenth")
    asked = checkout(line("a", 100_00), credentials=[coupon("tenth", mine)])

    for read in (shop.evaluate, shop.usable):
        with pytest.raises(Invalid, match=r"checkout\.cart\.credentials\[0\]\.credential_id"):
            await read(asked)


async def test_named_coupons_and_credentials_are_a_hundred_at_most(shop: Shop) -> None:
    cards = [coupon("five", f"card{number}") for number in range(99)]

    with pytest.raises(Invalid, match=r"coupon_ids: at most 100"):
        await shop.evaluate(checkout(line("a", 100_00), credentials=cards, coupon_ids=["c1", "c2"]))


async def test_a_coupon_that_gives_nothing_is_not_used(shop: Shop) -> None:
    await shop.offer("free", spec("promotion_price", set_price={"price_minor": 0}))
    await shop.offer("tenth", percent(1000, limits=[limit("USER", 5)]))
    await shop.give("tenth")

    evaluated = await shop.evaluated(checkout(line("a", 100_00)))

    assert evaluated.response.payable_minor == 0
    assert (evaluated.coupon_ids, evaluated.wants) == ((), ())


async def test_more_coupons_than_fit_leave_the_soonest_to_expire(shop: Shop) -> None:
    await shop.offer("five", threshold(10_00, 5_00))
    for day in range(3):
        await shop.give("five", coupon_id=f"c{day}", expires_at=TODAY + timedelta(days=9 - day))
    cards = [coupon("five", f"card{number}") for number in range(98)]

    evaluated = await shop.evaluated(checkout(line("a", 100_00), credentials=cards), snapshot=False)

    presented = {credential.credential_id for credential in evaluated.request.credentials}
    assert presented - {card.credential_id for card in cards} == {"c1", "c2"}


async def test_what_budgets_bear_is_what_the_quote_says(shop: Shop) -> None:
    shares = [
        {"funder": "retailer", "share_bps": 7_000},
        {"funder": "brand", "share_bps": 3_000},
    ]
    await shop.offer("tenth", percent(1000, funding=shares))
    await shop.give("tenth")
    await shop.give("tenth")

    evaluated = await shop.evaluated(checkout(line("a", 33_33)))

    (item,) = evaluated.items
    (applied, again) = evaluated.response.applied
    assert (item.activity_id, item.version, item.allow_partial) == ("tenth", 1, False)
    assert item.amount_minor == applied.discount_minor + again.discount_minor
    parts = {part.funder: part.amount_minor for part in item.parts}
    assert parts == {each.funder: each.amount_minor for each in evaluated.response.funders}


async def test_budgets_that_were_found_short_tighten_the_price(shop: Shop) -> None:
    await shop.offer("tenth", percent(1000))
    await shop.give("tenth")
    asked = checkout(line("a", 100_00))

    assert (await shop.evaluated(asked, funds_left={"tenth": 4_00})).response.payable_minor == 96_00
    none_left = await shop.evaluated(asked, funds_left={"tenth": 0})
    assert (none_left.response.payable_minor, none_left.items) == (100_00, ())


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("cart.limits_left", {"limits_left": [qb.LimitLeft(activity_id="a")]}),
        ("cart.snapshot", {"snapshot": True}),
        ("cart.explain", {"explain": True}),
        ("cart.priced_at", {"priced_at": TODAY}),
        ("cart.currency", {"currency": "dollars"}),
        ("cart.node_limit", {"node_limit": NODES_MAX + 1}),
        ("cart.user_id", {"user_id": "", "coupon_ids": ["c"]}),
        ("coupon_ids", {"coupon_ids": [f"c{number}" for number in range(101)]}),
        ("coupon_ids[1]", {"coupon_ids": ["c", ""]}),
        ("coupon_ids", {"coupon_ids": ["c"], "without_coupons": True}),
        ("device_id", {"device_id": "d" * 101}),
        ("phone", {"phone": "\n"}),
    ],
)
async def test_what_is_wrong_with_a_checkout_is_named(
    shop: Shop, field: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refusal:
        await shop.evaluate(checkout(line("a", 100), **fields))

    assert refusal.value.violations[0].field == f"checkout.{field}"


async def test_a_checkout_has_a_cart_and_a_token_a_short_life(shop: Shop) -> None:
    with pytest.raises(Invalid, match=r"checkout\.cart: is required"):
        await shop.evaluate(pb.Checkout())
    for ttl_s in (-1, 3_601):
        with pytest.raises(Invalid, match="ttl_s: must be 1 to 3600"):
            await shop.evaluate(checkout(line("a", 100)), ttl_s=ttl_s)


async def test_a_bad_code_refuses_the_whole_cart_if_all_must_be_good(shop: Shop) -> None:
    with pytest.raises(Refused) as refusal:
        await shop.evaluate(checkout(line("a", 100), codes=["none"], all_codes_or_none=True))

    assert refusal.value.reason.value == "CODE_NOT_GOOD"


async def test_an_explanation_says_more_and_changes_no_price(shop: Shop) -> None:
    await shop.offer("high", spec("order_threshold", threshold_off={
        "tiers": [{"min_amount_minor": 500_00, "amount_off_minor": 5_00}]
    }))  # fmt: skip
    await shop.offer("tenth", percent(1000))
    await shop.give("tenth")
    asked = checkout(line("a", 100_00))

    plain = await shop.evaluate(asked)
    explained = await shop.evaluate(asked, explain=True)

    assert why_of(plain, "high") == []
    assert why_of(explained, "high") == ["CONDITION_NOT_MET"]
    assert explained.quote.payable_minor == plain.quote.payable_minor


def stored(evaluated: Evaluated) -> refund_pb2.QuoteSnapshot:
    """What an order of it keeps."""
    return refund_pb2.QuoteSnapshot.FromString(evaluated.snapshot(evaluated.request))


async def test_an_evaluation_is_the_quote_of_the_same_credentials_and_limits(shop: Shop) -> None:
    await shop.offer("tenth", percent(1000, limits=[limit("USER", 7_00, "AMOUNT")]))
    await shop.offer("five", threshold(30_00, 5_00, limits=[limit("ACTIVITY", 2)]))
    await shop.offer("flash", spec("flash_price", limits=[limit("ACTIVITY", 3, "UNITS")],
                                   set_price={"price_minor": 1_00}))  # fmt: skip
    for _ in range(2):
        await shop.give("tenth")
        await shop.give("five")
    random = Random(7)

    for number in range(30):
        lines = [
            line(f"l{n}", random.randrange(1, 50_00), random.randrange(1, 5), sku=f"s{n % 3}")
            for n in range(random.randrange(1, 6))
        ]
        asked = checkout(*lines, user_groups=["x", "y"])
        evaluated = await shop.evaluated(asked, snapshot=bool(number % 2))
        quote = await shop.world.quote(evaluated.request)
        assert stored(evaluated).response == quote

        shuffled = pb.Checkout()
        shuffled.CopyFrom(asked)
        del shuffled.cart.lines[:]
        shuffled.cart.lines.extend(random.sample(lines, len(lines)))
        shuffled.cart.user_groups[:] = ["y", "x"]
        again = await shop.evaluated(shuffled, snapshot=bool(number % 2))
        assert again.response.payable_minor == evaluated.response.payable_minor
        assert (again.coupon_ids, again.wants, again.items) == (
            evaluated.coupon_ids,
            evaluated.wants,
            evaluated.items,
        )


async def test_a_snapshot_holds_no_coupon_that_the_order_does_not_use(shop: Shop) -> None:
    await shop.offer("small", threshold(10_00, 3_00))
    await shop.offer("large", threshold(10_00, 5_00))
    await shop.give("small")
    large = await shop.give("large")

    evaluated = await shop.evaluated(checkout(line("a", 100_00)))

    assert [each.credential_id for each in evaluated.request.credentials] == [large]
    terms = stored(evaluated).response.terms
    assert [each.activity_id for each in terms.activities] == ["large"]
