"""PolicyService: between its messages and the domain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from google.protobuf.message import Message

from rangli.activities.policies import service, store
from rangli.activities.policies.model import Assignment, StoredPolicy
from rangli.activities.policies.spec import PolicySpec
from rangli.core.call import CallContext, Method, Service
from rangli.core.errors import Invalid, Violation
from rangli.storage.idempotency import once
from rangli.storage.postgres import Connection, connection
from rangli.storage.stores import Stores
from rangli.v1 import policy_pb2 as ob
from rangli.v1 import policy_service_pb2 as pb
from rangli.wire.convert import fill, set_timestamp, to_struct
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of, resource_id_of, text_of

NAME = "rangli.v1.PolicyService"
_CHANNEL_CHARS_MAX = 50
_REASON_CHARS_MAX = 500

Answer = TypeVar("Answer", bound=Message)


def expose(stores: Stores) -> Service:
    """The service on these stores."""
    rpc = _Policies(stores)
    return Service(
        NAME,
        (
            Method("PutPolicy", pb.PutPolicyRequest, rpc.put),
            Method("GetPolicy", pb.GetPolicyRequest, rpc.get),
            Method("ListPolicies", pb.ListPoliciesRequest, rpc.list),
            Method("AssignPolicy", pb.AssignPolicyRequest, rpc.assign),
            Method("ListAssignments", pb.ListAssignmentsRequest, rpc.list_assignments),
        ),
    )


class _Policies:
    def __init__(self, stores: Stores) -> None:
        self._pg = stores.pg

    async def put(self, call: CallContext, request: pb.PutPolicyRequest) -> ob.StackingPolicy:
        if not request.HasField("policy"):
            raise Invalid.fields(Violation("policy", "is required"))
        spec = to_struct(request.policy, PolicySpec, "policy")
        reason = text_of(request.reason, "reason", _REASON_CHARS_MAX)

        async def effect(conn: Connection) -> ob.StackingPolicy:
            return message(
                await service.put(conn, call.tenant, actor=call.actor, spec=spec, reason=reason)
            )

        return await self._once(call, request, ob.StackingPolicy, effect)

    async def get(self, call: CallContext, request: pb.GetPolicyRequest) -> ob.StackingPolicy:
        resource_id_of(request.policy_id, "policy_id")
        version = _version_of(request.version)
        async with connection(self._pg) as conn:
            return message(await service.get(conn, call.tenant, request.policy_id, version=version))

    async def list(
        self, call: CallContext, _request: pb.ListPoliciesRequest
    ) -> pb.ListPoliciesResponse:
        async with connection(self._pg) as conn:
            found = await service.newest(conn, call.tenant)
        return pb.ListPoliciesResponse(policies=[message(policy) for policy in found])

    async def assign(
        self, call: CallContext, request: pb.AssignPolicyRequest
    ) -> pb.PolicyAssignment:
        assignment = _assignment(request)
        reason = text_of(request.reason, "reason", _REASON_CHARS_MAX)
        if not reason.strip():
            raise Invalid.fields(Violation("reason", "is required: say why, for the audit"))

        async def effect(conn: Connection) -> pb.PolicyAssignment:
            return _message(
                await service.assign(
                    conn, call.tenant, actor=call.actor, assignment=assignment, reason=reason
                )
            )

        return await self._once(call, request, pb.PolicyAssignment, effect)

    async def list_assignments(
        self, call: CallContext, _request: pb.ListAssignmentsRequest
    ) -> pb.ListAssignmentsResponse:
        async with connection(self._pg) as conn:
            found = await store.assignments(conn, call.tenant)
        return pb.ListAssignmentsResponse(assignments=[_message(item) for item in found])

    async def _once(
        self,
        call: CallContext,
        request: pb.PutPolicyRequest | pb.AssignPolicyRequest,
        answer: type[Answer],
        effect: Callable[[Connection], Awaitable[Answer]],
    ) -> Answer:
        async def stored(conn: Connection) -> bytes:
            return (await effect(conn)).SerializeToString()

        return answer.FromString(
            await once(
                self._pg,
                tenant=call.tenant,
                method=call.method,
                request_id=request_id_of(request.request_id),
                fingerprint=fingerprint(request),
                effect=stored,
            )
        )


def message(policy: StoredPolicy) -> ob.StackingPolicy:
    """The policy as callers see it."""
    answer = fill(ob.StackingPolicy(), policy.spec)
    if policy.created_at is not None:
        set_timestamp(answer.created_at, policy.created_at)
    return answer


def _message(assignment: Assignment) -> pb.PolicyAssignment:
    return pb.PolicyAssignment(
        channel=assignment.channel, policy_id=assignment.policy_id, version=assignment.version
    )


def _assignment(request: pb.AssignPolicyRequest) -> Assignment:
    channel = text_of(request.channel, "channel", _CHANNEL_CHARS_MAX)
    if not channel.isprintable():
        raise Invalid.fields(Violation("channel", "must hold no invisible characters"))
    version = _version_of(request.version)
    if request.policy_id:
        resource_id_of(request.policy_id, "policy_id")
    elif version:
        raise Invalid.fields(Violation("version", "goes with a policy_id only"))
    return Assignment(channel, request.policy_id, version)


def _version_of(version: int) -> int:
    if version < 0:
        raise Invalid.fields(Violation("version", "must be 1 or more, or 0 for the newest"))
    return version
