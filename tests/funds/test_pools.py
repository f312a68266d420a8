"""Pools made, fed, changed, frozen and closed."""

from __future__ import annotations

import asyncio
import json

import pytest

from rangli.core.errors import Conflict, Invalid, NameTaken, NotFound, Reason, Refused
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from tests.funds.budgets import (
    audited,
    call,
    child,
    fund,
    pool,
    refund,
    release,
    reserve,
    root,
    spend,
    spent,
    verb,
)
from tests.world import World, new_tenant, request_id

_EVENTS = """
SELECT event_type, actor, payload FROM outbox
WHERE tenant = $1 AND subject_kind = 'pool' AND subject_id = $2 ORDER BY event_seq
"""


async def allocate(world: World, pool_id: str, amount_minor: int, **fields: object) -> fb.Pool:
    request = pb.AllocatePoolRequest(pool_id=pool_id, amount_minor=amount_minor, **fields)
    return await call(world, "AllocatePool", request)


async def adjust(world: World, pool_id: str, expected: int, budget: int) -> fb.Pool:
    request = pb.AdjustPoolRequest(
        pool_id=pool_id, expected_budget_minor=expected, budget_minor=budget, reason="re-planned"
    )
    return await call(world, "AdjustPool", request)


async def update(world: World, pool_id: str = "root", **fields: object) -> fb.Pool:
    return await call(world, "UpdatePool", pb.UpdatePoolRequest(pool_id=pool_id, **fields))


async def test_a_pool_says_what_it_is_and_has(world: World) -> None:
    made = await root(world, budget=1_000, time_zone="Europe/Berlin", daily_cap_minor=50)

    assert (made.funder, made.currency, made.time_zone) == ("retailer", "USD", "Europe/Berlin")
    assert (made.display_name, made.warn_bps, made.slow_bps) == ("root", 8_000, 9_500)
    assert (made.budget_minor, made.available_minor, made.daily_cap_minor) == (1_000, 1_000, 50)
    assert (made.state, made.level) == (fb.POOL_STATE_OPEN, ab.FUNDING_LEVEL_OK)
    assert await pool(world) == made


async def test_a_child_gets_its_budget_of_what_its_parent_has_left(world: World) -> None:
    await root(world, budget=1_000)

    plan = await child(world, "plan", budget=600)

    assert (plan.parent_id, plan.funder, plan.currency) == ("root", "retailer", "USD")
    assert plan.budget_minor == 600
    assert (await pool(world)).budget_minor == 400
    with pytest.raises(Refused) as refused:
        await child(world, "other", budget=401)
    assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
    assert refused.value.metadata["pool_id"] == "root"
    assert refused.value.metadata["available_minor"] == "400"
    with pytest.raises(NotFound):
        await pool(world, "other")
    assert await audited(world) == []


async def test_what_orders_took_of_a_parent_its_children_cannot_get(world: World) -> None:
    await root(world, budget=1_000)
    await fund(world, "a")
    await reserve(world, {"a": 300})
    await spent(world, {"a": 300})

    await child(world, "plan", budget=400)

    with pytest.raises(Refused):
        await allocate(world, "plan", 1)
    assert await audited(world) == []


async def test_money_comes_down_a_deep_tree_and_goes_up_again(world: World) -> None:
    await root(world, "p1", 100)
    for depth in range(2, 9):
        await child(world, f"p{depth}", f"p{depth - 1}", 100)
    with pytest.raises(Invalid) as refused:
        await child(world, "p9", "p8")
    assert refused.value.violations[0].field == "parent_id"

    for depth in range(8, 1, -1):
        assert (await pool(world, f"p{depth - 1}")).budget_minor == 0
        await verb(world, "Close", f"p{depth}")

    assert (await pool(world, "p1")).available_minor == 100
    assert await audited(world) == []


async def test_a_budget_is_adjusted_only_if_it_is_as_expected(world: World) -> None:
    await root(world, budget=1_000)
    await child(world, "plan", budget=600)

    with pytest.raises(Conflict) as refused:
        await adjust(world, "plan", 500, 700)
    assert refused.value.reason is Reason.BUDGET_CHANGED
    assert refused.value.metadata["actual_budget_minor"] == "600"

    assert (await adjust(world, "plan", 600, 700)).budget_minor == 700
    assert (await pool(world)).budget_minor == 300
    assert (await adjust(world, "plan", 700, 100)).budget_minor == 100
    assert (await pool(world)).budget_minor == 900
    assert await audited(world) == []


