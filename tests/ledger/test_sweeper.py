"""What is due ends by Postgres' clock, once, and tells of it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from rangli.ledger import sweeper
from rangli.ledger.model import AccountKey
from rangli.ledger.store import find_accounts
from rangli.ledger.sweeper import sweep
from rangli.server import upkeep
from rangli.storage import sweeping
from rangli.storage.postgres import connection, transaction
from rangli.storage.sweeping import JUMP_S, PAUSE_S, Clocks, Sweeper
from tests.ledger.desk import Desk

LATER = datetime(2035, 1, 1, tzinfo=UTC)
TEN_YEARS_S = 10 * 366 * 86_400


@pytest.fixture
async def funded(desk: Desk) -> Desk:
    await desk.open("bank", floor=None)
    await desk.open("anne", "shop")
    await desk.open("lot", until=LATER)
    await desk.post(("bank", "anne", 1_000), ("bank", "lot", 100))
    return desk


async def events(desk: Desk) -> list[tuple[str, str, dict[str, object]]]:
    rows = await desk.stores.pg.fetch(
        "SELECT event_type, subject_id, payload FROM outbox WHERE tenant = 't' ORDER BY event_seq"
    )
    return [(row[0], row[1], json.loads(row[2])) for row in rows]


async def states(desk: Desk) -> list[str]:
    rows = await desk.stores.pg.fetch("SELECT state FROM ledger_holds ORDER BY hold_id")
    return [row["state"] for row in rows]


async def house(desk: Desk) -> int:
    key = AccountKey("t", "house", "expired:balance", "USD")
    async with connection(desk.stores.pg) as conn:
        account_id = (await find_accounts(conn, [key]))[key]
        return await conn.fetchval(
            "SELECT posted_minor FROM ledger_accounts WHERE account_id = $1", account_id
        )


async def test_holds_that_are_due_end_and_others_do_not(funded: Desk) -> None:
    due = await funded.hold(("anne", "shop", 30), ("lot", "shop", 20))
    await funded.capture(due, [10, 0], final=False)
    await funded.hold(("anne", "shop", 5))
    await funded.move_time(due, seconds=600)

    assert await sweep(funded.stores.pg) == 1
    assert await sweep(funded.stores.pg) == 0

    assert await states(funded) == ["EXPIRED", "PENDING"]
    assert (await funded.balances())["anne"] == (990, 5, 0)
    ((event, subject, told),) = await events(funded)
    assert (event, subject) == ("hold.expired", due)
    assert told["legs"] == [
        {
            "owner": owner,
            "kind": "balance",
            "unit": "USD",
            "target_owner": "shop",
            "target_kind": "balance",
            "released_minor": released,
        }
        for owner, released in (("anne", 20), ("lot", 20))
    ]
    assert await funded.broken() == []


async def test_what_is_left_of_an_expired_lot_is_lost_and_what_is_held_when_its_hold_ends(
    funded: Desk,
) -> None:
    held = await funded.hold(("lot", "shop", 60))
    await funded.move_lot("lot", seconds=TEN_YEARS_S)

    await sweep(funded.stores.pg)
    assert (await house(funded), (await funded.balances())["lot"]) == (40, (60, 60, 0))
    assert await sweep(funded.stores.pg) == 0

    await funded.capture(held, [50])
    await sweep(funded.stores.pg)
    assert (await house(funded), (await funded.balances())["lot"]) == (50, (0, 0, 0))

    await funded.give_back(held, [25])
    await sweep(funded.stores.pg)
    assert (await house(funded), (await funded.balances())["lot"]) == (75, (0, 0, 0))

    lost = [told["expired_minor"] for event, _, told in await events(funded)]
    assert lost == [40, 10, 25]
    assert await sweep(funded.stores.pg) == 0
    assert await funded.broken() == []


async def test_an_empty_lot_is_looked_at_once(funded: Desk) -> None:
    await funded.post(("lot", "shop", 100))
    await funded.move_lot("lot", seconds=TEN_YEARS_S)

    assert [await sweep(funded.stores.pg) for _ in range(2)] == [1, 0]
    assert await events(funded) == []


async def test_many_sweepers_end_each_hold_once(funded: Desk) -> None:
    for _ in range(30):
        await funded.move_time(await funded.hold(("anne", "shop", 1)), seconds=600)
    await funded.move_lot("lot", seconds=TEN_YEARS_S)

    await asyncio.gather(*(funded.sweep() for _ in range(4)))
    await funded.sweep()

    assert await states(funded) == ["EXPIRED"] * 30
    assert len(await events(funded)) == 31
    assert await funded.broken() == []


async def test_a_round_sweeps_all_that_is_due_in_batches(
    funded: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sweeper, sweeping):
        monkeypatch.setattr(module, "BATCH", 4)
    for _ in range(10):
        await funded.move_time(await funded.hold(("anne", "shop", 1)), seconds=600)

    assert await Sweeper(funded.stores.pg, sweep).round() == 10
    assert await states(funded) == ["EXPIRED"] * 10


async def test_a_worker_sweeps_by_itself(funded: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await funded.move_time(await funded.hold(("anne", "shop", 1)), seconds=600)
    monkeypatch.setattr(upkeep, "EXPIRE_EVERY_S", 0.01)

    task = asyncio.create_task(upkeep.keep_up(funded.stores.pg))
    async with asyncio.timeout(60):
        while await states(funded) != ["EXPIRED"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_hold_that_cannot_be_ended_keeps_no_other_from_ending(funded: Desk) -> None:
    broken, sound = [await funded.hold(("anne", "shop", 7)) for _ in range(2)]
    for hold_id in (broken, sound):
        await funded.move_time(hold_id, seconds=600)
    await funded.stores.pg.execute(
        "UPDATE ledger_hold_legs SET target_id = 987654 WHERE hold_id = $1", broken
    )

    await Sweeper(funded.stores.pg, sweep).round()

    assert await states(funded) == ["PENDING", "EXPIRED"]


async def test_a_head_of_holds_that_cannot_be_ended_keeps_none_behind_it_from_ending(
    funded: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sweeper, sweeping):
        monkeypatch.setattr(module, "BATCH", 2)
    broken = [await funded.hold(("anne", "shop", 1)) for _ in range(2)]
    sound = await funded.hold(("anne", "shop", 1))
    for hold_id in (*broken, sound):
        await funded.move_time(hold_id, seconds=600)
    await funded.stores.pg.execute(
        "UPDATE ledger_hold_legs SET target_id = 987654 WHERE hold_id = ANY($1)", broken
    )
    sweeping_on = Sweeper(funded.stores.pg, sweep)

    for _ in range(2):
        await sweeping_on.round()

    assert await states(funded) == ["PENDING", "PENDING", "EXPIRED"]


async def test_nothing_ends_for_a_while_after_the_clock_has_jumped(
    funded: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await funded.move_time(await funded.hold(("anne", "shop", 1)), seconds=600)
    careful = Sweeper(funded.stores.pg, sweep)
    monkeypatch.setattr(sweeping, "_NOW", "SELECT clock_timestamp() - interval '1 hour'")
    assert await careful.round() == 1
    await funded.move_time(await funded.hold(("anne", "shop", 1)), seconds=600)

    monkeypatch.setattr(sweeping, "_NOW", "SELECT clock_timestamp()")
    assert [await careful.round() for _ in range(2)] == [0, 0]
    monkeypatch.setattr(careful, "_resume_at", careful._resume_at - PAUSE_S)
    assert await careful.round() == 1


def read(at_s: float, before_s: float, after_s: float) -> Clocks:
    return Clocks(LATER + timedelta(seconds=at_s), before_s, after_s)


def test_a_jump_is_what_no_slow_reading_can_explain() -> None:
    first = read(0, 100, 101)

    assert read(10, 110, 111).jump_s(first) == 0
    assert read(11, 110, 111).jump_s(first) == 0
    assert read(17, 110, 111).jump_s(first) == pytest.approx(17 - 11)
    assert read(1, 110, 111).jump_s(first) == pytest.approx(1 - 9)
    assert read(30, 110, 111).jump_s(first) > JUMP_S


async def test_an_account_in_use_keeps_only_its_own_holds_from_ending(funded: Desk) -> None:
    await funded.open("bert", "till")
    await funded.post(("bank", "bert", 10))
    drawn_on = await funded.hold(("anne", "shop", 30))
    free = await funded.hold(("bert", "till", 5))
    for hold in (drawn_on, free):
        await funded.move_time(hold, seconds=600)

    async with transaction(funded.stores.pg) as conn:
        await conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        await conn.execute("SELECT FROM ledger_accounts WHERE owner = 'anne' FOR UPDATE")
        await sweep(funded.stores.pg)

    ended = await funded.stores.pg.fetch("SELECT hold_id FROM ledger_holds WHERE state = 'EXPIRED'")
    assert [row["hold_id"] for row in ended] == [free]
