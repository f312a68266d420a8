import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from rangli.v1 import activity_pb2 as _activity_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NotAppliedReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOT_APPLIED_REASON_UNSPECIFIED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_UNKNOWN_ACTIVITY: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NO_CREDENTIAL_NEEDED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_CREDENTIAL_EXPIRED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NOT_LIVE: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NOT_STARTED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_ENDED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_OUTSIDE_WINDOW: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_OTHER_CURRENCY: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_OTHER_CHANNEL: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NOT_IN_AUDIENCE: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_OTHER_STORE: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NO_ELIGIBLE_LINE: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NO_CREDENTIAL: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_CONDITION_NOT_MET: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_BEATEN: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NO_EFFECT: _ClassVar[NotAppliedReason]

class Measure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MEASURE_UNSPECIFIED: _ClassVar[Measure]
    MEASURE_AMOUNT: _ClassVar[Measure]
    MEASURE_QUANTITY: _ClassVar[Measure]
NOT_APPLIED_REASON_UNSPECIFIED: NotAppliedReason
NOT_APPLIED_REASON_UNKNOWN_ACTIVITY: NotAppliedReason
NOT_APPLIED_REASON_NO_CREDENTIAL_NEEDED: NotAppliedReason
NOT_APPLIED_REASON_CREDENTIAL_EXPIRED: NotAppliedReason
NOT_APPLIED_REASON_NOT_LIVE: NotAppliedReason
NOT_APPLIED_REASON_NOT_STARTED: NotAppliedReason
NOT_APPLIED_REASON_ENDED: NotAppliedReason
NOT_APPLIED_REASON_OUTSIDE_WINDOW: NotAppliedReason
NOT_APPLIED_REASON_OTHER_CURRENCY: NotAppliedReason
NOT_APPLIED_REASON_OTHER_CHANNEL: NotAppliedReason
NOT_APPLIED_REASON_NOT_IN_AUDIENCE: NotAppliedReason
NOT_APPLIED_REASON_OTHER_STORE: NotAppliedReason
NOT_APPLIED_REASON_NO_ELIGIBLE_LINE: NotAppliedReason
NOT_APPLIED_REASON_NO_CREDENTIAL: NotAppliedReason
NOT_APPLIED_REASON_CONDITION_NOT_MET: NotAppliedReason
NOT_APPLIED_REASON_BEATEN: NotAppliedReason
NOT_APPLIED_REASON_NO_EFFECT: NotAppliedReason
MEASURE_UNSPECIFIED: Measure
MEASURE_AMOUNT: Measure
MEASURE_QUANTITY: Measure

class CartLine(_message.Message):
    __slots__ = ("line_id", "sku", "quantity", "list_minor", "category_path", "brand", "tags", "store_id", "position", "currency")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_PATH_FIELD_NUMBER: _ClassVar[int]
    BRAND_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    sku: str
    quantity: int
    list_minor: int
    category_path: str
    brand: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    store_id: str
    position: int
    currency: str
    def __init__(self, line_id: _Optional[str] = ..., sku: _Optional[str] = ..., quantity: _Optional[int] = ..., list_minor: _Optional[int] = ..., category_path: _Optional[str] = ..., brand: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., store_id: _Optional[str] = ..., position: _Optional[int] = ..., currency: _Optional[str] = ...) -> None: ...

class Credential(_message.Message):
    __slots__ = ("credential_id", "activity_id", "expires_at")
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    credential_id: str
    activity_id: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, credential_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class QuoteRequest(_message.Message):
    __slots__ = ("currency", "lines", "user_id", "user_groups", "store_id", "channel", "credentials", "priced_at", "explain")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_GROUPS_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    PRICED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    currency: str
    lines: _containers.RepeatedCompositeFieldContainer[CartLine]
    user_id: str
    user_groups: _containers.RepeatedScalarFieldContainer[str]
    store_id: str
    channel: str
    credentials: _containers.RepeatedCompositeFieldContainer[Credential]
    priced_at: _timestamp_pb2.Timestamp
    explain: bool
    def __init__(self, currency: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[CartLine, _Mapping]]] = ..., user_id: _Optional[str] = ..., user_groups: _Optional[_Iterable[str]] = ..., store_id: _Optional[str] = ..., channel: _Optional[str] = ..., credentials: _Optional[_Iterable[_Union[Credential, _Mapping]]] = ..., priced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., explain: _Optional[bool] = ...) -> None: ...

class FunderAmount(_message.Message):
    __slots__ = ("funder", "amount_minor")
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    funder: str
    amount_minor: int
    def __init__(self, funder: _Optional[str] = ..., amount_minor: _Optional[int] = ...) -> None: ...

