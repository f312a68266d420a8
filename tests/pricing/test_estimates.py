"""Prices for product pages: just what the checkout charges for the product alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from rangli.activities.live import LiveActivity
from rangli.core.clock import instant, micros
from rangli.core.errors import Invalid
from rangli.pricing.answer_rpc import message
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.estimates import assumptions, estimated
from rangli.pricing.estimates_rpc import carts_of
from rangli.pricing.quote import quote
from rangli.pricing.validity import Validity, next_change_us
from rangli.v1 import pricing_service_pb2 as qb
from rangli.v1.policy_service_pb2 import AssignPolicyRequest
from tests.activities import compiled
from tests.pricing.carts import Problem, problems
from tests.world import NOW, World, cart, coupon, entry, line, request_id, spec

_TEN = spec("item_discount", percent_off={"off_bps": 1000})
_MONDAY = datetime(2026, 6, 15, tzinfo=UTC)


def prices(*products: qb.CartLine, **fields: object) -> qb.GetPricesRequest:
    return qb.GetPricesRequest(currency="USD", products=products, **fields)


def _set(message: qb.GetPricesRequest, field: str, value: Any) -> None:
    if isinstance(value, str | int):
        setattr(message, field, value)
    else:
        getattr(message, field).extend(value)


def _alone(request: qb.QuoteRequest, number: int) -> qb.QuoteRequest:
    """A cart of one of the request's lines under the assumptions of an estimate."""
    return qb.QuoteRequest(
        currency=request.currency,
        lines=[request.lines[number]],
        user_id=request.user_id,
        user_groups=request.user_groups,
        store_id=request.store_id,
        channel=request.channel,
        facts=request.facts,
        price_basis=request.price_basis,
    )


@settings(max_examples=100, deadline=None)
@given(problems())
def test_an_estimate_is_what_a_quote_charges_for_the_product_alone(problem: Problem) -> None:
    offers, request = problem
    page = prices(*request.lines)
    for field in (
        "currency",
        "user_id",
        "user_groups",
        "store_id",
        "channel",
        "facts",
        "price_basis",
    ):
        if value := getattr(request, field):
            _set(page, field, value)
    validity = Validity(offers.catalogue, micros(NOW))

    told = [estimated(quote(offers.catalogue, each), validity) for each in carts_of(page, NOW)]

    for number, estimate in enumerate(told):
        checkout = message(quote(offers.catalogue, cart_of(_alone(request, number), NOW)))
        assert estimate.price_minor == checkout.payable_minor
        assert set(estimate.activity_ids) == {
            each.activity_id for each in checkout.applied if each.discount_minor
        }