async def test_of_many_adjustments_at_once_one_succeeds(world: World) -> None:
    await root(world, budget=1_000)
    await child(world, "plan", budget=100)

    results = await asyncio.gather(
        *(adjust(world, "plan", 100, 100 + n) for n in range(1, 9)), return_exceptions=True
    )

    won = [result for result in results if isinstance(result, fb.Pool)]
    assert len(won) == 1
    assert all(
        isinstance(result, Conflict) and result.reason is Reason.BUDGET_CHANGED
        for result in results
        if result not in won
    )
    assert (await pool(world, "plan")).budget_minor == won[0].budget_minor


async def test_a_budget_is_not_lowered_below_what_is_reserved_and_spent(world: World) -> None:
    await root(world, budget=1_000)
    await fund(world, "a")
    await reserve(world, {"a": 200})
    await spent(world, {"a": 100})

    with pytest.raises(Refused) as refused:
        await adjust(world, "root", 1_000, 299)

    assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
    lowered = await adjust(world, "root", 1_000, 300)
    assert (lowered.reserved_minor, lowered.spent_minor, lowered.available_minor) == (200, 100, 0)
    assert await audited(world) == []


async def test_a_frozen_pool_gives_nothing_new_and_ends_what_it_began(world: World) -> None:
    await root(world, budget=1_000)
    await fund(world, "a")
    before, other = await reserve(world, {"a": 100}), await reserve(world, {"a": 50})

    frozen = await verb(world, "Freeze")

    assert frozen.state == fb.POOL_STATE_FROZEN
    assert frozen.level == ab.FUNDING_LEVEL_PAUSED
    for attempt in (reserve(world, {"a": 1}), child(world, "plan", budget=1)):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.reason is Reason.FUNDS_FROZEN
        assert refused.value.metadata["pool_id"] == "root"
    await spend(world, before)
    await refund(world, before)
    await release(world, other)
    assert (await pool(world)).available_minor == 1_000
    with pytest.raises(Refused) as refused:
        await verb(world, "Freeze")
    assert refused.value.reason is Reason.WRONG_STATE

    assert (await verb(world, "Resume")).level == ab.FUNDING_LEVEL_OK
    await reserve(world, {"a": 1})
    assert await audited(world) == []


