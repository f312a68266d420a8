"""Importing price entries: good rows are taken, bad ones are reported."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.activities import entry_store, service, store
from rangli.activities.entries import BadRow, Entry, ImportReport
from rangli.core.errors import Invalid, Violation
from rangli.selection import store as sets
from rangli.selection.model import SetKind
from rangli.storage.changes import announce
from rangli.storage.outbox import emit
from rangli.storage.postgres import Connection

_REPORTED_MAX = 100


async def import_entries(
    conn: Connection,
    tenant: str,
    *,
    actor: str,
    activity_id: str,
    entries: Sequence[tuple[int, Entry]],
    bad_rows: Sequence[BadRow],
    all_or_nothing: bool,
) -> ImportReport:
    """Appends the entries to a price book in the caller's transaction.

    entries: well-formed ones with their row numbers. Those that name an unknown store set join
        the bad rows.
    Raises NotFound, Refused (no price book), and Invalid if a row is bad and all_or_nothing is set.
    """
    await service.price_book(conn, tenant, activity_id)
    named = {entry.store_set_id for _, entry in entries} - {""}
    known = await sets.kinds(conn, tenant, named)
    unknown = {set_id for set_id in named if known.get(set_id) is not SetKind.STORE}
    bad = sorted(
        [
            *bad_rows,
            *(
                BadRow(row, "store_set_id", f"{entry.store_set_id!r} is no set of kind STORE")
                for row, entry in entries
                if entry.store_set_id in unknown
            ),
        ],
        key=lambda bad_row: bad_row.row,
    )
    if bad and all_or_nothing:
        raise Invalid.fields(
            *(
                Violation(f"entries[{row.row}].{row.field}", row.description)
                for row in bad[:_REPORTED_MAX]
            )
        )
    good = [entry for _, entry in entries if entry.store_set_id not in unknown]
    if good:
        await _append(conn, tenant, actor, activity_id, good)
    return ImportReport(
        received=len(good) + len(bad),
        accepted=len(good),
        rejected=len(bad),
        bad_rows=tuple(bad[:_REPORTED_MAX]),
    )


async def in_force(
    conn: Connection,
    tenant: str,
    activity_id: str,
    skus: Sequence[str],
    at_us: int | None,
    *,
    limit: int,
) -> list[Entry]:
    """The first `limit` entries of a price book that count for these products.

    By sku, stores and start. Raises NotFound, Refused.
    """
    await service.price_book(conn, tenant, activity_id)
    return await entry_store.in_force(conn, tenant, activity_id, skus, at_us, limit=limit)


async def _append(
    conn: Connection, tenant: str, actor: str, activity_id: str, good: Sequence[Entry]
) -> None:
    import_id = await entry_store.append(conn, tenant, activity_id, good)
    revision, version = await store.add_entries(conn, tenant, activity_id, len(good))
    await store.record(
        conn,
        tenant,
        activity_id,
        revision=revision,
        version=version,
        verb="import_entries",
        actor=actor,
        reason="",
    )
    await emit(
        conn,
        tenant=tenant,
        subject_kind="activity",
        subject_id=activity_id,
        event_type="activity.entries_imported",
        actor=actor,
        payload={"import_id": import_id, "accepted": len(good)},
    )
    await announce(conn, tenant, kind="ENTRIES", subject_id=activity_id, subject_version=import_id)
