"""Every change has one effect, leaves a trace, and stays in its tenant."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest

from rangli.core.errors import Conflict, Invalid, NameTaken, NotFound, Reason, Refused
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from tests.world import NOW, World, cart, entry, line, request_id, spec

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


# --- versions ---------------------------------------------------------------------------------


async def test_what_runs_keeps_its_price_until_the_next_version_is_published(world: World) -> None:
    await world.launch("a", SPEC)
    ask = cart(line("x", 1000))

    draft = await world.update("a", OTHER)

    assert (draft.live_version, draft.version) == (1, 2)
    assert draft.state == ab.ACTIVITY_STATE_RUNNING
    assert draft.version_state == ab.ACTIVITY_STATE_DRAFT
    for verb in ("Submit", "Approve"):
        assert (await world.quote(ask)).payable_minor == 900
        await world.verb(verb, "a")
    live = await world.verb("Publish", "a")
    assert (live.live_version, live.version, live.version_state) == (2, 2, 0)
    told = await world.quote(ask)
    assert told.payable_minor == 800
    assert told.applied[0].version == 2


async def test_versions_are_kept_as_they_were(world: World) -> None:
    await world.launch("a", SPEC)
    await world.update("a", OTHER)

    versions = [await world.get("a", version=number) for number in (1, 2)]

    assert [v.spec.effect.percent_off.off_bps for v in versions] == [1000, 2000]
    assert [v.version for v in versions] == [1, 2]
    assert await world.get("a") == versions[1]
    await world.publish("a")
    first = await world.get("a", version=1)
    assert first.spec == versions[0].spec
    assert first.state == ab.ACTIVITY_STATE_RUNNING
    for missing in (3, 2**31 - 1):
        with pytest.raises(NotFound):
            await world.get("a", version=missing)
    with pytest.raises(Invalid):
        await world.get("a", version=-1)


async def test_words_alone_change_in_place(world: World) -> None:
    await world.launch("a", SPEC)
    words = spec(
        "item_discount", percent_off={"off_bps": 1000}, display_name="Nicer", description="d"
    )

    after = await world.update("a", words)

    assert (after.live_version, after.version, after.version_state) == (1, 1, 0)
    told = await world.quote(cart(line("x", 1000)))
    assert told.applied[0].display_name == "Nicer"
    assert told.applied[0].version == 1


async def test_what_is_default_and_what_says_so_are_the_same_substance(world: World) -> None:
    await world.launch("a", SPEC)
    said = spec("item_discount", percent_off={"off_bps": 1000})
    said.layer = ab.LAYER_ITEM_DISCOUNT
    said.entitlement = ab.ENTITLEMENT_OPEN

    assert (await world.update("a", said)).version == 1
    assert (await world.get("a")).spec == said


async def test_a_version_sent_back_is_edited_and_comes_again(world: World) -> None:
    await world.launch("a", SPEC)
    await world.update("a", OTHER)
    await world.verb("Submit", "a")
    with pytest.raises(Refused):
        await world.update("a", SPEC)
    rejected = await world.verb("Reject", "a", reason="too much")
    assert rejected.version_state == ab.ACTIVITY_STATE_REJECTED
    assert rejected.state == ab.ACTIVITY_STATE_RUNNING

    again = await world.update("a", spec("item_discount", percent_off={"off_bps": 1500}))

    assert (again.version, again.version_state) == (2, ab.ACTIVITY_STATE_DRAFT)
    assert (await world.publish("a")).live_version == 2
    assert (await world.quote(cart(line("x", 1000)))).payable_minor == 850


async def test_a_version_published_while_paused_waits_for_the_operator(world: World) -> None:
    await world.launch("a", SPEC)
    await world.verb("Pause", "a")
    await world.update("a", OTHER)

    assert (await world.publish("a")).state == ab.ACTIVITY_STATE_PAUSED
    assert (await world.quote(cart(line("x", 1000)))).payable_minor == 1000
    await world.verb("Resume", "a")
    assert (await world.quote(cart(line("x", 1000)))).payable_minor == 800


# --- readiness --------------------------------------------------------------------------------


async def test_an_activity_of_unknown_sets_is_not_ready(world: World) -> None:
    await world.import_set("people", "USER", ["ann"])
    for name, fields, problem in (
        ("ghost", {"users": {"set_ids": ["ghost"]}}, "unknown_set"),
        ("kind", {"stores": {"set_ids": ["people"]}}, "set_of_other_kind"),
        ("excluded", {"products": {"all": True, "exclude": {"set_ids": ["no"]}}}, "unknown_set"),
        (
            "condition",
            {"conditions": [{"min_quantity": {"quantity": 1, "products": {"set_ids": ["no"]}}}]},
            "unknown_set",
        ),
    ):
        await world.create(name, spec("item_discount", percent_off={"off_bps": 1}, **fields))
        with pytest.raises(Refused) as refused:
            await world.verb("Submit", name)
        assert refused.value.reason is Reason.NOT_READY
        assert refused.value.metadata == {"activity_id": name, "problem": problem}

    await world.import_set("ghost", "USER", [])
    await world.publish("ghost")


async def test_a_book_without_entries_is_not_published(world: World) -> None:
    await world.create("book", spec("price_book", price_book={}))
    for verb in ("Submit", "Approve"):
        await world.verb(verb, "book")

    with pytest.raises(Refused) as refused:
        await world.verb("Publish", "book")

    assert refused.value.metadata == {"activity_id": "book", "problem": "no_price_entries"}
    await world.import_entries("book", [entry("a", price_minor=1)])
    assert (await world.verb("Publish", "book")).price_entries == 1


# --- lists ------------------------------------------------------------------------------------


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


async def test_each_catalogue_version_tells_what_its_subject_then_was(world: World) -> None:
    """Enough to tell the catalogue of any past version."""
    await world.import_set("north", "STORE", ["s1"])
    await world.import_set("north", "STORE", ["s1", "s2"])
    await world.launch("a", SPEC)
    await world.verb("Pause", "a")
    await world.call(
        "UpdateActivity",
        pb.UpdateActivityRequest(request_id=request_id(), activity_id="a", spec=OTHER),
    )
    await world.publish("a")
    await world.verb("Resume", "a")

    rows = await world.rows("SELECT * FROM catalogue_changes WHERE tenant = $1 ORDER BY version")
    assert [(r["version"], r["subject_id"], r["subject_version"], r["held"]) for r in rows] == [
        (1, "north", 1, False),
        (2, "north", 2, False),
        (3, "a", 1, False),
        (4, "a", 1, True),
        (5, "a", 2, True),
        (6, "a", 2, False),
    ]
