"""PricingService on published activities: single carts and batches."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from time import monotonic

import pytest
from google.rpc.code_pb2 import INVALID_ARGUMENT
from google.rpc.error_details_pb2 import BadRequest

from rangli.core.call import CallContext
from rangli.core.errors import Invalid
from rangli.pricing import rpc
from rangli.v1 import pricing_service_pb2 as qb
from tests.pricing import invariants
from tests.world import NOW, World, cart, coupon, entry, line, spec

TEN = spec("item_discount", percent_off={"off_bps": 1000})


async def test_layers_stack_and_funders_pay_their_shares(world: World) -> None:
    await world.launch(
        "price", spec("promotion_price", set_price={"price_minor": 800}, products={"skus": ["a"]})
    )
    await world.launch("ten", TEN)
    await world.launch(
        "threshold",
        spec(
            "order_threshold",
            threshold_off={"tiers": [{"min_amount_minor": 1000, "amount_off_minor": 100}]},
            funding=[
                {"funder": "platform", "share_bps": 5000},
                {"funder": "brand", "share_bps": 5000},
            ],
        ),
    )

    answer = await world.quote(cart(line("a", 1000), line("b", 1000)))

    assert (answer.list_minor, answer.discount_minor, answer.payable_minor) == (2000, 480, 1520)
    assert [told.activity_id for told in answer.applied] == ["price", "ten", "threshold"]
    assert {told.funder: told.amount_minor for told in answer.funders} == {
        "retailer": 380,
        "platform": 50,
        "brand": 50,
    }
    assert [told.funder for told in answer.funders] == ["brand", "platform", "retailer"]


async def test_a_cart_is_priced_at_the_servers_clock_or_the_instant_asked_for(
    world: World,
) -> None:
    soon = NOW + timedelta(hours=1)
    later = spec("item_discount", percent_off={"off_bps": 1000}, schedule={"starts_at": soon})
    await world.launch("a", later)

    now = await world.quote(cart(line("a", 1000)))
    then = await world.quote(cart(line("a", 1000), priced_at=soon))

    assert (now.payable_minor, now.priced_at.ToDatetime(UTC)) == (1000, NOW)
    assert (then.payable_minor, then.priced_at.ToDatetime(UTC)) == (900, soon)
    assert (await world.quote(cart(line("a", 1000)), at=soon)).payable_minor == 900


async def test_a_tenant_with_nothing_published_pays_list_prices(world: World) -> None:
    answer = await world.quote(cart(line("a", 1000, 3), credentials=[coupon("x")]))

    assert (answer.payable_minor, answer.catalogue_version) == (3000, 0)
    assert answer.not_applied[0].reason == qb.NOT_APPLIED_REASON_UNKNOWN_ACTIVITY


async def test_a_draft_is_unknown_and_what_was_withdrawn_is_not_live(world: World) -> None:
    """A coupon's holder is told the truth about it at every stage."""
    off = spec("item_coupon", amount_off={"amount_minor": 100})
    ask = cart(line("a", 1000), credentials=[coupon("c")])
    await world.create("c", off)

    async def why() -> int:
        return (await world.quote(ask)).not_applied[0].reason

    assert await why() == qb.NOT_APPLIED_REASON_UNKNOWN_ACTIVITY
    await world.publish("c")
    assert (await world.quote(ask)).payable_minor == 900
    for verb in ("Pause", "Cancel", "Archive"):
        await world.verb(verb, "c", reason="enough")
        assert await why() == qb.NOT_APPLIED_REASON_NOT_LIVE


async def test_what_is_paused_or_over_is_explained_if_asked(world: World) -> None:
    await world.create("book", spec("price_book", price_book={}))
    await world.import_entries("book", [entry("a", price_minor=1)])
    await world.publish("book")
    await world.launch("ten", TEN)
    for name in ("book", "ten"):
        await world.verb("Pause", name)

    told = await world.quote(cart(line("a", 1000), explain=True))
    elsewhere = await world.quote(cart(line("z", 1000), explain=True))
    silent = await world.quote(cart(line("a", 1000)))

    not_live = qb.NOT_APPLIED_REASON_NOT_LIVE
    assert [(n.activity_id, n.reason) for n in told.not_applied] == [
        ("book", not_live),
        ("ten", not_live),
    ]
    assert [n.activity_id for n in elsewhere.not_applied] == ["ten"]
    assert not silent.not_applied


async def test_a_batch_prices_each_cart_as_alone_and_names_what_is_wrong(world: World) -> None:
    await world.launch("ten", TEN)
    carts = [cart(line("a", 1000)), cart(line("a", 1000, 0)), cart(line("b", 500))]
    alone = await world.quote(carts[0])

    answer = await world.call("BatchQuote", qb.BatchQuoteRequest(quotes=carts))

    first, second, third = answer.items
    assert first.quote == alone
    assert third.quote.payable_minor == 450
    assert second.error.code == INVALID_ARGUMENT
    details = BadRequest()
    assert any(detail.Unpack(details) for detail in second.error.details)
    assert [violation.field for violation in details.field_violations] == ["lines[0].quantity"]


