"""Every change has one effect, leaves a trace, and stays in its tenant."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from rangli.core.errors import Conflict, Invalid, NameTaken, NotFound, Reason, Refused
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from tests.world import NOW, World, cart, line, request_id, spec

SPEC = spec("item_discount", percent_off={"off_bps": 1000})
OTHER = spec("item_discount", percent_off={"off_bps": 2000})

_OUTBOX = "SELECT * FROM outbox WHERE tenant = $1 ORDER BY event_seq"
_AUDIT = "SELECT * FROM activity_changes WHERE tenant = $1 ORDER BY revision"


def create(name: str, stated: ab.ActivitySpec = SPEC, key: str = "") -> pb.CreateActivityRequest:
    return pb.CreateActivityRequest(request_id=key or request_id(), activity_id=name, spec=stated)


async def test_a_repeated_request_gets_the_same_bytes_and_has_one_effect(world: World) -> None:
    request = create("")

    answers = [await world.call("CreateActivity", request) for _ in range(3)]
    submit = pb.ActivityVerbRequest(request_id="s", activity_id=answers[0].activity_id)
    first = await world.call("SubmitActivity", submit)
    await world.verb("Approve", answers[0].activity_id)
    again = await world.call("SubmitActivity", submit, at=NOW + timedelta(days=400))

    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    assert again.SerializeToString() == first.SerializeToString()
    assert len(await world.rows(_OUTBOX)) == 3


async def test_twenty_at_once_with_one_request_id_are_one_change(world: World) -> None:
    request = create("")

    answers = await asyncio.gather(*(world.call("CreateActivity", request) for _ in range(20)))

    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    assert len(await world.rows("SELECT * FROM activities WHERE tenant = $1")) == 1
    assert len(await world.rows(_AUDIT)) == 1
    assert len(await world.rows(_OUTBOX)) == 1


async def test_a_request_id_is_for_one_request(world: World) -> None:
    await world.call("CreateActivity", create("a", key="k"))

    with pytest.raises(Invalid) as reused:
        await world.call("CreateActivity", create("a", OTHER, key="k"))
    assert reused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED
    assert reused.value.metadata == {"request_id": "k"}

    # Another method has keys of its own.
    await world.verb("Submit", "a", request_id="k")


async def test_a_refused_request_may_be_repeated_and_win(world: World) -> None:
    await world.create("a", SPEC)
    publish = pb.ActivityVerbRequest(request_id="p", activity_id="a")
    with pytest.raises(Refused):
        await world.call("PublishActivity", publish)
    for verb in ("Submit", "Approve"):
        await world.verb(verb, "a")

    published = await world.call("PublishActivity", publish)

    assert published.state == ab.ACTIVITY_STATE_RUNNING


@pytest.mark.parametrize("key", ["", "k" * 65, "a\nb", "\0", "\u202e", "\u200b"])
async def test_a_change_needs_a_good_request_id(world: World, key: str) -> None:
    request = create("a")
    request.request_id = key

    with pytest.raises(Invalid) as refused:
        await world.call("CreateActivity", request)

    assert refused.value.violations[0].field == "request_id"


async def test_an_expected_revision_excludes_lost_updates(world: World) -> None:
    made = await world.create("a", SPEC)
    await world.update("a", OTHER, expected_revision=made.revision)

    for attempt in (
        world.update("a", SPEC, expected_revision=made.revision),
        world.verb("Submit", "a", expected_revision=made.revision),
    ):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.reason is Reason.REVISION_MISMATCH
        assert refused.value.metadata == {"expected_revision": "1", "actual_revision": "2"}

    assert (await world.get("a")).spec.effect.percent_off.off_bps == 2000


async def test_of_many_who_read_the_same_revision_one_writes(world: World) -> None:
    made = await world.create("a", SPEC)

    results = await asyncio.gather(
        *(world.update("a", OTHER, expected_revision=made.revision) for _ in range(10)),
        return_exceptions=True,
    )

    assert sum(isinstance(result, ab.Activity) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 9
    assert (await world.get("a")).revision == 2


async def test_a_taken_name_is_refused_and_the_first_stays(world: World) -> None:
    await world.create("a", SPEC)

    with pytest.raises(NameTaken) as refused:
        await world.create("a", OTHER)

    assert refused.value.metadata == {"kind": "activity", "id": "a"}
    assert (await world.get("a")).spec.effect.percent_off.off_bps == 1000


async def test_every_change_leaves_an_audit_row_and_an_event(world: World) -> None:
    await world.call("CreateActivity", create("a"), actor="ann")
    await world.update("a", OTHER, reason="dearer")
    await world.publish("a")
    await world.verb("Pause", "a", reason="price war")
    await world.verb("Resume", "a")
    await world.verb("Cancel", "a", reason="结束")
    await world.verb("Archive", "a")

    audit = await world.rows(_AUDIT)
    events = await world.rows(_OUTBOX)

    verbs = ["create", "update", "submit", "approve", "publish", "pause", "resume", "cancel"]
    verbs.append("archive")
    assert [row["verb"] for row in audit] == verbs
    assert [row["revision"] for row in audit] == [*range(1, 10)]
    assert [row["event_type"] for row in events] == [f"activity.{verb}" for verb in verbs]
    assert [row["actor"] for row in audit] == ["ann"] + ["olga"] * 8
    assert [row["actor"] for row in events] == ["ann"] + ["olga"] * 8
    assert [row["reason"] for row in audit][1:6:4] == ["dearer", "price war"]
    assert json.loads(events[7]["payload"]) == {"revision": 8, "version": 1, "reason": "结束"}
    assert {(row["subject_kind"], row["subject_id"]) for row in events} == {("activity", "a")}


async def test_tenants_share_nothing(process: World, world: World) -> None:
    other = world.of(f"{world.tenant}-other")
    await world.call("CreateActivity", create("a", key="k"))
    await other.call("CreateActivity", create("a", OTHER, key="k"))
    await world.publish("a")

    assert (await other.get("a")).state == ab.ACTIVITY_STATE_DRAFT
    assert (await other.get("a")).spec.effect.percent_off.off_bps == 2000
    assert (await world.quote(cart(line("x", 100)))).payable_minor == 90
    assert (await other.quote(cart(line("x", 100)))).payable_minor == 100
    third = world.of(f"{world.tenant}-third")
    with pytest.raises(NotFound):
        await third.get("a")
    with pytest.raises(NotFound):
        await third.verb("Cancel", "a", reason="not mine")
    with pytest.raises(NotFound):
        await third.import_entries("a", [])
    assert not (await third.call("ListActivities", pb.ListActivitiesRequest())).activities
    assert (await third.quote(cart(line("x", 100)))).catalogue_version == 0
