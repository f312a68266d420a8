"""Named sets: imported whole, versioned, and seen by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rangli.core.errors import Invalid, NotFound, Reason
from rangli.selection import service
from rangli.selection.model import SetKind
from rangli.v1 import selection_service_pb2 as sb
from tests.world import World, cart, line, request_id, spec

Request = sb.ImportSetRequest
_OUTBOX = "SELECT * FROM outbox WHERE tenant = $1 ORDER BY event_seq"


def stream(*chunks: list[str], **header: Any) -> list[Request]:
    header = {"request_id": request_id(), "set_id": "s", "kind": sb.SET_KIND_USER, **header}
    requests = [Request(members=chunk) for chunk in chunks] or [Request()]
    requests[0].header.MergeFrom(Request.Header(**header))
    return requests


async def members(world: World, set_id: str = "s") -> set[str]:
    """Those of the newest version."""
    rows = await world.rows(
        """SELECT member FROM set_members JOIN sets USING (tenant, set_id, version)
           WHERE tenant = $1 AND set_id = $2""",
        set_id,
    )
    return {row["member"] for row in rows}


async def get(world: World, set_id: str = "s") -> sb.Set:
    return await world.call("GetSet", sb.GetSetRequest(set_id=set_id))


async def test_an_import_is_the_next_version_whole(world: World) -> None:
    first = await world.import_set("s", "USER", ["ann", "bob", "ann"], display_name="Friends")
    second = await world.import_set("s", "USER", ["bob", "曹"])

    assert (first.version, first.member_count, first.display_name) == (1, 2, "Friends")
    assert (second.version, second.member_count, second.display_name) == (2, 2, "Friends")
    assert second == await get(world)
    assert await members(world) == {"bob", "曹"}
    assert second.kind == sb.SET_KIND_USER
    assert second.updated_at.seconds > 1_700_000_000


async def test_a_set_without_a_name_is_named_by_its_id_and_may_be_renamed(world: World) -> None:
    assert (await world.import_set("s", "STORE", [])).display_name == "s"
    renamed = await world.import_set("s", "STORE", [], display_name="North\nSouth 北")
    assert renamed.display_name == "North\nSouth 北"
    assert (await world.import_set("s", "STORE", [])).display_name == renamed.display_name


async def test_a_set_may_be_empty_and_may_become_it(world: World) -> None:
    assert (await world.import_set("s", "PRODUCT", ["a"])).member_count == 1
    assert (await world.call("ImportSet", stream(kind=sb.SET_KIND_PRODUCT))).set.version == 2
    assert await members(world) == set()


async def test_a_set_keeps_its_kind(world: World) -> None:
    await world.import_set("s", "USER", ["ann"])

    with pytest.raises(Invalid) as refused:
        await world.import_set("s", "STORE", ["s1"])

    assert refused.value.violations[0].field == "header.kind"
    assert (await get(world)).version == 1
    assert await members(world) == {"ann"}
    assert len(await world.rows(_OUTBOX)) == 1


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        ([], "header"),
        ([Request(members=["a"])], "header"),
        ([*stream(["a"]), *stream(["b"])], "header"),
        (stream([], request_id=""), "header.request_id"),
        (stream([], request_id="a\r\nb"), "header.request_id"),
        (stream([], set_id=""), "header.set_id"),
        (stream([], set_id="{s}"), "header.set_id"),
        (stream([], set_id="s\n"), "header.set_id"),
        (stream([], set_id="s" * 101), "header.set_id"),
        (stream([], kind=0), "header.kind"),
        (stream([], kind=77), "header.kind"),
        (stream([], display_name="n" * 201), "header.display_name"),
        (stream([], display_name="a\0"), "header.display_name"),
        (stream([""]), "members"),
        (stream(["a"], ["m" * 101]), "members"),
        (stream(["\0"]), "members"),
        (stream(["a\nb"]), "members"),
        (stream(["a\u202eb"]), "members"),
        (stream(["a"] * 10_001), "members"),
    ],
)
async def test_a_stream_that_is_none_is_refused_and_leaves_nothing(
    world: World, requests: list[Request], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await world.call("ImportSet", requests)

    assert refused.value.violations[0].field == field
    with pytest.raises(NotFound):
        await get(world)


async def test_a_stream_that_breaks_leaves_the_old_version(world: World) -> None:
    class Broken(Exception):
        pass

    async def breaking() -> AsyncIterator[Request]:
        for request in stream(["x"], ["y"]):
            yield request
        raise Broken

    await world.import_set("s", "USER", ["ann"])
    with pytest.raises(Broken):
        await world.call("ImportSet", breaking())

    assert (await get(world)).version == 1
    assert await members(world) == {"ann"}


async def test_a_retry_is_the_same_import_however_it_is_cut(world: World) -> None:
    first = await world.call("ImportSet", stream(["a", "b", "c"], request_id="k"))
    again = await world.call("ImportSet", stream(["a"], ["b", "c"], request_id="k"))

    assert again.SerializeToString() == first.SerializeToString()
    assert (await get(world)).version == 1
    for other in (["a", "b"], ["ab", "c"], ["a", "b", "d"]):
        with pytest.raises(Invalid) as refused:
            await world.call("ImportSet", stream(other, request_id="k"))
        assert refused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED
    assert await members(world) == {"a", "b", "c"}


async def test_many_imports_at_once_are_versions_behind_each_other(world: World) -> None:
    written = await asyncio.gather(
        *(world.import_set("s", "USER", [f"user{number}"]) for number in range(10))
    )

    assert sorted(one.version for one in written) == [*range(1, 11)]
    (last,) = await members(world)
    rows = await world.rows("SELECT version, member FROM set_members WHERE tenant = $1")
    assert (10, last) in [tuple(row) for row in rows]


async def test_twenty_retries_at_once_are_one_import(world: World) -> None:
    answers = await asyncio.gather(
        *(world.call("ImportSet", stream(["a"], request_id="k")) for _ in range(20))
    )

    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert len(await world.rows(_OUTBOX)) == 1


async def test_an_import_leaves_an_event(world: World) -> None:
    await world.call("ImportSet", stream(["a", "b"]), actor="ann")

    (event,) = await world.rows(_OUTBOX)

    assert (event["subject_kind"], event["subject_id"]) == ("set", "s")
    assert (event["event_type"], event["actor"]) == ("set.imported", "ann")
    assert event["payload"] == '{"version": 1, "member_count": 2}'


async def test_tenants_share_no_sets(world: World) -> None:
    other = world.of(f"{world.tenant}-other")
    await world.call("ImportSet", stream(["ann"], request_id="k"))
    await other.call("ImportSet", stream(["s1"], request_id="k", kind=sb.SET_KIND_STORE))

    assert (await get(world)).kind == sb.SET_KIND_USER
    assert (await get(other)).kind == sb.SET_KIND_STORE
    with pytest.raises(NotFound) as refused:
        await get(world.of(f"{world.tenant}-third"))
    assert refused.value.metadata == {"kind": "set", "id": "s"}


@pytest.mark.parametrize("name", ["", "{s}", "a b", "a\r\n", "\0", "s" * 101])
async def test_a_name_that_is_none_is_refused(world: World, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await get(world, name)

    assert refused.value.violations[0].field == "set_id"


async def test_pages_hold_everything_once_and_in_order(world: World) -> None:
    names = [f"s{number}" for number in range(6)]
    for name in reversed(names):
        await world.import_set(name, "USER", [])

    for size in (1, 2, 3, 5, 6, 7, 0):
        seen, token, pages = [], "", 0
        while pages < 10:
            request = sb.ListSetsRequest(page_size=size, page_token=token)
            answer = await world.call("ListSets", request)
            seen += [one.set_id for one in answer.sets]
            token, pages = answer.next_page_token, pages + 1
            if not token:
                break
        assert seen == names
        assert pages == -(-6 // (size or 100))


async def test_carts_follow_the_newest_version(world: World) -> None:
    await world.import_set("fresh", "PRODUCT", ["a"])
    await world.launch(
        "off", spec("item_discount", percent_off={"off_bps": 1000}, products={"set_ids": ["fresh"]})
    )
    ask = cart(line("a", 100), line("b", 100))
    assert [told.payable_minor for told in (await world.quote(ask)).lines] == [90, 100]

    await world.import_set("fresh", "PRODUCT", ["b"])

    assert [told.payable_minor for told in (await world.quote(ask)).lines] == [100, 90]


async def test_a_set_of_many_chunks_is_read_whole_and_of_one_version(world: World) -> None:
    many = [f"user{number}" for number in range(25_001)]
    await world.import_set("s", "USER", ["before"])
    chunks = [many[at : at + 10_000] for at in range(0, len(many), 10_000)]
    await world.call("ImportSet", stream(*chunks))
    await world.import_set("none", "STORE", [])

    async with world.stores.pg.acquire() as conn, conn.transaction():
        assert await service.snapshot(conn, world.tenant, "s") == (SetKind.USER, frozenset(many))
        assert await service.snapshot(conn, world.tenant, "none") == (SetKind.STORE, frozenset())
        with pytest.raises(NotFound):
            await service.snapshot(conn, world.tenant, "missing")
