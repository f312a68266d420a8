"""What runs never changes under its version, and what is not ready does not run."""

from __future__ import annotations

import pytest

from rangli.core.errors import Invalid, NotFound, Reason, Refused
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from tests.world import World, cart, entry, line, request_id, spec

SPEC = spec("item_discount", percent_off={"off_bps": 1000})
OTHER = spec("item_discount", percent_off={"off_bps": 2000})


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
