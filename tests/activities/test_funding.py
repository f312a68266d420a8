"""Publishing says who pays, and what is left in the pools decides in every process who has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rangli.core.errors import NameTaken, Reason, Refused
from rangli.funds.model import Share
from rangli.funds.service import set_funding
from rangli.storage.postgres import transaction
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from rangli.v1 import fund_service_pb2 as fb
from tests.activities.test_feed import another_process
from tests.world import World, cart, line, new_tenant, request_id, spec, until, world_on

ASK = cart(line("a", 1_000), user_id="u1")
SHARES = [
    {"funder": "retailer", "share_bps": 4_000, "pool_id": "spring"},
    {"funder": "brand", "share_bps": 6_000},
]


def tenth(**fields: Any) -> ab.ActivitySpec:
    """A tenth off for all time, of which the pool "spring" pays two fifths."""
    fields = {
        "funding": SHARES,
        "schedule": {"ends_at": datetime(2099, 1, 1, tzinfo=UTC)},
        **fields,
    }
    return spec("item_discount", percent_off={"off_bps": 1_000}, **fields)


async def make_pool(world: World, pool_id: str = "spring", **fields: Any) -> None:
    """A pool of the retailer's with 10,000."""
    fields = {"funder": "retailer", "currency": "USD", "budget_minor": 10_000, **fields}
    await world.call(
        "CreatePool", fb.CreatePoolRequest(request_id=request_id(), pool_id=pool_id, **fields)
    )


async def change_pool(world: World, verb: str) -> None:
    request = fb.PoolVerbRequest(request_id=request_id(), pool_id="spring", reason="a test")
    await world.call(f"{verb}Pool", request)


async def reserve(world: World, amount_minor: int) -> str:
    """So much of the activity "a", of which the pool bears two fifths; the reservation's id."""
    item = {"activity_id": "a", "amount_minor": amount_minor}
    answer = await world.call(
        "FundService/Reserve",
        fb.ReserveRequest(request_id=request_id(), order_id="o1", items=[item]),
    )
    return answer.reservation_id


async def release(world: World, reservation_id: str) -> None:
    await world.call(
        "FundService/Release",
        fb.ReleaseRequest(request_id=request_id(), reservation_id=reservation_id),
    )


async def level(world: World) -> str:
    found = (await world.get("a")).funding_level
    return ab.FundingLevel.Name(found).removeprefix("FUNDING_LEVEL_")


@pytest.fixture
async def own(stores: Stores) -> AsyncIterator[World]:
    """A world on a database of the test's own."""
    async with world_on(stores) as opened:
        yield opened


async def test_publishing_says_to_the_budgets_who_bears_what(world: World) -> None:
    await make_pool(world)
    shares = [{**SHARES[0], "takes_remainder": True}, SHARES[1]]

    await world.launch("a", tenth(funding=shares))

    request = fb.GetActivityFundingRequest(activity_id="a")
    funding = await world.call("GetActivityFunding", request)
    assert (funding.version, funding.currency) == (1, "USD")
    assert list(funding.shares) == [ab.FundingShare(**share) for share in shares]


async def test_each_version_keeps_its_own_funding(world: World) -> None:
    await make_pool(world)
    await world.launch("a", tenth())

    await world.update("a", tenth(funding=[{"funder": "brand", "share_bps": 10_000}]))
    await world.publish("a")

    for version, funders in ((1, ["retailer", "brand"]), (2, ["brand"]), (0, ["brand"])):
        request = fb.GetActivityFundingRequest(activity_id="a", version=version)
        funding = await world.call("GetActivityFunding", request)
        assert [share.funder for share in funding.shares] == funders


@pytest.mark.parametrize(
    ("pool", "verb", "says"),
    [
        (None, None, "no pool is named"),
        ({"currency": "EUR"}, None, "EUR"),
        ({"funder": "brand"}, None, "brand"),
        ({}, "Freeze", "FROZEN"),
        ({}, "Close", "CLOSED"),
    ],
    ids=str,
)
async def test_a_pool_that_cannot_pay_keeps_the_activity_from_being_published(
    world: World, pool: dict[str, Any] | None, verb: str | None, says: str
) -> None:
    if pool is not None:
        await make_pool(world, **pool)
    if verb is not None:
        await change_pool(world, verb)
    await world.create("a", tenth())
    for step in ("Submit", "Approve"):
        await world.verb(step, "a")

    with pytest.raises(Refused) as refused:
        await world.verb("Publish", "a")

    assert refused.value.reason is Reason.NOT_READY
    assert refused.value.metadata == {"activity_id": "a", "problem": "pool"}
    assert "spec.funding[0].pool_id" in refused.value.message
    assert says in refused.value.message
    assert (await world.get("a")).live_version == 0


async def test_a_funding_set_by_hand_keeps_the_version_from_being_published(world: World) -> None:
    await make_pool(world)
    await world.create("a", tenth())
    for step in ("Submit", "Approve"):
        await world.verb(step, "a")
    shares = [{"funder": "brand", "share_bps": 10_000}]
    async with transaction(world.stores.pg) as conn:  # before there was an activity of that name
        by_hand = [Share("brand", None, 10_000)]
        await set_funding(
            conn, world.tenant, "a", version=1, currency="USD", shares=by_hand,
            remainder_funder=None,
        )  # fmt: skip

    with pytest.raises(Refused) as refused:
        await world.verb("Publish", "a")

    assert refused.value.reason is Reason.NOT_READY
    assert refused.value.metadata == {"activity_id": "a", "problem": "funding_version_taken"}
    assert (await world.get("a")).live_version == 0
    assert "make spec.funding say the same" in refused.value.message
    await world.verb("Reject", "a", reason="funded otherwise")
    await world.update("a", tenth(funding=shares))
    assert (await world.publish("a")).live_version == 1


