"""A frozen wallet: nothing goes out of it, whatever it gets later, until it is unfrozen."""

from __future__ import annotations

import asyncio

from rangli.core.errors import Reason, Refused
from tests.wallet.purse import BALANCE, CASH, POINTS, RESERVED, Purse, day, refusal

# Whether anybody in this database waits for a lock.
_WAITING = """
SELECT count(*) > 0 FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def test_a_frozen_wallet_gives_nothing_out_but_takes_in(purse: Purse) -> None:
    await purse.credit(10)
    before = await purse.reserve(4)
    frozen = await purse.freeze()
    assert [one.kind for one in frozen.freezes] == [BALANCE, CASH, POINTS]
    await purse.credit(5)

    for verb in (purse.reserve, purse.debit):
        refused = await refusal(verb(1))
        assert refused.reason is Reason.FUNDS_FROZEN
        assert refused.metadata == {"owner": "user/ann", "kind": "balance", "unit": "USD"}

    await purse.capture(before.reservation_id)
    await purse.refund(before.reservation_id, refund_minor=1)
    assert await purse.available() == 12
    assert [one.reason for one in (await purse.get()).freezes] == ["looks stolen"] * 3
    assert list((await purse.unfreeze()).freezes) == []
    assert (await purse.reserve(12)).state == RESERVED


async def test_a_freeze_holds_for_lots_and_units_that_are_new(purse: Purse) -> None:
    await purse.freeze(POINTS)  # a wallet that nothing was credited to yet
    await purse.credit(5, POINTS, expires_at=day(1))
    await purse.credit(5, POINTS, unit="stars")
    await purse.credit(5)

    for unit in ("points", "stars"):
        refused = await refusal(purse.debit(1, POINTS, unit=unit))
        assert refused.reason is Reason.FUNDS_FROZEN
    refused = await refusal(purse.reserve(1, (POINTS, 1, 1)))
    assert refused.metadata["kind"] == "points"
    assert (await purse.reserve(5)).state == RESERVED


async def test_once_frozen_not_one_of_many_under_way_takes_anything(purse: Purse) -> None:
    await purse.credit(1_000)
    frozen = asyncio.Event()

    async def freeze() -> None:
        await purse.freeze()
        frozen.set()

    async def spend() -> bool:
        """Whether it was asked after the freeze was answered."""
        late = frozen.is_set()
        try:
            await purse.reserve(1)
        except Refused:
            return False
        return late

    async with asyncio.TaskGroup() as tasks:
        spending = [tasks.create_task(spend()) for _ in range(100)]
        tasks.create_task(freeze())
        for _ in range(100):
            await asyncio.sleep(0)
            spending.append(tasks.create_task(spend()))

    assert not any(task.result() for task in spending)
    await refusal(purse.reserve(1))


async def test_what_meets_a_freeze_under_way_waits_and_is_refused(purse: Purse) -> None:
    await purse.credit(5)
    world = purse.world
    async with world.stores.pg.acquire() as conn:
        async with conn.transaction():
            await conn.execute(
                """UPDATE wallets SET frozen_at = clock_timestamp(), freeze_reason = 'odd'
                   WHERE tenant = $1""",
                world.tenant,
            )
            asked = asyncio.create_task(purse.reserve(1))
            while not asked.done() and not await conn.fetchval(_WAITING):  # noqa: ASYNC110
                await asyncio.sleep(0.001)

        assert (await refusal(asked)).reason is Reason.FUNDS_FROZEN


async def test_a_second_freeze_has_the_new_reason_and_the_first_time(purse: Purse) -> None:
    (first,) = (await purse.freeze(BALANCE)).freezes
    (second,) = (await purse.freeze(BALANCE, reason="stolen")).freezes

    assert (first.reason, second.reason) == ("looks stolen", "stolen")
    assert first.frozen_at == second.frozen_at
