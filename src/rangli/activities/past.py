"""The catalogue as it was at an earlier version, rebuilt from the change feed.

What has changed since is taken back, everything else is shared with the catalogue of today. A
version says what the activity then cost anybody; words for people (its display name) are today's.
How much money its pools then had is not kept: before the newest version all of them count as OK.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from rangli.activities import loader, store
from rangli.activities.catalogue import Catalogue, SetSnapshot, evolve
from rangli.activities.live import LiveActivity, compile_activity
from rangli.activities.model import RunState
from rangli.activities.pricebook import Book
from rangli.core.errors import NotFound
from rangli.selection import service as selection
from rangli.storage.postgres import Connection

Item = TypeVar("Item")

# For everything that changed between the two versions, what it was at the earlier one; nulls if it
# was not there.
_BEFORE = """
WITH since AS (
    SELECT DISTINCT kind, subject_id FROM catalogue_changes
    WHERE tenant = $1 AND version > $2 AND version <= $3
)
SELECT DISTINCT ON (since.kind, since.subject_id)
       since.kind, since.subject_id, was.subject_version, coalesce(was.held, false) AS held
FROM since LEFT JOIN catalogue_changes AS was
     ON was.tenant = $1 AND was.version <= $2
     AND (was.kind, was.subject_id) = (since.kind, since.subject_id)
ORDER BY since.kind, since.subject_id, was.version DESC
"""


@dataclass(frozen=True, slots=True)
class _Then:
    """What something was at the version asked for; subject_version is None if it was not there."""

    kind: str
    subject_id: str
    subject_version: int | None
    held: bool


async def at_version(conn: Connection, newest: Catalogue, version: int) -> Catalogue:
    """The tenant's catalogue as it was at that version; it prices carts as it did then.

    newest: the newest that is known; one that Postgres has moved on from is as good.
    Raises NotFound if there is, or was, no such version.
    """
    if version == newest.version:
        return newest
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        newest = await loader.refresh(conn, newest)
        if not 1 <= version <= newest.version:
            raise NotFound("catalogue version", str(version))
        rows = await conn.fetch(_BEFORE, newest.tenant, version, newest.version)
        changed = [_Then(**row) for row in rows]
        policies = None
        if any(then.kind in loader.OF_POLICIES for then in changed):
            policies = await loader.policies_at(conn, newest.tenant, version)
        activities = await _activities(conn, newest.tenant, _of(changed, "ACTIVITY"))
        sets = await _sets(conn, newest, _of(changed, "SET"))
        books = {
            then.subject_id: await _book(conn, newest.tenant, then)
            for then in _of(changed, "ENTRIES")
        }
    # In a thread: a set of a million members takes seconds, in which calls must be answered.
    before = await asyncio.to_thread(
        evolve,
        newest,
        version,
        activities=activities,
        sets=sets,
        books=books,
        policies=policies,
        pool_levels={},
    )
    return replace(
        before,
        sets=_without(before.sets, _of(changed, "SET")),
        books=_without(before.books, _of(changed, "ENTRIES")),
    )


def _of(changed: Iterable[_Then], kind: str) -> list[_Then]:
    return [then for then in changed if then.kind == kind]


def _without(items: Mapping[str, Item], changed: Iterable[_Then]) -> Mapping[str, Item]:
    """The items less those that were not there."""
    absent = {then.subject_id for then in changed if then.subject_version is None}
    return {name: item for name, item in items.items() if name not in absent} if absent else items


async def _activities(
    conn: Connection, tenant: str, changed: Iterable[_Then]
) -> dict[str, LiveActivity | None]:
    held = {then.subject_id: then.held for then in changed}
    versions = {t.subject_id: t.subject_version for t in changed if t.subject_version is not None}
    before: dict[str, LiveActivity | None] = dict.fromkeys(held)
    for activity in await store.at_versions(conn, tenant, versions):
        paused = held[activity.activity_id]
        before[activity.activity_id] = compile_activity(
            replace(activity, run_state=RunState.PAUSED if paused else RunState.PUBLISHED)
        )
    return before


async def _sets(
    conn: Connection, newest: Catalogue, changed: Iterable[_Then]
) -> dict[str, SetSnapshot]:
    before = {}
    for then in changed:
        if then.subject_version is None:
            before[then.subject_id] = SetSnapshot(newest.sets[then.subject_id].kind, frozenset())
        else:
            kind, members = await selection.snapshot(
                conn, newest.tenant, then.subject_id, version=then.subject_version
            )
            before[then.subject_id] = SetSnapshot(kind, members)
    return before


async def _book(conn: Connection, tenant: str, then: _Then) -> Book:
    upto_import = then.subject_version or 0
    wanted = Book(newest_import=upto_import)
    if not upto_import:
        return wanted
    return wanted.rebased(await loader.new_base(conn, tenant, then.subject_id, wanted), upto_import)
