"""SimulateActivities: what drafts would change on recorded carts, to the minor unit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from rangli.core.errors import Invalid, NotFound
from rangli.pricing import simulation_rpc
from rangli.v1 import lint_pb2 as lb
from rangli.v1 import pricing_service_pb2 as qb
from rangli.v1 import simulation_pb2 as sb
from tests.pricing.operators import Header, simulate, stream
from tests.world import NOW, World, cart, coupon, line, spec

TENTH = spec("item_discount", percent_off={"off_bps": 1_000})
SHARED = [{"funder": "retailer", "share_bps": 7_500}, {"funder": "brand", "share_bps": 2_500}]
FIFTH = spec("item_discount", percent_off={"off_bps": 2_000}, funding=SHARED)


def absent(activity_id: str) -> lb.Draft:
    return lb.Draft(activity_id=activity_id, absent=True)


async def test_drafts_change_sums_funders_and_activities(world: World) -> None:
    await world.launch("tenth", TENTH)
    carts = [cart(line("a", 1_000)), cart(line("a", 500), user_id="ann"), cart(line("a", 0))]

    answer = await simulate(
        world, carts, drafts=[absent("tenth"), lb.Draft(activity_id="fifth", spec=FIFTH)]
    )

    assert (answer.catalogue_version, answer.carts, answer.refused) == (1, 3, 0)
    (told,) = answer.differences
    assert told.currency == "USD"
    assert (told.carts, told.cheaper, told.dearer, told.same) == (3, 2, 0, 1)
    assert told.before == sb.SimulatedTotals(
        list_minor=1_500,
        discount_minor=150,
        payable_minor=1_350,
        funders=[{"funder": "retailer", "amount_minor": 150}],
    )
    assert told.after == sb.SimulatedTotals(
        list_minor=1_500,
        discount_minor=300,
        payable_minor=1_200,
        funders=[
            {"funder": "brand", "amount_minor": 75},
            {"funder": "retailer", "amount_minor": 225},
        ],
    )
    assert list(told.activities) == [
        sb.SimulatedActivity(activity_id="fifth", after_minor=300, carts_after=2),
        sb.SimulatedActivity(activity_id="tenth", before_minor=150, carts_before=2),
    ]
    assert list(told.winners) == [
        sb.SimulatedCart(number=0, before_minor=900, after_minor=800),
        sb.SimulatedCart(number=1, user_id="ann", before_minor=450, after_minor=400),
    ]
    assert list(told.losers) == []


async def test_the_same_against_itself_differs_nowhere(world: World) -> None:
    await world.launch("tenth", TENTH)

    (told,) = (await simulate(world, [cart(line("a", 1_000))])).differences

    assert told.before == told.after
    assert (told.cheaper, told.dearer, told.same) == (0, 0, 1)


async def test_a_draft_without_a_spec_is_the_version_in_preparation(world: World) -> None:
    await world.launch("tenth", TENTH)
    await world.update("tenth", FIFTH)

    (told,) = (
        await simulate(world, [cart(line("a", 1_000))], drafts=[{"activity_id": "tenth"}])
    ).differences

    assert (told.before.payable_minor, told.after.payable_minor) == (900, 800)


async def test_an_earlier_version_is_what_it_starts_from(world: World) -> None:
    await world.launch("tenth", TENTH)
    await world.launch("fifth", FIFTH)
    ask = [cart(line("a", 1_000))]

    earlier = await simulate(world, ask, catalogue_version=1)
    with_draft = await simulate(world, ask, catalogue_version=1, drafts=[{"activity_id": "fifth"}])

    assert earlier.catalogue_version == 1
    assert earlier.differences[0].after.payable_minor == 900
    assert with_draft.differences[0].after.payable_minor == 800
    assert (await simulate(world, ask)).differences[0].after.payable_minor == 800
    with pytest.raises(NotFound):
        await simulate(world, ask, catalogue_version=3)


async def test_what_is_to_be_left_out_must_exist(world: World) -> None:
    await world.launch("tenth", TENTH)

    with pytest.raises(NotFound):
        await simulate(world, [cart(line("a", 1_000))], drafts=[absent("tenht")])


async def test_another_policy_is_tried_on_all_channels(world: World) -> None:
    await world.launch("tenth", TENTH)
    await world.launch("fifth", FIFTH)
    policy = {
        "policy_id": "all",
        "display_name": "All act",
        "groups": [{"name": "all", "mode": "GROUP_MODE_ALL", "members": [{}]}],
    }

    (told,) = (
        await simulate(world, [cart(line("a", 1_000), channel="app")], policy=policy)
    ).differences

    assert (told.before.payable_minor, told.after.payable_minor) == (800, 720)


async def test_carts_are_priced_at_their_own_instants_unless_told_otherwise(world: World) -> None:
    await world.launch("tenth", spec("item_discount", percent_off={"off_bps": 1}, schedule={
        "ends_at": NOW + timedelta(days=1)
    }))  # fmt: skip
    late = cart(line("a", 10_000), priced_at=NOW + timedelta(days=2))

    own = await simulate(world, [late, cart(line("a", 10_000))], at=None)
    told = await simulate(world, [late, cart(line("a", 10_000))], at=NOW)

    assert own.differences[0].before.discount_minor == 0
    assert (own.refused, own.differences[0].carts) == (1, 1)
    assert own.first_refusal.startswith("carts[1]: priced_at")
    assert told.differences[0].before.discount_minor == 2
    assert told.refused == 0


async def test_currencies_are_told_apart_and_refused_carts_are_counted(world: World) -> None:
    await world.launch("tenth", TENTH)
    carts = [
        cart(line("a", 1_000), currency="JPY"),
        cart(line("a", 1_000)),
        cart(),
        cart(line("a", -1)),
        cart(line("a", 1_000), policy_id="gone"),
    ]

    answer = await simulate(world, carts, drafts=[absent("tenth")])

    assert (answer.carts, answer.refused) == (5, 3)
    assert answer.first_refusal.startswith("carts[2]: lines")
    assert [(d.currency, d.carts, d.dearer) for d in answer.differences] == [
        ("JPY", 1, 0),
        ("USD", 1, 1),
    ]


async def test_those_that_move_most_are_named_and_of_equal_ones_the_earlier(world: World) -> None:
    await world.launch("tenth", TENTH)
    amounts = [100, 300, 200, 300, 100, 300]
    carts = [cart(line("a", amount)) for amount in amounts]

    (told,) = (await simulate(world, carts, drafts=[absent("tenth")], named=4)).differences

    assert [(c.number, c.after_minor - c.before_minor) for c in told.losers] == [
        (1, 30),
        (3, 30),
        (5, 30),
        (2, 20),
    ]
    assert list(told.winners) == []


async def test_an_activity_used_with_two_credentials_counts_one_cart(world: World) -> None:
    await world.launch("c", spec("item_coupon", amount_off={"amount_minor": 10}))
    ask = cart(line("a", 100), credentials=[coupon("c", "c1"), coupon("c", "c2")])

    (told,) = (await simulate(world, [ask], drafts=[absent("c")])).differences

    assert list(told.activities) == [
        sb.SimulatedActivity(activity_id="c", before_minor=20, carts_before=1)
    ]


async def test_delivery_counts_too(world: World) -> None:
    await world.launch(
        "free",
        spec("shipping_discount", products=None, shipping_off={"benefit": {"off_bps": 10_000}}),
    )
    ask = cart(line("a", 100), deliveries=[{"delivery_id": "d", "fee_minor": 50}])

    (told,) = (await simulate(world, [ask], drafts=[absent("free")])).differences

    assert (told.before.payable_minor, told.after.payable_minor) == (100, 150)
    assert told.before.list_minor == 150


async def test_other_calls_go_on_while_carts_are_priced(world: World) -> None:
    await world.launch("tenth", TENTH)
    await world.caught_up()
    carts = [cart(*(line(f"l{n}", 100) for n in range(5))) for _ in range(100)]
    turns = began = 0

    def messages() -> Iterator[sb.SimulateActivitiesRequest]:
        nonlocal began
        yield sb.SimulateActivitiesRequest(header=Header(priced_at=NOW))
        began = turns
        yield sb.SimulateActivitiesRequest(carts=carts)

    async def another() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(another())
    await stream(world, messages())
    task.cancel()

    # Between any two quotes at the least.
    assert turns - began >= 2 * len(carts)


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([], "header"),
        ([{"carts": [{}]}], "header"),
        ([{"header": {}}, {"header": {}}], "header"),
        ([{"header": {"named": 101}}], "header.named"),
        ([{"header": {"named": -1}}], "header.named"),
        ([{"header": {}, "carts": [{}] * 1_001}], "carts"),
        ([{"header": {"policy": {"policy_id": "x"}}}], "header.policy"),
        ([{"header": {"drafts": [{"activity_id": "a b"}]}}], "header.drafts[0].activity_id"),
        (
            [{"header": {"drafts": [{"activity_id": "a", "spec": {}}]}}],
            "header.drafts[0].spec",
        ),
    ],
)
async def test_a_stream_out_of_bounds_is_refused(
    world: World, messages: list[dict[str, Any]], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await stream(world, [sb.SimulateActivitiesRequest(**message) for message in messages])

    assert refused.value.violations[0].field.startswith(field)


async def test_more_carts_than_a_stream_may_have_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert simulation_rpc.CARTS_MAX == 200_000
    monkeypatch.setattr(simulation_rpc, "CARTS_MAX", 2_000)
    head = sb.SimulateActivitiesRequest(header=Header())
    carts = sb.SimulateActivitiesRequest(carts=[qb.QuoteRequest()] * 1_000)

    full = await stream(world, [head, carts, carts])
    assert (full.carts, full.refused) == (2_000, 2_000)
    with pytest.raises(Invalid):
        await stream(world, [head, carts, carts, sb.SimulateActivitiesRequest(carts=[{}])])
