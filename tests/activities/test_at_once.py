"""Verbs that meet at one activity: the second acts on what the first has left, not on what was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from rangli.activities import service
from rangli.activities.model import Activity, Verb
from rangli.activities.spec import ActivitySpec
from rangli.core.errors import Reason, Refused
from rangli.storage.postgres import Connection, transaction
from rangli.wire.convert import to_struct
from tests.world import NOW, World, spec

OLD = spec("item_discount", percent_off={"off_bps": 1000})
NEW = spec("item_discount", percent_off={"off_bps": 2000})

_BLOCKED = "SELECT pg_blocking_pids($1) <> '{}'"

Change = Callable[[Connection], Awaitable[Activity]]


def act(world: World, verb: Verb, activity_id: str = "a1") -> Change:
    async def change(conn: Connection) -> Activity:
        return await service.act(
            conn,
            world.tenant,
            verb,
            actor="olga",
            activity_id=activity_id,
            expected_revision=0,
            reason="because",
            at=NOW,
        )

    return change


def update(world: World, activity_id: str = "a1") -> Change:
    async def change(conn: Connection) -> Activity:
        return await service.update(
            conn,
            world.tenant,
            actor="olga",
            activity_id=activity_id,
            spec=to_struct(NEW, ActivitySpec, "spec"),
            expected_revision=0,
            reason="",
        )

    return change


async def one_after_the_other(world: World, first: Change, second: Change) -> Activity:
    """What the second gives, which began before the first was committed and waited for it."""

    async def behind() -> Activity:
        async with transaction(world.stores.pg) as conn:
            await conn.execute("SET LOCAL lock_timeout = '20s'")
            pid.set_result(conn.get_server_pid())
            return await second(conn)

    pid = asyncio.get_running_loop().create_future()
    async with transaction(world.stores.pg) as conn:
        await first(conn)
        waiting = asyncio.create_task(behind())
        async with asyncio.timeout(60):
            while not await conn.fetchval(_BLOCKED, await pid):  # noqa: ASYNC110  nothing tells
                await asyncio.sleep(0.01)
    return await waiting


async def test_submit_that_met_an_update_submits_the_new_spec(world):
    await world.create("a1", OLD)

    await one_after_the_other(world, update(world), act(world, Verb.SUBMIT))

    assert (await world.get("a1")).spec.effect == NEW.effect


@pytest.mark.parametrize(
    ("way", "first", "second"),
    [
        ([], Verb.SUBMIT, Verb.SUBMIT),
        (["Submit"], Verb.REJECT, Verb.APPROVE),
        (["Submit", "Approve"], Verb.REJECT, Verb.PUBLISH),
        (["Submit", "Approve"], Verb.PUBLISH, Verb.PUBLISH),
    ],
    ids=lambda value: value.value if isinstance(value, Verb) else "-".join(value) or "draft",
)
async def test_verb_that_met_another_is_refused_if_that_one_went_first(world, way, first, second):
    await world.create("a1", OLD)
    for verb in way:
        await world.verb(verb, "a1")

    with pytest.raises(Refused) as refused:
        await one_after_the_other(world, act(world, first), act(world, second))

    assert refused.value.reason is Reason.WRONG_STATE


async def test_pause_that_met_a_new_version_finds_the_activity(world):
    await world.launch("a1", OLD)

    paused = await one_after_the_other(world, update(world), act(world, Verb.PAUSE))

    assert (paused.latest_version, paused.run_state.value) == (2, "PAUSED")
