"""What operators do with activities, each in the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from rangli.activities import store, templates
from rangli.activities.effects.price_book import PriceBook
from rangli.activities.limits import limits_of
from rangli.activities.model import Activity, RunState, Verb, VersionState
from rangli.activities.spec import ActivitySpec
from rangli.core.errors import Conflict, Invalid, NameTaken, NotFound, Reason, Refused
from rangli.core.ids import new_id
from rangli.counters.store import put_limits
from rangli.funds.model import Share
from rangli.funds.service import is_known, set_funding
from rangli.selection import store as sets
from rangli.storage.changes import announce
from rangli.storage.outbox import emit
from rangli.storage.postgres import Connection


async def create(
    conn: Connection, tenant: str, *, actor: str, activity_id: str, spec: ActivitySpec
) -> Activity:
    """A new DRAFT. Raises Invalid and NameTaken."""
    activity_id = activity_id or new_id("act")
    # Somebody pays for something else of that name: its budgets would be asked for ours.
    if await is_known(conn, tenant, activity_id):
        raise NameTaken("activity", activity_id)
    if not await store.insert(conn, tenant, activity_id, _completed(spec)):
        raise NameTaken("activity", activity_id)
    return await _done(
        conn, tenant, activity_id, revision=1, version=1, verb="create", actor=actor, reason=""
    )


async def is_activity(conn: Connection, tenant: str, activity_id: str) -> bool:
    """Whether there is an activity of that id, published or not."""
    return await store.get(conn, tenant, activity_id) is not None


async def update(
    conn: Connection,
    tenant: str,
    *,
    actor: str,
    activity_id: str,
    spec: ActivitySpec,
    expected_revision: int,
    reason: str,
) -> Activity:
    """Gives the version in preparation a new spec, or starts the next version.

    Raises Invalid, NotFound, Conflict, Refused.
    """
    before = await _locked(conn, tenant, activity_id, expected_revision)
    before.refuse_update()
    spec = _completed(spec)
    version, state = before.latest_version, VersionState.DRAFT
    if before.version_state is VersionState.LIVE:
        if before.spec.differs_in_substance(spec):
            version += 1
        else:
            state = VersionState.LIVE
    await store.put_version(conn, tenant, activity_id, version=version, state=state, spec=spec)
    revision = await store.move(
        conn,
        tenant,
        activity_id,
        run_state=before.run_state,
        live_version=before.live_version,
        latest_version=version,
    )
    after = await _done(
        conn,
        tenant,
        activity_id,
        revision=revision,
        version=version,
        verb=Verb.UPDATE.value,
        actor=actor,
        reason=reason,
    )
    if state is VersionState.LIVE:
        await _announce(conn, tenant, after)
    return after


async def act(
    conn: Connection,
    tenant: str,
    verb: Verb,
    *,
    actor: str,
    activity_id: str,
    expected_revision: int,
    reason: str,
    at: datetime,
) -> Activity:
    """Carries an activity one step through its life.

    Raises NotFound, Conflict, Refused (WRONG_STATE; NOT_READY on submit and publish).
    """
    before = await _locked(conn, tenant, activity_id, expected_revision)
    version_state = before.version_state_after(verb, at)
    run_state = before.run_state_after(verb, at)
    if verb in (Verb.SUBMIT, Verb.PUBLISH):
        await _refuse_unready(conn, tenant, before, verb)
    if version_state is not None:
        await store.put_version(
            conn, tenant, activity_id, version=before.version, state=version_state, spec=before.spec
        )
    if verb is Verb.PUBLISH:
        await _limit(conn, tenant, before)
        await _fund(conn, tenant, before)
    live_version = before.version if verb is Verb.PUBLISH else before.live_version
    revision = await store.move(
        conn,
        tenant,
        activity_id,
        run_state=run_state,
        live_version=live_version,
        latest_version=before.latest_version,
    )
    after = await _done(
        conn,
        tenant,
        activity_id,
        revision=revision,
        version=before.version,
        verb=verb.value,
        actor=actor,
        reason=reason,
    )
    if live_version and (verb is Verb.PUBLISH or version_state is None):
        await _announce(conn, tenant, after)
    return after


async def get(conn: Connection, tenant: str, activity_id: str, *, version: int = 0) -> Activity:
    """The activity with that version's spec, 0 for the newest. Raises NotFound."""
    found = await store.get(conn, tenant, activity_id, version=version)
    if found is None:
        name = f"{activity_id}@{version}" if version else activity_id
        raise NotFound("activity", name)
    return found


async def price_book(conn: Connection, tenant: str, activity_id: str) -> Activity:
    """The activity, which must be a price book. Raises NotFound and Refused."""
    found = await get(conn, tenant, activity_id)
    if not isinstance(found.spec.effect, PriceBook):
        raise Refused(
            Reason.NOT_READY,
            f"{activity_id!r} is no price book: its effect has no entries",
            metadata={"activity_id": activity_id, "problem": "no_price_book"},
        )
    return found


