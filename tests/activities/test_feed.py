"""Every process follows what is published, through whatever happens to Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from rangli.activities import loader
from rangli.activities.catalogue import Catalogue
from rangli.activities.feed import CatalogueFeed
from rangli.activities.loader import DELTA_MAX
from rangli.activities.pricebook import Base
from rangli.core.errors import Unavailable
from rangli.storage.postgres import Connection
from rangli.storage.settings import StorageSettings
from rangli.storage.stores import Stores
from tests.activities.compiled import content
from tests.world import NOW, World, cart, entry, line, new_tenant, spec, until, world_on

SPEC = spec("item_discount", percent_off={"off_bps": 1000})
OTHER = spec("item_discount", percent_off={"off_bps": 2000})
BOOK = spec("price_book", price_book={})
ASK = cart(line("a", 1000))

# A change that nobody is told of: as if the notification had been lost.
_PAUSE = "UPDATE activities SET run_state = 'PAUSED' WHERE tenant = $1"
_BUMP = "UPDATE catalogue_heads SET version = version + 1 WHERE tenant = $1"
_CHANGED = """
INSERT INTO catalogue_changes (tenant, version, kind, subject_id, subject_version, held)
SELECT tenant, version, 'ACTIVITY', 'a', 1, true FROM catalogue_heads WHERE tenant = $1
"""
_KILL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def own(stores: Stores) -> AsyncIterator[World]:
    """A world on a database of the test's own."""
    async with world_on(stores) as opened:
        yield opened


@asynccontextmanager
async def another_process(settings: StorageSettings, tenant: str) -> AsyncIterator[World]:
    stores = await Stores.open(settings)
    try:
        async with world_on(stores) as world:
            yield world.of(tenant)
    finally:
        await stores.close()


async def launch_book(world: World, **price: int) -> None:
    """A price book with one entry, for the product that `payable` asks for."""
    await world.create("book", BOOK)
    await world.import_entries("book", [entry("a", **price)])
    await world.publish("book")


async def payable(world: World) -> int:
    return (await world.call("Quote", ASK)).payable_minor


async def test_a_change_is_live_in_every_process(
    own: World, store_settings: StorageSettings
) -> None:
    async with another_process(store_settings, own.tenant) as other:
        await own.launch("a", SPEC)
        for world in (own, other):
            assert (await world.quote(ASK)).payable_minor == 900

        await other.verb("Pause", "a")
        for world in (own, other):
            assert (await world.quote(ASK)).payable_minor == 1000

    async with another_process(store_settings, own.tenant) as later:
        assert await payable(later) == 1000
        assert content(later.catalogue) == content(own.catalogue)


async def test_a_tenant_that_comes_later_is_followed(world: World) -> None:
    later = world.of(new_tenant())
    assert (await later.quote(ASK)).catalogue_version == 0

    await later.launch("a", SPEC)

    answer = await later.quote(ASK)
    assert (answer.payable_minor, answer.catalogue_version) == (900, 1)


async def test_one_entry_is_put_on_top_and_a_large_import_reloads(world: World) -> None:
    await launch_book(world, price_minor=500)
    assert (await world.quote(ASK)).payable_minor == 500
    before = world.catalogue.books["book"]

    await world.import_entries("book", [entry("a", price_minor=400)])

    assert (await world.quote(ASK)).payable_minor == 400
    after = world.catalogue.books["book"]
    assert after.base is before.base
    assert after.delta_size == before.delta_size + 1
    many = [entry(f"x{number}", price_minor=1) for number in range(DELTA_MAX)]
    for at in range(0, DELTA_MAX, 10_000):
        await world.import_entries("book", many[at : at + 10_000])
    assert (await world.quote(ASK)).payable_minor == 400
    await until(lambda: world.catalogue.books["book"].base is not before.base)
    book = world.catalogue.books["book"]
    assert len(book.base) + book.delta_size == DELTA_MAX + 1


async def test_a_lost_notification_is_made_up_for_by_the_poll(own: World) -> None:
    await own.launch("a", SPEC)
    await own.caught_up()

    async with own.stores.pg.acquire() as conn, conn.transaction():
        for statement in (_PAUSE, _BUMP, _CHANGED):
            await conn.execute(statement, own.tenant)

    assert (await own.quote(ASK)).payable_minor == 1000


