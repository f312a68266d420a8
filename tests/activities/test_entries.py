"""Price entries on their way into a book, and out again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rangli.activities import entry_store, store
from rangli.activities.entries import Entry
from rangli.activities.program import Kind
from rangli.core.clock import micros
from rangli.core.errors import Invalid, Reason, Refused
from rangli.storage.changes import announce
from rangli.v1 import activity_service_pb2 as pb
from tests.world import NOW, World, cart, entry, line, request_id, spec

_COUNT = "SELECT count(*) AS n FROM price_entries WHERE tenant = $1"
BOOK = spec("price_book", price_book={})
Request = pb.ImportPriceEntriesRequest


@pytest.fixture
async def shop(world: World) -> World:
    """A world with an empty price book, "book"."""
    await world.create("book", BOOK)
    return world


def stream(chunks: Iterable[Iterable[pb.PriceEntry]], **header: Any) -> list[Request]:
    header.setdefault("request_id", request_id())
    header.setdefault("activity_id", "book")
    requests = [Request(entries=chunk) for chunk in chunks] or [Request()]
    requests[0].header.MergeFrom(Request.Header(**header))
    return requests


async def stored(world: World) -> int:
    return (await world.rows(_COUNT))[0]["n"]


async def in_book(world: World, *skus: str, at: datetime | None = None) -> list[pb.PriceEntry]:
    request = pb.GetPriceEntriesRequest(activity_id="book", skus=skus, at=at)
    return list((await world.call("GetPriceEntries", request)).entries)


def whole(sku: str, **fields: Any) -> pb.PriceEntry:
    """An entry without the times that `entry` fills in."""
    return pb.PriceEntry(sku=sku, **fields)


YEAR = {"starts_at": datetime(2026, 1, 1, tzinfo=UTC), "ends_at": datetime(2027, 1, 1, tzinfo=UTC)}
BAD: list[tuple[pb.PriceEntry, str]] = [
    (entry("", price_minor=1), "sku"),
    (entry("s" * 101, price_minor=1), "sku"),
    (entry("a\nb", price_minor=1), "sku"),
    (entry("\0", price_minor=1), "sku"),
    (entry("a\u202e", price_minor=1), "sku"),
    (entry("a", store_set_id="{x}", price_minor=1), "store_set_id"),
    (entry("a", store_set_id="x\n", price_minor=1), "store_set_id"),
    (entry("a", store_set_id="ghost", price_minor=1), "store_set_id"),
    (entry("a", store_set_id="people", price_minor=1), "store_set_id"),
    (whole("a", ends_at=YEAR["ends_at"], price_minor=1), "starts_at"),
    (whole("a", starts_at=YEAR["starts_at"], price_minor=1), "ends_at"),
    (entry("a", ends_at=YEAR["starts_at"], price_minor=1), "ends_at"),
    (entry("a", ends_at={"seconds": 2**60}, price_minor=1), "ends_at"),
    (entry("a"), "price"),
    (entry("a", price_minor=-1), "price_minor"),
    (entry("a", price_minor=10**12 + 1), "price_minor"),
    (entry("a", amount_off_minor=-1), "amount_off_minor"),
    (entry("a", amount_off_minor=2**63 - 1), "amount_off_minor"),
    (entry("a", off_bps=10_001), "off_bps"),
    (entry("a", off_bps=-1), "off_bps"),
    (entry("a", removed=False), "removed"),
    (entry("a", price_minor=1, per_quantity=2), "per_quantity"),
    (entry("a", amount_off_minor=1, per_quantity=1001), "per_quantity"),
    (entry("a", amount_off_minor=1, per_quantity=-1), "per_quantity"),
]
GOOD = [
    entry("good", price_minor=0),
    entry("好的 sku", price_minor=10**12, store_set_id="north"),
    entry("good2", off_bps=10_000),
    entry("good3", amount_off_minor=0, per_quantity=1000),
    entry("good4", removed=True),
]


async def test_bad_rows_are_reported_by_number_and_field_and_good_ones_taken(shop: World) -> None:
    await shop.import_set("north", "STORE", ["s1"])
    await shop.import_set("people", "USER", ["ann"])
    rows = [item for pair in zip(GOOD, [bad for bad, _ in BAD], strict=False) for item in pair]
    rows += [bad for bad, _ in BAD[len(GOOD) :]]
    fields = {id(bad): field for bad, field in BAD}

    report = await shop.call("ImportPriceEntries", stream([rows[:7], rows[7:]]))

    expected = [(n, fields[id(row)]) for n, row in enumerate(rows) if id(row) in fields]
    assert [(bad.row, bad.field) for bad in report.bad_rows] == expected
    assert all(bad.description for bad in report.bad_rows)
    assert (report.received, report.accepted, report.rejected) == (len(rows), 5, len(BAD))
    assert await stored(shop) == 5
    assert (await shop.get("book")).price_entries == 5


async def test_all_or_nothing_takes_nothing_if_a_row_is_bad(shop: World) -> None:
    rows = [entry("a", price_minor=1), entry("b"), entry("c", store_set_id="no", price_minor=1)]
    requests = stream([rows], all_or_nothing=True)

    with pytest.raises(Invalid) as refused:
        await shop.call("ImportPriceEntries", requests)

    named = [violation.field for violation in refused.value.violations]
    assert named == ["entries[1].price", "entries[2].store_set_id"]
    assert await stored(shop) == 0
    # Nothing was done, so the same request_id may be used for the mended rows.
    del requests[0].entries[1:]
    assert (await shop.call("ImportPriceEntries", requests)).accepted == 1


async def test_of_many_bad_rows_the_first_hundred_are_reported(shop: World) -> None:
    report = await shop.import_entries("book", [entry("")] * 250)

    assert (report.received, report.accepted, report.rejected) == (250, 0, 250)
    assert [bad.row for bad in report.bad_rows] == [*range(100)]
    assert (await shop.get("book")).revision == 1


async def test_a_stream_that_breaks_leaves_nothing(shop: World) -> None:
    class Broken(Exception):
        pass

    async def breaking() -> AsyncIterator[Request]:
        for request in stream([[entry("a", price_minor=1)], [entry("b", price_minor=1)]]):
            yield request
        raise Broken

    with pytest.raises(Broken):
        await shop.call("ImportPriceEntries", breaking())

    assert await stored(shop) == 0
    assert (await shop.get("book")).revision == 1


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        ([], "header"),
        ([Request(entries=[entry("a", price_minor=1)])], "header"),
        ([*stream([[]]), *stream([[]])], "header"),
        (stream([[]], request_id=""), "header.request_id"),
        (stream([[]], activity_id=""), "header.activity_id"),
        (stream([[entry("a")] * 10_001]), "entries"),
    ],
)
async def test_a_stream_that_is_none_is_refused(
    shop: World, requests: list[Request], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await shop.call("ImportPriceEntries", requests)

    assert refused.value.violations[0].field == field


async def test_only_a_price_book_takes_entries(world: World) -> None:
    await world.create("a", spec("item_discount", percent_off={"off_bps": 1}))

    for attempt in (
        world.import_entries("a", [entry("x", price_minor=1)]),
        world.call("GetPriceEntries", pb.GetPriceEntriesRequest(activity_id="a", skus=["x"])),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.reason is Reason.NOT_READY
        assert refused.value.metadata == {"activity_id": "a", "problem": "no_price_book"}


async def test_a_retry_is_the_same_import_however_it_is_cut(shop: World) -> None:
    rows = [entry(str(number), price_minor=number) for number in range(10)]

    first = await shop.call("ImportPriceEntries", stream([rows], request_id="k"))
    again = await shop.call("ImportPriceEntries", stream([rows[:3], rows[3:]], request_id="k"))

    assert again.SerializeToString() == first.SerializeToString()
    assert await stored(shop) == 10
    for other in (rows[:9], rows[::-1], [*rows[:9], entry("9", price_minor=8)]):
        with pytest.raises(Invalid) as refused:
            await shop.call("ImportPriceEntries", stream([other], request_id="k"))
        assert refused.value.reason is Reason.IDEMPOTENCY_KEY_REUSED
    assert await stored(shop) == 10


async def test_twenty_retries_at_once_are_one_import(shop: World) -> None:
    rows = [entry("a", price_minor=1)]

    answers = await asyncio.gather(
        *(shop.call("ImportPriceEntries", stream([rows], request_id="k")) for _ in range(20))
    )

    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert await stored(shop) == 1


async def test_an_import_leaves_an_audit_row_and_an_event(shop: World) -> None:
    await shop.import_entries("book", [entry("a", price_minor=1), entry("")])

    audit = await shop.rows("SELECT * FROM activity_changes WHERE tenant = $1 ORDER BY revision")
    events = await shop.rows("SELECT * FROM outbox WHERE tenant = $1 ORDER BY event_seq")

    assert [(row["revision"], row["verb"]) for row in audit] == [
        (1, "create"),
        (2, "import_entries"),
    ]
    assert events[-1]["event_type"] == "activity.entries_imported"
    assert '"accepted": 1' in events[-1]["payload"]


async def test_the_newest_of_equal_entries_is_in_force_and_may_remove(shop: World) -> None:
    june = {"starts_at": NOW - timedelta(days=14), "ends_at": NOW + timedelta(days=14)}
    await shop.import_entries(
        "book",
        [
            entry("a", price_minor=900),
            entry("a", price_minor=700, **june),
            entry("b", amount_off_minor=50, per_quantity=3),
            entry("b", off_bps=100),
        ],
    )

    assert [e.price_minor for e in await in_book(shop, "a")] == [900, 700]
    assert await in_book(shop, "b") == [entry("b", off_bps=100)]
    await shop.import_entries("book", [entry("a", price_minor=650, **june)])
    assert [e.price_minor for e in await in_book(shop, "a", at=NOW)] == [900, 650]
    assert [e.price_minor for e in await in_book(shop, "a", at=june["ends_at"])] == [900]
    await shop.import_entries("book", [entry("a", removed=True, **june), entry("b", removed=True)])
    assert [e.price_minor for e in await in_book(shop, "a", "b", "c")] == [900]


async def test_entries_come_out_as_they_went_in(shop: World) -> None:
    await shop.import_set("north", "STORE", ["s1"])
    rows = [
        entry("a", price_minor=0),
        entry("a", store_set_id="north", amount_off_minor=7, per_quantity=3),
        entry("b", off_bps=10_000),
        entry("b", store_set_id="north", price_minor=10**12),
    ]
    await shop.import_entries("book", rows)

    assert await in_book(shop, "b", "a") == rows


@pytest.mark.parametrize(
    ("skus", "field"),
    [
        ([], "skus"),
        ([str(n) for n in range(101)], "skus"),
        (["a", ""], "skus[1]"),
        (["\0"], "skus[0]"),
    ],
)
async def test_a_look_at_entries_is_of_some_products(
    shop: World, skus: list[str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await in_book(shop, *skus)

    assert refused.value.violations[0].field == field


async def test_of_more_than_ten_thousand_entries_the_first_are_shown(shop: World) -> None:
    hours = [NOW + number * timedelta(hours=1) for number in range(5_001)]
    rows = [
        entry(sku, starts_at=at, ends_at=at + timedelta(hours=1), price_minor=1)
        for sku in ("a", "b")
        for at in hours[:-1]
    ]
    await shop.import_entries("book", rows)
    request = pb.GetPriceEntriesRequest(activity_id="book", skus=["b", "a"])

    all_shown = await shop.call("GetPriceEntries", request)
    assert (list(all_shown.entries), all_shown.more) == (rows, False)

    last = entry("b", starts_at=hours[-1], ends_at=hours[-1] + timedelta(1), price_minor=1)
    await shop.import_entries("book", [last])
    some_shown = await shop.call("GetPriceEntries", request)
    assert (list(some_shown.entries), some_shown.more) == (rows, True)
    request.at.FromDatetime(hours[-1])
    one_shown = await shop.call("GetPriceEntries", request)
    assert (list(one_shown.entries), one_shown.more) == ([last], False)


async def test_a_hundred_thousand_entries_are_imported_and_priced(shop: World) -> None:
    rows = [entry(f"sku{number}", price_minor=number % 500) for number in range(100_000)]
    chunks = [rows[at : at + 10_000] for at in range(0, 100_000, 10_000)]

    report = await shop.call("ImportPriceEntries", stream(chunks))

    assert (report.received, report.accepted, report.rejected) == (100_000, 100_000, 0)
    await shop.publish("book")
    answer = await shop.quote(cart(line("sku0", 1000), line("sku54321", 1000), line("none", 1000)))
    assert [told.payable_minor for told in answer.lines] == [0, 321, 1000]
    assert len(shop.catalogue.books["book"].base) == 100_000


async def test_others_are_served_while_a_large_message_is_read(shop: World) -> None:
    rows = [entry(f"sku{number}", price_minor=1) for number in range(10_000)]
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    busy = asyncio.create_task(others())
    with pytest.raises(Invalid):  # after it has been read: there is a second header
        await shop.call("ImportPriceEntries", [*stream([rows]), *stream([[]])])
    busy.cancel()

    assert turns >= 10


async def test_an_import_under_way_makes_the_next_of_its_book_wait(shop: World) -> None:
    """Else import ids would not rise in the order of commits, and processes that follow the
    changes would disagree with those that load the book."""
    await shop.import_entries("book", [entry("other", price_minor=1)])
    await shop.publish("book")
    await shop.caught_up()
    row = Entry("a", "", micros(NOW), micros(NOW) + 10**9, int(Kind.PRICE), 100, 1)
    later = entry("a", starts_at=NOW, ends_at=NOW + timedelta(seconds=1000), price_minor=200)

    async with shop.stores.pg.acquire() as conn, conn.transaction():
        import_id = await entry_store.append(conn, shop.tenant, "book", [row])
        second = asyncio.create_task(shop.import_entries("book", [later]))
        await asyncio.sleep(0.2)
        await store.add_entries(conn, shop.tenant, "book", 1)
        await announce(
            conn, shop.tenant, kind="ENTRIES", subject_id="book", subject_version=import_id
        )
    assert (await second).accepted == 1

    answer = await shop.quote(cart(line("a", 1000)))
    (loaded,) = await in_book(shop, "a", at=NOW)
    assert answer.payable_minor == loaded.price_minor == 200
