"""What limits leave is given, and nothing beyond; what is given is counted."""

from __future__ import annotations

from typing import Any

import pytest

from rangli.counters.model import Want
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import quote_pb2 as qb
from tests.checkout.shop import Shop, checkout, limit, why_of
from tests.world import line, spec


def flash(*limits: ab.UsageLimit, **fields: Any) -> ab.ActivitySpec:
    """Each unit for 1.00."""
    return spec("flash_price", set_price={"price_minor": 1_00}, limits=limits, **fields)


def tenth(*limits: ab.UsageLimit, **fields: Any) -> ab.ActivitySpec:
    """A coupon for a tenth off all together."""
    return spec("item_coupon", percent_off={"off_bps": 1000}, limits=limits, **fields)


def named(limit_id: str, subject_id: str, quantity: int) -> Want:
    return Want(f"activity/a/{limit_id}", subject_id, quantity)


async def wants(shop: Shop, asked: pb.Checkout) -> list[Want]:
    return list((await shop.evaluated(asked)).wants)


async def payable(shop: Shop, asked: pb.Checkout) -> int:
    return (await shop.evaluated(asked)).response.payable_minor


SUBJECTS = {
    "ACTIVITY": "",
    "USER": "ann",
    "DEVICE": "d1",
    "PHONE": "123",
    "STORE": "s1",
    "SKU": "a",
}


@pytest.mark.parametrize(("subject", "subject_id"), SUBJECTS.items())
@pytest.mark.parametrize(("measure", "quantity"), [("USES", 1), ("UNITS", 3), ("AMOUNT", 27_00)])
async def test_each_subject_and_measure_is_counted_and_held(
    shop: Shop, subject: str, subject_id: str, measure: str, quantity: int
) -> None:
    await shop.offer("a", flash(limit(subject, quantity, measure)))
    asked = checkout(line("a", 10_00, 3), device_id="d1", phone="123", store_id="s1")
    name = f"{subject}-lifetime-{measure}".lower()

    assert await wants(shop, asked) == [named(name, subject_id, quantity)]
    assert await payable(shop, asked) == 3_00

    await shop.count(named(name, subject_id, quantity))
    assert await payable(shop, asked) == 30_00
    assert await wants(shop, asked) == []
    evaluation = await shop.evaluate(asked, explain=True)
    assert why_of(evaluation, "a") == ["LIMIT_REACHED"]


@pytest.mark.parametrize(("subject", "subject_id"), SUBJECTS.items())
async def test_what_is_left_of_units_or_money_is_given(
    shop: Shop, subject: str, subject_id: str
) -> None:
    await shop.offer(
        "a", flash(limit(subject, 3, "UNITS", name="u"), limit(subject, 25_00, "AMOUNT", name="m"))
    )
    asked = checkout(line("a", 10_00, 3), device_id="d1", phone="123", store_id="s1")

    assert await payable(shop, asked) == 30_00 - 25_00
    await shop.count(named("u", subject_id, 2))
    assert await payable(shop, asked) == 30_00 - 9_00
    assert await wants(shop, asked) == [named("m", subject_id, 9_00), named("u", subject_id, 1)]


@pytest.mark.parametrize("subject", ["USER", "DEVICE", "PHONE", "STORE"])
async def test_a_subject_that_nobody_tells_leaves_nothing(shop: Shop, subject: str) -> None:
    await shop.offer("a", flash(limit(subject, 100)))

    assert await payable(shop, checkout(line("a", 10_00), user_id="")) == 10_00
    assert await wants(shop, checkout(line("a", 10_00), user_id="")) == []


async def test_a_limit_of_one_is_shared_by_two_coupons_of_an_activity(shop: Shop) -> None:
    await shop.offer("a", tenth(limit("USER", 1)))
    coupons = [await shop.give("a"), await shop.give("a")]

    evaluated = await shop.evaluated(checkout(line("x", 100_00)))

    assert evaluated.response.payable_minor == 90_00
    assert evaluated.coupon_ids == (coupons[0],)
    assert evaluated.wants == (named("user-lifetime-uses", "ann", 1),)