async def test_lost_connections_are_survived_and_following_goes_on(
    own: World, store_settings: StorageSettings
) -> None:
    await own.launch("a", SPEC)
    await own.caught_up()

    for round_number in range(3):
        async with own.stores.pg.acquire() as conn:
            assert await conn.fetchval(_KILL) >= 1
        assert await payable(own) == 900 - round_number
        async with another_process(store_settings, own.tenant) as other:
            cheaper = spec("item_discount", percent_off={"off_bps": 1010 + 10 * round_number})
            await other.update("a", cheaper)
            await other.publish("a")
        await own.caught_up()
        await until(lambda: own.feed.fresh)

    # Nothing was leaked on the way: the pool can still lend all but the listener's connection.
    lent = store_settings.postgres_pool_size_max - 1
    held = [await own.stores.pg.acquire(timeout=60) for _ in range(lent)]
    for conn in held:
        await own.stores.pg.release(conn)


async def test_a_database_restored_to_an_older_state_is_followed_back(own: World) -> None:
    await own.launch("a", SPEC)
    await own.caught_up()
    before = content(own.catalogue)
    tables = ("catalogue_heads", "catalogue_changes", "activity_versions", "activities")
    async with own.stores.pg.acquire() as conn:
        for table in tables:
            await conn.execute(f"CREATE TABLE saved_{table} AS TABLE {table}")
    await own.update("a", OTHER)
    await own.publish("a")
    await own.launch("b", SPEC)
    await own.caught_up()

    async with own.stores.pg.acquire() as conn, conn.transaction():
        for table in tables:
            await conn.execute(f"DELETE FROM {table}")
        for table in reversed(tables):
            await conn.execute(f"INSERT INTO {table} SELECT * FROM saved_{table}")

    await until(lambda: own.catalogue.version == before["version"])
    assert content(own.catalogue) == before


async def test_a_tenant_that_cannot_be_read_keeps_nobody_else_from_following(own: World) -> None:
    await own.launch("a", SPEC)
    await own.caught_up()
    healthy = own.of("zzz")

    async with own.stores.pg.acquire() as conn, conn.transaction():
        await conn.execute(
            """UPDATE activity_versions SET spec = '{"effect": {"type": "of-the-future"}}'"""
        )
        for statement in (_BUMP, _CHANGED):
            await conn.execute(statement, own.tenant)
    await healthy.launch("a", SPEC)

    await healthy.caught_up()
    assert await payable(healthy) == 900
    assert await payable(own) == 900  # from the last catalogue that could be read
    mended = await own.stores.pg.fetchval(
        "SELECT spec FROM activity_versions WHERE tenant = 'zzz' AND version = 1"
    )
    await own.stores.pg.execute(
        "UPDATE activity_versions SET spec = $2 WHERE tenant = $1", own.tenant, mended
    )
    await own.caught_up()
    await until(lambda: own.feed.fresh)


async def test_a_tenant_that_cannot_be_read_keeps_nobody_else_from_starting(
    own: World, stores: Stores
) -> None:
    healthy = own.of("zzz")
    for each in (own, healthy):
        await each.launch("a", SPEC)
    await own.stores.pg.execute(
        "UPDATE activity_versions SET spec = '{}' WHERE tenant = $1", own.tenant
    )

    async with world_on(own.stores) as started:
        assert started.feed.ready
        assert not started.feed.fresh
        assert await payable(started.of("zzz")) == 900
        # Not the list price: what this tenant published is not known.
        with pytest.raises(Unavailable) as refused:
            await payable(started.of(own.tenant))
        assert refused.value.metadata == {"component": "catalogue"}


async def test_a_start_that_fails_keeps_no_connection(stores: Stores) -> None:
    await stores.pg.execute("ALTER TABLE catalogue_heads RENAME TO elsewhere")

    feed = CatalogueFeed(stores.pg)
    with pytest.raises(asyncpg.UndefinedTableError):
        await feed.start()

    assert not feed.ready
    lent = stores.pg.get_size() - stores.pg.get_idle_size()
    if lent:
        stores.pg.terminate()  # else closing would wait for what nobody gives back
    assert lent == 0


async def test_many_small_imports_get_a_new_base_while_prices_stay(
    own: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "DELTA_MAX", 5)
    await launch_book(own, amount_off_minor=1)
    await own.caught_up()
    first = own.catalogue.books["book"].base

    for off_minor in range(2, 30):
        await own.import_entries("book", [entry("a", amount_off_minor=off_minor)])
        await own.caught_up()
        assert await payable(own) == 1000 - off_minor

    await until(lambda: own.catalogue.books["book"].delta_size <= 5)
    assert own.catalogue.books["book"].base is not first
    assert await payable(own) == 1000 - 29


