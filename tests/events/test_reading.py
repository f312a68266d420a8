"""Events read by cursor: each once, in order, whole, and only one's own."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from rangli.core.clock import EPOCH, micros
from rangli.core.errors import Invalid, Reason
from rangli.events import store
from rangli.events.model import START
from rangli.storage.postgres import connection, transaction
from tests.events.reader import TENANT, Reader, many, write, written


async def test_an_empty_outbox_gives_a_cursor_that_goes_on(stores):
    reader = Reader(stores)

    page = await reader.pull()

    assert (list(page.events), page.more) == ([], False)
    await written(stores, "first")
    assert await reader.subjects() == ["first"]
    assert await reader.subjects() == []


async def test_an_event_comes_whole(stores):
    payload = {
        "name": "减 20 %",
        "tags": ["a", None, True],
        "inner": {"minor": 2**53 - 1, "too_great": 2**53, "least": [-(2**60)]},
    }
    async with transaction(stores.pg) as conn:
        seq = await write(conn, "o-1", payload=payload)
        at = await conn.fetchval("SELECT occurred_at FROM outbox")

    (event,) = (await Reader(stores).pull()).events

    assert (event.event_seq, event.subject_kind, event.subject_id) == (seq, "order", "o-1")
    assert (event.event_type, event.actor) == ("order.happened", "ada")
    assert event.occurred_at.ToMicroseconds() == micros(at) > micros(EPOCH)
    inner = event.payload.fields["inner"].struct_value
    assert inner["minor"] == 2**53 - 1
    assert inner["too_great"] == str(2**53)
    assert list(inner["least"]) == [str(-(2**60))]
    assert event.payload["name"] == payload["name"]
    assert list(event.payload["tags"]) == payload["tags"]


async def test_pages_hold_every_event_once_and_in_order(stores):
    names = [f"o-{number}" for number in range(25)]
    for first in range(0, 25, 5):
        await written(stores, *names[first : first + 5])
    reader = Reader(stores)

    pages = [await reader.pull(size=10) for _ in range(3)]

    assert [len(page.events) for page in pages] == [10, 10, 5]
    assert [page.more for page in pages] == [True, True, False]
    assert [event.subject_id for page in pages for event in page.events] == names
    assert await Reader(stores, cursor=pages[0].next_cursor).subjects(size=3) == names[10:13]


async def test_tenants_see_their_own_events_only(stores):
    await written(stores, "ours")
    await written(stores, "theirs", tenant="other")
    reader = Reader(stores)

    assert await reader.all() == ["ours"]
    other = Reader(stores, "other", cursor=reader.cursor)
    assert await other.all() == []
    assert await Reader(stores, "other").all() == ["theirs"]


async def test_only_the_kinds_asked_for_come(stores):
    await written(stores, "o-1", "o-2")
    await written(stores, "c-1", kind="coupon")
    await written(stores, "l-1", kind="limit")
    await written(stores, "o-3")

    assert await Reader(stores).all(subject_kinds=["order"], size=1) == ["o-1", "o-2", "o-3"]
    assert await Reader(stores).all(subject_kinds=["limit", "coupon"]) == ["c-1", "l-1"]
    assert await Reader(stores).all(subject_kinds=["nothing"]) == []


async def test_a_rare_kind_is_found_far_behind_without_reading_all_at_once(stores):
    await many(stores, store.LOOKED_AT_MAX)
    await written(stores, "rare", kind="coupon")
    await many(stores, 2 * store.LOOKED_AT_MAX)
    reader = Reader(stores)

    pages = [await reader.pull(subject_kinds=["coupon"]) for _ in range(4)]

    assert [len(page.events) for page in pages] == [0, 1, 0, 0]
    assert [page.more for page in pages] == [True, True, True, False]


async def test_a_page_costs_a_page_however_many_there_are(stores):
    """Even if nobody has counted them since there were few."""
    async with connection(stores.pg) as conn:
        await conn.execute("ALTER TABLE outbox SET (autovacuum_enabled = off)")
    reader = Reader(stores)
    for _ in range(10):
        await written(stores, "early")
        assert await reader.subjects() == ["early"]
    await many(stores, 30_000)

    async with store.reading(stores.pg) as conn:
        before = await store.horizon(conn)
        plan = await conn.fetchval(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + store._PAGE, TENANT, "0", 0, str(before), 100
        )

    scan = json.loads(plan)[0]["Plan"]["Plans"][0]
    assert (scan["Node Type"], scan["Actual Rows"]) == ("Index Scan", 100)
    assert len(await reader.all(size=1_000)) == 30_000


async def test_an_answer_ends_behind_a_payload_that_fills_it(stores):
    for name in ("a", "b", "c"):
        payload = {"text": "x" * (store.PAYLOAD_CHARS_MAX * 2 // 3)}
        await written(stores, name, payload=payload)
    reader = Reader(stores)

    assert [await reader.subjects() for _ in range(3)] == [["a", "b"], ["c"], []]


async def test_from_now_leaves_out_what_has_happened(stores):
    await written(stores, "before")
    reader = Reader(stores)

    assert await reader.subjects(from_now=True) == []
    await written(stores, "after")
    assert await reader.subjects() == ["after"]


async def test_an_open_transaction_holds_back_what_comes_after_it(stores):
    """Its event has the lower number; a reader that trusted numbers would pass over it."""
    wrote, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        async with transaction(stores.pg) as conn:
            await write(conn, "early")
            wrote.set()
            await go_on.wait()

    task = asyncio.create_task(slow())
    await wrote.wait()
    await written(stores, "late")
    reader, kinds, new = Reader(stores), Reader(stores), Reader(stores)

    assert await reader.subjects() == []
    assert await kinds.subjects(subject_kinds=["order"]) == []
    assert await new.subjects(from_now=True) == []
    go_on.set()
    await task
    assert await reader.subjects() == ["early", "late"]
    assert await kinds.subjects(subject_kinds=["order"]) == ["early", "late"]
    assert await new.subjects() == ["early", "late"]


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "\0",
        "=",
        encoded("e1:1"),
        encoded("e2:1:1"),
        encoded("e1:-1:1"),
        encoded("e1:01:1"),
        encoded("e1:١:1"),
        encoded(f"e1:{2**63}:1"),
        encoded(f"e1:1:{2**63}"),
        encoded("e1:1:1") + "\n",
        "*" + encoded("e1:1:1"),
        encoded("e1:1:11").rstrip("="),
        encoded(f"e1:{2**62}:1"),  # nothing has happened there yet
    ],
)
async def test_a_cursor_that_was_never_given_is_refused(process, cursor):
    with pytest.raises(Invalid) as refused:
        await Reader(process.stores).pull(cursor=cursor)

    assert refused.value.reason is Reason.INVALID_FIELD
    assert [violation.field for violation in refused.value.violations] == ["cursor"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"size": -1}, "size"),
        ({"size": 1_001}, "size"),
        ({"wait_ms": -1}, "wait_ms"),
        ({"wait_ms": 20_001}, "wait_ms"),
        ({"subject_kinds": ["order"] * 51}, "subject_kinds"),
        ({"subject_kinds": ["order", "a b"]}, "subject_kinds[1]"),
        ({"cursor": encoded("e1:1:1"), "from_now": True}, "from_now"),
    ],
)
async def test_what_is_out_of_bounds_is_named(process, fields, named):
    with pytest.raises(Invalid) as refused:
        await Reader(process.stores).pull(**fields)

    assert [violation.field for violation in refused.value.violations] == [named]


async def test_a_cursor_tells_what_it_is_to_nobody_but_the_service(stores):
    page = await Reader(stores).pull()

    assert urlsafe_b64decode(page.next_cursor).startswith(b"e1:")
    async with store.reading(stores.pg) as conn:
        page = await store.page(conn, TENANT, START, before=0, kinds=(), size=1)
    assert (page.events, page.next) == ((), START)
