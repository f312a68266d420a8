import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rangli.v1 import activity_pb2 as _activity_pb2
from rangli.v1 import policy_pb2 as _policy_pb2
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
    NOT_APPLIED_REASON_UNKNOWN_CODE: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NO_CREDENTIAL_NEEDED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_CREDENTIAL_EXPIRED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NOT_LIVE: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NOT_STARTED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_ENDED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_OUTSIDE_WINDOW: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_OTHER_CURRENCY: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_OTHER_PRICE_BASIS: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_OTHER_CHANNEL: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NOT_IN_AUDIENCE: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_FUNDS_PAUSED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_FUNDS_SLOWED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_OTHER_STORE: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NO_ELIGIBLE_LINE: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NO_CREDENTIAL: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NO_GROUP: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_EXCLUDED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_CONDITION_NOT_MET: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_LIMIT_REACHED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_CLAMPED: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NO_EFFECT: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_NOT_CHOSEN: _ClassVar[NotAppliedReason]
    NOT_APPLIED_REASON_BEATEN: _ClassVar[NotAppliedReason]

class HintKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HINT_KIND_UNSPECIFIED: _ClassVar[HintKind]
    HINT_KIND_MORE_UNITS: _ClassVar[HintKind]
    HINT_KIND_MORE_AMOUNT: _ClassVar[HintKind]
    HINT_KIND_WITHOUT_CREDENTIAL: _ClassVar[HintKind]
    HINT_KIND_FEWER_UNITS: _ClassVar[HintKind]
NOT_APPLIED_REASON_UNSPECIFIED: NotAppliedReason
NOT_APPLIED_REASON_UNKNOWN_ACTIVITY: NotAppliedReason
NOT_APPLIED_REASON_UNKNOWN_CODE: NotAppliedReason
NOT_APPLIED_REASON_NO_CREDENTIAL_NEEDED: NotAppliedReason
NOT_APPLIED_REASON_CREDENTIAL_EXPIRED: NotAppliedReason
NOT_APPLIED_REASON_NOT_LIVE: NotAppliedReason
NOT_APPLIED_REASON_NOT_STARTED: NotAppliedReason
NOT_APPLIED_REASON_ENDED: NotAppliedReason
NOT_APPLIED_REASON_OUTSIDE_WINDOW: NotAppliedReason
NOT_APPLIED_REASON_OTHER_CURRENCY: NotAppliedReason
NOT_APPLIED_REASON_OTHER_PRICE_BASIS: NotAppliedReason
NOT_APPLIED_REASON_OTHER_CHANNEL: NotAppliedReason
NOT_APPLIED_REASON_NOT_IN_AUDIENCE: NotAppliedReason
NOT_APPLIED_REASON_FUNDS_PAUSED: NotAppliedReason
NOT_APPLIED_REASON_FUNDS_SLOWED: NotAppliedReason
NOT_APPLIED_REASON_OTHER_STORE: NotAppliedReason
NOT_APPLIED_REASON_NO_ELIGIBLE_LINE: NotAppliedReason
NOT_APPLIED_REASON_NO_CREDENTIAL: NotAppliedReason
NOT_APPLIED_REASON_NO_GROUP: NotAppliedReason
NOT_APPLIED_REASON_EXCLUDED: NotAppliedReason
NOT_APPLIED_REASON_CONDITION_NOT_MET: NotAppliedReason
NOT_APPLIED_REASON_LIMIT_REACHED: NotAppliedReason
NOT_APPLIED_REASON_CLAMPED: NotAppliedReason
NOT_APPLIED_REASON_NO_EFFECT: NotAppliedReason
NOT_APPLIED_REASON_NOT_CHOSEN: NotAppliedReason
NOT_APPLIED_REASON_BEATEN: NotAppliedReason
HINT_KIND_UNSPECIFIED: HintKind
HINT_KIND_MORE_UNITS: HintKind
HINT_KIND_MORE_AMOUNT: HintKind
HINT_KIND_WITHOUT_CREDENTIAL: HintKind
HINT_KIND_FEWER_UNITS: HintKind