@settings(max_examples=100, deadline=None)
@given(problems())
def test_an_estimate_holds_until_the_instant_that_it_names(problem: Problem) -> None:
    offers, request = problem
    asked = cart_of(_alone(request, 0), NOW)
    validity = Validity(offers.catalogue, asked.at_us)
    told = estimated(quote(offers.catalogue, asked), validity)

    until_us = told.valid_until_us or asked.at_us + 400 * 86_400_000_000
    span_us = until_us - asked.at_us
    for later_us in (asked.at_us + 1, asked.at_us + span_us // 2, until_us - 1):
        asked.at_us = later_us
        assert sum(x.payable_minor for x in quote(offers.catalogue, asked).lines) == (
            told.price_minor
        )


def _windows(*windows: dict[str, object], zone: str = "UTC", **schedule: object) -> LiveActivity:
    schedule = {"time_zone": zone, "weekly_windows": windows, **schedule}
    return compiled.live(
        "happy", spec("item_discount", percent_off={"off_bps": 1000}, schedule=schedule)
    )


def _next(activity: LiveActivity, at: datetime) -> datetime | None:
    change_us = next_change_us(activity, micros(at))
    return None if change_us is None else instant(change_us)


def test_a_weekly_window_opens_and_closes() -> None:
    happy = _windows({"days": [1, 2], "from_minute": 600, "to_minute": 660})

    opens = _next(happy, _MONDAY)
    assert opens == _MONDAY + timedelta(hours=10)
    closes = _next(happy, opens)
    assert closes == _MONDAY + timedelta(hours=11)
    assert _next(happy, closes) == _MONDAY + timedelta(days=1, hours=10)
    assert _next(happy, _MONDAY + timedelta(days=1, hours=11)) == (
        _MONDAY + timedelta(days=7, hours=10)
    )


def test_windows_that_touch_are_one() -> None:
    days = list(range(1, 8))
    always = _windows(
        {"days": days, "from_minute": 0, "to_minute": 700},
        {"days": days, "from_minute": 700, "to_minute": 1440},
    )

    assert _next(always, _MONDAY) == datetime(2027, 1, 1, tzinfo=UTC)


def test_before_its_start_an_activity_changes_at_its_start_and_after_its_end_never() -> None:
    short = _windows(starts_at=_MONDAY, ends_at=_MONDAY + timedelta(days=1))

    assert _next(short, _MONDAY - timedelta(days=9)) == _MONDAY
    assert _next(short, _MONDAY) == _MONDAY + timedelta(days=1)
    assert _next(short, _MONDAY + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("zone", "on", "from_minute", "to_minute"),
    [
        ("Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC), 120, 300),  # 02:00 jumps to 03:00
        ("Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC), 150, 180),  # never open that day
        ("Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC), 150, 300),  # it jumps into it
        ("Europe/Berlin", datetime(2026, 10, 24, tzinfo=UTC), 130, 160),  # 03:00 is 02:00 again
        ("Europe/Berlin", datetime(2026, 10, 24, tzinfo=UTC), 150, 180),  # it jumps out of it
        ("America/Sao_Paulo", datetime(2018, 11, 3, tzinfo=UTC), 0, 600),  # no midnight
        ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC), 105, 115),  # half an hour
    ],
)
def test_a_window_is_by_the_clock_on_the_wall_also_when_it_jumps(
    zone: str, on: datetime, from_minute: int, to_minute: int
) -> None:
    happy = _windows(
        {"days": [6, 7], "from_minute": from_minute, "to_minute": to_minute},
        zone=zone,
        starts_at=datetime(2000, 1, 1, tzinfo=UTC),
    )
    at_us, minute_us = micros(on), 60_000_000
    open_at = [happy.dormant(at_us + n * minute_us) is None for n in range(3 * 24 * 60)]
    changes = [n for n in range(1, len(open_at)) if open_at[n] != open_at[n - 1]]

    found, at = [], on
    while (after := _next(happy, at)) and after < on + timedelta(days=3):
        found.append((micros(after) - at_us) // minute_us)
        at = after

    assert found == changes
    assert changes


@settings(max_examples=25, deadline=None)
@given(problems())
def test_assumptions_name_what_the_request_leaves_out(problem: Problem) -> None:
    _, request = problem

    told = {
        each.name
        for each in assumptions(
            [cart_of(_alone(request, number), NOW) for number in range(len(request.lines))]
        )
    }

    assert {"BOUGHT_ALONE", "NO_CREDENTIALS", "LIMITS_LEFT", "NO_DELIVERY"} <= told
    assert ("GUEST" in told) == (not request.user_id)
    assert ("NO_CHANNEL" in told) == (not request.channel)
    in_stores = request.store_id or all(line.store_id for line in request.lines)
    assert ("NO_STORE" in told) == (not in_stores)


async def test_each_product_costs_what_a_cart_of_it_alone_costs(world: World) -> None:
    await world.launch("ten", _TEN)
    await world.launch("pair", spec("nth_unit", nth_unit={"n": 2, "benefit": {"off_bps": 5000}}))
    tiers = {"tiers": [{"min_amount_minor": 3000, "amount_off_minor": 200}]}
    await world.launch("spend", spec("order_threshold", threshold_off=tiers))
    await world.launch("mine", spec("item_coupon", amount_off={"amount_minor": 999}))
    await world.create("book", spec("price_book", price_book={}))
    await world.import_entries("book", [entry("b", price_minor=700)])
    await world.publish("book")
    await world.caught_up()
    products = [line("a", 1000), line("b", 1000, 2), line("c", 4000), line("a2", 1000, sku="a")]

    answer = await world.call("GetPrices", prices(*products))

    assert [told.price_minor for told in answer.prices] == [900, 945, 3400, 900]
    assert [list(told.activity_ids) for told in answer.prices] == [
        ["ten"],
        ["book", "ten", "pair"],
        ["ten", "spend"],
        ["ten"],
    ]
    for product, told in zip(products, answer.prices, strict=True):
        alone = await world.quote(cart(product))
        assert (told.line_id, told.list_minor, told.price_minor) == (
            product.line_id,
            alone.list_minor,
            alone.payable_minor,
        )
        assert told.valid_until.ToDatetime(UTC) == datetime(2027, 1, 1, tzinfo=UTC)
    assert answer.catalogue_version == world.catalogue.version
    assert answer.priced_at.ToDatetime(UTC) == NOW


async def test_prices_know_shopper_store_channel_and_instant(world: World) -> None:
    gold = spec(
        "item_discount",
        percent_off={"off_bps": 2000},
        users={"user_groups": ["gold"]},
        stores={"store_ids": ["s1"]},
        channels=["app"],
    )
    await world.launch("gold", gold)
    await world.caught_up()
    asked = prices(line("a", 1000), user_id="ann", user_groups=["gold"], channel="app")

    nowhere = await world.call("GetPrices", asked)
    asked.store_id = "s1"
    here = await world.call("GetPrices", asked)
    asked.priced_at.FromDatetime(datetime(2027, 1, 1, tzinfo=UTC))
    over = await world.call("GetPrices", asked)

    assert [x.prices[0].price_minor for x in (nowhere, here, over)] == [1000, 800, 1000]
    assert here.prices[0].valid_until.ToDatetime(UTC) == datetime(2027, 1, 1, tzinfo=UTC)
    assert not over.prices[0].HasField("valid_until")
    assert list(nowhere.assumptions) == [
        qb.ASSUMPTION_BOUGHT_ALONE,
        qb.ASSUMPTION_NO_CREDENTIALS,
        qb.ASSUMPTION_LIMITS_LEFT,
        qb.ASSUMPTION_NO_STORE,
        qb.ASSUMPTION_NO_DELIVERY,
    ]
    assert qb.ASSUMPTION_NO_STORE not in here.assumptions


async def test_a_price_holds_until_the_next_entry_of_the_product(world: World) -> None:
    def days(number: int) -> datetime:
        return NOW + timedelta(days=number)

    await world.create("book", spec("price_book", price_book={}))
    await world.import_entries(
        "book",
        [
            entry("a", price_minor=700, ends_at=days(5)),
            entry("b", price_minor=700, starts_at=days(3)),
        ],
    )
    await world.publish("book")
    # The next one comes in on top of what is in the book.
    await world.import_entries("book", [entry("a", price_minor=600, starts_at=days(4))])
    await world.caught_up()

    answer = await world.call("GetPrices", prices(*(line(sku, 1000) for sku in "abc")))

    assert [told.price_minor for told in answer.prices] == [700, 1000, 1000]
    ends = [told.valid_until.ToDatetime(UTC) for told in answer.prices[:2]]
    assert ends == [days(4), days(3)]
    assert not answer.prices[2].HasField("valid_until")


async def test_products_whose_prices_must_be_searched_are_searched(world: World) -> None:
    await world.launch("ten", _TEN)
    await world.launch("five", spec("item_discount", amount_off={"amount_minor": 500}))
    assign = AssignPolicyRequest(
        request_id=request_id(), channel="app", policy_id="best", reason="cheapest"
    )
    await world.call("AssignPolicy", assign)
    await world.caught_up()

    answer = await world.call("GetPrices", prices(line("a", 1000), line("b", 9000), channel="app"))

    assert [told.price_minor for told in answer.prices] == [500, 8100]


async def test_a_product_is_never_cheaper_on_its_page_than_at_the_checkout(world: World) -> None:
    """A coupon only makes the checkout cheaper than the page, never the other way round."""
    await world.launch("ten", _TEN)
    await world.launch("mine", spec("item_coupon", amount_off={"amount_minor": 300}))
    await world.caught_up()

    page = await world.call("GetPrices", prices(line("a", 1000)))
    alone = await world.quote(cart(line("a", 1000)))
    with_coupon = await world.quote(cart(line("a", 1000), credentials=[coupon("mine")]))

    assert page.prices[0].price_minor == alone.payable_minor == 900
    assert with_coupon.payable_minor == 600


async def test_what_is_wrong_with_products_is_named(world: World) -> None:
    wrong = prices(
        line("a", 1000),
        line("b", 1000, 0),
        line("c", -1),
        line("a", 500, sku=""),
        user_id="\0",
        channel="c" * 51,
    )

    with pytest.raises(Invalid) as refused:
        await world.call("GetPrices", wrong)

    assert [violation.field for violation in refused.value.violations] == [
        "user_id",
        "channel",
        "products[1].quantity",
        "products[2].list_minor",
        "products[3].sku",
        "products[3].line_id",
    ]


@pytest.mark.parametrize("size", [0, 501])
async def test_prices_are_asked_of_some_products(world: World, size: int) -> None:
    products = [line(f"l{n}", 10**9, 1000) for n in range(size)]

    with pytest.raises(Invalid) as refused:
        await world.call("GetPrices", prices(*products))

    assert [violation.field for violation in refused.value.violations] == ["products"]


async def test_dear_products_are_priced_together_since_nobody_buys_them_together(
    world: World,
) -> None:
    products = [line(f"l{n}", 10**9, 1000) for n in range(500)]

    answer = await world.call("GetPrices", prices(*products))

    assert [told.price_minor for told in answer.prices] == [10**12] * 500