async def test_two_coupons_of_one_activity_count_in_sum(shop: Shop) -> None:
    await shop.offer("a", tenth(limit("USER", 5), limit("USER", 100_00, "AMOUNT")))
    await shop.give("a")
    await shop.give("a")

    assert await wants(shop, checkout(line("x", 100_00))) == [
        named("user-lifetime-amount", "ann", 19_00),
        named("user-lifetime-uses", "ann", 2),
    ]


async def test_a_product_that_is_sold_out_costs_its_price_and_others_do_not(shop: Shop) -> None:
    await shop.offer("a", flash(limit("SKU", 5, "UNITS")))
    await shop.count(named("sku-lifetime-units", "x", 5))
    asked = checkout(line("x", 10_00, 2), line("y", 10_00, 2))

    evaluated = await shop.evaluated(asked)

    assert [each.payable_minor for each in evaluated.response.lines] == [20_00, 2_00]
    assert evaluated.wants == (named("sku-lifetime-units", "y", 2),)


async def test_a_product_with_less_than_wanted_gives_way_and_others_do_not(shop: Shop) -> None:
    await shop.offer("a", flash(limit("SKU", 5, "UNITS")))
    await shop.count(named("sku-lifetime-units", "x", 4))
    asked = checkout(line("x", 10_00, 5), line("y", 10_00, 5))

    evaluated = await shop.evaluated(asked)

    by_sku = {want.subject_id: want.quantity for want in evaluated.wants}
    assert by_sku.get("x", 0) <= 1
    assert by_sku["y"] == 5
    assert evaluated.response.payable_minor <= 50_00 + 5_00


async def test_lines_of_one_product_share_its_limit(shop: Shop) -> None:
    await shop.offer("a", flash(limit("SKU", 3, "UNITS")))
    lines = [line(name, 10_00, 2, sku="x") for name in ("l1", "l2")]

    assert await wants(shop, checkout(*lines)) == [named("sku-lifetime-units", "x", 3)]
    assert await payable(shop, checkout(*lines)) == 40_00 - 27_00


async def test_a_stores_limit_counts_the_lines_of_that_store(shop: Shop) -> None:
    await shop.offer("a", flash(limit("STORE", 2, "UNITS")))
    await shop.count(named("store-lifetime-units", "s1", 2))
    asked = checkout(
        line("x", 10_00, store_id="s1"), line("y", 10_00, store_id="s2"), line("z", 10_00)
    )

    evaluated = await shop.evaluated(asked)

    assert [each.payable_minor for each in evaluated.response.lines] == [10_00, 1_00, 10_00]
    assert evaluated.wants == (named("store-lifetime-units", "s2", 1),)


async def test_units_of_a_discount_on_all_together_count_too(shop: Shop) -> None:
    await shop.offer("a", tenth(limit("USER", 5, "UNITS")))
    await shop.give("a")

    assert await wants(shop, checkout(line("x", 10_00, 5))) == [
        named("user-lifetime-units", "ann", 5)
    ]
    assert await payable(shop, checkout(line("x", 10_00, 6))) == 60_00


async def test_gifts_count_as_units_given(shop: Shop) -> None:
    gift = {"sku": "cup", "quantity": 2, "worth_minor": 5_00}
    limits = [limit("SKU", 3, "UNITS"), limit("USER", 9, "UNITS"), limit("STORE", 9, "UNITS")]
    await shop.offer("a", spec("gift", gift=gift, limits=limits))
    asked = checkout(line("x", 10_00), store_id="s1")

    evaluated = await shop.evaluated(asked)
    assert evaluated.wants == (
        named("sku-lifetime-units", "cup", 2),
        named("store-lifetime-units", "s1", 2),
        named("user-lifetime-units", "ann", 2),
    )

    await shop.count(*evaluated.wants)
    second = await shop.evaluated(asked)
    assert sum(added.quantity for added in second.response.added_lines) <= 1


