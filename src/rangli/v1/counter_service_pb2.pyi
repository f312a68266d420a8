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

class CountState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COUNT_STATE_UNSPECIFIED: _ClassVar[CountState]
    COUNT_STATE_RESERVED: _ClassVar[CountState]
    COUNT_STATE_CONFIRMED: _ClassVar[CountState]
    COUNT_STATE_ROLLED_BACK: _ClassVar[CountState]
    COUNT_STATE_EXPIRED: _ClassVar[CountState]
COUNT_STATE_UNSPECIFIED: CountState
COUNT_STATE_RESERVED: CountState
COUNT_STATE_CONFIRMED: CountState
COUNT_STATE_ROLLED_BACK: CountState
COUNT_STATE_EXPIRED: CountState

class Limit(_message.Message):
    __slots__ = ("limit_id", "subject", "period", "most", "time_zone", "day_start_minute", "buckets", "revision", "ended")
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    DAY_START_MINUTE_FIELD_NUMBER: _ClassVar[int]
    BUCKETS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    limit_id: str
    subject: _activity_pb2.LimitSubject
    period: _activity_pb2.LimitPeriod
    most: int
    time_zone: str
    day_start_minute: int
    buckets: int
    revision: int
    ended: bool
    def __init__(self, limit_id: _Optional[str] = ..., subject: _Optional[_Union[_activity_pb2.LimitSubject, str]] = ..., period: _Optional[_Union[_activity_pb2.LimitPeriod, str]] = ..., most: _Optional[int] = ..., time_zone: _Optional[str] = ..., day_start_minute: _Optional[int] = ..., buckets: _Optional[int] = ..., revision: _Optional[int] = ..., ended: _Optional[bool] = ...) -> None: ...

class PutLimitRequest(_message.Message):
    __slots__ = ("request_id", "limit_id", "subject", "period", "most", "time_zone", "day_start_minute", "buckets", "expected_most", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    DAY_START_MINUTE_FIELD_NUMBER: _ClassVar[int]
    BUCKETS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_MOST_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    limit_id: str
    subject: _activity_pb2.LimitSubject
    period: _activity_pb2.LimitPeriod
    most: int
    time_zone: str
    day_start_minute: int
    buckets: int
    expected_most: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., limit_id: _Optional[str] = ..., subject: _Optional[_Union[_activity_pb2.LimitSubject, str]] = ..., period: _Optional[_Union[_activity_pb2.LimitPeriod, str]] = ..., most: _Optional[int] = ..., time_zone: _Optional[str] = ..., day_start_minute: _Optional[int] = ..., buckets: _Optional[int] = ..., expected_most: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class GetLimitRequest(_message.Message):
    __slots__ = ("limit_id",)
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    limit_id: str
    def __init__(self, limit_id: _Optional[str] = ...) -> None: ...

class ListLimitsRequest(_message.Message):
    __slots__ = ("prefix", "page_size", "page_token")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    page_size: int
    page_token: str
    def __init__(self, prefix: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListLimitsResponse(_message.Message):
    __slots__ = ("limits", "next_page_token")
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    limits: _containers.RepeatedCompositeFieldContainer[Limit]
    next_page_token: str
    def __init__(self, limits: _Optional[_Iterable[_Union[Limit, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetRemainingRequest(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("limit_id", "subject_id")
        LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
        SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
        limit_id: str
        subject_id: str
        def __init__(self, limit_id: _Optional[str] = ..., subject_id: _Optional[str] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[GetRemainingRequest.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[GetRemainingRequest.Item, _Mapping]]] = ...) -> None: ...

class Remaining(_message.Message):
    __slots__ = ("limit_id", "subject_id", "most", "used", "left", "period_at", "resets_at")
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_AT_FIELD_NUMBER: _ClassVar[int]
    RESETS_AT_FIELD_NUMBER: _ClassVar[int]
    limit_id: str
    subject_id: str
    most: int
    used: int
    left: int
    period_at: _timestamp_pb2.Timestamp
    resets_at: _timestamp_pb2.Timestamp
    def __init__(self, limit_id: _Optional[str] = ..., subject_id: _Optional[str] = ..., most: _Optional[int] = ..., used: _Optional[int] = ..., left: _Optional[int] = ..., period_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resets_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetRemainingResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Remaining]
    def __init__(self, items: _Optional[_Iterable[_Union[Remaining, _Mapping]]] = ...) -> None: ...

class CountItem(_message.Message):
    __slots__ = ("limit_id", "subject_id", "quantity", "period_at")
    LIMIT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PERIOD_AT_FIELD_NUMBER: _ClassVar[int]
    limit_id: str
    subject_id: str
    quantity: int
    period_at: _timestamp_pb2.Timestamp
    def __init__(self, limit_id: _Optional[str] = ..., subject_id: _Optional[str] = ..., quantity: _Optional[int] = ..., period_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CountReservation(_message.Message):
    __slots__ = ("reservation_id", "state", "items", "expires_at")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    state: CountState
    items: _containers.RepeatedCompositeFieldContainer[CountItem]
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, reservation_id: _Optional[str] = ..., state: _Optional[_Union[CountState, str]] = ..., items: _Optional[_Iterable[_Union[CountItem, _Mapping]]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReserveCountsRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id", "items", "ttl_s")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    TTL_S_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    items: _containers.RepeatedCompositeFieldContainer[CountItem]
    ttl_s: int
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[CountItem, _Mapping]]] = ..., ttl_s: _Optional[int] = ...) -> None: ...

class ConfirmCountsRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id", "late")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    late: bool
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ..., late: _Optional[bool] = ...) -> None: ...

class RollBackCountsRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ...) -> None: ...

class GetCountReservationRequest(_message.Message):
    __slots__ = ("reservation_id",)
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    def __init__(self, reservation_id: _Optional[str] = ...) -> None: ...
