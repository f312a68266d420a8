"""Each of a shopper's coupons on a cart: what it saves alone, or why it cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rangli.v1 import activity_pb2 as ab
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import quote_pb2 as qb
from tests.checkout.shop import Shop, checkout, limit
from tests.world import NOW, line, spec

TODAY = datetime.now(UTC)
Item = pb.ListUsableCouponsResponse.Item


def threshold(minimum: int, off_minor: int, **fields: Any) -> ab.ActivitySpec:
    """A coupon for so much off an order of so much."""
    tier = {"min_amount_minor": minimum, "amount_off_minor": off_minor}
    return spec("order_coupon", threshold_off={"tiers": [tier]}, **fields)


def why(item: Item) -> str:
    return qb.NotAppliedReason.Name(item.why.reason).removeprefix("NOT_APPLIED_REASON_")


async def test_each_coupon_says_what_it_saves_alone_and_which_are_chosen(shop: Shop) -> None:
    await shop.offer("small", threshold(10_00, 3_00))
    await shop.offer("large", threshold(10_00, 5_00))
    await shop.offer("tea", spec("item_coupon", percent_off={"off_bps": 1000}))
    small, large, tea = [await shop.give(each) for each in ("small", "large", "tea")]

    items = await shop.usable(checkout(line("a", 100_00)))

    assert [(i.coupon.coupon_id, i.usable, i.saving_minor, i.chosen) for i in items] == [
        (tea, True, 10_00, True),
        (large, True, 5_00, True),
        (small, True, 3_00, False),
    ]
    assert not any(item.HasField("why") or item.coupon_problem for item in items)


async def test_a_threshold_that_is_missed_says_by_how_much(shop: Shop) -> None:
    await shop.offer("high", threshold(100_00, 5_00))
    coupon_id = await shop.give("high")

    (item,) = await shop.usable(checkout(line("a", 60_00)))

    assert not item.usable
    assert (item.coupon.coupon_id, item.why.credential_id) == (coupon_id, coupon_id)
    assert (why(item), item.why.required, item.why.actual) == (
        "CONDITION_NOT_MET",
        100_00,
        60_00,
    )


async def test_what_the_cart_has_against_a_coupon_is_said(shop: Shop) -> None:
    item_coupon = {"percent_off": {"off_bps": 1000}}
    await shop.offer("tea", spec("item_coupon", products={"skus": ["tea"]}, **item_coupon))
    await shop.offer("app", spec("item_coupon", channels=["app"], **item_coupon))
    ended = {"starts_at": NOW - timedelta(days=2), "ends_at": NOW + timedelta(days=1)}
    await shop.offer("over", spec("item_coupon", schedule=ended, **item_coupon))
    for activity_id in ("tea", "app", "over"):
        await shop.give(activity_id, coupon_id=activity_id)
    await shop.give("none-such", coupon_id="none-such")

    items = await shop.usable(
        checkout(line("a", 100_00), channel="web"), at=NOW + timedelta(days=2)
    )

    assert {item.coupon.coupon_id: why(item) for item in items} == {
        "tea": "NO_ELIGIBLE_LINE",
        "app": "OTHER_CHANNEL",
        "over": "ENDED",
        "none-such": "UNKNOWN_ACTIVITY",
    }


async def test_what_is_the_matter_with_a_coupon_is_said(shop: Shop) -> None:
    await shop.offer("five", threshold(10_00, 5_00))
    frozen = await shop.give("five", frozen=True)
    early = await shop.give("five", usable_from=TODAY + timedelta(days=1))
    locked = await shop.give("five")
    await shop.lock(locked)
    late = await shop.give(
        "five", usable_from=TODAY - timedelta(days=9), expires_at=TODAY - timedelta(days=1)
    )

    items = await shop.usable(checkout(line("a", 100_00)))
    assert {item.coupon.coupon_id: item.coupon_problem for item in items} == {
        frozen: "FROZEN",
        early: "NOT_STARTED",
        locked: "LOCKED",
    }
    assert not any(item.usable or item.HasField("why") for item in items)

    (item,) = await shop.usable(checkout(line("a", 100_00), coupon_ids=[late]))
    assert item.coupon_problem == "EXPIRED"


async def test_a_limit_that_leaves_nothing_is_a_matter_of_the_coupon(shop: Shop) -> None:
    await shop.offer("five", threshold(10_00, 5_00, limits=[limit("USER", 1)]))
    await shop.give("five")
    asked = checkout(line("a", 100_00))
    (before,) = await shop.usable(asked)
    await shop.count(*(await shop.evaluated(asked)).wants)

    (after,) = await shop.usable(asked)

    assert (before.usable, after.usable, after.coupon_problem) == (True, False, "LIMIT_REACHED")


async def test_a_coupon_that_gives_a_gift_is_usable_and_saves_nothing(shop: Shop) -> None:
    cup = {"sku": "cup", "worth_minor": 5_00}
    gift = spec("gift", entitlement=ab.ENTITLEMENT_CREDENTIAL, gift=cup)
    await shop.offer("gift", gift)
    await shop.give("gift")

    (item,) = await shop.usable(checkout(line("a", 100_00)))

    assert (item.usable, item.saving_minor, item.chosen) == (True, 0, True)


async def test_usable_ones_come_first_then_by_saving_expiry_and_id(shop: Shop) -> None:
    await shop.offer("five", threshold(10_00, 5_00))
    await shop.offer("nine", threshold(10_00, 9_00))
    await shop.offer("high", threshold(500_00, 9_00))
    for name, activity_id, days in (
        ("c1", "high", 1),
        ("c2", "five", 3),
        ("c4", "five", 2),
        ("c3", "five", 2),
        ("c5", "nine", 9),
    ):
        await shop.give(activity_id, coupon_id=name, expires_at=TODAY + timedelta(days=days))

    items = await shop.usable(checkout(line("a", 100_00)))

    assert [item.coupon.coupon_id for item in items] == ["c5", "c3", "c4", "c2", "c1"]


async def test_only_the_named_coupons_of_this_user_are_listed(shop: Shop) -> None:
    await shop.offer("five", threshold(10_00, 5_00))
    mine, _other = await shop.give("five"), await shop.give("five")
    bobs = await shop.give("five", "bob")

    items = await shop.usable(checkout(line("a", 100_00), coupon_ids=[mine, bobs, "none"]))

    assert [item.coupon.coupon_id for item in items] == [mine]
    assert await shop.usable(checkout(line("a", 100_00), user_id="")) == []


async def test_a_hundred_coupons_are_judged_and_no_more(shop: Shop) -> None:
    await shop.offer("five", threshold(10_00, 5_00))
    for number in range(101):
        await shop.give(
            "five", coupon_id=f"c{number:03}", expires_at=TODAY + timedelta(days=200 - number)
        )

    items = await shop.usable(checkout(line("a", 100_00)))

    assert [item.coupon.coupon_id for item in items] == [f"c{n:03}" for n in range(100, 0, -1)]
    assert sum(item.chosen for item in items) == 1


@pytest.mark.parametrize("policy_id", ["default", "magento"])
async def test_what_one_coupon_saves_alone_is_what_its_evaluation_says(
    shop: Shop, policy_id: str
) -> None:
    await shop.offer("open", spec("item_discount", percent_off={"off_bps": 500}))
    await shop.offer("five", threshold(10_00, 5_00))
    await shop.offer("tenth", spec("item_coupon", percent_off={"off_bps": 1000}))
    for activity_id in ("five", "tenth"):
        await shop.give(activity_id)
    a = line("a", 33_33, 3)

    items = await shop.usable(checkout(a, policy_id=policy_id))

    without = await shop.evaluate(checkout(a, policy_id=policy_id, without_coupons=True))
    for item in items:
        alone = await shop.evaluate(
            checkout(a, policy_id=policy_id, coupon_ids=[item.coupon.coupon_id])
        )
        assert item.saving_minor == without.quote.payable_minor - alone.quote.payable_minor > 0