class CartLine(_message.Message):
    __slots__ = ("line_id", "sku", "quantity", "list_minor", "category_path", "brand", "tags", "store_id", "position", "currency", "floor_minor", "outside_off_minor", "other_list_minor")
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
    FLOOR_MINOR_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_OFF_MINOR_FIELD_NUMBER: _ClassVar[int]
    OTHER_LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
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
    floor_minor: int
    outside_off_minor: int
    other_list_minor: int
    def __init__(self, line_id: _Optional[str] = ..., sku: _Optional[str] = ..., quantity: _Optional[int] = ..., list_minor: _Optional[int] = ..., category_path: _Optional[str] = ..., brand: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., store_id: _Optional[str] = ..., position: _Optional[int] = ..., currency: _Optional[str] = ..., floor_minor: _Optional[int] = ..., outside_off_minor: _Optional[int] = ..., other_list_minor: _Optional[int] = ...) -> None: ...

class DeliveryGroup(_message.Message):
    __slots__ = ("delivery_id", "fee_minor", "method", "other_fee_minor")
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    FEE_MINOR_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    OTHER_FEE_MINOR_FIELD_NUMBER: _ClassVar[int]
    delivery_id: str
    fee_minor: int
    method: str
    other_fee_minor: int
    def __init__(self, delivery_id: _Optional[str] = ..., fee_minor: _Optional[int] = ..., method: _Optional[str] = ..., other_fee_minor: _Optional[int] = ...) -> None: ...

class Fact(_message.Message):
    __slots__ = ("name", "number", "text")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    name: str
    number: int
    text: str
    def __init__(self, name: _Optional[str] = ..., number: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class LimitLeft(_message.Message):
    __slots__ = ("activity_id", "amount_minor", "units", "uses", "closed_line_ids")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    CLOSED_LINE_IDS_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    amount_minor: int
    units: int
    uses: int
    closed_line_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, activity_id: _Optional[str] = ..., amount_minor: _Optional[int] = ..., units: _Optional[int] = ..., uses: _Optional[int] = ..., closed_line_ids: _Optional[_Iterable[str]] = ...) -> None: ...

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
    __slots__ = ("currency", "lines", "user_id", "user_groups", "store_id", "channel", "credentials", "priced_at", "explain", "codes", "all_codes_or_none", "deliveries", "facts", "limits_left", "outside_off_minor", "price_basis", "policy_id", "node_limit", "hints", "snapshot")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_GROUPS_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    PRICED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    ALL_CODES_OR_NONE_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_LEFT_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_OFF_MINOR_FIELD_NUMBER: _ClassVar[int]
    PRICE_BASIS_FIELD_NUMBER: _ClassVar[int]
    POLICY_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    currency: str
    lines: _containers.RepeatedCompositeFieldContainer[CartLine]
    user_id: str
    user_groups: _containers.RepeatedScalarFieldContainer[str]
    store_id: str
    channel: str
    credentials: _containers.RepeatedCompositeFieldContainer[Credential]
    priced_at: _timestamp_pb2.Timestamp
    explain: bool
    codes: _containers.RepeatedScalarFieldContainer[str]
    all_codes_or_none: bool
    deliveries: _containers.RepeatedCompositeFieldContainer[DeliveryGroup]
    facts: _containers.RepeatedCompositeFieldContainer[Fact]
    limits_left: _containers.RepeatedCompositeFieldContainer[LimitLeft]
    outside_off_minor: int
    price_basis: _activity_pb2.PriceBasis
    policy_id: str
    node_limit: int
    hints: int
    snapshot: bool
    def __init__(self, currency: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[CartLine, _Mapping]]] = ..., user_id: _Optional[str] = ..., user_groups: _Optional[_Iterable[str]] = ..., store_id: _Optional[str] = ..., channel: _Optional[str] = ..., credentials: _Optional[_Iterable[_Union[Credential, _Mapping]]] = ..., priced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., explain: _Optional[bool] = ..., codes: _Optional[_Iterable[str]] = ..., all_codes_or_none: _Optional[bool] = ..., deliveries: _Optional[_Iterable[_Union[DeliveryGroup, _Mapping]]] = ..., facts: _Optional[_Iterable[_Union[Fact, _Mapping]]] = ..., limits_left: _Optional[_Iterable[_Union[LimitLeft, _Mapping]]] = ..., outside_off_minor: _Optional[int] = ..., price_basis: _Optional[_Union[_activity_pb2.PriceBasis, str]] = ..., policy_id: _Optional[str] = ..., node_limit: _Optional[int] = ..., hints: _Optional[int] = ..., snapshot: _Optional[bool] = ...) -> None: ...

