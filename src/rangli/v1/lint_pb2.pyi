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

class FindingKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINDING_KIND_UNSPECIFIED: _ClassVar[FindingKind]
    FINDING_KIND_OVERLAP: _ClassVar[FindingKind]
    FINDING_KIND_UNREACHABLE: _ClassVar[FindingKind]
    FINDING_KIND_SHADOWED: _ClassVar[FindingKind]
    FINDING_KIND_DEEP_STACK: _ClassVar[FindingKind]
    FINDING_KIND_BELOW_FLOOR: _ClassVar[FindingKind]
    FINDING_KIND_USELESS_CREDENTIAL: _ClassVar[FindingKind]
    FINDING_KIND_NO_GROUP: _ClassVar[FindingKind]
    FINDING_KIND_SAME_CODE: _ClassVar[FindingKind]

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_NOTE: _ClassVar[Severity]
    SEVERITY_WARNING: _ClassVar[Severity]
    SEVERITY_ERROR: _ClassVar[Severity]
FINDING_KIND_UNSPECIFIED: FindingKind
FINDING_KIND_OVERLAP: FindingKind
FINDING_KIND_UNREACHABLE: FindingKind
FINDING_KIND_SHADOWED: FindingKind
FINDING_KIND_DEEP_STACK: FindingKind
FINDING_KIND_BELOW_FLOOR: FindingKind
FINDING_KIND_USELESS_CREDENTIAL: FindingKind
FINDING_KIND_NO_GROUP: FindingKind
FINDING_KIND_SAME_CODE: FindingKind
SEVERITY_UNSPECIFIED: Severity
SEVERITY_NOTE: Severity
SEVERITY_WARNING: Severity
SEVERITY_ERROR: Severity

class Draft(_message.Message):
    __slots__ = ("activity_id", "spec", "absent")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    ABSENT_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    spec: _activity_pb2.ActivitySpec
    absent: bool
    def __init__(self, activity_id: _Optional[str] = ..., spec: _Optional[_Union[_activity_pb2.ActivitySpec, _Mapping]] = ..., absent: _Optional[bool] = ...) -> None: ...

class LintActivitiesRequest(_message.Message):
    __slots__ = ("activity_ids", "drafts", "at", "off_bps_max", "channel")
    ACTIVITY_IDS_FIELD_NUMBER: _ClassVar[int]
    DRAFTS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    OFF_BPS_MAX_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    activity_ids: _containers.RepeatedScalarFieldContainer[str]
    drafts: _containers.RepeatedCompositeFieldContainer[Draft]
    at: _timestamp_pb2.Timestamp
    off_bps_max: int
    channel: str
    def __init__(self, activity_ids: _Optional[_Iterable[str]] = ..., drafts: _Optional[_Iterable[_Union[Draft, _Mapping]]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., off_bps_max: _Optional[int] = ..., channel: _Optional[str] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("kind", "severity", "activity_ids", "message", "off_bps", "sku", "from_at", "until_at")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_IDS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    OFF_BPS_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    FROM_AT_FIELD_NUMBER: _ClassVar[int]
    UNTIL_AT_FIELD_NUMBER: _ClassVar[int]
    kind: FindingKind
    severity: Severity
    activity_ids: _containers.RepeatedScalarFieldContainer[str]
    message: str
    off_bps: int
    sku: str
    from_at: _timestamp_pb2.Timestamp
    until_at: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[_Union[FindingKind, str]] = ..., severity: _Optional[_Union[Severity, str]] = ..., activity_ids: _Optional[_Iterable[str]] = ..., message: _Optional[str] = ..., off_bps: _Optional[int] = ..., sku: _Optional[str] = ..., from_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LintActivitiesResponse(_message.Message):
    __slots__ = ("findings", "catalogue_version", "truncated")
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_VERSION_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    catalogue_version: int
    truncated: bool
    def __init__(self, findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., catalogue_version: _Optional[int] = ..., truncated: _Optional[bool] = ...) -> None: ...
