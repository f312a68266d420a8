"""Catalogues without a database: specs go the way they go through the RPC, up to the snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from rangli.activities import templates
from rangli.activities.catalogue import Catalogue, SetSnapshot, evolve
from rangli.activities.entries import EVERYWHERE, Entry
from rangli.activities.live import LiveActivity, compile_activity
from rangli.activities.model import Activity, RunState, VersionState
from rangli.activities.pricebook import Base, Book
from rangli.activities.spec import ActivitySpec
from rangli.core.errors import Invalid
from rangli.selection.model import SetKind
from rangli.v1 import activity_pb2 as ab
from rangli.wire.convert import to_struct

_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


def completed(spec: ab.ActivitySpec) -> ActivitySpec:
    """The spec as CreateActivity would store it; raises Invalid as it would."""
    stated, violations = templates.complete(to_struct(spec, ActivitySpec, "spec"), "spec")
    if violations:
        raise Invalid.fields(*violations)
    return stated


def live(
    activity_id: str,
    spec: ab.ActivitySpec,
    *,
    version: int = 1,
    run_state: RunState = RunState.PUBLISHED,
) -> LiveActivity:
    """The activity, published and compiled."""
    stated = completed(spec)
    return compile_activity(
        Activity(
            activity_id=activity_id,
            run_state=run_state,
            live_version=version,
            latest_version=version,
            revision=1,
            price_entries=0,
            created_at=_MADE_AT,
            updated_at=_MADE_AT,
            version=version,
            version_state=VersionState.LIVE,
            spec=stated,
            live_starts_at=stated.schedule.starts_at,
            live_ends_at=stated.schedule.ends_at,
        )
    )


def book(entries: Iterable[Entry]) -> Book:
    """A book of these entries, the newest of equals only, loaded as from the store."""
    newest = {(e.sku, e.store_set_id, e.starts_us): e for e in entries}
    kept = sorted(e for e in newest.values() if e.op)
    store_set_ids = sorted({e.store_set_id for e in kept} | {EVERYWHERE})
    return Book(Base(store_set_ids, kept))


def catalogue(
    activities: Iterable[LiveActivity],
    *,
    sets: Mapping[str, tuple[str, Iterable[str]]] | None = None,
    books: Mapping[str, Book] | None = None,
) -> Catalogue:
    """Version 1 of a tenant's catalogue. sets: kind and members by name."""
    return evolve(
        Catalogue("default"),
        1,
        activities={activity.activity_id: activity for activity in activities},
        sets={
            set_id: SetSnapshot(SetKind(kind), frozenset(members))
            for set_id, (kind, members) in (sets or {}).items()
        },
        books=books,
    )
