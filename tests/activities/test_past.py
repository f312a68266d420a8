"""A catalogue of an earlier version prices carts as it did when it was the newest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rangli.activities.catalogue import Catalogue
from rangli.activities.past import at_version
from rangli.activities.policies import service as policies
from rangli.activities.policies.model import Assignment
from rangli.core.errors import Code, NotFound, RangliError, Reason
from rangli.pricing.answer_rpc import message
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.quote import quote
from rangli.storage.postgres import connection
from rangli.v1 import pricing_service_pb2 as qb
from tests.activities.compiled import content
from tests.activities.strategies import SETS, set_members, specs
from tests.world import NOW, World, cart, entry, line, new_tenant, spec

_IDS = ["a0", "a1", "a2"]
# One line of each product, with all it may be found by.
_ASK = cart(
    *(
        line(sku, 50, 2, category_path="x/y", brand="p", tags=["t"], store_id=store)
        for sku, store in zip("abcd", ["s1", "s2", "s1", "s2"], strict=True)
    ),
    user_id="ann",
    user_groups=["gold"],
    credentials=[{"credential_id": f"c-{name}", "activity_id": name} for name in _IDS],
    explain=True,
)


async def past(world: World, version: int) -> Catalogue:
    async with connection(world.stores.pg) as conn:
        return await at_version(conn, world.catalogue, version)


def answer(catalogue: Catalogue, request: qb.QuoteRequest = _ASK) -> bytes:
    priced = message(quote(catalogue, cart_of(request, NOW)))
    return priced.SerializeToString(deterministic=True)


def told(catalogue: Catalogue) -> dict[str, Any]:
    """All that a catalogue says; what is held is as good as any other way to hold it back."""
    return {**content(catalogue), "assignments": dict(catalogue.assignments)}


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, str, Any]]:
    """What operators did, in order: (what, to which, with what)."""
    steps: list[tuple[str, str, Any]] = []
    for _ in range(draw(st.integers(2, 9))):
        what = draw(st.sampled_from(["spec", "spec", "pause", "set", "entries", "assign"]))
        if what == "set":
            name = draw(st.sampled_from(sorted(SETS)))
            steps.append((what, name, draw(set_members(name))))
        elif what == "entries":
            sku = draw(st.sampled_from("abc"))
            steps.append((what, "book", (sku, draw(st.integers(0, 60)))))
        elif what == "assign":
            steps.append((what, "", draw(st.sampled_from(["", "best", "default"]))))
        else:
            name = draw(st.sampled_from(_IDS))
            steps.append((what, name, draw(specs()) if what == "spec" else None))
    return steps


async def carry_out(world: World, what: str, name: str, value: Any) -> None:
    """The step, as far as the state of things allows it."""
    if what == "set":
        await world.import_set(name, value[0], value[1])
    elif what == "entries":
        await world.import_entries(name, [entry(value[0], price_minor=value[1])])
    elif what == "assign":
        await assign(world, value)
    elif what == "pause":
        try:
            activity = await world.get(name)
            await world.verb("Pause" if activity.live_version else "Submit", name)
        except RangliError:
            return
    else:
        try:
            await world.create(name, value)
        except RangliError:
            await world.update(name, value)
        try:
            await world.publish(name)
        except RangliError:
            return  # nothing of substance has changed


async def assign(world: World, policy_id: str) -> None:
    async with world.stores.pg.acquire() as conn, conn.transaction():
        await policies.assign(
            conn,
            world.tenant,
            actor="olga",
            assignment=Assignment(channel="", policy_id=policy_id, version=0),
            reason="test",
        )


async def prepared(world: World) -> None:
    """Every set there is, so that any activity can be published, and a published book."""
    for name, kind in SETS.items():
        await world.import_set(name, kind, ["a", "s1", "ann"])
    await world.create("book", spec("price_book", price_book={}))
    await world.import_entries("book", [entry("d", price_minor=40)])
    await world.publish("book")
    await world.caught_up()


async def versions_of(world: World) -> int:
    await world.caught_up()
    return world.catalogue.version


async def lived_through(world: World, history: list[tuple[str, str, Any]]) -> None:
    """After each step, every earlier version is as it was when it was the newest."""
    await prepared(world)
    seen: dict[int, tuple[dict[str, Any], bytes]] = {}
    first = world.catalogue.version
    for step in history:
        await carry_out(world, *step)
        version = await versions_of(world)
        seen[version] = told(world.catalogue), answer(world.catalogue)
    for version, (said, priced) in seen.items():
        rebuilt = await past(world, version)
        assert answer(rebuilt) == priced
        assert told(rebuilt) == said
    assert (await past(world, first)).activities.keys() == {"book"}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories())
async def test_every_earlier_version_prices_as_it_did_then(
    process: World, history: list[tuple[str, str, Any]]
) -> None:
    await lived_through(process.of(new_tenant()), history)


async def test_a_version_that_was_never_there_is_refused(world: World) -> None:
    await world.launch("a", spec("item_discount", percent_off={"off_bps": 1000}))
    await world.caught_up()

    for version in (-1, 0, 2, 2**40):
        with pytest.raises(NotFound) as refused:
            await past(world, version)
        assert refused.value.code is Code.NOT_FOUND
        assert refused.value.reason is Reason.NO_SUCH_RESOURCE
        assert refused.value.metadata["id"] == str(version)


async def test_a_version_that_this_process_has_not_seen_yet_is_found(world: World) -> None:
    behind = Catalogue(world.tenant)
    await world.launch("a", spec("item_discount", percent_off={"off_bps": 1000}))
    await world.launch("b", spec("item_discount", percent_off={"off_bps": 2000}))

    async with connection(world.stores.pg) as conn:
        rebuilt = await at_version(conn, behind, 1)

    assert rebuilt.version == 1
    assert rebuilt.activities.keys() == {"a"}


async def test_what_came_later_is_gone_and_what_did_not_change_is_shared(world: World) -> None:
    await world.import_set("kept", "PRODUCT", ["a"])
    await world.import_set("grown", "PRODUCT", ["a"])
    await world.import_set("grown", "PRODUCT", ["a", "b"])
    await world.import_set("new", "PRODUCT", ["c"])
    await world.create("book", spec("price_book", price_book={}))
    await world.import_entries("book", [entry("a", price_minor=1)])
    await world.import_entries("book", [entry("a", price_minor=2)])
    await world.caught_up()

    before = await past(world, 2)
    between = await past(world, 5)

    assert before.sets.keys() == {"kept", "grown"}
    assert before.sets["grown"].members == {"a"}
    assert before.sets["kept"] is world.catalogue.sets["kept"]
    assert set(before.index.sets_of["a"]) == {"kept", "grown"}
    assert before.books == {}
    at_us = 1_780_000_000_000_000
    assert [offer.value for offer in between.books["book"].offered("a", [""], at_us)] == [1]
    assert [offer.value for offer in world.catalogue.books["book"].offered("a", [""], at_us)] == [2]


async def test_a_paused_activity_was_once_running(world: World) -> None:
    await world.launch("a", spec("item_discount", percent_off={"off_bps": 1000}))
    await world.verb("Pause", "a")
    await world.verb("Resume", "a")
    await world.caught_up()

    assert [(await past(world, v)).activities["a"].held for v in (1, 2, 3)] == [False, True, False]
