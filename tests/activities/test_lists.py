"""Lists of activities: pages, states, and tokens that nobody gave."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from rangli.core.errors import Invalid
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from tests.world import World, spec

SPEC = spec("item_discount", percent_off={"off_bps": 1000})


async def listed(world: World, **fields: object) -> pb.ListActivitiesResponse:
    return await world.call("ListActivities", pb.ListActivitiesRequest(**fields))


async def test_pages_hold_everything_once_and_in_order(world: World) -> None:
    names = [f"a{number}" for number in range(6)]
    for name in reversed(names):
        await world.create(name, SPEC)

    for size in (1, 2, 3, 4, 6, 7, 0):
        seen, token, pages = [], "", 0
        while pages < 10:
            answer = await listed(world, page_size=size, page_token=token)
            seen += [activity.activity_id for activity in answer.activities]
            token, pages = answer.next_page_token, pages + 1
            if not token:
                break
        assert seen == names
        assert pages == -(-6 // (size or 100))


async def test_lists_are_of_the_states_asked_for(world: World) -> None:
    for number in range(3):
        await world.launch(f"run{number}", SPEC)
        await world.create(f"draft{number}", SPEC)
    await world.verb("Cancel", "run0", reason="x")
    await world.verb("Archive", "run0")

    async def names(*states: int, **fields: object) -> list[str]:
        answer = await listed(world, states=states, **fields)
        return [activity.activity_id for activity in answer.activities]

    assert await names() == ["draft0", "draft1", "draft2", "run1", "run2"]
    assert await names(ab.ACTIVITY_STATE_ARCHIVED) == ["run0"]
    assert await names(ab.ACTIVITY_STATE_RUNNING, page_size=1) == ["run1"]
    page = await listed(world, states=[ab.ACTIVITY_STATE_RUNNING], page_size=1)
    after = await names(ab.ACTIVITY_STATE_RUNNING, page_token=page.next_page_token)
    assert after == ["run2"]
    for wrong in (0, 99):
        with pytest.raises(Invalid) as refused:
            await names(ab.ACTIVITY_STATE_DRAFT, wrong)
        assert refused.value.violations[0].field == "states[1]"


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "!!!!",
        "é",
        "\0",
        "YQ",
        urlsafe_b64encode(b"").decode() + "=",
        urlsafe_b64encode(b"a b").decode(),
        urlsafe_b64encode(b"'; DROP TABLE activities; --").decode(),
        urlsafe_b64encode(b"\xff\xfe").decode(),
        urlsafe_b64encode(b"a" * 101).decode(),
        urlsafe_b64encode(b"a\n").decode(),
    ],
)
async def test_a_forged_page_token_is_refused(world: World, token: str) -> None:
    with pytest.raises(Invalid) as refused:
        await listed(world, page_token=token)

    assert refused.value.violations[0].field == "page_token"


@pytest.mark.parametrize("size", [-1, 501, 2**31 - 1])
async def test_a_page_size_out_of_bounds_is_refused(world: World, size: int) -> None:
    with pytest.raises(Invalid) as refused:
        await listed(world, page_size=size)

    assert refused.value.violations[0].field == "page_size"


async def test_another_tenants_token_shows_nothing_of_that_tenant(world: World) -> None:
    for name in ("a", "b", "c"):
        await world.create(name, SPEC)
    token = (await listed(world, page_size=1)).next_page_token

    answer = await listed(world.of(f"{world.tenant}-other"), page_token=token)

    assert not answer.activities
