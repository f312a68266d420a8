"""Every service through the client, on the real server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from rangli.client import CallRefused, RangliClient
from rangli.v1 import activity_pb2 as ab
from rangli.v1.activity_service_pb2 import PriceEntry
from rangli.v1.pricing_service_pb2 import CartLine, GetPricesRequest, QuoteRequest
from rangli.v1.selection_service_pb2 import SET_KIND_STORE


@pytest.fixture
async def client(address):
    async with RangliClient(address, actor="tests") as opened:
        yield opened


def at(days: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    return stamp


def spec(**changes) -> ab.ActivitySpec:
    fields = {
        "template_id": "price_book",
        "display_name": "Week 12",
        "currency": "EUR",
        "schedule": ab.Schedule(starts_at=at(-1), ends_at=at(30), time_zone="Europe/Berlin"),
        "effect": ab.Effect(price_book=ab.PriceBook()),
        "funding": [ab.FundingShare(funder="retailer", share_bps=10_000)],
    }
    return ab.ActivitySpec(**(fields | changes))


def percent_off(**changes) -> ab.ActivitySpec:
    return spec(
        template_id="item_discount",
        display_name="20 % off rye",
        products=ab.ProductTarget(skus=["rye"]),
        effect=ab.Effect(percent_off=ab.PercentOff(off_bps=2000)),
        **changes,
    )


def cart() -> QuoteRequest:
    line = CartLine(line_id="1", sku="rye", quantity=2, list_minor=500)
    return QuoteRequest(currency="EUR", lines=[line])


async def costs(client: RangliClient, payable_minor: int) -> None:
    """Wait until the cart costs that much: what is published is live within a second."""
    async with asyncio.timeout(60):
        while (await client.pricing.quote(cart())).payable_minor != payable_minor:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_is_launched_is_priced_until_it_is_paused(client):
    activity = await client.activities.launch(percent_off(), activity_id="rye-20")
    assert (activity.activity_id, activity.live_version) == ("rye-20", 1)
    await costs(client, 800)

    await client.activities.pause("rye-20")
    await costs(client, 1000)

    await client.activities.resume("rye-20")
    await costs(client, 800)

    await client.activities.cancel("rye-20", reason="over")
    await costs(client, 1000)
    archived = await client.activities.archive("rye-20")
    assert archived.state == ab.ACTIVITY_STATE_ARCHIVED


async def test_an_activity_is_made_sent_back_changed_and_found(client):
    made = await client.activities.create(percent_off())
    await client.activities.submit(made.activity_id)
    rejected = await client.activities.reject(made.activity_id, reason="too much")
    assert rejected.version_state == ab.ACTIVITY_STATE_REJECTED

    changed = await client.activities.update(
        made.activity_id,
        percent_off(priority=7),
        expected_revision=rejected.revision,
    )

    assert changed.spec.priority == 7
    assert (await client.activities.get(made.activity_id)).revision == changed.revision
    listed = [activity.activity_id async for activity in client.activities.list()]
    assert listed == [made.activity_id]
    running = client.activities.list(states=[ab.ACTIVITY_STATE_RUNNING])
    assert [activity async for activity in running] == []
    with pytest.raises(CallRefused) as refused:
        await client.activities.pause(made.activity_id, expected_revision=1)
    assert refused.value.reason in {"REVISION_MISMATCH", "WRONG_STATE"}


async def test_imported_price_entries_are_priced_and_shown(client):
    entries = [
        PriceEntry(sku=f"sku-{number}", starts_at=at(-1), ends_at=at(7), price_minor=100)
        for number in range(2500)
    ]
    entries += [
        PriceEntry(sku="rye", starts_at=at(-1), ends_at=at(7), price_minor=350),
        PriceEntry(sku="", starts_at=at(-1), ends_at=at(7), price_minor=350),
    ]
    book = await client.activities.create(spec())

    report = await client.activities.import_price_entries(book.activity_id, entries)

    assert (report.received, report.accepted, report.rejected) == (2502, 2501, 1)
    assert (report.bad_rows[0].row, report.bad_rows[0].field) == (2501, "sku")
    for verb in (client.activities.submit, client.activities.approve, client.activities.publish):
        await verb(book.activity_id)
    await costs(client, 700)
    shown = await client.activities.price_entries(
        book.activity_id, ["rye", "wheat"], at=datetime.now(UTC)
    )
    assert [(entry.sku, entry.price_minor) for entry in shown.entries] == [("rye", 350)]


async def test_a_batch_has_an_item_for_each_cart_also_for_a_refused_one(client):
    answer = await client.pricing.batch_quote([cart(), QuoteRequest(currency="XXX"), cart()])

    kinds = [item.WhichOneof("result") for item in answer.items]
    assert kinds == ["quote", "error", "quote"]
    assert answer.items[1].error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


async def test_products_have_prices_of_their_own(client):
    products = [CartLine(line_id=sku, sku=sku, quantity=1, list_minor=500) for sku in "ab"]

    answer = await client.pricing.get_prices(GetPricesRequest(currency="EUR", products=products))

    assert [(told.line_id, told.price_minor) for told in answer.prices] == [("a", 500), ("b", 500)]
    with pytest.raises(CallRefused) as refused:
        await client.pricing.get_prices(GetPricesRequest(currency="EUR"))
    assert refused.value.violations[0].field == "products"


async def test_sets_are_imported_and_listed(client):
    first = await client.selection.import_set("north", SET_KIND_STORE, ["a", "b", "b"])
    second = await client.selection.import_set("north", SET_KIND_STORE, {"c"}, display_name="N")
    await client.selection.import_set("south", SET_KIND_STORE, ())

    assert (first.version, first.member_count) == (1, 2)
    assert (second.version, second.member_count, second.display_name) == (2, 1, "N")
    assert await client.selection.get_set("north") == second
    assert [item.set_id async for item in client.selection.list_sets()] == ["north", "south"]


async def test_templates_describe_the_forms(client):
    found = await client.activities.templates()

    assert {"price_book", "percent_off"} <= {effect.name for effect in found.effects}


async def test_tenants_do_not_see_each_other(address, client):
    await client.activities.launch(percent_off(), activity_id="rye-20")
    await costs(client, 800)

    async with RangliClient(address, tenant="other") as other:
        assert (await other.pricing.quote(cart())).payable_minor == 1000
        with pytest.raises(CallRefused) as refused:
            await other.activities.get("rye-20")

    assert refused.value.code is grpc.StatusCode.NOT_FOUND