async def test_a_base_that_was_overtaken_by_a_reload_is_thrown_away(
    own: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "DELTA_MAX", 3)
    held, go_on = asyncio.Event(), asyncio.Event()
    slow = loader.new_base

    async def new_base(*args: Any) -> Base:
        base = await slow(*args)
        held.set()
        await go_on.wait()
        return base

    monkeypatch.setattr(loader, "new_base", new_base)
    await launch_book(own, amount_off_minor=1)
    for off_minor in (2, 3, 4, 5):
        await own.import_entries("book", [entry("a", amount_off_minor=off_minor)])
        await own.caught_up()
    await held.wait()

    await own.import_entries("book", [entry(f"b{n}", amount_off_minor=7) for n in range(9)])
    await own.caught_up()
    go_on.set()
    await until(lambda: not own.feed.under_way)

    assert await payable(own) == 995
    assert (await own.call("Quote", cart(line("b8", 1000)))).payable_minor == 993


async def test_one_tenants_large_book_keeps_no_other_waiting(
    own: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await launch_book(own, amount_off_minor=1)
    await own.caught_up()
    other = own.of("zzz")
    held, go_on = asyncio.Event(), asyncio.Event()
    renew = loader.refresh

    async def slow_for_own(conn: Connection, catalogue: Catalogue) -> Catalogue:
        if catalogue.tenant == own.tenant:
            held.set()
            await go_on.wait()
        return await renew(conn, catalogue)

    monkeypatch.setattr(loader, "refresh", slow_for_own)
    await own.import_entries("book", [entry("a", amount_off_minor=2)])
    await held.wait()

    await other.launch("a", SPEC)
    await other.caught_up()
    assert await payable(other) == 900
    await other.verb("Pause", "a")
    await other.caught_up()
    assert await payable(other) == 1000

    assert await payable(own) == 999  # from the last catalogue
    go_on.set()
    await own.caught_up()
    assert await payable(own) == 998


async def test_following_ends_where_loading_everything_would(world: World) -> None:
    """Whatever happened, step by step, is what a process that starts now would load."""
    chance = Random(4)
    await world.import_set("stores1", "STORE", ["s1"])
    await world.import_set("products1", "PRODUCT", ["a"])
    targets = [{"all": True}, {"skus": ["a", "b"]}, {"set_ids": ["products1"]}]
    for name in ("a0", "a1"):
        await world.launch(name, SPEC)
    await world.create("book", BOOK)
    await world.import_entries("book", [entry("a", price_minor=5)])
    await world.publish("book")

    for _ in range(25):
        what = chance.choice(["set", "entries", "version", "pause", "words"])
        name = chance.choice(["a0", "a1"])
        if what == "set":
            members = chance.sample(["a", "b", "c"], chance.randint(0, 3))
            await world.import_set("products1", "PRODUCT", members)
        elif what == "entries":
            await world.import_entries("book", [_some_entry(chance) for _ in range(3)])
        elif what == "version":
            bps = chance.randint(1, 10_000)
            products = chance.choice(targets)
            fresh = spec("item_discount", percent_off={"off_bps": bps}, products=products)
            await world.update(name, fresh)
            await world.publish(name)
        elif what == "pause":
            paused = (await world.get(name)).state == 7  # ACTIVITY_STATE_PAUSED
            await world.verb("Resume" if paused else "Pause", name)
        else:
            said = (await world.get(name)).spec
            said.display_name = f"words {chance.random()}"
            await world.update(name, said)
    await world.caught_up()

    async with world.stores.pg.acquire() as conn:
        loaded = await loader.load(conn, world.tenant)
    assert content(world.catalogue) == content(loaded)


def _some_entry(chance: Random) -> object:
    starts_at = NOW + timedelta(days=chance.randint(-2, 2))
    price = chance.choice(
        [
            {"price_minor": chance.randint(0, 9)},
            {"removed": True},
            {"off_bps": chance.randint(0, 99)},
        ]
    )
    return entry(
        chance.choice("abc"),
        store_set_id=chance.choice(["", "stores1"]),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=chance.randint(1, 3)),
        **price,
    )


async def test_a_stopped_feed_goes_on_answering(process: World, world: World) -> None:
    await world.launch("a", SPEC)
    feed = CatalogueFeed(process.stores.pg)
    await feed.start()
    await feed.stop()

    alone = World(process.stores, feed, world.tenant)

    assert feed.ready
    assert await payable(alone) == 900


@pytest.mark.parametrize("steps", range(6))
async def test_a_feed_that_is_woken_as_it_is_stopped_stops(stores: Stores, steps: int) -> None:
    feed = CatalogueFeed(stores.pg)
    await feed.start()
    await until(lambda: feed.fresh)
    await asyncio.sleep(0.05)  # it has asked once more, and waits

    feed.wake()
    for _ in range(steps):
        await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await feed.stop()
