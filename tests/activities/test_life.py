"""Every verb in every state: what it leads to, or how it is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from rangli.core.errors import Invalid, NotFound, Reason, Refused
from rangli.v1 import activity_pb2 as ab
from tests.world import NOW, World, spec

STARTS = NOW - timedelta(days=1)
ENDS = NOW + timedelta(days=1)
BEFORE, AFTER = STARTS - timedelta(seconds=1), ENDS
SPEC = spec(
    "item_discount", percent_off={"off_bps": 1000}, schedule={"starts_at": STARTS, "ends_at": ENDS}
)
OTHER = spec(
    "item_discount", percent_off={"off_bps": 2000}, schedule={"starts_at": STARTS, "ends_at": ENDS}
)

# How a state is reached from DRAFT, and the clock at which it is looked at.
WAYS: dict[str, tuple[list[str], datetime]] = {
    "DRAFT": ([], NOW),
    "REVIEWING": (["Submit"], NOW),
    "REJECTED": (["Submit", "Reject"], NOW),
    "APPROVED": (["Submit", "Approve"], NOW),
    "SCHEDULED": (["Submit", "Approve", "Publish"], BEFORE),
    "RUNNING": (["Submit", "Approve", "Publish"], NOW),
    "PAUSED": (["Submit", "Approve", "Publish", "Pause"], NOW),
    "ENDED": (["Submit", "Approve", "Publish"], AFTER),
    "CANCELLED": (["Submit", "Approve", "Publish", "Cancel"], NOW),
    "ARCHIVED": (["Submit", "Approve", "Publish", "Cancel", "Archive"], NOW),
}
# As activity_service.proto says it.
LEADS: dict[str, dict[str, str]] = {
    "Update": {
        "DRAFT": "DRAFT",
        "REJECTED": "DRAFT",
        "APPROVED": "DRAFT",
        "SCHEDULED": "SCHEDULED",
        "RUNNING": "RUNNING",
        "PAUSED": "PAUSED",
        "ENDED": "ENDED",
    },
    "Submit": {"DRAFT": "REVIEWING"},
    "Approve": {"REVIEWING": "APPROVED"},
    "Reject": {"REVIEWING": "REJECTED", "APPROVED": "REJECTED"},
    "Publish": {"APPROVED": "RUNNING"},
    "Pause": {"SCHEDULED": "PAUSED", "RUNNING": "PAUSED"},
    "Resume": {"PAUSED": "RUNNING"},
    "Cancel": {state: "CANCELLED" for state in WAYS if state not in ("CANCELLED", "ARCHIVED")},
    "Archive": {"ENDED": "ARCHIVED", "CANCELLED": "ARCHIVED"},
}


def state(activity: ab.Activity) -> str:
    return ab.ActivityState.Name(activity.state).removeprefix("ACTIVITY_STATE_")


async def do(world: World, verb: str, activity_id: str, at: datetime) -> ab.Activity:
    if verb == "Update":
        return await world.update(activity_id, OTHER, at=at)
    return await world.verb(verb, activity_id, at=at, reason="because")


async def bring(world: World, activity_id: str, wanted: str) -> datetime:
    """An activity in that state; returns the clock at which it is in it."""
    verbs, at = WAYS[wanted]
    await world.create(activity_id, SPEC)
    for verb in verbs:
        await do(world, verb, activity_id, NOW)
    assert state(await world.get(activity_id, at=at)) == wanted
    return at


@pytest.mark.parametrize("before", WAYS)
async def test_each_verb_leads_where_it_should_or_is_refused(world: World, before: str) -> None:
    for verb, leads in LEADS.items():
        name = f"{before}-{verb}"
        at = await bring(world, name, before)
        revision = (await world.get(name)).revision

        if before in leads:
            after = await do(world, verb, name, at)

            assert state(after) == leads[before], name
            assert after.revision == revision + 1
            assert after == await world.get(name, at=at)
        else:
            with pytest.raises(Refused) as refused:
                await do(world, verb, name, at)

            assert refused.value.reason is Reason.WRONG_STATE, name
            facts = refused.value.metadata
            assert (facts["activity_id"], facts["state"]) == (name, before)
            assert set(facts["allowed"].split(", ")) <= {*WAYS}
            assert before not in facts["allowed"].split(", ")
            assert (await world.get(name)).revision == revision


async def test_the_clock_alone_starts_and_ends_an_activity(world: World) -> None:
    await world.launch("a", SPEC)

    seen = [
        state(await world.get("a", at=at))
        for at in (
            STARTS - timedelta(microseconds=1),
            STARTS,
            ENDS - timedelta(microseconds=1),
            ENDS,
        )
    ]

    assert seen == ["SCHEDULED", "RUNNING", "RUNNING", "ENDED"]


async def test_a_paused_activity_resumes_where_the_clock_then_stands(world: World) -> None:
    for name, at, expected in (
        ("early", BEFORE, "SCHEDULED"),
        ("middle", NOW, "RUNNING"),
    ):
        await world.launch(name, SPEC)
        await world.verb("Pause", name)

        assert state(await world.verb("Resume", name, at=at)) == expected

    await world.launch("late", SPEC)
    await world.verb("Pause", "late")
    assert state(await world.get("late", at=AFTER)) == "ENDED"
    with pytest.raises(Refused):
        await world.verb("Resume", "late", at=AFTER)


async def test_an_ended_activity_can_be_prolonged_by_a_new_version(world: World) -> None:
    await world.launch("a", SPEC)
    longer = spec("item_discount", percent_off={"off_bps": 1000}, schedule={"starts_at": STARTS})

    await world.update("a", longer, at=AFTER)
    for verb in ("Submit", "Approve", "Publish"):
        after = await world.verb(verb, "a", at=AFTER)

    assert state(after) == "RUNNING"
    assert after.live_version == 2


@pytest.mark.parametrize("verb", ["Reject", "Cancel"])
@pytest.mark.parametrize("reason", ["", " \n", "r" * 501, "nul\0"])
async def test_what_turns_somebody_down_needs_a_reason(
    world: World, verb: str, reason: str
) -> None:
    await world.create("a", SPEC)
    await world.verb("Submit", "a")

    with pytest.raises(Invalid) as refused:
        await world.verb(verb, "a", reason=reason)

    assert refused.value.violations[0].field == "reason"
    assert (await world.get("a")).revision == 2


async def test_a_reason_is_free_where_nobody_is_turned_down(world: World) -> None:
    await world.create("a", SPEC)

    assert state(await world.verb("Submit", "a")) == "REVIEWING"


ODD_NAMES = [
    "",
    "{a}",
    "a b",
    "a\r\nb",
    "a\n",
    "\0",
    "a\u202eb",
    "a\u200bb",
    "ａ",
    "a" * 101,
    "'; --",
]
Ask = Callable[[World, str], Awaitable[object]]
ASKED: dict[str, Ask] = {
    "get": lambda world, name: world.get(name),
    "update": lambda world, name: world.update(name, SPEC),
    "verb": lambda world, name: world.verb("Submit", name),
    "import": lambda world, name: world.import_entries(name, []),
}


@pytest.mark.parametrize("ask", ASKED)
async def test_a_name_that_is_none_is_refused_before_anything_looks_for_it(
    world: World, ask: str
) -> None:
    for name in ODD_NAMES:
        with pytest.raises(Invalid) as refused:
            await ASKED[ask](world, name)
        assert refused.value.violations[0].field.endswith("activity_id")

    with pytest.raises(NotFound) as missing:
        await ASKED[ask](world, "a.good-NAME_1:2")
    assert missing.value.metadata == {"kind": "activity", "id": "a.good-NAME_1:2"}


async def test_a_new_activity_gets_a_good_name_or_none(world: World) -> None:
    for name in ODD_NAMES[1:]:
        with pytest.raises(Invalid) as refused:
            await world.create(name, SPEC)
        assert refused.value.violations[0].field == "activity_id"

    made = await world.create("", SPEC)
    assert made.activity_id.startswith("act_")
    assert made == await world.get(made.activity_id)


async def test_instants_of_change_are_told(world: World) -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)

    made = await world.create("a", SPEC)
    changed = await world.verb("Submit", "a")

    assert made.created_at.ToDatetime(UTC) > began
    assert changed.created_at == made.created_at
    assert changed.updated_at.ToDatetime(UTC) >= made.updated_at.ToDatetime(UTC)
