"""What accounts hold and what moved on them, in pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rangli.core.errors import NotFound
from rangli.ledger import statements
from rangli.ledger.model import Kind, Phase
from rangli.ledger.statements import Line, Page
from rangli.storage.postgres import connection
from tests.ledger.desk import Desk


@pytest.fixture
async def busy(desk: Desk) -> Desk:
    await desk.open("bank", floor=None)
    await desk.open("anne")
    for amount in range(1, 8):
        await desk.post(("bank", "anne", amount))
    await desk.capture(await desk.hold(("anne", "bank", 10)))
    return desk


async def page(desk: Desk, **wanted: object) -> Page:
    async with connection(desk.stores.pg) as conn:
        return await statements.statement(conn, "t", desk.ids["anne"], **wanted)  # type: ignore[arg-type]


async def test_pages_hold_every_line_once_newest_first_whatever_is_posted_meanwhile(
    busy: Desk,
) -> None:
    lines: list[Line] = []
    before = None
    for _ in range(20):
        got = await page(busy, size=3, before=before)
        lines += got.lines
        before = got.before
        if before is None:
            break
        await busy.post(("bank", "anne", 100))

    assert [line.entry_no for line in lines] == list(range(10, 0, -1))
    assert [(x.phase, x.amount_minor, x.balance_minor, x.kind) for x in lines[:4]] == [
        (Phase.POSTED, -10, 18, Kind.CAPTURE),
        (Phase.PENDING_OUT, 10, 0, Kind.CAPTURE),
        (Phase.PENDING_OUT, -10, -10, Kind.HOLD),
        (Phase.POSTED, 7, 28, Kind.POST),
    ]
    assert lines[0].hold_id == lines[2].transaction_id == lines[2].hold_id
    assert (lines[3].method, lines[3].reference) == ("Test/Move", "order-1")


async def test_the_last_page_says_so_also_when_it_is_full(busy: Desk) -> None:
    assert (await page(busy, size=10)).before is None
    assert (await page(busy, size=9)).before == 2
    assert (await page(busy, before=1)) == Page((), None)


async def test_a_statement_may_be_of_what_was_posted_only(busy: Desk) -> None:
    got = await page(busy, size=2, phases=[Phase.POSTED])

    assert [(line.amount_minor, line.balance_minor) for line in got.lines] == [(-10, 18), (7, 28)]


@pytest.mark.parametrize("size", [0, statements.PAGE_MAX + 1])
async def test_pages_are_bounded(busy: Desk, size: int) -> None:
    with pytest.raises(ValueError, match="size"):
        await page(busy, size=size)


async def test_no_statement_of_an_account_that_is_not_there_and_an_empty_one_of_a_new_one(
    desk: Desk,
) -> None:
    await desk.open("anne")
    assert await page(desk) == Page((), None)

    async with connection(desk.stores.pg) as conn:
        with pytest.raises(NotFound):
            await statements.statement(conn, "someone-else", desk.ids["anne"])


async def test_an_owner_sees_his_accounts_lots_by_their_expiry(desk: Desk) -> None:
    await desk.open("anne")
    for year in (2035, 2033, 2034):
        await desk.open("anne", until=datetime(year, 1, 1, tzinfo=UTC))
    await desk.open("anne", unit="points")
    await desk.open("bert")

    async with connection(desk.stores.pg) as conn:
        dollars = await statements.owned(conn, "t", "anne", unit="USD")
        everything = await statements.owned(conn, "t", "anne")
        nothing = await statements.owned(conn, "t", "anne", kind="cash")

    expiries = [account.key.expires_at for account in dollars]
    assert [at.year if at else None for at in expiries] == [2033, 2034, 2035, None]
    assert [account.key.unit for account in everything] == ["USD"] * 4 + ["points"]
    assert nothing == []
