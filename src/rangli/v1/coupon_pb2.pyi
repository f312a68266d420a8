import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CouponState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COUPON_STATE_UNSPECIFIED: _ClassVar[CouponState]
    COUPON_STATE_USABLE: _ClassVar[CouponState]
    COUPON_STATE_LOCKED: _ClassVar[CouponState]
    COUPON_STATE_USED: _ClassVar[CouponState]
    COUPON_STATE_EXPIRED: _ClassVar[CouponState]
    COUPON_STATE_VOID: _ClassVar[CouponState]
    COUPON_STATE_FROZEN: _ClassVar[CouponState]

class CouponSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COUPON_SOURCE_UNSPECIFIED: _ClassVar[CouponSource]
    COUPON_SOURCE_CLAIMED: _ClassVar[CouponSource]
    COUPON_SOURCE_ISSUED: _ClassVar[CouponSource]
    COUPON_SOURCE_CODE: _ClassVar[CouponSource]
    COUPON_SOURCE_TRANSFERRED: _ClassVar[CouponSource]

class BatchState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BATCH_STATE_UNSPECIFIED: _ClassVar[BatchState]
    BATCH_STATE_OPEN: _ClassVar[BatchState]
    BATCH_STATE_PAUSED: _ClassVar[BatchState]
    BATCH_STATE_CLOSED: _ClassVar[BatchState]
COUPON_STATE_UNSPECIFIED: CouponState
COUPON_STATE_USABLE: CouponState
COUPON_STATE_LOCKED: CouponState
COUPON_STATE_USED: CouponState
COUPON_STATE_EXPIRED: CouponState
COUPON_STATE_VOID: CouponState
COUPON_STATE_FROZEN: CouponState
COUPON_SOURCE_UNSPECIFIED: CouponSource
COUPON_SOURCE_CLAIMED: CouponSource
COUPON_SOURCE_ISSUED: CouponSource
COUPON_SOURCE_CODE: CouponSource
COUPON_SOURCE_TRANSFERRED: CouponSource
BATCH_STATE_UNSPECIFIED: BatchState
BATCH_STATE_OPEN: BatchState
BATCH_STATE_PAUSED: BatchState
BATCH_STATE_CLOSED: BatchState

class Coupon(_message.Message):
    __slots__ = ("coupon_id", "batch_id", "activity_id", "activity_version", "user_id", "state", "source", "usable_from", "expires_at", "transferable", "order_id", "given_at", "revision", "reason")
    COUPON_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_VERSION_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    USABLE_FROM_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    TRANSFERABLE_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    GIVEN_AT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    coupon_id: str
    batch_id: str
    activity_id: str
    activity_version: int
    user_id: str
    state: CouponState
    source: CouponSource
    usable_from: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    transferable: bool
    order_id: str
    given_at: _timestamp_pb2.Timestamp
    revision: int
    reason: str
    def __init__(self, coupon_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., activity_version: _Optional[int] = ..., user_id: _Optional[str] = ..., state: _Optional[_Union[CouponState, str]] = ..., source: _Optional[_Union[CouponSource, str]] = ..., usable_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., transferable: _Optional[bool] = ..., order_id: _Optional[str] = ..., given_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class CouponValidity(_message.Message):
    __slots__ = ("from_after_s", "until", "lasts_s")
    FROM_FIELD_NUMBER: _ClassVar[int]
    FROM_AFTER_S_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    LASTS_S_FIELD_NUMBER: _ClassVar[int]
    from_after_s: int
    until: _timestamp_pb2.Timestamp
    lasts_s: int
    def __init__(self, from_after_s: _Optional[int] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lasts_s: _Optional[int] = ..., **kwargs) -> None: ...

class CouponBatchSpec(_message.Message):
    __slots__ = ("activity_id", "display_name", "stock", "stock_buckets", "per_user_max", "per_device_max", "per_phone_max", "claim_from", "claim_until", "validity", "audience_set_ids", "channels", "not_claimable", "transferable", "needs_admission", "returns_on_refund")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    STOCK_FIELD_NUMBER: _ClassVar[int]
    STOCK_BUCKETS_FIELD_NUMBER: _ClassVar[int]
    PER_USER_MAX_FIELD_NUMBER: _ClassVar[int]
    PER_DEVICE_MAX_FIELD_NUMBER: _ClassVar[int]
    PER_PHONE_MAX_FIELD_NUMBER: _ClassVar[int]
    CLAIM_FROM_FIELD_NUMBER: _ClassVar[int]
    CLAIM_UNTIL_FIELD_NUMBER: _ClassVar[int]
    VALIDITY_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_SET_IDS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    NOT_CLAIMABLE_FIELD_NUMBER: _ClassVar[int]
    TRANSFERABLE_FIELD_NUMBER: _ClassVar[int]
    NEEDS_ADMISSION_FIELD_NUMBER: _ClassVar[int]
    RETURNS_ON_REFUND_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    display_name: str
    stock: int
    stock_buckets: int
    per_user_max: int
    per_device_max: int
    per_phone_max: int
    claim_from: _timestamp_pb2.Timestamp
    claim_until: _timestamp_pb2.Timestamp
    validity: CouponValidity
    audience_set_ids: _containers.RepeatedScalarFieldContainer[str]
    channels: _containers.RepeatedScalarFieldContainer[str]
    not_claimable: bool
    transferable: bool
    needs_admission: bool
    returns_on_refund: bool
    def __init__(self, activity_id: _Optional[str] = ..., display_name: _Optional[str] = ..., stock: _Optional[int] = ..., stock_buckets: _Optional[int] = ..., per_user_max: _Optional[int] = ..., per_device_max: _Optional[int] = ..., per_phone_max: _Optional[int] = ..., claim_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., claim_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., validity: _Optional[_Union[CouponValidity, _Mapping]] = ..., audience_set_ids: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ..., not_claimable: _Optional[bool] = ..., transferable: _Optional[bool] = ..., needs_admission: _Optional[bool] = ..., returns_on_refund: _Optional[bool] = ...) -> None: ...

class CouponBatch(_message.Message):
    __slots__ = ("batch_id", "spec", "state", "given", "left", "codes", "revision", "created_at")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    spec: CouponBatchSpec
    state: BatchState
    given: int
    left: int
    codes: int
    revision: int
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, batch_id: _Optional[str] = ..., spec: _Optional[_Union[CouponBatchSpec, _Mapping]] = ..., state: _Optional[_Union[BatchState, str]] = ..., given: _Optional[int] = ..., left: _Optional[int] = ..., codes: _Optional[int] = ..., revision: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
