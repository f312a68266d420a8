"""Stacking policies: written, read, and chosen for channels."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import Message

from rangli.client.calls import Unary, fresh_request_id
from rangli.client.channels import POLICY, Channels
from rangli.v1.policy_pb2 import StackingPolicy
from rangli.v1.policy_service_pb2 import (
    AssignPolicyRequest,
    GetPolicyRequest,
    ListAssignmentsRequest,
    ListAssignmentsResponse,
    ListPoliciesRequest,
    ListPoliciesResponse,
    PolicyAssignment,
    PutPolicyRequest,
)

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)

_CALL_S = 5.0


class Policies:
    """`rangli.v1.PolicyService`.

    Every change takes an optional `request_id`; without one it gets a fresh one, which makes the
    retries inside that call safe. Raises CallRefused.
    """

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        def unary(
            name: str, _request: type[Request], answer: type[Answer]
        ) -> Unary[Request, Answer]:
            return Unary(
                channels, f"/{POLICY}/{name}", answer, metadata=metadata, timeout_s=_CALL_S
            )

        self._put = unary("PutPolicy", PutPolicyRequest, StackingPolicy)
        self._get = unary("GetPolicy", GetPolicyRequest, StackingPolicy)
        self._list = unary("ListPolicies", ListPoliciesRequest, ListPoliciesResponse)
        self._assign = unary("AssignPolicy", AssignPolicyRequest, PolicyAssignment)
        self._assignments = unary(
            "ListAssignments", ListAssignmentsRequest, ListAssignmentsResponse
        )

    async def put(
        self, policy: StackingPolicy, *, reason: str = "", request_id: str = ""
    ) -> StackingPolicy:
        """The policy's next version."""
        return await self._put(
            PutPolicyRequest(
                request_id=request_id or fresh_request_id(), policy=policy, reason=reason
            )
        )

    async def get(self, policy_id: str, *, version: int = 0) -> StackingPolicy:
        """A policy or a preset; its newest version unless another is asked for."""
        return await self._get(GetPolicyRequest(policy_id=policy_id, version=version))

    async def list(self) -> list[StackingPolicy]:
        """The tenant's policies, then the presets."""
        return list((await self._list(ListPoliciesRequest())).policies)

    async def assign(
        self,
        policy_id: str,
        *,
        reason: str,
        channel: str = "",
        version: int = 0,
        request_id: str = "",
    ) -> PolicyAssignment:
        """Prices the channel's carts with the policy from now on; "" takes its choice back.

        channel: "" is every channel that has none of its own.
        """
        return await self._assign(
            AssignPolicyRequest(
                request_id=request_id or fresh_request_id(),
                channel=channel,
                policy_id=policy_id,
                version=version,
                reason=reason,
            )
        )

    async def assignments(self) -> dict[str, PolicyAssignment]:
        """By channel, what its carts are priced with."""
        answer = await self._assignments(ListAssignmentsRequest())
        return {item.channel: item for item in answer.assignments}