async def test_an_effect_on_other_products_counts_those(shop: Shop) -> None:
    cake = {"skus": ["cake"]}
    await shop.offer(
        "a",
        spec(
            "buy_get",
            products={"skus": ["tea"]},
            buy_get={"buy_quantity": 1, "get_quantity": 1, "get_products": cake},
            limits=[limit("SKU", 1, "UNITS")],
        ),
    )
    asked = checkout(line("tea", 10_00), line("cake", 4_00))

    assert await wants(shop, asked) == [named("sku-lifetime-units", "cake", 1)]
    await shop.count(named("sku-lifetime-units", "cake", 1))
    assert await payable(shop, asked) == 14_00


async def test_free_delivery_counts_for_the_carts_store(shop: Shop) -> None:
    free = spec(
        "shipping_discount",
        shipping_off={"benefit": {"off_bps": 10_000}},
        limits=[limit("STORE", 1), limit("USER", 10_00, "AMOUNT")],
    )
    await shop.offer("a", free)
    fee = qb.DeliveryGroup(delivery_id="d", fee_minor=5_00)
    asked = checkout(line("x", 10_00), store_id="s1", deliveries=[fee])

    assert await wants(shop, asked) == [
        named("store-lifetime-uses", "s1", 1),
        named("user-lifetime-amount", "ann", 5_00),
    ]
    await shop.count(named("store-lifetime-uses", "s1", 1))
    assert await payable(shop, asked) == 15_00


async def test_an_earning_is_a_use_of_the_products_it_is_for(shop: Shop) -> None:
    points = {"kind": "EARNING_KIND_POINTS", "subject": "points", "amount": 7}
    await shop.offer("a", spec("earning", earn=points, limits=[limit("SKU", 1)]))
    asked = checkout(line("x", 10_00), line("y", 10_00))

    assert [want.subject_id for want in await wants(shop, asked)] == ["x", "y"]
    await shop.count(named("sku-lifetime-uses", "x", 1))
    assert [want.subject_id for want in await wants(shop, asked)] == ["y"]


async def test_when_an_activity_is_limited_the_next_best_acts(shop: Shop) -> None:
    await shop.offer("a", tenth(limit("ACTIVITY", 1), display_name="best"))
    await shop.offer("b", spec("order_coupon", percent_off={"off_bps": 500}))
    await shop.give("a")
    await shop.give("b")
    await shop.count(named("activity-lifetime-uses", "", 1))

    assert await payable(shop, checkout(line("x", 100_00))) == 95_00


async def test_all_or_nothing_where_less_is_not_wanted(shop: Shop) -> None:
    refuse = "WHEN_SHORT_REFUSE"
    await shop.offer("a", flash(limit("USER", 2, "UNITS"), when_short=refuse))

    assert await payable(shop, checkout(line("x", 10_00, 3))) == 30_00
    assert await payable(shop, checkout(line("x", 10_00, 2))) == 2_00


async def test_a_new_version_changes_a_limit_and_what_was_counted_counts_on(shop: Shop) -> None:
    await shop.offer("a", flash(limit("USER", 1, "UNITS")))
    asked = checkout(line("x", 10_00, 3))
    await shop.count(*await wants(shop, asked))
    assert await payable(shop, asked) == 30_00

    await shop.world.update("a", flash(limit("USER", 3, "UNITS")))
    await shop.world.publish("a")
    assert await payable(shop, asked) == 12_00

    await shop.world.update("a", flash())
    await shop.world.publish("a")
    assert (await payable(shop, asked), await wants(shop, asked)) == (3_00, [])


async def test_a_limit_that_has_ended_counts_nothing(shop: Shop) -> None:
    await shop.offer("a", flash(limit("USER", 1, "UNITS")))
    await shop.count(named("user-lifetime-units", "ann", 1))
    await shop.world.rows(
        "UPDATE counter_limits SET ended = true WHERE tenant = $1 RETURNING limit_id"
    )

    assert await payable(shop, checkout(line("x", 10_00, 3))) == 3_00