async def test_without_a_pool_nothing_limits_it(world: World) -> None:
    await world.launch("a", tenth(funding=[{"funder": "brand", "share_bps": 10_000}]))

    await reserve(world, 10**9)

    assert (await world.quote(ASK)).payable_minor == 900
    assert await level(world) == "OK"


async def test_levels_gate_quotes_in_every_process_within_a_second(
    own: World, store_settings: StorageSettings
) -> None:
    """OK, WARN at 80 %, SLOW at 95 %, PAUSED at 100 %, and all the way back."""
    slow = tenth(slow_share_bps=0)  # for nobody, so that it shows
    async with another_process(store_settings, own.tenant) as other:
        await make_pool(own)
        await own.launch("a", slow)
        held = []
        for reserved, expected, costs in (
            (0, "OK", 900),
            (20_000, "WARN", 900),
            (3_750, "SLOW", 1_000),
            (1_250, "PAUSED", 1_000),
        ):
            if reserved:
                held.append(await reserve(own, reserved))
            for world in (own, other):
                assert (await world.quote(ASK)).payable_minor == costs
                assert await level(world) == expected
        for reservation_id in held:
            await release(other, reservation_id)
        for world in (own, other):
            assert (await world.quote(ASK)).payable_minor == 900
            assert await level(world) == "OK"


async def test_what_is_frozen_pauses_and_goes_on_when_it_is_resumed(world: World) -> None:
    await make_pool(world)
    await world.launch("a", tenth())
    assert (await world.quote(ASK)).payable_minor == 900

    await change_pool(world, "Freeze")
    assert (await world.quote(ASK)).payable_minor == 1_000
    told = await world.call("ListActivities", pb.ListActivitiesRequest())
    assert [a.funding_level for a in told.activities] == [ab.FUNDING_LEVEL_PAUSED]
    assert not told.activities[0].HasField("funding_paused_until")

    await change_pool(world, "Resume")
    assert (await world.quote(ASK)).payable_minor == 900


async def test_a_days_cap_pauses_until_the_pools_next_day(world: World) -> None:
    await make_pool(world, daily_cap_minor=400)
    await world.launch("a", tenth())
    await reserve(world, 1_000)

    told = await world.get("a")
    assert told.funding_level == ab.FUNDING_LEVEL_PAUSED
    until_at = told.funding_paused_until.ToDatetime(UTC)
    assert (until_at.hour, until_at.minute, until_at.second) == (0, 0, 0)
    for at, costs in ((until_at - timedelta(microseconds=1), 1_000), (until_at, 900)):
        request = cart(line("a", 1_000), user_id="u1", priced_at=at)
        assert (await world.quote(request)).payable_minor == costs


async def test_a_pool_without_money_pauses_from_the_first_moment_on(world: World) -> None:
    await world.launch("before", spec("item_discount", percent_off={"off_bps": 500}))
    await world.caught_up()
    await make_pool(world, budget_minor=0)

    await world.launch("a", tenth())

    assert (await world.quote(ASK)).payable_minor == 950


async def test_a_process_that_starts_knows_the_levels(own: World) -> None:
    await make_pool(own)
    await own.launch("a", tenth())
    await change_pool(own, "Freeze")
    await own.caught_up()

    async with world_on(own.stores) as started:
        assert (await started.call("Quote", ASK)).payable_minor == 1_000
        assert started.catalogue.funding == own.catalogue.funding


async def test_levels_concern_their_tenant_alone(world: World) -> None:
    other = world.of(new_tenant())
    for each in (world, other):
        await make_pool(each)
        await each.launch("a", tenth())

    await change_pool(world, "Freeze")

    assert (await world.quote(ASK)).payable_minor == 1_000
    await until(lambda: not world.feed.under_way)
    assert (await other.quote(ASK)).payable_minor == 900


async def test_nobody_but_its_publication_says_who_pays_for_an_activity(world: World) -> None:
    other = fb.SetActivityFundingRequest(
        activity_id="off",
        currency="USD",
        shares=[ab.FundingShare(funder="somebody", share_bps=10_000)],
    )

    await world.create("off", spec("item_discount", percent_off={"off_bps": 1_000}))
    other.request_id = request_id()
    with pytest.raises(NameTaken):
        await world.call("SetActivityFunding", other)

    other.activity_id, other.request_id = "gifts", request_id()
    await world.call("SetActivityFunding", other)
    with pytest.raises(NameTaken):
        await world.create("gifts", spec("item_discount", percent_off={"off_bps": 1_000}))


async def test_an_activity_that_refuses_parts_gets_no_part_of_a_budget(world: World) -> None:
    await world.call(
        "CreatePool",
        fb.CreatePoolRequest(
            request_id=request_id(), pool_id="small", funder="shop", currency="USD",
            budget_minor=1_000,
        ),
    )  # fmt: skip
    for activity_id, when_short in (("cut", "CUT"), ("refuse", "REFUSE")):
        await world.launch(
            activity_id,
            spec(
                "item_discount",
                percent_off={"off_bps": 1_000},
                funding=[{"funder": "shop", "share_bps": 10_000, "pool_id": "small"}],
                when_short=f"WHEN_SHORT_{when_short}",
            ),
        )

    def ask(activity_id: str) -> fb.ReserveRequest:
        item = {"activity_id": activity_id, "amount_minor": 5_000, "allow_partial": True}
        return fb.ReserveRequest(request_id=request_id(), order_id="o", items=[item])

    with pytest.raises(Refused, match="less than that"):
        await world.call("FundService/Reserve", ask("refuse"))
    granted = await world.call("FundService/Reserve", ask("cut"))
    assert [part.reserved_minor for part in granted.parts] == [1_000]
