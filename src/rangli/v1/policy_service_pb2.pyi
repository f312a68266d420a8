from rangli.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union
from rangli.v1.policy_pb2 import GroupMember as GroupMember
from rangli.v1.policy_pb2 import PolicyGroup as PolicyGroup
from rangli.v1.policy_pb2 import Guards as Guards
from rangli.v1.policy_pb2 import StackingPolicy as StackingPolicy
from rangli.v1.policy_pb2 import GroupMode as GroupMode
from rangli.v1.policy_pb2 import GroupScope as GroupScope
from rangli.v1.policy_pb2 import GroupOrder as GroupOrder

DESCRIPTOR: _descriptor.FileDescriptor
GROUP_MODE_UNSPECIFIED: _policy_pb2.GroupMode
GROUP_MODE_ALL: _policy_pb2.GroupMode
GROUP_MODE_FIRST: _policy_pb2.GroupMode
GROUP_MODE_LARGEST: _policy_pb2.GroupMode
GROUP_MODE_SMALLEST: _policy_pb2.GroupMode
GROUP_MODE_BEST: _policy_pb2.GroupMode
GROUP_SCOPE_UNSPECIFIED: _policy_pb2.GroupScope
GROUP_SCOPE_CART: _policy_pb2.GroupScope
GROUP_SCOPE_LINE: _policy_pb2.GroupScope
GROUP_SCOPE_UNIT: _policy_pb2.GroupScope
GROUP_ORDER_UNSPECIFIED: _policy_pb2.GroupOrder
GROUP_ORDER_PRIORITY: _policy_pb2.GroupOrder
GROUP_ORDER_PRIORITY_DOWN: _policy_pb2.GroupOrder
GROUP_ORDER_OLDEST: _policy_pb2.GroupOrder
GROUP_ORDER_NEWEST: _policy_pb2.GroupOrder
GROUP_ORDER_REQUEST: _policy_pb2.GroupOrder
GROUP_ORDER_REQUEST_DOWN: _policy_pb2.GroupOrder
GROUP_ORDER_OPEN: _policy_pb2.GroupOrder

class PutPolicyRequest(_message.Message):
    __slots__ = ("request_id", "policy", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    policy: _policy_pb2.StackingPolicy
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., policy: _Optional[_Union[_policy_pb2.StackingPolicy, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class GetPolicyRequest(_message.Message):
    __slots__ = ("policy_id", "version")
    POLICY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    policy_id: str
    version: int
    def __init__(self, policy_id: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class ListPoliciesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPoliciesResponse(_message.Message):
    __slots__ = ("policies",)
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    policies: _containers.RepeatedCompositeFieldContainer[_policy_pb2.StackingPolicy]
    def __init__(self, policies: _Optional[_Iterable[_Union[_policy_pb2.StackingPolicy, _Mapping]]] = ...) -> None: ...

class AssignPolicyRequest(_message.Message):
    __slots__ = ("request_id", "channel", "policy_id", "version", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    POLICY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    channel: str
    policy_id: str
    version: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., channel: _Optional[str] = ..., policy_id: _Optional[str] = ..., version: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class PolicyAssignment(_message.Message):
    __slots__ = ("channel", "policy_id", "version")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    POLICY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    channel: str
    policy_id: str
    version: int
    def __init__(self, channel: _Optional[str] = ..., policy_id: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class ListAssignmentsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAssignmentsResponse(_message.Message):
    __slots__ = ("assignments",)
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    assignments: _containers.RepeatedCompositeFieldContainer[PolicyAssignment]
    def __init__(self, assignments: _Optional[_Iterable[_Union[PolicyAssignment, _Mapping]]] = ...) -> None: ...
