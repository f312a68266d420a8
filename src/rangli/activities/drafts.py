"""Activities on top of a catalogue that nobody has published: what if they were?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from rangli.activities import store, templates
from rangli.activities.catalogue import Catalogue, evolve
from rangli.activities.live import LiveActivity, compile_activity
from rangli.activities.model import Activity, RunState, VersionState
from rangli.activities.spec import ActivitySpec
from rangli.core.errors import Invalid, NotFound
from rangli.storage.postgres import Connection

DRAFTS_MAX = 1_000
PREPARED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Draft:
    """An activity as it would be.

    spec: None is the stored activity's newest version. absent: the activity is left out.
    """

    activity_id: str
    spec: ActivitySpec | None = None
    absent: bool = False


async def with_drafts(
    conn: Connection, catalogue: Catalogue, drafts: Iterable[Draft], *, now: datetime, path: str
) -> Catalogue:
    """The catalogue with the drafts as if they were published; its version stays.

    now: when a new activity would have been made. path: where the drafts stand in the request.
    Raises Invalid where a spec breaks its bounds, and NotFound if an activity without a spec is
    not stored, or a set that a draft names is unknown.
    """
    changed: dict[str, LiveActivity | None] = {}
    for number, draft in enumerate(drafts):
        stored = await store.get(conn, catalogue.tenant, draft.activity_id)
        if stored is None and draft.spec is None:
            raise NotFound("activity", draft.activity_id)
        if draft.absent:
            changed[draft.activity_id] = None
            continue
        spec = draft.spec or (stored.spec if stored else None)
        assert spec is not None
        changed[draft.activity_id] = published(
            stored, draft.activity_id, completed(spec, f"{path}[{number}].spec"), now=now
        )
        _refuse_unknown_sets(catalogue, spec)
    return evolve(catalogue, catalogue.version, activities=changed)


async def prepared(conn: Connection, catalogue: Catalogue) -> Catalogue:
    """The catalogue with what was never published, at most `PREPARED_MAX`, as if it were."""
    stored = await store.unpublished(conn, catalogue.tenant, limit=PREPARED_MAX)
    return evolve(
        catalogue,
        catalogue.version,
        activities={
            activity.activity_id: published(
                activity, activity.activity_id, activity.spec, now=activity.created_at
            )
            for activity in stored
        },
    )


def completed(spec: ActivitySpec, path: str) -> ActivitySpec:
    """The spec with its template's defaults; raises Invalid with all that is wrong with it."""
    spec, violations = templates.complete(spec, path)
    if violations:
        raise Invalid.fields(*violations)
    return spec


def published(
    stored: Activity | None, activity_id: str, spec: ActivitySpec, *, now: datetime
) -> LiveActivity:
    """The activity with that completed spec, as if it had been published.

    One that is not stored counts as made `now`, in version 0.
    """
    activity = stored or Activity(
        activity_id=activity_id,
        run_state=RunState.PUBLISHED,
        live_version=0,
        latest_version=0,
        revision=0,
        price_entries=0,
        created_at=now,
        updated_at=now,
        version=0,
        version_state=VersionState.LIVE,
        spec=spec,
        live_starts_at=None,
        live_ends_at=None,
    )
    return compile_activity(replace(activity, run_state=RunState.PUBLISHED, spec=spec))


def _refuse_unknown_sets(catalogue: Catalogue, spec: ActivitySpec) -> None:
    # It could not be published; without them it would silently be for nobody.
    for set_id, kind in sorted(spec.set_ids().items()):
        known = catalogue.sets.get(set_id)
        if known is None or known.kind.value != kind:
            raise NotFound(f"set of kind {kind}", set_id)