@pytest.mark.parametrize("size", [0, 101])
async def test_a_batch_is_of_some_carts(world: World, size: int) -> None:
    with pytest.raises(Invalid) as refused:
        await world.call("BatchQuote", qb.BatchQuoteRequest(quotes=[cart(line("a", 1))] * size))

    assert refused.value.violations[0].field == "quotes"


def _hostile(lines: int, coupons: int) -> qb.QuoteRequest:
    """A cart on which very many combinations look alike."""
    return cart(
        *(line(f"l{n}", 1000 + 7 * n) for n in range(lines)),
        credentials=[coupon(f"c{n}", f"c{n}") for n in range(coupons)],
        policy_id="best",
        node_limit=20_000,
    )


async def _publish_coupons(world: World, coupons: int) -> None:
    for number in range(coupons):
        least = {"min_amount": {"amount_minor": 20_000 - 100 * number}}
        tens = {"skus": [f"l{n}" for n in range(number % 5, 40, 1 + number % 3)]}
        await world.launch(
            f"c{number}",
            spec(
                "item_coupon",
                percent_off={"off_bps": 500 + 13 * number},
                products=tens,
                conditions=[least],
                stacking={"exclusion_group": f"g{number % 7}"},
            ),
        )


async def test_others_are_answered_while_the_cheapest_cart_is_searched(world: World) -> None:
    await _publish_coupons(world, 20)
    await world.caught_up()
    hostile = _hostile(40, 20)

    search = asyncio.create_task(world.call("Quote", hostile))
    await asyncio.sleep(0)
    meanwhile = await world.call("Quote", cart(line("a", 1000)))

    assert meanwhile.payable_minor == 1000
    assert not search.done()
    found = await search
    invariants.check(hostile, found)
    assert 1 < found.nodes <= hostile.node_limit
    assert found.proven == (found.gap_minor == 0)


async def test_a_batch_with_searches_prices_each_cart_as_alone(world: World) -> None:
    await _publish_coupons(world, 4)
    await world.caught_up()
    carts = [cart(line("a", 500)), _hostile(10, 4), cart(line("b", 700))]

    answer = await world.call("BatchQuote", qb.BatchQuoteRequest(quotes=carts))

    assert [item.quote.policy_id for item in answer.items] == ["default", "best", "default"]
    assert answer.items[1].quote == await world.quote(carts[1])


async def test_a_large_cart_is_priced_the_same_off_the_loop(world: World) -> None:
    for number in range(41):
        await world.launch(
            f"item{number}", spec("item_coupon", amount_off={"amount_minor": 1000 + number})
        )
    await world.caught_up()
    lines = [line(f"l{n}", 10_000, 2) for n in range(500)]
    shown = [coupon(f"item{n}", f"c{n}") for n in range(41)]
    large = cart(*lines, credentials=shown)

    answer = await world.quote(large)

    invariants.check(large, answer)
    assert answer.discount_minor == sum(range(1000, 1041))
    assert len(answer.applied) == 41


async def test_others_are_answered_between_the_large_carts_of_a_batch(world: World) -> None:
    await world.launch("ten", TEN)
    await world.caught_up()
    large = cart(*(line(f"l{n}", 1000) for n in range(400)))
    methods = rpc.expose(world.feed, world.stores).methods
    quick = next(method.quick for method in methods if method.name == "BatchQuote")
    assert quick is not None
    context = CallContext(world.tenant, "olga", "BatchQuote", NOW, monotonic() + 60)
    asked = qb.BatchQuoteRequest(quotes=[large] * 6).SerializeToString()

    batch = asyncio.ensure_future(quick(context, asked))
    turns = 0
    while not batch.done():
        await asyncio.sleep(0)
        turns += 1

    answer = qb.BatchQuoteResponse.FromString(await batch or b"")
    assert [item.quote.payable_minor for item in answer.items] == [360_000] * 6
    assert turns >= 6


async def test_a_search_on_a_large_cart_visits_fewer_nodes_than_asked(world):
    # 100 lines and 60 coupons for all of them: 6,000 pairs, hence at most 666 nodes.
    names = [f"c{number}" for number in range(60)]
    for number, name in enumerate(names):
        await world.launch(
            name, spec("order_coupon", amount_off={"amount_minor": 100 + 7 * number})
        )
    request = cart(
        *(line(f"l{number}", 900 + number) for number in range(100)),
        credentials=[coupon(name, name) for name in names],
        policy_id="best",
        node_limit=1_000_000,
    )

    answer = await world.quote(request)

    assert 1 <= answer.nodes <= 666