class FunderAmount(_message.Message):
    __slots__ = ("funder", "amount_minor")
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    funder: str
    amount_minor: int
    def __init__(self, funder: _Optional[str] = ..., amount_minor: _Optional[int] = ...) -> None: ...

class Adjustment(_message.Message):
    __slots__ = ("applied", "amount_minor", "funder_minor", "effect", "application", "unit_first", "units")
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    FUNDER_MINOR_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIRST_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    applied: int
    amount_minor: int
    funder_minor: _containers.RepeatedScalarFieldContainer[int]
    effect: int
    application: int
    unit_first: int
    units: int
    def __init__(self, applied: _Optional[int] = ..., amount_minor: _Optional[int] = ..., funder_minor: _Optional[_Iterable[int]] = ..., effect: _Optional[int] = ..., application: _Optional[int] = ..., unit_first: _Optional[int] = ..., units: _Optional[int] = ...) -> None: ...

class QuotedLine(_message.Message):
    __slots__ = ("line_id", "list_minor", "discount_minor", "payable_minor", "adjustments", "outside_off_minor")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_OFF_MINOR_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    list_minor: int
    discount_minor: int
    payable_minor: int
    adjustments: _containers.RepeatedCompositeFieldContainer[Adjustment]
    outside_off_minor: int
    def __init__(self, line_id: _Optional[str] = ..., list_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., payable_minor: _Optional[int] = ..., adjustments: _Optional[_Iterable[_Union[Adjustment, _Mapping]]] = ..., outside_off_minor: _Optional[int] = ...) -> None: ...

class QuotedDelivery(_message.Message):
    __slots__ = ("delivery_id", "fee_minor", "discount_minor", "payable_minor", "adjustments")
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    FEE_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    delivery_id: str
    fee_minor: int
    discount_minor: int
    payable_minor: int
    adjustments: _containers.RepeatedCompositeFieldContainer[Adjustment]
    def __init__(self, delivery_id: _Optional[str] = ..., fee_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., payable_minor: _Optional[int] = ..., adjustments: _Optional[_Iterable[_Union[Adjustment, _Mapping]]] = ...) -> None: ...

class AddedLine(_message.Message):
    __slots__ = ("applied", "sku", "quantity", "worth_minor")
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    WORTH_MINOR_FIELD_NUMBER: _ClassVar[int]
    applied: int
    sku: str
    quantity: int
    worth_minor: int
    def __init__(self, applied: _Optional[int] = ..., sku: _Optional[str] = ..., quantity: _Optional[int] = ..., worth_minor: _Optional[int] = ...) -> None: ...

class Earning(_message.Message):
    __slots__ = ("applied", "kind", "subject", "amount")
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    applied: int
    kind: _activity_pb2.EarningKind
    subject: str
    amount: int
    def __init__(self, applied: _Optional[int] = ..., kind: _Optional[_Union[_activity_pb2.EarningKind, str]] = ..., subject: _Optional[str] = ..., amount: _Optional[int] = ...) -> None: ...

class ConditionTrace(_message.Message):
    __slots__ = ("path", "measure", "comparison", "required", "actual", "met")
    PATH_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_FIELD_NUMBER: _ClassVar[int]
    MET_FIELD_NUMBER: _ClassVar[int]
    path: str
    measure: _activity_pb2.Measure
    comparison: _activity_pb2.Comparison
    required: int
    actual: int
    met: bool
    def __init__(self, path: _Optional[str] = ..., measure: _Optional[_Union[_activity_pb2.Measure, str]] = ..., comparison: _Optional[_Union[_activity_pb2.Comparison, str]] = ..., required: _Optional[int] = ..., actual: _Optional[int] = ..., met: _Optional[bool] = ...) -> None: ...