def _completed(spec: ActivitySpec) -> ActivitySpec:
    spec, violations = templates.complete(spec, "spec")
    if violations:
        raise Invalid.fields(*violations)
    return spec


async def _locked(
    conn: Connection, tenant: str, activity_id: str, expected_revision: int
) -> Activity:
    found = await store.get_locked(conn, tenant, activity_id)
    if found is None:
        raise NotFound("activity", activity_id)
    if expected_revision and expected_revision != found.revision:
        raise Conflict(
            Reason.REVISION_MISMATCH,
            f"{activity_id!r} is at revision {found.revision}: read it again, then decide",
            metadata={
                "expected_revision": expected_revision,
                "actual_revision": found.revision,
            },
        )
    return found


async def _refuse_unready(conn: Connection, tenant: str, activity: Activity, verb: Verb) -> None:
    """Raises if the activity, once live, could not do what its spec says."""
    named = activity.spec.set_ids()
    known = await sets.kinds(conn, tenant, named)
    for set_id, kind in sorted(named.items()):
        if set_id not in known:
            raise _not_ready(activity, "unknown_set", f"there is no set {set_id!r}; import it")
        if known[set_id].value != kind:
            raise _not_ready(
                activity,
                "set_of_other_kind",
                f"the set {set_id!r} is of kind {known[set_id].value}, not {kind}",
            )
    is_book = isinstance(activity.spec.effect, PriceBook)
    if verb is Verb.PUBLISH and is_book and not activity.price_entries:
        raise _not_ready(activity, "no_price_entries", "the price book has no entries; import some")
    if verb is Verb.PUBLISH and activity.spec.public_code:
        await _refuse_taken_code(conn, tenant, activity)


async def _refuse_taken_code(conn: Connection, tenant: str, activity: Activity) -> None:
    spec = activity.spec
    holder = await store.code_holder(
        conn,
        tenant,
        spec.public_code.casefold(),
        besides=activity.activity_id,
        starts_at=spec.schedule.starts_at,
        ends_at=spec.schedule.ends_at,
    )
    if holder is not None:
        words = f"{holder!r} has the public code {spec.public_code!r} at the same time"
        raise _not_ready(activity, "public_code_taken", words)


async def _limit(conn: Connection, tenant: str, activity: Activity) -> None:
    """Says to the counters how much of it there may be from this version on."""
    spec, name = activity.spec, activity.activity_id
    wanted = limits_of(name, spec.limits, time_zone=spec.schedule.time_zone)
    try:
        await put_limits(conn, tenant, wanted, owner=f"activity/{name}")
    except NameTaken as taken:
        words = (
            f"its limit {taken.metadata['id']!r} has counted something else, or by another clock:"
            " give it another name"
        )
        raise _not_ready(activity, "limit_counts_something_else", words) from None


async def _fund(conn: Connection, tenant: str, activity: Activity) -> None:
    """Says to the budgets who bears what the version will give."""
    spec = activity.spec
    try:
        await set_funding(
            conn,
            tenant,
            activity.activity_id,
            version=activity.version,
            currency=spec.currency,
            shares=[Share(s.funder, s.pool_id, s.share_bps) for s in spec.funding],
            remainder_funder=next((s.funder for s in spec.funding if s.takes_remainder), None),
            allow_partial=spec.allow_partial,
            path="spec.funding",
        )
    except Invalid as error:
        # The spec was accepted; what is wrong is how its pools now stand.
        raise _not_ready(activity, "pool", error.message) from None
    except NameTaken:
        words = (
            f"the funding of its version {activity.version} was set by hand and says something"
            " else; make spec.funding say the same, or take another activity_id"
        )
        raise _not_ready(activity, "funding_version_taken", words) from None


async def _announce(conn: Connection, tenant: str, activity: Activity) -> None:
    """Tells every process that what carts are priced with has changed."""
    await announce(
        conn,
        tenant,
        kind="ACTIVITY",
        subject_id=activity.activity_id,
        subject_version=activity.live_version,
        held=activity.run_state is not RunState.PUBLISHED,
    )


def _not_ready(activity: Activity, problem: str, words: str) -> Refused:
    return Refused(
        Reason.NOT_READY,
        f"{activity.activity_id!r} is not ready: {words}",
        metadata={"activity_id": activity.activity_id, "problem": problem},
    )


async def _done(
    conn: Connection,
    tenant: str,
    activity_id: str,
    *,
    revision: int,
    version: int,
    verb: str,
    actor: str,
    reason: str,
) -> Activity:
    """The audit's row and the outbox event of a change; returns the activity as it now is."""
    await store.record(
        conn,
        tenant,
        activity_id,
        revision=revision,
        version=version,
        verb=verb,
        actor=actor,
        reason=reason,
    )
    await emit(
        conn,
        tenant=tenant,
        subject_kind="activity",
        subject_id=activity_id,
        event_type=f"activity.{verb}",
        actor=actor,
        payload={"revision": revision, "version": version, "reason": reason},
    )
    return await get(conn, tenant, activity_id)
