"""What can be done with sets."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from rangli.core.errors import Invalid, NotFound, Violation
from rangli.selection import store
from rangli.selection.model import MemberSet, SetKind
from rangli.storage.changes import announce
from rangli.storage.outbox import emit
from rangli.storage.postgres import Connection


async def import_set(
    conn: Connection,
    tenant: str,
    *,
    actor: str,
    set_id: str,
    kind: SetKind,
    display_name: str,
    members: Collection[str],
) -> MemberSet:
    """Makes the distinct members the set's next version, in the caller's transaction."""
    written = await store.put(
        conn,
        tenant,
        set_id,
        kind=kind,
        display_name=display_name,
        members=members,
        member_count=len(members),
    )
    if written.kind is not kind:
        raise Invalid.fields(
            Violation("header.kind", f"{set_id!r} is a set of kind SET_KIND_{written.kind.name}")
        )
    await emit(
        conn,
        tenant=tenant,
        subject_kind="set",
        subject_id=set_id,
        event_type="set.imported",
        actor=actor,
        payload={"version": written.version, "member_count": written.member_count},
    )
    await announce(conn, tenant, kind="SET", subject_id=set_id, subject_version=written.version)
    return written


async def get_set(conn: Connection, tenant: str, set_id: str) -> MemberSet:
    """The set; raises NotFound."""
    found = await store.get(conn, tenant, set_id)
    if found is None:
        raise NotFound("set", set_id)
    return found


async def snapshot(
    conn: Connection, tenant: str, set_id: str, *, version: int | None = None
) -> tuple[SetKind, frozenset[str]]:
    """The set's kind and members, now or at that version; raises NotFound.

    Needs an open transaction.
    """
    found = await get_set(conn, tenant, set_id)
    chunks = [chunk async for chunk in store.members(conn, tenant, set_id, version=version)]
    return found.kind, await asyncio.to_thread(_members, chunks)


def _members(chunks: Iterable[Iterable[str]]) -> frozenset[str]:
    # A million take a while. The generator lets the event loop's thread have its turns, which
    # building the set in one call into C would not.
    return frozenset(member for chunk in chunks for member in chunk)