async def test_a_closed_pool_returns_what_is_left_and_what_is_refunded_later(
    world: World,
) -> None:
    await root(world, budget=1_000)
    await child(world, "plan", budget=500)
    await fund(world, "a", {"funder": "retailer", "pool_id": "plan", "share_bps": 10_000})
    held = await reserve(world, {"a": 100})
    with pytest.raises(Refused) as refused:
        await verb(world, "Close", "plan")
    assert refused.value.metadata["reserved_minor"] == "100"
    with pytest.raises(Refused) as refused:
        await verb(world, "Close", "root")
    assert refused.value.metadata["child_id"] == "plan"
    await spend(world, held)

    closed = await verb(world, "Close", "plan")

    assert (closed.state, closed.budget_minor) == (fb.POOL_STATE_CLOSED, 100)
    assert (await pool(world)).available_minor == 900
    for attempt in (
        reserve(world, {"a": 1}),
        allocate(world, "plan", 1),
        update(world, "plan", display_name="x"),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.reason is Reason.WRONG_STATE
    await refund(world, held)
    assert (await pool(world, "plan")).available_minor == 100
    await verb(world, "Close", "plan")
    assert (await pool(world)).available_minor == 1_000
    await verb(world, "Close")
    assert await audited(world) == []


async def test_terms_change_only_at_the_revision_that_was_read(world: World) -> None:
    made = await root(world)

    changed = await update(
        world, expected_revision=made.revision, display_name="Summer", daily_cap_minor=10
    )

    assert (changed.display_name, changed.daily_cap_minor) == ("Summer", 10)
    assert changed.warn_bps == made.warn_bps
    assert changed.revision == made.revision + 1
    for attempt in (
        update(world, expected_revision=made.revision, display_name="Autumn"),
        verb(world, "Freeze", expected_revision=made.revision),
    ):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.reason is Reason.REVISION_MISMATCH
    with pytest.raises(Invalid) as refused_fields:
        await update(world, warn_bps=9_600)
    assert refused_fields.value.violations[0].field == "warn_bps"


async def test_a_repeat_changes_nothing_and_answers_the_same(world: World) -> None:
    await root(world, budget=1_000)
    name = request_id()

    first = await allocate(world, "root", 50, request_id=name)
    again = await allocate(world, "root", 50, request_id=name)

    assert first == again
    assert (await pool(world)).budget_minor == 1_050
    with pytest.raises(Invalid) as refused:
        await allocate(world, "root", 51, request_id=name)
    assert refused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED


async def test_a_name_is_given_once_in_a_tenant(world: World) -> None:
    await root(world, budget=10)

    with pytest.raises(NameTaken):
        await root(world, budget=20)

    assert (await pool(world)).budget_minor == 10
    other = world.of(new_tenant())
    assert (await root(other, budget=20)).budget_minor == 20
    assert (await pool(world)).budget_minor == 10
    assert await audited(world) == []


async def test_of_a_name_asked_for_twice_at_once_one_pool_is_made(world: World) -> None:
    results = await asyncio.gather(*(root(world) for _ in range(6)), return_exceptions=True)

    assert sum(isinstance(result, fb.Pool) for result in results) == 1
    assert sum(isinstance(result, NameTaken) for result in results) == 5
    assert (await pool(world)).budget_minor == 1_000


async def test_pools_are_listed_whole_by_roots_and_by_parents_in_pages(world: World) -> None:
    await root(world, "a")
    await root(world, "b")
    for name in ("c", "d", "e"):
        await child(world, name, "a")

    async def listed(**fields: object) -> tuple[list[str], str]:
        answer = await call(world, "ListPools", pb.ListPoolsRequest(**fields))
        return [one.pool_id for one in answer.pools], answer.next_page_token

    assert (await listed())[0] == ["a", "b", "c", "d", "e"]
    assert (await listed(parent_id=""))[0] == ["a", "b"]
    page, token = await listed(parent_id="a", page_size=2)
    assert page == ["c", "d"]
    assert await listed(parent_id="a", page_size=2, page_token=token) == (["e"], "")


async def test_every_change_of_a_pool_leaves_an_event_with_actor_and_reason(
    world: World,
) -> None:
    await root(world, budget=100)
    await call(
        world,
        "AllocatePool",
        pb.AllocatePoolRequest(pool_id="root", amount_minor=5, reason="more"),
        actor="fay",
    )
    await verb(world, "Freeze", reason="audit")

    events = [
        (row["event_type"], row["actor"], json.loads(row["payload"]))
        for row in await world.rows(_EVENTS, "root")
    ]

    assert [name for name, _, _ in events] == [
        "pool.created",
        "pool.allocated",
        "pool.frozen",
        "pool.level_changed",
    ]
    assert events[1][1:] == ("fay", {"amount_minor": 5, "reason": "more"})
    assert events[2][2] == {"reason": "audit"}
    assert events[3][2]["level"] == "PAUSED"


async def test_a_statement_tells_every_movement_of_a_pool(world: World) -> None:
    await root(world, budget=100)
    await fund(world, "a")
    await spend(world, await reserve(world, {"a": 30}, order_id="o7"))

    lines, token = [], ""
    while True:
        request = pb.ListEntriesRequest(pool_id="root", page_size=2, page_token=token)
        answer = await call(world, "ListEntries", request)
        lines += answer.entries
        token = answer.next_page_token
        if not token:
            break

    assert [(line.kind, line.amount_minor, line.balance_minor) for line in reversed(lines)] == [
        ("POST", 100, 100),
        ("HOLD", -30, -30),
        ("CAPTURE", 30, 0),
        ("CAPTURE", -30, 70),
    ]
    assert [line.entry_no for line in lines] == [4, 3, 2, 1]
    assert lines[0].reference == "o7"
