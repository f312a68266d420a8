"""Requests that break their bounds are told where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rangli.core.errors import Invalid
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from tests.funds.budgets import amount, call, child, fund, item, root, share, spent, verb
from tests.world import World, request_id


def part(funder: str, amount_minor: int) -> fb.FunderPart:
    return fb.FunderPart(funder=funder, amount_minor=amount_minor)


async def refused(world: World, method: str, request: Any) -> list[str]:
    with pytest.raises(Invalid) as error:
        await call(world, method, request)
    return [violation.field for violation in error.value.violations]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"pool_id": "a b"}, "pool_id"),
        ({"parent_id": "ä"}, "parent_id"),
        ({"funder": ""}, "funder"),
        ({"funder": "x" * 101}, "funder"),
        ({"currency": ""}, "currency"),
        ({"currency": "usd"}, "currency"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"time_zone": "posixrules"}, "time_zone"),
        ({"warn_bps": 999}, "warn_bps"),
        ({"warn_bps": 9_501}, "warn_bps"),
        ({"slow_bps": 10_001}, "warn_bps"),
        ({"daily_cap_minor": -1}, "daily_cap_minor"),
        ({"budget_minor": 10**15 + 1}, "budget_minor"),
        ({"display_name": "x" * 201}, "display_name"),
        ({"reason": "x" * 501}, "reason"),
        ({"request_id": "x" * 65}, "request_id"),
    ],
)
async def test_a_pool_is_made_within_bounds(
    world: World, fields: dict[str, Any], field: str
) -> None:
    known = {"request_id": request_id(), "pool_id": "p", "funder": "retailer", "currency": "USD"}
    request = pb.CreatePoolRequest(**{**known, **fields})

    assert await refused(world, "CreatePool", request) == [field]


async def test_a_child_is_of_its_parents_currency(world: World) -> None:
    await root(world)

    with pytest.raises(Invalid) as error:
        await child(world, "plan", currency="EUR")

    assert error.value.violations[0].field == "currency"


async def test_verbs_of_operators_need_reasons_and_amounts(world: World) -> None:
    await root(world)

    with pytest.raises(Invalid) as error:
        await verb(world, "Freeze", reason=" ")
    assert error.value.violations[0].field == "reason"
    adjusted = pb.AdjustPoolRequest(pool_id="root", expected_budget_minor=1_000, budget_minor=5)
    assert await refused(world, "AdjustPool", adjusted) == ["reason"]
    nothing = pb.AllocatePoolRequest(pool_id="root")
    assert await refused(world, "AllocatePool", nothing) == ["amount_minor"]
    unchanged = pb.UpdatePoolRequest(pool_id="root")
    assert await refused(world, "UpdatePool", unchanged) == ["display_name"]
    other_list = pb.ListEntriesRequest(pool_id="root", page_token="cm9vdA==")
    assert await refused(world, "ListEntries", other_list) == ["page_token"]


async def test_shares_name_pools_that_can_pay_them(world: World) -> None:
    await root(world)
    await root(world, "euros", currency="EUR")
    await root(world, "frozen")
    await verb(world, "Freeze", "frozen")

    for shares, field in (
        ([], "shares"),
        ([share("retailer", 9_999, "root")], "shares"),
        ([share("retailer", 5_000, "root"), share("acme", 5_000, "root")], "shares[1].pool_id"),
        ([share("retailer", 5_000, "root"), share("x", 5_000, "gone")], "shares[1].pool_id"),
        ([share("retailer", 10_000, "euros")], "shares[0].pool_id"),
        ([share("retailer", 10_000, "frozen")], "shares[0].pool_id"),
        ([share("retailer", 10_000, "a b")], "shares[0].pool_id"),
        ([share("retailer", 5_000), share("retailer", 5_000)], "shares[1].funder"),
        ([share("", 10_000)], "shares[0].funder"),
        (
            [
                share("a", 5_000, takes_remainder=True),
                share("b", 5_000, takes_remainder=True),
            ],
            "shares",
        ),
    ):
        request = pb.SetActivityFundingRequest(activity_id="a", currency="USD", shares=shares)
        assert field in await refused(world, "SetActivityFunding", request)
    request = pb.SetActivityFundingRequest(
        activity_id="a", currency="XXX", shares=[share("a", 10_000)]
    )
    assert await refused(world, "SetActivityFunding", request) == ["currency"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"order_id": ""}, "order_id"),
        ({"order_id": "a\u200bb"}, "order_id"),
        ({"ttl_s": -1}, "ttl_s"),
        ({"ttl_s": 7 * 86_400 + 1}, "ttl_s"),
        ({"items": []}, "items"),
        ({"items": [item(f"a{n}", 1) for n in range(101)]}, "items"),
        ({"items": [item("a", 1), item("a", 1)]}, "items[1].activity_id"),
        ({"items": [item("a", 0)]}, "items[0].amount_minor"),
        ({"items": [item("a", 10**13 + 1)]}, "items[0].amount_minor"),
        ({"items": [item("a", 1, version=-1)]}, "items[0].version"),
        ({"items": [item("a b", 1)]}, "items[0].activity_id"),
        ({"items": [item("a", 2, parts=[part("retailer", 1)])]}, "items[0].parts"),
        (
            {"items": [item("a", 2, parts=[part("x", 1), part("x", 1)])]},
            "items[0].parts[1].funder",
        ),
        (
            {"items": [item("a", 1, parts=[part("x", -1), part("y", 2)])]},
            "items[0].parts[0].amount_minor",
        ),
        ({"items": [item("a", 1), item("euro", 1)]}, "items[1].activity_id"),
    ],
)
async def test_a_reservation_is_asked_for_within_bounds(
    world: World, fields: dict[str, Any], field: str
) -> None:
    await root(world)
    await fund(world, "a")
    await fund(world, "euro", share("retailer", 10_000), currency="EUR")
    known = {"order_id": "o", "items": [item("a", 1)]}

    request = pb.ReserveRequest(**{**known, **fields})

    assert await refused(world, "Reserve", request) == [field]


async def test_amounts_of_a_reservation_are_said_within_bounds(world: World) -> None:
    await root(world)
    await fund(world, "a")
    held = await spent(world, {"a": 10})

    for items, field in (
        ([amount("b", 1)], "items[0].activity_id"),
        ([amount("a", -1)], "items[0].amount_minor"),
        ([amount("a", 1), amount("a", 1)], "items[1].activity_id"),
        ([amount("a", 0, parts=[part("retailer", 1)])], "items[0].parts"),
        ([amount("a", 1, parts=[part("acme", 1)])], "items[0].parts[0].funder"),
        ([amount(f"a{n}", 1) for n in range(101)], "items"),
    ):
        request = pb.RefundRequest(reservation_id=held.reservation_id, items=items)
        assert await refused(world, "Refund", request) == [field]
    assert await refused(world, "Release", pb.ReleaseRequest()) == ["reservation_id"]


async def test_a_batch_is_bounded_in_orders_and_in_their_items(world: World) -> None:
    await root(world)
    await fund(world, "a")

    def orders(*sizes: int) -> pb.BatchSpendRequest:
        said = [
            pb.BatchSpendRequest.Item(
                request_id=f"{n}", order_id="o", items=[item("gone", 1)] * size
            )
            for n, size in enumerate(sizes)
        ]
        return pb.BatchSpendRequest(items=said)

    for request in (orders(), orders(*[1] * 1_001), orders(*[100] * 19, 101)):
        assert await refused(world, "BatchSpend", request) == ["items"]
    at_most = await call(world, "BatchSpend", orders(*[100] * 20))
    assert all(one.HasField("error") for one in at_most.items)


async def test_a_reservation_has_at_most_as_many_parts_as_a_hold_has_legs(world: World) -> None:
    funders = [share(f"f{n}", 1_000) for n in range(10)]
    for n in range(21):
        await fund(world, f"a{n}", *funders)

    request = pb.ReserveRequest(order_id="o", items=[item(f"a{n}", 100) for n in range(21)])

    assert await refused(world, "Reserve", request) == ["items"]


async def test_periods_are_said_whole_and_in_order(world: World) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)

    for fields, field in (
        ({}, "starts_at"),
        ({"starts_at": now}, "ends_at"),
        ({"starts_at": now, "ends_at": now}, "ends_at"),
        ({"starts_at": now, "ends_at": datetime(2027, 1, 1, tzinfo=UTC), "funder": "\n"}, "funder"),
    ):
        request = pb.GetSettlementReportRequest(**fields)
        assert await refused(world, "GetSettlementReport", request) == [field]
