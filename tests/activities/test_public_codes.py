"""A public code belongs to one published activity at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from rangli.core.errors import RangliError, Reason, Refused
from rangli.v1 import activity_pb2 as ab
from tests.world import NOW, World, spec


def coded(code: str = "SPRING-25", *, off_bps: int = 1000, **schedule: object) -> ab.ActivitySpec:
    return spec(
        "item_coupon", percent_off={"off_bps": off_bps}, public_code=code, schedule=schedule
    )


async def approved(world: World, activity_id: str, stated: ab.ActivitySpec) -> None:
    await world.create(activity_id, stated)
    for verb in ("Submit", "Approve"):
        await world.verb(verb, activity_id)


async def refused(world: World, activity_id: str, stated: ab.ActivitySpec) -> Refused:
    await approved(world, activity_id, stated)
    with pytest.raises(Refused) as refusal:
        await world.verb("Publish", activity_id)
    return refusal.value


async def test_a_code_in_use_is_refused_in_any_letter_case(world: World) -> None:
    await world.launch("first", coded("SPRING-25"))

    refusal = await refused(world, "second", coded("Spring-25"))

    assert refusal.reason is Reason.NOT_READY
    assert refusal.metadata == {"activity_id": "second", "problem": "public_code_taken"}
    assert "first" in str(refusal)


async def test_a_code_may_be_used_again_once_its_time_is_over(world: World) -> None:
    await world.launch("first", coded(ends_at=NOW))
    await refused(world, "early", coded(starts_at=NOW - timedelta(microseconds=1)))

    assert (await world.launch("next", coded(starts_at=NOW))).live_version == 1


async def test_a_paused_activity_keeps_its_code_and_a_cancelled_one_does_not(world: World) -> None:
    await world.launch("first", coded())
    await world.verb("Pause", "first")
    await refused(world, "second", coded())

    await world.verb("Cancel", "first", reason="done")

    assert (await world.verb("Publish", "second")).live_version == 1


async def test_the_next_version_of_an_activity_keeps_its_code(world: World) -> None:
    await world.launch("first", coded())
    await world.update("first", coded(off_bps=2000))

    assert (await world.publish("first")).live_version == 2


async def test_what_was_never_published_holds_no_code(world: World) -> None:
    await approved(world, "draft", coded())

    assert (await world.launch("first", coded())).live_version == 1
    with pytest.raises(Refused):
        await world.verb("Publish", "draft")


async def test_of_two_published_at_once_exactly_one_gets_the_code(world: World) -> None:
    names = [f"a{number}" for number in range(6)]
    for name in names:
        await approved(world, name, coded())

    async def publish(name: str) -> bool:
        try:
            await world.verb("Publish", name)
        except RangliError:
            return False
        return True

    won = await asyncio.gather(*(publish(name) for name in names))

    assert sum(won) == 1
    (holder,) = [name for name, did in zip(names, won, strict=True) if did]
    await world.caught_up()
    assert world.catalogue.by_code == {"spring-25": (holder,)}