class AppliedActivity(_message.Message):
    __slots__ = ("activity_id", "version", "display_name", "layer", "credential_id", "base_minor", "discount_minor", "funders", "tier", "times", "clamped_minor", "cut_minor", "group", "code", "conditions")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    BASE_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    FUNDERS_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    CLAMPED_MINOR_FIELD_NUMBER: _ClassVar[int]
    CUT_MINOR_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    version: int
    display_name: str
    layer: _activity_pb2.Layer
    credential_id: str
    base_minor: int
    discount_minor: int
    funders: _containers.RepeatedCompositeFieldContainer[FunderAmount]
    tier: int
    times: int
    clamped_minor: int
    cut_minor: int
    group: str
    code: str
    conditions: _containers.RepeatedCompositeFieldContainer[ConditionTrace]
    def __init__(self, activity_id: _Optional[str] = ..., version: _Optional[int] = ..., display_name: _Optional[str] = ..., layer: _Optional[_Union[_activity_pb2.Layer, str]] = ..., credential_id: _Optional[str] = ..., base_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., funders: _Optional[_Iterable[_Union[FunderAmount, _Mapping]]] = ..., tier: _Optional[int] = ..., times: _Optional[int] = ..., clamped_minor: _Optional[int] = ..., cut_minor: _Optional[int] = ..., group: _Optional[str] = ..., code: _Optional[str] = ..., conditions: _Optional[_Iterable[_Union[ConditionTrace, _Mapping]]] = ...) -> None: ...

class NotApplied(_message.Message):
    __slots__ = ("activity_id", "credential_id", "reason", "measure", "required", "actual", "beaten_by", "beaten_by_minor", "code", "base_minor", "group", "conditions")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_FIELD_NUMBER: _ClassVar[int]
    BEATEN_BY_FIELD_NUMBER: _ClassVar[int]
    BEATEN_BY_MINOR_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    BASE_MINOR_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    credential_id: str
    reason: NotAppliedReason
    measure: _activity_pb2.Measure
    required: int
    actual: int
    beaten_by: str
    beaten_by_minor: int
    code: str
    base_minor: int
    group: str
    conditions: _containers.RepeatedCompositeFieldContainer[ConditionTrace]
    def __init__(self, activity_id: _Optional[str] = ..., credential_id: _Optional[str] = ..., reason: _Optional[_Union[NotAppliedReason, str]] = ..., measure: _Optional[_Union[_activity_pb2.Measure, str]] = ..., required: _Optional[int] = ..., actual: _Optional[int] = ..., beaten_by: _Optional[str] = ..., beaten_by_minor: _Optional[int] = ..., code: _Optional[str] = ..., base_minor: _Optional[int] = ..., group: _Optional[str] = ..., conditions: _Optional[_Iterable[_Union[ConditionTrace, _Mapping]]] = ...) -> None: ...

class Hint(_message.Message):
    __slots__ = ("kind", "activity_id", "more", "amount_minor", "credential_id", "payable_minor", "added_list_minor", "gain_minor", "net_gain_minor", "code", "like_line_id")
    class Change(_message.Message):
        __slots__ = ("line_id", "units")
        LINE_ID_FIELD_NUMBER: _ClassVar[int]
        UNITS_FIELD_NUMBER: _ClassVar[int]
        line_id: str
        units: int
        def __init__(self, line_id: _Optional[str] = ..., units: _Optional[int] = ...) -> None: ...
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    ADDED_LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    GAIN_MINOR_FIELD_NUMBER: _ClassVar[int]
    NET_GAIN_MINOR_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    LIKE_LINE_ID_FIELD_NUMBER: _ClassVar[int]
    kind: HintKind
    activity_id: str
    more: _containers.RepeatedCompositeFieldContainer[Hint.Change]
    amount_minor: int
    credential_id: str
    payable_minor: int
    added_list_minor: int
    gain_minor: int
    net_gain_minor: int
    code: str
    like_line_id: str
    def __init__(self, kind: _Optional[_Union[HintKind, str]] = ..., activity_id: _Optional[str] = ..., more: _Optional[_Iterable[_Union[Hint.Change, _Mapping]]] = ..., amount_minor: _Optional[int] = ..., credential_id: _Optional[str] = ..., payable_minor: _Optional[int] = ..., added_list_minor: _Optional[int] = ..., gain_minor: _Optional[int] = ..., net_gain_minor: _Optional[int] = ..., code: _Optional[str] = ..., like_line_id: _Optional[str] = ...) -> None: ...

class LayerTotal(_message.Message):
    __slots__ = ("layer", "discount_minor")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    layer: _activity_pb2.Layer
    discount_minor: int
    def __init__(self, layer: _Optional[_Union[_activity_pb2.Layer, str]] = ..., discount_minor: _Optional[int] = ...) -> None: ...