class Adjustment(_message.Message):
    __slots__ = ("activity_id", "amount_minor", "funders", "credential_id")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    FUNDERS_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    amount_minor: int
    funders: _containers.RepeatedCompositeFieldContainer[FunderAmount]
    credential_id: str
    def __init__(self, activity_id: _Optional[str] = ..., amount_minor: _Optional[int] = ..., funders: _Optional[_Iterable[_Union[FunderAmount, _Mapping]]] = ..., credential_id: _Optional[str] = ...) -> None: ...

class QuotedLine(_message.Message):
    __slots__ = ("line_id", "list_minor", "discount_minor", "payable_minor", "adjustments")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    list_minor: int
    discount_minor: int
    payable_minor: int
    adjustments: _containers.RepeatedCompositeFieldContainer[Adjustment]
    def __init__(self, line_id: _Optional[str] = ..., list_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., payable_minor: _Optional[int] = ..., adjustments: _Optional[_Iterable[_Union[Adjustment, _Mapping]]] = ...) -> None: ...

class AppliedActivity(_message.Message):
    __slots__ = ("activity_id", "version", "display_name", "layer", "credential_id", "base_minor", "discount_minor", "funders", "tier")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    BASE_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    FUNDERS_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    version: int
    display_name: str
    layer: _activity_pb2.Layer
    credential_id: str
    base_minor: int
    discount_minor: int
    funders: _containers.RepeatedCompositeFieldContainer[FunderAmount]
    tier: int
    def __init__(self, activity_id: _Optional[str] = ..., version: _Optional[int] = ..., display_name: _Optional[str] = ..., layer: _Optional[_Union[_activity_pb2.Layer, str]] = ..., credential_id: _Optional[str] = ..., base_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., funders: _Optional[_Iterable[_Union[FunderAmount, _Mapping]]] = ..., tier: _Optional[int] = ...) -> None: ...

class NotApplied(_message.Message):
    __slots__ = ("activity_id", "credential_id", "reason", "measure", "required", "actual", "beaten_by", "beaten_by_minor")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_FIELD_NUMBER: _ClassVar[int]
    BEATEN_BY_FIELD_NUMBER: _ClassVar[int]
    BEATEN_BY_MINOR_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    credential_id: str
    reason: NotAppliedReason
    measure: Measure
    required: int
    actual: int
    beaten_by: str
    beaten_by_minor: int
    def __init__(self, activity_id: _Optional[str] = ..., credential_id: _Optional[str] = ..., reason: _Optional[_Union[NotAppliedReason, str]] = ..., measure: _Optional[_Union[Measure, str]] = ..., required: _Optional[int] = ..., actual: _Optional[int] = ..., beaten_by: _Optional[str] = ..., beaten_by_minor: _Optional[int] = ...) -> None: ...

class QuoteResponse(_message.Message):
    __slots__ = ("currency", "priced_at", "catalogue_version", "list_minor", "discount_minor", "payable_minor", "lines", "applied", "not_applied", "funders")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PRICED_AT_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_VERSION_FIELD_NUMBER: _ClassVar[int]
    LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    NOT_APPLIED_FIELD_NUMBER: _ClassVar[int]
    FUNDERS_FIELD_NUMBER: _ClassVar[int]
    currency: str
    priced_at: _timestamp_pb2.Timestamp
    catalogue_version: int
    list_minor: int
    discount_minor: int
    payable_minor: int
    lines: _containers.RepeatedCompositeFieldContainer[QuotedLine]
    applied: _containers.RepeatedCompositeFieldContainer[AppliedActivity]
    not_applied: _containers.RepeatedCompositeFieldContainer[NotApplied]
    funders: _containers.RepeatedCompositeFieldContainer[FunderAmount]
    def __init__(self, currency: _Optional[str] = ..., priced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., catalogue_version: _Optional[int] = ..., list_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., payable_minor: _Optional[int] = ..., lines: _Optional[_Iterable[_Union[QuotedLine, _Mapping]]] = ..., applied: _Optional[_Iterable[_Union[AppliedActivity, _Mapping]]] = ..., not_applied: _Optional[_Iterable[_Union[NotApplied, _Mapping]]] = ..., funders: _Optional[_Iterable[_Union[FunderAmount, _Mapping]]] = ...) -> None: ...

class BatchQuoteRequest(_message.Message):
    __slots__ = ("quotes",)
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    quotes: _containers.RepeatedCompositeFieldContainer[QuoteRequest]
    def __init__(self, quotes: _Optional[_Iterable[_Union[QuoteRequest, _Mapping]]] = ...) -> None: ...

class BatchQuoteResponse(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("quote", "error")
        QUOTE_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        quote: QuoteResponse
        error: _status_pb2.Status
        def __init__(self, quote: _Optional[_Union[QuoteResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchQuoteResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchQuoteResponse.Item, _Mapping]]] = ...) -> None: ...
