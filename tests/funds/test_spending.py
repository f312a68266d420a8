"""What orders reserve, spend, release and get refunded."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rangli.core.errors import Invalid, NotFound, Reason, Refused
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from tests.funds.budgets import (
    EXPIRED,
    RELEASED,
    RESERVED,
    SPENT,
    amount,
    audited,
    by_funder,
    call,
    child,
    fund,
    item,
    pass_time,
    pool,
    refund,
    release,
    reserve,
    root,
    share,
    spend,
    spent,
    sweep,
    verb,
)
from tests.world import World, new_tenant, request_id

_EVENTS = """
SELECT event_type, actor, payload FROM outbox
WHERE tenant = $1 AND subject_id = $2 AND subject_kind = 'reservation' ORDER BY event_seq
"""


async def brands(world: World, plan: int = 1_000, brand: int = 1_000) -> None:
    """An activity "a" that the retailer bears 60 % of and a brand 40 %, of a pool each."""
    await root(world, budget=plan)
    await root(world, "brand", brand, funder="acme")
    await fund(world, "a", share("retailer", 6_000, "root"), share("acme", 4_000, "brand"))


async def test_an_order_is_reserved_by_shares_and_spent_once(world: World) -> None:
    await brands(world)

    held = await reserve(world, {"a": 101}, ttl_s=60)

    assert held.state == RESERVED
    assert by_funder(held) == {"retailer": 61, "acme": 40}
    root_pool = await pool(world)
    assert (root_pool.reserved_minor, root_pool.available_minor) == (61, 939)
    paid = await spend(world, held)
    assert paid.state == SPENT
    assert by_funder(paid, "spent_minor") == {"retailer": 61, "acme": 40}
    root_pool = await pool(world)
    assert (root_pool.reserved_minor, root_pool.spent_minor) == (0, 61)
    with pytest.raises(Refused) as refused:
        await spend(world, held)
    assert refused.value.reason is Reason.RESERVATION_ENDED
    assert (
        await call(
            world, "GetReservation", pb.GetReservationRequest(reservation_id=held.reservation_id)
        )
        == paid
    )
    assert await audited(world) == []


async def test_a_funder_without_a_pool_pays_without_bound_and_is_journaled(world: World) -> None:
    await root(world, budget=50)
    await fund(world, "a", share("retailer", 5_000, "root"), share("acme", 5_000))

    held = await spent(world, {"a": 100})
    with pytest.raises(Refused):
        await reserve(world, {"a": 2})

    assert by_funder(held, "spent_minor") == {"retailer": 50, "acme": 50}
    accounts = await world.rows(
        "SELECT kind, posted_minor FROM ledger_accounts WHERE tenant = $1"
        " AND owner = 'funder/acme' ORDER BY kind"
    )
    assert [tuple(row) for row in accounts] == [("budget", -50), ("spent", 50)]
    assert await audited(world) == []


async def test_parts_as_the_quote_said_are_taken_as_said(world: World) -> None:
    await brands(world)
    parts = [
        fb.FunderPart(funder="acme", amount_minor=70),
        fb.FunderPart(funder="retailer", amount_minor=30),
    ]

    held = await reserve(world, [item("a", 100, parts=parts)])

    assert by_funder(held) == {"retailer": 30, "acme": 70}
    parts[0].funder = "nobody"
    with pytest.raises(Invalid) as refused:
        await reserve(world, [item("a", 100, parts=parts)])
    assert refused.value.violations[0].field == "items[0].parts[0].funder"


async def test_everything_is_reserved_or_nothing(world: World) -> None:
    await brands(world, plan=1_000, brand=10)
    await fund(world, "b")

    with pytest.raises(Refused) as refused:
        await reserve(world, {"b": 100, "a": 100})

    assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
    facts = refused.value.metadata
    assert (facts["pool_id"], facts["activity_id"]) == ("brand", "a")
    assert (facts["available_minor"], facts["wanted_minor"]) == ("10", "40")
    assert (await pool(world)).reserved_minor == 0
    assert await audited(world) == []


async def test_a_part_is_granted_as_far_as_every_funder_can_bear_its_share(world: World) -> None:
    await brands(world, plan=1_000, brand=10)

    held = await reserve(world, [item("a", 100, allow_partial=True)])

    # Of 26 the brand would bear 10.4, of 27 it would bear 11.
    assert by_funder(held) == {"retailer": 16, "acme": 10}
    assert (await pool(world, "brand")).available_minor == 0
    with pytest.raises(Refused) as refused:
        await reserve(world, [item("a", 100, allow_partial=True)])
    assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
    assert refused.value.metadata["pool_id"] == "brand"
    assert await audited(world) == []


async def test_the_order_of_the_items_decides_nothing(world: World) -> None:
    other = world.of(new_tenant())
    for one in (world, other):
        await root(one, budget=120)
        for name in ("a", "b", "c"):
            await fund(one, name)
    items = [item("a", 50, allow_partial=True), item("c", 60), item("b", 30, allow_partial=True)]

    here = await reserve(world, items)
    there = await reserve(other, items[::-1])

    granted = [(part.activity_id, part.reserved_minor) for part in here.parts]
    assert granted == [(part.activity_id, part.reserved_minor) for part in there.parts]
    assert granted == [("a", 50), ("b", 10), ("c", 60)]


async def test_shipments_are_spent_one_after_the_other_by_the_original_shares(
    world: World,
) -> None:
    await brands(world)
    await fund(world, "b")
    held = await reserve(world, {"a": 100, "b": 50})

    first = await spend(world, held, amount("a", 33))
    assert first.state == RESERVED
    assert by_funder(first, "spent_minor") == {"retailer": 20, "acme": 13}
    with pytest.raises(Refused) as refused:
        await spend(world, held, amount("a", 68))
    assert refused.value.reason is Reason.RESERVATION_ENDED
    assert refused.value.metadata["left_minor"] == "67"
    last = await spend(world, held, amount("a", 50), final=True)

    assert last.state == SPENT
    assert by_funder(last, "spent_minor") == {"retailer": 50, "acme": 33}
    assert by_funder(last, "released_minor") == {"retailer": 60, "acme": 7}
    assert (await pool(world)).available_minor == 950
    assert await audited(world) == []


async def test_what_is_released_is_there_again_and_releasing_again_does_nothing(
    world: World,
) -> None:
    await brands(world)
    held = await reserve(world, {"a": 100})
    await spend(world, held, amount("a", 10))

    assert (await release(world, held)).state == RELEASED
    assert (await release(world, held)).state == RELEASED

    assert (await pool(world)).available_minor == 994
    with pytest.raises(Refused):
        await spend(world, held)
    paid = await reserve(world, {"a": 10})
    await spend(world, paid)
    with pytest.raises(Refused) as refused:
        await release(world, paid)
    assert refused.value.reason is Reason.RESERVATION_ENDED
    assert await audited(world) == []


@pytest.mark.parametrize("swept", [False, True])
async def test_an_expired_reservation_is_spent_only_if_it_may_be_late(
    world: World, swept: bool
) -> None:
    await brands(world)
    held = await reserve(world, {"a": 100})
    await pass_time(world, held)
    if swept:
        await sweep(world)
        assert (await pool(world)).available_minor == 1_000

    now = await call(
        world, "GetReservation", pb.GetReservationRequest(reservation_id=held.reservation_id)
    )
    assert now.state == EXPIRED
    with pytest.raises(Refused) as refused:
        await spend(world, held)
    assert refused.value.reason is Reason.RESERVATION_ENDED
    assert refused.value.metadata["state"] == "EXPIRED"
    with pytest.raises(Refused) as refused:
        await spend(world, held, amount("a", 101), late=True)
    assert refused.value.reason is Reason.RESERVATION_ENDED
    assert refused.value.metadata["state"] == "EXPIRED"
    late = await spend(world, held, late=True)

    assert by_funder(late, "spent_minor") == {"retailer": 60, "acme": 40}
    assert (await pool(world)).today_minor == 60
    await refund(world, held, amount("a", 50))
    await sweep(world)
    assert await audited(world) == []


async def test_what_is_gone_when_it_comes_late_is_named(world: World) -> None:
    await brands(world, brand=40)
    held = await reserve(world, {"a": 100})
    await pass_time(world, held)
    await sweep(world)
    other = await reserve(world, {"a": 2})

    with pytest.raises(Refused) as refused:
        await spend(world, held, late=True)

    assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
    facts = refused.value.metadata
    assert (facts["pool_id"], facts["activity_id"]) == ("brand", "a")
    assert (facts["available_minor"], facts["wanted_minor"]) == ("39", "40")
    await release(world, other)
    await spend(world, held, late=True)
    assert await audited(world) == []


async def test_a_late_one_is_taken_of_a_frozen_pool_too(world: World) -> None:
    await brands(world)
    held = await reserve(world, {"a": 100})
    await pass_time(world, held)
    await sweep(world)
    await verb(world, "Freeze")

    assert by_funder(await spend(world, held, late=True), "spent_minor")["retailer"] == 60
    assert await audited(world) == []


async def test_refunds_go_to_who_paid_and_never_beyond(world: World) -> None:
    await brands(world)
    held = await spent(world, {"a": 101})

    first = await refund(world, held, amount("a", 50))
    assert [(part.funder, part.amount_minor) for part in first.parts] == [
        ("retailer", 30),
        ("acme", 20),
    ]
    parts = [fb.FunderPart(funder="acme", amount_minor=20)]
    said = await refund(world, held, amount("a", 20, parts=parts))
    assert [(part.funder, part.amount_minor) for part in said.parts] == [("acme", 20)]
    for refused_amount in (
        amount("a", 32),
        amount("a", 1, parts=[fb.FunderPart(funder="acme", amount_minor=1)]),
    ):
        with pytest.raises(Refused) as refused:
            await refund(world, held, refused_amount)
        assert refused.value.reason is Reason.RETURN_EXCEEDS_CAPTURED
    rest = await refund(world, held)

    assert [(part.funder, part.amount_minor) for part in rest.parts] == [("retailer", 31)]
    with pytest.raises(Refused):
        await refund(world, held)
    assert (await pool(world)).spent_minor == (await pool(world, "brand")).spent_minor == 0
    assert await audited(world) == []


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    bps=st.lists(st.integers(1, 4_999), min_size=1, max_size=2),
    paid=st.integers(1, 500),
    refunds=st.lists(st.integers(1, 200), max_size=8),
)
async def test_any_partial_refunds_sum_to_what_each_funder_paid(
    world: World, bps: list[int], paid: int, refunds: list[int]
) -> None:
    tenant = world.of(new_tenant())
    shares = [*bps, 10_000 - sum(bps)]
    await fund(tenant, "a", *(share(f"f{n}", part) for n, part in enumerate(shares)))
    held = await spent(tenant, {"a": paid})
    bore = by_funder(held, "spent_minor")

    returned = dict.fromkeys(bore, 0)
    left = paid
    for wanted in [*refunds, paid]:
        part = min(wanted, left)
        if part:
            for gave in (await refund(tenant, held, amount("a", part))).parts:
                returned[gave.funder] += gave.amount_minor
            left -= part

    assert returned == bore
    assert await audited(tenant) == []


async def test_a_repeat_of_each_verb_answers_the_same_and_does_nothing(world: World) -> None:
    await brands(world)
    names = [request_id() for _ in range(4)]

    held = await reserve(world, {"a": 100}, request_id=names[0])
    first = await spend(world, held, amount("a", 60), request_id=names[1])
    back = await refund(world, held, amount("a", 10), request_id=names[2])
    freed = await release(world, held, request_id=names[3])

    assert await reserve(world, {"a": 100}, request_id=names[0]) == held
    assert await spend(world, held, amount("a", 60), request_id=names[1]) == first
    assert await refund(world, held, amount("a", 10), request_id=names[2]) == back
    assert await release(world, held, request_id=names[3]) == freed
    assert (await pool(world)).spent_minor == 30
    assert await audited(world) == []


async def test_the_version_that_priced_the_order_pays_it(world: World) -> None:
    await brands(world)
    await fund(world, "a", share("retailer", 10_000, "root"))

    new = await reserve(world, {"a": 10})
    old = await reserve(world, [item("a", 10, version=1)])

    assert by_funder(new) == {"retailer": 10}
    assert by_funder(old) == {"retailer": 6, "acme": 4}
    with pytest.raises(NotFound):
        await reserve(world, [item("a", 10, version=3)])


async def test_a_version_of_funding_is_written_once(world: World) -> None:
    await brands(world)

    again = await fund(
        world, "a", share("retailer", 6_000, "root"), share("acme", 4_000, "brand"), version=1
    )
    assert again.version == 1
    with pytest.raises(Exception, match="taken") as refused:
        await fund(world, "a", share("retailer", 10_000, "root"), version=1)
    assert refused.value.reason is Reason.NAME_TAKEN
    known = await call(world, "GetActivityFunding", pb.GetActivityFundingRequest(activity_id="a"))
    assert known == again


async def test_tenants_know_nothing_of_each_other(world: World) -> None:
    await brands(world)
    held = await reserve(world, {"a": 10})
    other = world.of(new_tenant())

    for attempt in (spend(other, held), release(other, held), refund(other, held)):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotFound):
        await reserve(other, {"a": 10})
    with pytest.raises(NotFound):
        await child(other, "plan")
    assert (await spend(world, held)).state == SPENT


async def test_every_step_leaves_an_event(world: World) -> None:
    await brands(world)
    held = await reserve(world, {"a": 10}, order_id="o9")
    await spend(world, held, amount("a", 5))
    await refund(world, held, amount("a", 1))
    await release(world, held)

    rows = await world.rows(_EVENTS, held.reservation_id)

    assert [row["event_type"].removeprefix("reservation.") for row in rows] == [
        "reserved",
        "spent",
        "refunded",
        "released",
    ]
    payload = json.loads(rows[1]["payload"])
    assert payload["order_id"] == "o9"
    assert [part["amount_minor"] for part in payload["parts"]] == [3, 2]