class AppliedTerms(_message.Message):
    __slots__ = ("activity_id", "version", "credential_id", "spec", "line_ids", "lists", "entries", "facts")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    LINE_IDS_FIELD_NUMBER: _ClassVar[int]
    LISTS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    version: int
    credential_id: str
    spec: _activity_pb2.ActivitySpec
    line_ids: _containers.RepeatedScalarFieldContainer[str]
    lists: _containers.RepeatedCompositeFieldContainer[LineList]
    entries: _containers.RepeatedCompositeFieldContainer[AppliedEntry]
    facts: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, activity_id: _Optional[str] = ..., version: _Optional[int] = ..., credential_id: _Optional[str] = ..., spec: _Optional[_Union[_activity_pb2.ActivitySpec, _Mapping]] = ..., line_ids: _Optional[_Iterable[str]] = ..., lists: _Optional[_Iterable[_Union[LineList, _Mapping]]] = ..., entries: _Optional[_Iterable[_Union[AppliedEntry, _Mapping]]] = ..., facts: _Optional[_Iterable[int]] = ...) -> None: ...

class LineList(_message.Message):
    __slots__ = ("line_ids",)
    LINE_IDS_FIELD_NUMBER: _ClassVar[int]
    line_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, line_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class AppliedEntry(_message.Message):
    __slots__ = ("kind", "value", "per_quantity")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    PER_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    kind: int
    value: int
    per_quantity: int
    def __init__(self, kind: _Optional[int] = ..., value: _Optional[int] = ..., per_quantity: _Optional[int] = ...) -> None: ...

class QuoteTerms(_message.Message):
    __slots__ = ("policy", "activities")
    POLICY_FIELD_NUMBER: _ClassVar[int]
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    policy: _policy_pb2.StackingPolicy
    activities: _containers.RepeatedCompositeFieldContainer[AppliedTerms]
    def __init__(self, policy: _Optional[_Union[_policy_pb2.StackingPolicy, _Mapping]] = ..., activities: _Optional[_Iterable[_Union[AppliedTerms, _Mapping]]] = ...) -> None: ...

class QuoteResponse(_message.Message):
    __slots__ = ("currency", "priced_at", "catalogue_version", "list_minor", "discount_minor", "payable_minor", "lines", "applied", "not_applied", "funders", "deliveries", "added_lines", "earnings", "layers", "proven", "gap_minor", "nodes", "policy_id", "policy_version", "hints", "terms", "outside_off_minor")
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
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    ADDED_LINES_FIELD_NUMBER: _ClassVar[int]
    EARNINGS_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    PROVEN_FIELD_NUMBER: _ClassVar[int]
    GAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    POLICY_ID_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_OFF_MINOR_FIELD_NUMBER: _ClassVar[int]
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
    deliveries: _containers.RepeatedCompositeFieldContainer[QuotedDelivery]
    added_lines: _containers.RepeatedCompositeFieldContainer[AddedLine]
    earnings: _containers.RepeatedCompositeFieldContainer[Earning]
    layers: _containers.RepeatedCompositeFieldContainer[LayerTotal]
    proven: bool
    gap_minor: int
    nodes: int
    policy_id: str
    policy_version: int
    hints: _containers.RepeatedCompositeFieldContainer[Hint]
    terms: QuoteTerms
    outside_off_minor: int
    def __init__(self, currency: _Optional[str] = ..., priced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., catalogue_version: _Optional[int] = ..., list_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., payable_minor: _Optional[int] = ..., lines: _Optional[_Iterable[_Union[QuotedLine, _Mapping]]] = ..., applied: _Optional[_Iterable[_Union[AppliedActivity, _Mapping]]] = ..., not_applied: _Optional[_Iterable[_Union[NotApplied, _Mapping]]] = ..., funders: _Optional[_Iterable[_Union[FunderAmount, _Mapping]]] = ..., deliveries: _Optional[_Iterable[_Union[QuotedDelivery, _Mapping]]] = ..., added_lines: _Optional[_Iterable[_Union[AddedLine, _Mapping]]] = ..., earnings: _Optional[_Iterable[_Union[Earning, _Mapping]]] = ..., layers: _Optional[_Iterable[_Union[LayerTotal, _Mapping]]] = ..., proven: _Optional[bool] = ..., gap_minor: _Optional[int] = ..., nodes: _Optional[int] = ..., policy_id: _Optional[str] = ..., policy_version: _Optional[int] = ..., hints: _Optional[_Iterable[_Union[Hint, _Mapping]]] = ..., terms: _Optional[_Union[QuoteTerms, _Mapping]] = ..., outside_off_minor: _Optional[int] = ...) -> None: ...
