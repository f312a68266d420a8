"""From the tables to a catalogue: everything at first, then what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from rangli.activities import entry_store, store
from rangli.activities.catalogue import Catalogue, Policies, SetSnapshot, evolve
from rangli.activities.live import LiveActivity, compile_activity
from rangli.activities.policies import store as policy_store
from rangli.activities.policies.presets import PRESETS
from rangli.activities.policies.spec import PolicySpec
from rangli.activities.pricebook import Base, Book
from rangli.funds import service as funds
from rangli.selection import service as selection
from rangli.selection import store as sets
from rangli.storage.postgres import Connection

# Imports up to this size go on top of a book: small enough to copy in a millisecond, large enough
# that single entries never cause a reload. A book with more on top is due for a new base.
DELTA_MAX = 20_000
# Beyond this there is no waiting for the new base.
_DELTA_LIMIT = 10 * DELTA_MAX

_HEAD = "SELECT version FROM catalogue_heads WHERE tenant = $1"
_TENANTS = "SELECT tenant, version FROM catalogue_heads"
_CHANGES = """
SELECT kind, subject_id, subject_version FROM catalogue_changes
WHERE tenant = $1 AND version > $2 AND version <= $3 ORDER BY version
"""
# A new activity may name pools that never crossed a level: one without money, say.
_OF_FUNDS = {"FUNDING", "ACTIVITY"}
# All of a tenant's policies are few and small: whatever changes, they are read anew.
OF_POLICIES = {"POLICY", "ASSIGNMENT"}
_BOOKS = "SELECT activity_id FROM activities WHERE tenant = $1 AND price_entries > 0"


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the change feed."""

    kind: str
    subject_id: str
    subject_version: int


async def heads(conn: Connection) -> dict[str, int]:
    """Every tenant's newest catalogue version."""
    return {row["tenant"]: row["version"] for row in await conn.fetch(_TENANTS)}


async def load(conn: Connection, tenant: str) -> Catalogue:
    """The tenant's whole catalogue, as of one moment."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        version = await conn.fetchval(_HEAD, tenant) or 0
        snapshots = {s: await _set(conn, tenant, s) for s in await sets.all_ids(conn, tenant)}
        live = [compile_activity(activity) for activity in await store.live(conn, tenant)]
        books = {
            row["activity_id"]: await _book(conn, tenant, row["activity_id"])
            for row in await conn.fetch(_BOOKS, tenant)
        }
        policies = await policies_at(conn, tenant, version)
        levels = await funds.pool_levels(conn, tenant)
    return await asyncio.to_thread(
        evolve,
        Catalogue(tenant),
        version,
        activities={activity.activity_id: activity for activity in live},
        sets=snapshots,
        books=books,
        policies=policies,
        pool_levels=levels,
    )


async def refresh(conn: Connection, catalogue: Catalogue) -> Catalogue:
    """The catalogue with what has changed since recompiled; the same one if nothing has."""
    tenant = catalogue.tenant
    if (await conn.fetchval(_HEAD, tenant) or 0) < catalogue.version:
        # Postgres went back to an older state (a backup): no row says what was undone.
        return await load(conn, tenant)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        version = await conn.fetchval(_HEAD, tenant) or 0
        if version == catalogue.version:
            return catalogue
        rows = await conn.fetch(_CHANGES, tenant, catalogue.version, version)
        changes = [Change(**row) for row in rows]
        activities = await _activities(conn, tenant, _subjects(changes, "ACTIVITY"))
        snapshots = {s: await _set(conn, tenant, s) for s in _subjects(changes, "SET")}
        books = {
            book_id: await _book_after(conn, catalogue, book_id, changes)
            for book_id in _subjects(changes, "ENTRIES")
        }
        policies = None
        if any(change.kind in OF_POLICIES for change in changes):
            policies = await policies_at(conn, tenant, version)
        levels = None
        if any(change.kind in _OF_FUNDS for change in changes):
            levels = await funds.pool_levels(conn, tenant)
    # In a thread: a set of a million members takes seconds, in which calls must be answered.
    return await asyncio.to_thread(
        evolve,
        catalogue,
        version,
        activities=activities,
        sets=snapshots,
        books=books,
        policies=policies,
        pool_levels=levels,
    )


async def policies_at(conn: Connection, tenant: str, version: int) -> Policies:
    """The tenant's policies and assignments, as that catalogue version knew them."""
    newest = {
        stored.spec.policy_id: stored.spec
        for stored in await policy_store.newest(conn, tenant, as_of_version=version)
    }
    assignments: dict[str, PolicySpec] = {}
    for item in await policy_store.assignments(conn, tenant, as_of_version=version):
        spec = newest.get(item.policy_id) or PRESETS.get(item.policy_id)
        if item.version:
            pinned = await policy_store.get(conn, tenant, item.policy_id, version=item.version)
            spec = pinned.spec if pinned else None
        if spec is None:
            # A preset of a newer release, say. A price by other rules would be a wrong one.
            raise LookupError(f"channel {item.channel!r} uses no known policy: {item.policy_id!r}")
        assignments[item.channel] = spec
    return Policies(newest, assignments)


def _subjects(changes: Iterable[Change], kind: str) -> list[str]:
    return list(dict.fromkeys(c.subject_id for c in changes if c.kind == kind))


async def _activities(
    conn: Connection, tenant: str, activity_ids: Iterable[str]
) -> dict[str, LiveActivity | None]:
    changed: dict[str, LiveActivity | None] = {}
    for activity_id in activity_ids:
        found = await store.live(conn, tenant, activity_id)
        changed[activity_id] = compile_activity(found[0]) if found else None
    return changed


async def _set(conn: Connection, tenant: str, set_id: str) -> SetSnapshot:
    kind, members = await selection.snapshot(conn, tenant, set_id)
    return SetSnapshot(kind, members)


async def _book_after(
    conn: Connection, catalogue: Catalogue, book_id: str, changes: Iterable[Change]
) -> Book:
    book = catalogue.books.get(book_id, Book())
    for change in changes:
        if change.kind == "ENTRIES" and change.subject_id == book_id:
            import_id = change.subject_version
            entries = await entry_store.imported(
                conn, catalogue.tenant, book_id, import_id, limit=DELTA_MAX + 1
            )
            if len(entries) > DELTA_MAX or book.delta_size + len(entries) > _DELTA_LIMIT:
                return await _book(conn, catalogue.tenant, book_id)
            book = book.with_entries(entries, import_id)
    return book


async def _book(conn: Connection, tenant: str, book_id: str) -> Book:
    upto_import = await entry_store.newest_import(conn, tenant, book_id)
    base = await _base(conn, tenant, book_id, upto_import)
    return Book(base, newest_import=upto_import)


async def _base(conn: Connection, tenant: str, book_id: str, upto_import: int) -> Base:
    base = Base(await entry_store.store_sets(conn, tenant, book_id))
    async for runs in entry_store.book(conn, tenant, book_id, upto_import=upto_import):
        base.extend(runs)
    return base


def due(catalogue: Catalogue) -> list[str]:
    """The price books that have so much on top that they are due for a new base."""
    return [book_id for book_id, book in catalogue.books.items() if book.delta_size > DELTA_MAX]


async def new_base(conn: Connection, tenant: str, book_id: str, book: Book) -> Base:
    """A base that holds all that the book holds. It takes its time; the book goes on meanwhile."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return await _base(conn, tenant, book_id, book.newest_import)
