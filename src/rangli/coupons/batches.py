"""What operators do with batches. Each in the caller's transaction, which must be `once`'s."""

from __future__ import annotations

from typing import Any

from rangli.activities import service as activities
from rangli.activities.model import ActivityState
from rangli.activities.spec import Entitlement
from rangli.core.errors import (
    Conflict,
    Invalid,
    NameTaken,
    NotFound,
    Reason,
    Refused,
    Violation,
)
from rangli.counters import limit_store
from rangli.coupons import batch_store, code_store, store
from rangli.coupons.counting import limits_of, owner_of, stock_of
from rangli.coupons.model import Batch, BatchSeen, BatchState
from rangli.coupons.spec import BatchSpec
from rangli.selection import store as selection
from rangli.selection.model import SetKind
from rangli.storage.outbox import emit
from rangli.storage.postgres import Connection

_OVER = (ActivityState.ENDED, ActivityState.CANCELLED, ActivityState.ARCHIVED)
# verb -> from which states, and to which
_MOVES = {
    "paused": ({BatchState.OPEN}, BatchState.PAUSED),
    "resumed": ({BatchState.PAUSED}, BatchState.OPEN),
    "closed": ({BatchState.OPEN, BatchState.PAUSED}, BatchState.CLOSED),
}


async def create(
    conn: Connection, tenant: str, batch_id: str, spec: BatchSpec, *, actor: str
) -> BatchSeen:
    """A new batch, open.

    Raises NotFound (the activity, a set), NameTaken, and Refused (NOT_READY) if the activity is
    not CREDENTIAL or is over.
    """
    activity = await activities.get(conn, tenant, spec.activity_id)
    if activity.spec.entitlement is not Entitlement.CREDENTIAL:
        raise _not_ready(spec.activity_id, "it is OPEN: nobody needs a coupon for it")
    if activity.state(await store.clock(conn)) in _OVER:
        raise _not_ready(spec.activity_id, "it is over")
    await _check_sets(conn, tenant, spec)
    batch = await batch_store.insert(conn, tenant, batch_id, spec)
    if batch is None:
        raise NameTaken("coupon batch", batch_id)
    await _put_limits(conn, batch)
    await _emit(conn, batch, "created", actor=actor)
    return (await seen(conn, [batch]))[0]


async def update(
    conn: Connection,
    tenant: str,
    batch_id: str,
    spec: BatchSpec,
    *,
    expected_revision: int,
    actor: str,
    reason: str,
) -> tuple[BatchSeen, int]:
    """What it gives from now on, and by how much its stock has grown.

    Raises NotFound, Conflict (REVISION_MISMATCH), Refused (WRONG_STATE), and Invalid for another
    activity.
    """
    before = await _alone(conn, tenant, batch_id)
    if before.state is BatchState.CLOSED:
        raise _wrong_state(before, {BatchState.OPEN, BatchState.PAUSED})
    if expected_revision and expected_revision != before.revision:
        raise Conflict(
            Reason.REVISION_MISMATCH,
            f"{batch_id!r} has revision {before.revision}, not {expected_revision}",
            metadata={
                "expected_revision": expected_revision,
                "actual_revision": before.revision,
            },
        )
    if spec.activity_id != before.spec.activity_id:
        words = f"must stay {before.spec.activity_id!r}: make another batch"
        raise Invalid.fields(Violation("spec.activity_id", words))
    await _check_sets(conn, tenant, spec)
    after = await batch_store.update(conn, before, before.state, spec)
    await _put_limits(conn, after)
    await _emit(conn, after, "updated", actor=actor, reason=reason)
    return (await seen(conn, [after]))[0], spec.stock - before.spec.stock


async def move(
    conn: Connection, tenant: str, batch_id: str, verb: str, *, actor: str, reason: str
) -> BatchSeen:
    """Paused, resumed or closed; raises NotFound, Refused (WRONG_STATE).

    When it is committed, nobody gets a coupon on the strength of what was before.
    """
    before = await _alone(conn, tenant, batch_id)
    allowed, state = _MOVES[verb]
    if before.state not in allowed:
        raise _wrong_state(before, allowed)
    after = await batch_store.update(conn, before, state, before.spec)
    await _emit(conn, after, verb, actor=actor, reason=reason)
    return (await seen(conn, [after]))[0]


async def get(conn: Connection, tenant: str, batch_id: str) -> BatchSeen:
    """The batch and its counts; raises NotFound."""
    batch = await batch_store.get(conn, tenant, batch_id)
    if batch is None:
        raise NotFound("coupon batch", batch_id)
    return (await seen(conn, [batch]))[0]


async def seen(conn: Connection, batches: list[Batch]) -> list[BatchSeen]:
    """The batches with their counts."""
    stocks = {batch.key: (batch.tenant, stock_of(batch.batch_id), "") for batch in batches}
    left = await limit_store.remaining(conn, list(stocks.values()))
    codes = await code_store.codes_left(conn, list(stocks))
    counted = [(batch, left[stocks[batch.key]]) for batch in batches]
    return [
        BatchSeen(batch, stock.used, stock.left, codes.get(batch.key, 0))
        for batch, stock in counted
    ]


async def _alone(conn: Connection, tenant: str, batch_id: str) -> Batch:
    batch = await batch_store.alone(conn, tenant, batch_id)
    if batch is None:
        raise NotFound("coupon batch", batch_id)
    return batch


async def _check_sets(conn: Connection, tenant: str, spec: BatchSpec) -> None:
    kinds = await selection.kinds(conn, tenant, spec.audience_set_ids)
    for place, set_id in enumerate(spec.audience_set_ids):
        if set_id not in kinds:
            raise NotFound("set", set_id)
        if kinds[set_id] is not SetKind.USER:
            words = f"{set_id!r} is a set of kind SET_KIND_{kinds[set_id].name}, not USER"
            raise Invalid.fields(Violation(f"spec.audience_set_ids[{place}]", words))


async def _put_limits(conn: Connection, batch: Batch) -> None:
    limits = limits_of(batch.batch_id, batch.spec)
    await limit_store.put_limits(conn, batch.tenant, limits, owner=owner_of(batch.batch_id))


async def _emit(conn: Connection, batch: Batch, verb: str, *, actor: str, reason: str = "") -> None:
    payload: dict[str, Any] = {
        "activity_id": batch.spec.activity_id,
        "state": batch.state.value,
        "stock": batch.spec.stock,
        "revision": batch.revision,
    }
    if reason:
        payload["reason"] = reason
    await emit(
        conn,
        tenant=batch.tenant,
        subject_kind="coupon_batch",
        subject_id=batch.batch_id,
        event_type=f"coupon_batch.{verb}",
        actor=actor,
        payload=payload,
    )


def _not_ready(activity_id: str, problem: str) -> Refused:
    return Refused(
        Reason.NOT_READY,
        f"{activity_id!r} cannot have coupons: {problem}",
        metadata={"activity_id": activity_id, "problem": problem},
    )


def _wrong_state(batch: Batch, allowed: set[BatchState]) -> Refused:
    names = ", ".join(sorted(allowed))
    return Refused(
        Reason.WRONG_STATE,
        f"{batch.batch_id!r} is {batch.state}; it must be one of: {names}",
        metadata={"batch_id": batch.batch_id, "state": batch.state, "allowed": names},
    )
