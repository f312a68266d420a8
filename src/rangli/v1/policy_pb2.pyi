import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rangli.v1 import activity_pb2 as _activity_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GroupMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_MODE_UNSPECIFIED: _ClassVar[GroupMode]
    GROUP_MODE_ALL: _ClassVar[GroupMode]
    GROUP_MODE_FIRST: _ClassVar[GroupMode]
    GROUP_MODE_LARGEST: _ClassVar[GroupMode]
    GROUP_MODE_SMALLEST: _ClassVar[GroupMode]
    GROUP_MODE_BEST: _ClassVar[GroupMode]

class GroupScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_SCOPE_UNSPECIFIED: _ClassVar[GroupScope]
    GROUP_SCOPE_CART: _ClassVar[GroupScope]
    GROUP_SCOPE_LINE: _ClassVar[GroupScope]
    GROUP_SCOPE_UNIT: _ClassVar[GroupScope]

class GroupOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_ORDER_UNSPECIFIED: _ClassVar[GroupOrder]
    GROUP_ORDER_PRIORITY: _ClassVar[GroupOrder]
    GROUP_ORDER_PRIORITY_DOWN: _ClassVar[GroupOrder]
    GROUP_ORDER_OLDEST: _ClassVar[GroupOrder]
    GROUP_ORDER_NEWEST: _ClassVar[GroupOrder]
    GROUP_ORDER_REQUEST: _ClassVar[GroupOrder]
    GROUP_ORDER_REQUEST_DOWN: _ClassVar[GroupOrder]
    GROUP_ORDER_OPEN: _ClassVar[GroupOrder]
GROUP_MODE_UNSPECIFIED: GroupMode
GROUP_MODE_ALL: GroupMode
GROUP_MODE_FIRST: GroupMode
GROUP_MODE_LARGEST: GroupMode
GROUP_MODE_SMALLEST: GroupMode
GROUP_MODE_BEST: GroupMode
GROUP_SCOPE_UNSPECIFIED: GroupScope
GROUP_SCOPE_CART: GroupScope
GROUP_SCOPE_LINE: GroupScope
GROUP_SCOPE_UNIT: GroupScope
GROUP_ORDER_UNSPECIFIED: GroupOrder
GROUP_ORDER_PRIORITY: GroupOrder
GROUP_ORDER_PRIORITY_DOWN: GroupOrder
GROUP_ORDER_OLDEST: GroupOrder
GROUP_ORDER_NEWEST: GroupOrder
GROUP_ORDER_REQUEST: GroupOrder
GROUP_ORDER_REQUEST_DOWN: GroupOrder
GROUP_ORDER_OPEN: GroupOrder

class GroupMember(_message.Message):
    __slots__ = ("layer", "entitlement", "label", "template_id", "without_labels")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_ID_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_LABELS_FIELD_NUMBER: _ClassVar[int]
    layer: _activity_pb2.Layer
    entitlement: _activity_pb2.Entitlement
    label: str
    template_id: str
    without_labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, layer: _Optional[_Union[_activity_pb2.Layer, str]] = ..., entitlement: _Optional[_Union[_activity_pb2.Entitlement, str]] = ..., label: _Optional[str] = ..., template_id: _Optional[str] = ..., without_labels: _Optional[_Iterable[str]] = ...) -> None: ...

class PolicyGroup(_message.Message):
    __slots__ = ("name", "mode", "scope", "most", "base", "order", "limit_minor", "reset_units", "zero_counts", "members", "groups")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_MINOR_FIELD_NUMBER: _ClassVar[int]
    RESET_UNITS_FIELD_NUMBER: _ClassVar[int]
    ZERO_COUNTS_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    name: str
    mode: GroupMode
    scope: GroupScope
    most: int
    base: _activity_pb2.ConditionBase
    order: GroupOrder
    limit_minor: int
    reset_units: bool
    zero_counts: bool
    members: _containers.RepeatedCompositeFieldContainer[GroupMember]
    groups: _containers.RepeatedCompositeFieldContainer[PolicyGroup]
    def __init__(self, name: _Optional[str] = ..., mode: _Optional[_Union[GroupMode, str]] = ..., scope: _Optional[_Union[GroupScope, str]] = ..., most: _Optional[int] = ..., base: _Optional[_Union[_activity_pb2.ConditionBase, str]] = ..., order: _Optional[_Union[GroupOrder, str]] = ..., limit_minor: _Optional[int] = ..., reset_units: _Optional[bool] = ..., zero_counts: _Optional[bool] = ..., members: _Optional[_Iterable[_Union[GroupMember, _Mapping]]] = ..., groups: _Optional[_Iterable[_Union[PolicyGroup, _Mapping]]] = ...) -> None: ...

class Guards(_message.Message):
    __slots__ = ("line_off_bps_max", "cart_off_bps_max", "cart_off_minor_max")
    LINE_OFF_BPS_MAX_FIELD_NUMBER: _ClassVar[int]
    CART_OFF_BPS_MAX_FIELD_NUMBER: _ClassVar[int]
    CART_OFF_MINOR_MAX_FIELD_NUMBER: _ClassVar[int]
    line_off_bps_max: int
    cart_off_bps_max: int
    cart_off_minor_max: int
    def __init__(self, line_off_bps_max: _Optional[int] = ..., cart_off_bps_max: _Optional[int] = ..., cart_off_minor_max: _Optional[int] = ...) -> None: ...

class StackingPolicy(_message.Message):
    __slots__ = ("policy_id", "version", "display_name", "description", "groups", "rounding", "unplaced_is_lost", "guards", "node_limit", "deviations", "preset_of", "end_digits", "created_at")
    POLICY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    ROUNDING_FIELD_NUMBER: _ClassVar[int]
    UNPLACED_IS_LOST_FIELD_NUMBER: _ClassVar[int]
    GUARDS_FIELD_NUMBER: _ClassVar[int]
    NODE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    DEVIATIONS_FIELD_NUMBER: _ClassVar[int]
    PRESET_OF_FIELD_NUMBER: _ClassVar[int]
    END_DIGITS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    policy_id: str
    version: int
    display_name: str
    description: str
    groups: _containers.RepeatedCompositeFieldContainer[PolicyGroup]
    rounding: _activity_pb2.Rounding
    unplaced_is_lost: bool
    guards: Guards
    node_limit: int
    deviations: _containers.RepeatedScalarFieldContainer[str]
    preset_of: str
    end_digits: int
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, policy_id: _Optional[str] = ..., version: _Optional[int] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., groups: _Optional[_Iterable[_Union[PolicyGroup, _Mapping]]] = ..., rounding: _Optional[_Union[_activity_pb2.Rounding, _Mapping]] = ..., unplaced_is_lost: _Optional[bool] = ..., guards: _Optional[_Union[Guards, _Mapping]] = ..., node_limit: _Optional[int] = ..., deviations: _Optional[_Iterable[str]] = ..., preset_of: _Optional[str] = ..., end_digits: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
