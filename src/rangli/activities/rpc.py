"""ActivityService: between its messages and the domain. Imports of entries: `entry_rpc.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

from rangli.activities import service, store
from rangli.activities.entry_rpc import EntryMethods
from rangli.activities.form_rpc import list_templates
from rangli.activities.funding import funding_of
from rangli.activities.model import NEEDS_REASON, Activity, ActivityState, Verb, VersionState
from rangli.activities.spec import ActivitySpec
from rangli.core.call import KIB, CallContext, Method, Service, Shape
from rangli.core.clock import instant
from rangli.core.errors import Invalid, Violation
from rangli.funds import service as funds
from rangli.funds.model import PoolLevel
from rangli.storage.idempotency import once
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import activity_service_pb2 as pb
from rangli.wire.convert import enum_number, enum_prefix, fill, set_timestamp, to_struct
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of, resource_id_of, text_of
from rangli.wire.paging import next_token, page_of

NAME = "rangli.v1.ActivityService"
_SPEC_BYTES_MAX = 256 * KIB  # a thousand skus and as many stores
# A small page of a rare state must not cost a query for each activity passed over.
_LOOKED_AT_MIN = 100


def expose(stores: Stores) -> Service:
    """The service on these stores."""
    rpc = _Activities(stores)
    entries = EntryMethods(stores)
    spec = partial(Method, limit_bytes=_SPEC_BYTES_MAX)
    return Service(
        NAME,
        (
            Method("ListTemplates", pb.ListTemplatesRequest, list_templates, Shape.INLINE),
            spec("CreateActivity", pb.CreateActivityRequest, rpc.create),
            spec("UpdateActivity", pb.UpdateActivityRequest, rpc.update),
            *(
                Method(
                    f"{verb.value.capitalize()}Activity",
                    pb.ActivityVerbRequest,
                    partial(rpc.act, verb),
                )
                for verb in Verb
                if verb is not Verb.UPDATE
            ),
            Method("GetActivity", pb.GetActivityRequest, rpc.get),
            Method("ListActivities", pb.ListActivitiesRequest, rpc.list),
            *entries.methods(),
        ),
    )


class _Activities:
    def __init__(self, stores: Stores) -> None:
        self._pg = stores.pg

    async def create(self, call: CallContext, request: pb.CreateActivityRequest) -> ab.Activity:
        if request.activity_id:
            resource_id_of(request.activity_id, "activity_id")
        spec = _spec(request)
        return await self._change(
            call,
            request,
            lambda conn: service.create(
                conn, call.tenant, actor=call.actor, activity_id=request.activity_id, spec=spec
            ),
        )

    async def update(self, call: CallContext, request: pb.UpdateActivityRequest) -> ab.Activity:
        resource_id_of(request.activity_id, "activity_id")
        spec = _spec(request)
        _check_reason(request.reason)
        return await self._change(
            call,
            request,
            lambda conn: service.update(
                conn,
                call.tenant,
                actor=call.actor,
                activity_id=request.activity_id,
                spec=spec,
                expected_revision=request.expected_revision,
                reason=request.reason,
            ),
        )

    async def act(
        self, verb: Verb, call: CallContext, request: pb.ActivityVerbRequest
    ) -> ab.Activity:
        resource_id_of(request.activity_id, "activity_id")
        _check_reason(request.reason, required=verb in NEEDS_REASON)
        return await self._change(
            call,
            request,
            lambda conn: service.act(
                conn,
                call.tenant,
                verb,
                actor=call.actor,
                activity_id=request.activity_id,
                expected_revision=request.expected_revision,
                reason=request.reason,
                at=call.received_at,
            ),
        )

    async def get(self, call: CallContext, request: pb.GetActivityRequest) -> ab.Activity:
        resource_id_of(request.activity_id, "activity_id")
        if request.version < 0:
            raise Invalid.fields(Violation("version", "must be 1 or more, or 0 for the newest"))
        async with connection(self._pg) as conn:
            found = await service.get(
                conn, call.tenant, request.activity_id, version=request.version
            )
            levels = await funds.pool_levels(conn, call.tenant)
        return message(found, levels, call.received_at)

    async def list(
        self, call: CallContext, request: pb.ListActivitiesRequest
    ) -> pb.ListActivitiesResponse:
        page = page_of(request.page_size, request.page_token)
        wanted = _states(request)
        kept: list[Activity] = []
        # States follow from the clock, so they are judged here; pages are filled all the same, and
        # one more than fills the page tells that there is a next one.
        after, size = page.after, max(page.size + 1, _LOOKED_AT_MIN)
        async with connection(self._pg) as conn:
            while len(kept) <= page.size:
                found = await store.list_after(conn, call.tenant, after=after, size=size)
                kept += [a for a in found if a.state(call.received_at) in wanted]
                if len(found) < size:
                    break
                after = found[-1].activity_id
            levels = await funds.pool_levels(conn, call.tenant)
        return pb.ListActivitiesResponse(
            activities=[message(a, levels, call.received_at) for a in kept[: page.size]],
            next_page_token=next_token(page, [activity.activity_id for activity in kept]),
        )

    async def _change(
        self,
        call: CallContext,
        request: pb.CreateActivityRequest | pb.UpdateActivityRequest | pb.ActivityVerbRequest,
        change: Callable[[Connection], Awaitable[Activity]],
    ) -> ab.Activity:
        async def effect(conn: Connection) -> bytes:
            after = await change(conn)
            levels = await funds.pool_levels(conn, call.tenant)
            return message(after, levels, call.received_at).SerializeToString()

        answer = await once(
            self._pg,
            tenant=call.tenant,
            method=call.method,
            request_id=request_id_of(request.request_id),
            fingerprint=fingerprint(request),
            effect=effect,
        )
        return ab.Activity.FromString(answer)


def message(activity: Activity, levels: Mapping[str, PoolLevel], at: datetime) -> ab.Activity:
    """The activity as callers see it at that instant. levels: of its pools that are not OK."""
    states = ab.ActivityState.DESCRIPTOR
    answer = ab.Activity(
        activity_id=activity.activity_id,
        state=enum_number(states, activity.state(at).name),
        live_version=activity.live_version,
        version=activity.version,
        revision=activity.revision,
        price_entries=activity.price_entries,
    )
    if activity.version_state not in (VersionState.LIVE, VersionState.SUPERSEDED):
        answer.version_state = enum_number(states, activity.version_state.name)
    fill(answer.spec, activity.spec)
    set_timestamp(answer.created_at, activity.created_at)
    set_timestamp(answer.updated_at, activity.updated_at)
    funding = funding_of(activity.spec, levels)
    answer.funding_level = enum_number(ab.FundingLevel.DESCRIPTOR, funding.level.name)
    if funding.paused_until_us is not None:
        set_timestamp(answer.funding_paused_until, instant(funding.paused_until_us))
    return answer


def _spec(request: pb.CreateActivityRequest | pb.UpdateActivityRequest) -> ActivitySpec:
    if not request.HasField("spec"):
        raise Invalid.fields(Violation("spec", "is required"))
    return to_struct(request.spec, ActivitySpec, "spec")


def _check_reason(reason: str, *, required: bool = False) -> None:
    text_of(reason, "reason", 500)
    if required and not reason.strip():
        raise Invalid.fields(Violation("reason", "is required: say why, for the audit"))


def _states(request: pb.ListActivitiesRequest) -> set[ActivityState]:
    if not request.states:
        return set(ActivityState) - {ActivityState.ARCHIVED}
    descriptor = ab.ActivityState.DESCRIPTOR
    known = {value.number: value.name for value in descriptor.values if value.number}
    for index, number in enumerate(request.states):
        if number not in known:
            raise Invalid.fields(Violation(f"states[{index}]", "is no ACTIVITY_STATE"))
    prefix = enum_prefix(descriptor)
    return {ActivityState(known[number].removeprefix(prefix)) for number in request.states}
