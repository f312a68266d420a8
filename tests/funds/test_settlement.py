"""Who paid what in a period, and what others' books say of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rangli.core.errors import Invalid
from rangli.v1 import fund_pb2 as fb
from rangli.v1 import fund_service_pb2 as pb
from tests.funds.budgets import (
    amount,
    audited,
    call,
    fund,
    refund,
    release,
    reserve,
    root,
    share,
    spent,
)
from tests.world import World, new_tenant

ORDER, REDEMPTION = fb.RECONCILE_SOURCE_ORDER, fb.RECONCILE_SOURCE_REDEMPTION
MARCH, APRIL, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5))
_JOURNAL = """
SELECT sum(posted_minor)::bigint AS posted FROM ledger_accounts WHERE tenant = $1 AND kind = 'spent'
"""


async def report(world: World, starts_at: datetime, ends_at: datetime, **fields: Any) -> Any:
    request = pb.GetSettlementReportRequest(starts_at=starts_at, ends_at=ends_at, **fields)
    return await call(world, "GetSettlementReport", request)


def told(rows: Any) -> list[tuple[Any, ...]]:
    return [
        (
            row.funder,
            row.pool_id,
            row.activity_id,
            row.reserved_minor,
            row.spent_minor,
            row.refunded_minor,
            row.net_minor,
            row.orders,
        )
        for row in rows
    ]


async def trade(world: World) -> fb.Reservation:
    """Two activities of two funders; orders in March, refunds in April, one open reservation."""
    await root(world, budget=10_000)
    await fund(world, "a", share("retailer", 6_000, "root"), share("acme", 4_000))
    await fund(world, "b")
    first = await spent(world, {"a": 100, "b": 50}, "o1", occurred_at=MARCH)
    await spent(world, {"a": 200}, "o2", occurred_at=MARCH)
    await spent(world, {"b": 10}, "o3", occurred_at=APRIL)
    await refund(world, first, amount("a", 50), occurred_at=APRIL)
    return await reserve(world, {"b": 7}, "o4")


async def test_a_report_says_who_paid_what_by_value_date(world: World) -> None:
    held = await trade(world)

    march = await report(world, MARCH, APRIL)
    april = await report(world, APRIL, MAY)

    assert told(march.rows) == [
        ("acme", "", "a", 0, 120, 0, 120, 2),
        ("retailer", "root", "a", 0, 180, 0, 180, 2),
        ("retailer", "root", "b", 7, 50, 0, 50, 1),
    ]
    assert told(april.rows) == [
        ("acme", "", "a", 0, 0, 20, -20, 1),
        ("retailer", "root", "a", 0, 0, 30, -30, 1),
        ("retailer", "root", "b", 7, 10, 0, 10, 1),
    ]
    (total,) = march.totals
    assert (total.currency, total.net_minor, total.orders) == ("USD", 350, 2)
    await release(world, held)
    assert (await report(world, MARCH, APRIL)).totals[0].reserved_minor == 0
    assert (await report(world, MAY, datetime(2026, 6, 1, tzinfo=UTC))).rows == []


async def test_reports_sum_to_what_the_accounts_hold(world: World) -> None:
    await trade(world)

    whole = await report(world, MARCH, MAY)

    (posted,) = await world.rows(_JOURNAL)
    assert sum(row.net_minor for row in whole.rows) == posted["posted"]
    assert whole.totals[0].net_minor == posted["posted"]
    assert whole.totals[0].orders == 3
    assert await audited(world) == []


async def test_a_funder_sees_only_what_it_paid(world: World) -> None:
    await trade(world)

    acme = await report(world, MARCH, MAY, funder="acme")

    assert told(acme.rows) == [("acme", "", "a", 0, 120, 20, 100, 2)]
    assert (acme.totals[0].net_minor, acme.totals[0].orders) == (100, 2)


async def test_pages_of_a_report_make_the_whole(world: World) -> None:
    await trade(world)
    whole = await report(world, MARCH, MAY)

    rows, token = [], ""
    while True:
        page = await report(world, MARCH, MAY, page_size=1, page_token=token)
        assert len(page.rows) == 1
        assert page.totals == ([] if token else whole.totals)
        rows += page.rows
        token = page.next_page_token
        if not token:
            break

    assert rows == list(whole.rows)
    with pytest.raises(Invalid) as refused:
        await report(world, MARCH, MAY, page_token="bm8=")
    assert refused.value.violations[0].field == "page_token"


def row(source: int, order_id: str, activity_id: str, amount_minor: int, funder: str = "") -> Any:
    return pb.ReconcileRequest.Row(
        source=source,
        order_id=order_id,
        activity_id=activity_id,
        amount_minor=amount_minor,
        funder=funder,
    )


async def reconcile(world: World, *rows: Any, per_message: int = 2) -> pb.ReconcileResponse:
    header = pb.ReconcileRequest.Header(starts_at=MARCH, ends_at=MAY)
    requests = [
        pb.ReconcileRequest(rows=rows[first : first + per_message])
        for first in range(0, max(len(rows), 1), per_message)
    ]
    requests[0].header.CopyFrom(header)
    return await world.call("FundService/Reconcile", requests)


def differences(answer: pb.ReconcileResponse) -> list[tuple[Any, ...]]:
    return [
        (
            fb.ReconcileDifference.Kind.Name(one.kind).removeprefix("KIND_"),
            one.order_id,
            one.activity_id,
            one.funder,
            one.source_minor,
            one.journal_minor,
        )
        for one in answer.differences
    ]


async def test_books_that_agree_have_no_differences(world: World) -> None:
    await trade(world)

    answer = await reconcile(
        world,
        row(ORDER, "o1", "a", 50),
        row(ORDER, "o1", "b", 50),
        row(ORDER, "o2", "a", 120, "retailer"),
        row(ORDER, "o2", "a", 80, "acme"),
        row(ORDER, "o3", "b", 4),
        row(ORDER, "o3", "b", 6),
        row(ORDER, "o9", "b", 0),
    )

    assert answer.differences_total == 0
    assert list(answer.differences) == []
    (total,) = answer.totals
    assert (total.source, total.rows) == (ORDER, 7)
    assert total.source_minor == total.journal_minor == 310


async def test_each_kind_of_difference_is_found_and_named(world: World) -> None:
    await trade(world)

    answer = await reconcile(
        world,
        row(ORDER, "o1", "a", 50),
        row(ORDER, "o1", "b", 49),
        row(ORDER, "o2", "a", 119, "retailer"),
        row(ORDER, "o2", "a", 80, "acme"),
        row(ORDER, "o9", "b", 5),
        row(REDEMPTION, "o1", "a", 50),
        row(REDEMPTION, "o1", "b", 50),
        row(REDEMPTION, "o2", "a", 200, "retailer"),
    )

    assert differences(answer) == [
        ("AMOUNT", "o1", "b", "", 49, 50),
        ("AMOUNT", "o2", "a", "retailer", 119, 120),
        ("MISSING_IN_SOURCE", "o3", "b", "", 0, 10),
        ("MISSING_IN_JOURNAL", "o9", "b", "", 5, 0),
        ("MISSING_IN_SOURCE", "o2", "a", "acme", 0, 80),
        ("AMOUNT", "o2", "a", "retailer", 200, 120),
        ("MISSING_IN_SOURCE", "o3", "b", "", 0, 10),
    ]
    assert [one.source for one in answer.differences] == [ORDER] * 4 + [REDEMPTION] * 3
    assert answer.differences_total == 7
    counted = [
        (total.missing_in_journal, total.missing_in_source, total.amounts_different)
        for total in answer.totals
    ]
    assert counted == [(1, 1, 2), (0, 2, 1)]


async def test_of_many_differences_the_first_are_named_and_all_are_counted(world: World) -> None:
    rows = [row(ORDER, f"o{n:05}", "a", 1) for n in range(1_500)]

    answer = await reconcile(world, *rows, per_message=1_000)

    assert len(answer.differences) == 1_000
    assert answer.differences[-1].order_id == "o00999"
    assert answer.differences_total == 1_500


async def test_what_was_wholly_refunded_may_be_left_out_by_others(world: World) -> None:
    await root(world, budget=100)
    await fund(world, "a")
    held = await spent(world, {"a": 10}, occurred_at=MARCH)
    await refund(world, held, occurred_at=APRIL)
    await spent(world, {"a": 1}, "o2", occurred_at=MARCH)

    answer = await reconcile(world, row(ORDER, "o2", "a", 1))

    assert answer.differences_total == 0


async def test_a_stream_is_read_whole_and_refused_by_its_fields(world: World) -> None:
    def refused_fields(error: pytest.ExceptionInfo[Invalid]) -> list[str]:
        return [violation.field for violation in error.value.violations]

    for rows, field in (
        ([row(0, "o", "a", 1)], "rows[0].source"),
        ([row(ORDER, "", "a", 1)], "rows[0].order_id"),
        ([row(ORDER, "o", "a b", 1)], "rows[0].activity_id"),
        ([row(ORDER, "o", "a", 10**14)], "rows[0].amount_minor"),
        ([row(ORDER, "o", "a", 1), row(ORDER, "o", "a", 1, "acme")], "rows[1].funder"),
        ([row(ORDER, "o", "a", 1)] * 1_001, "rows"),
    ):
        with pytest.raises(Invalid) as refused:
            await reconcile(world, *rows, per_message=2_000)
        assert refused_fields(refused) == [field]
    for requests, field in (
        ([pb.ReconcileRequest(header={})], "header.starts_at"),
        ([pb.ReconcileRequest()], "header"),
        ([], "header"),
    ):
        with pytest.raises(Invalid) as refused:
            await world.call("FundService/Reconcile", requests)
        assert refused_fields(refused) == [field]


async def test_reports_are_of_one_tenant(world: World) -> None:
    await trade(world)
    other = world.of(new_tenant())

    assert (await report(other, MARCH, MAY)).rows == []
    assert (await reconcile(other, row(ORDER, "o1", "a", 50))).differences_total == 1
