import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Entitlement(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENTITLEMENT_UNSPECIFIED: _ClassVar[Entitlement]
    ENTITLEMENT_OPEN: _ClassVar[Entitlement]
    ENTITLEMENT_CREDENTIAL: _ClassVar[Entitlement]

class Layer(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LAYER_UNSPECIFIED: _ClassVar[Layer]
    LAYER_ITEM_PRICE: _ClassVar[Layer]
    LAYER_ITEM_DISCOUNT: _ClassVar[Layer]
    LAYER_BUNDLE: _ClassVar[Layer]
    LAYER_STORE_ORDER: _ClassVar[Layer]
    LAYER_PLATFORM_ORDER: _ClassVar[Layer]
    LAYER_SHIPPING: _ClassVar[Layer]

class ActivityState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTIVITY_STATE_UNSPECIFIED: _ClassVar[ActivityState]
    ACTIVITY_STATE_DRAFT: _ClassVar[ActivityState]
    ACTIVITY_STATE_REVIEWING: _ClassVar[ActivityState]
    ACTIVITY_STATE_REJECTED: _ClassVar[ActivityState]
    ACTIVITY_STATE_APPROVED: _ClassVar[ActivityState]
    ACTIVITY_STATE_SCHEDULED: _ClassVar[ActivityState]
    ACTIVITY_STATE_RUNNING: _ClassVar[ActivityState]
    ACTIVITY_STATE_PAUSED: _ClassVar[ActivityState]
    ACTIVITY_STATE_ENDED: _ClassVar[ActivityState]
    ACTIVITY_STATE_CANCELLED: _ClassVar[ActivityState]
    ACTIVITY_STATE_ARCHIVED: _ClassVar[ActivityState]

class ConditionBase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONDITION_BASE_UNSPECIFIED: _ClassVar[ConditionBase]
    CONDITION_BASE_RUNNING: _ClassVar[ConditionBase]
    CONDITION_BASE_LIST: _ClassVar[ConditionBase]

class AmountPer(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AMOUNT_PER_UNSPECIFIED: _ClassVar[AmountPer]
    AMOUNT_PER_POOL: _ClassVar[AmountPer]
    AMOUNT_PER_UNIT: _ClassVar[AmountPer]
    AMOUNT_PER_LINE: _ClassVar[AmountPer]
ENTITLEMENT_UNSPECIFIED: Entitlement
ENTITLEMENT_OPEN: Entitlement
ENTITLEMENT_CREDENTIAL: Entitlement
LAYER_UNSPECIFIED: Layer
LAYER_ITEM_PRICE: Layer
LAYER_ITEM_DISCOUNT: Layer
LAYER_BUNDLE: Layer
LAYER_STORE_ORDER: Layer
LAYER_PLATFORM_ORDER: Layer
LAYER_SHIPPING: Layer
ACTIVITY_STATE_UNSPECIFIED: ActivityState
ACTIVITY_STATE_DRAFT: ActivityState
ACTIVITY_STATE_REVIEWING: ActivityState
ACTIVITY_STATE_REJECTED: ActivityState
ACTIVITY_STATE_APPROVED: ActivityState
ACTIVITY_STATE_SCHEDULED: ActivityState
ACTIVITY_STATE_RUNNING: ActivityState
ACTIVITY_STATE_PAUSED: ActivityState
ACTIVITY_STATE_ENDED: ActivityState
ACTIVITY_STATE_CANCELLED: ActivityState
ACTIVITY_STATE_ARCHIVED: ActivityState
CONDITION_BASE_UNSPECIFIED: ConditionBase
CONDITION_BASE_RUNNING: ConditionBase
CONDITION_BASE_LIST: ConditionBase
AMOUNT_PER_UNSPECIFIED: AmountPer
AMOUNT_PER_POOL: AmountPer
AMOUNT_PER_UNIT: AmountPer
AMOUNT_PER_LINE: AmountPer

class ProductTarget(_message.Message):
    __slots__ = ("all", "skus", "set_ids", "category_paths", "brands", "tags", "exclude")
    ALL_FIELD_NUMBER: _ClassVar[int]
    SKUS_FIELD_NUMBER: _ClassVar[int]
    SET_IDS_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_PATHS_FIELD_NUMBER: _ClassVar[int]
    BRANDS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    all: bool
    skus: _containers.RepeatedScalarFieldContainer[str]
    set_ids: _containers.RepeatedScalarFieldContainer[str]
    category_paths: _containers.RepeatedScalarFieldContainer[str]
    brands: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedScalarFieldContainer[str]
    exclude: ProductTarget
    def __init__(self, all: _Optional[bool] = ..., skus: _Optional[_Iterable[str]] = ..., set_ids: _Optional[_Iterable[str]] = ..., category_paths: _Optional[_Iterable[str]] = ..., brands: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[str]] = ..., exclude: _Optional[_Union[ProductTarget, _Mapping]] = ...) -> None: ...

class StoreTarget(_message.Message):
    __slots__ = ("store_ids", "set_ids", "exclude_store_ids", "exclude_set_ids")
    STORE_IDS_FIELD_NUMBER: _ClassVar[int]
    SET_IDS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_STORE_IDS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_SET_IDS_FIELD_NUMBER: _ClassVar[int]
    store_ids: _containers.RepeatedScalarFieldContainer[str]
    set_ids: _containers.RepeatedScalarFieldContainer[str]
    exclude_store_ids: _containers.RepeatedScalarFieldContainer[str]
    exclude_set_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, store_ids: _Optional[_Iterable[str]] = ..., set_ids: _Optional[_Iterable[str]] = ..., exclude_store_ids: _Optional[_Iterable[str]] = ..., exclude_set_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class UserTarget(_message.Message):
    __slots__ = ("set_ids", "user_groups", "exclude_set_ids")
    SET_IDS_FIELD_NUMBER: _ClassVar[int]
    USER_GROUPS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_SET_IDS_FIELD_NUMBER: _ClassVar[int]
    set_ids: _containers.RepeatedScalarFieldContainer[str]
    user_groups: _containers.RepeatedScalarFieldContainer[str]
    exclude_set_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, set_ids: _Optional[_Iterable[str]] = ..., user_groups: _Optional[_Iterable[str]] = ..., exclude_set_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class MinAmount(_message.Message):
    __slots__ = ("amount_minor", "base", "products")
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    amount_minor: int
    base: ConditionBase
    products: ProductTarget
    def __init__(self, amount_minor: _Optional[int] = ..., base: _Optional[_Union[ConditionBase, str]] = ..., products: _Optional[_Union[ProductTarget, _Mapping]] = ...) -> None: ...

class MinQuantity(_message.Message):
    __slots__ = ("quantity", "products")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    products: ProductTarget
    def __init__(self, quantity: _Optional[int] = ..., products: _Optional[_Union[ProductTarget, _Mapping]] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("min_amount", "min_quantity")
    MIN_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    min_amount: MinAmount
    min_quantity: MinQuantity
    def __init__(self, min_amount: _Optional[_Union[MinAmount, _Mapping]] = ..., min_quantity: _Optional[_Union[MinQuantity, _Mapping]] = ...) -> None: ...

class SetPrice(_message.Message):
    __slots__ = ("price_minor",)
    PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    price_minor: int
    def __init__(self, price_minor: _Optional[int] = ...) -> None: ...

class PercentOff(_message.Message):
    __slots__ = ("off_bps", "cap_minor")
    OFF_BPS_FIELD_NUMBER: _ClassVar[int]
    CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    off_bps: int
    cap_minor: int
    def __init__(self, off_bps: _Optional[int] = ..., cap_minor: _Optional[int] = ...) -> None: ...

class AmountOff(_message.Message):
    __slots__ = ("amount_minor", "per", "unit_limit")
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PER_FIELD_NUMBER: _ClassVar[int]
    UNIT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    amount_minor: int
    per: AmountPer
    unit_limit: int
    def __init__(self, amount_minor: _Optional[int] = ..., per: _Optional[_Union[AmountPer, str]] = ..., unit_limit: _Optional[int] = ...) -> None: ...

class Tier(_message.Message):
    __slots__ = ("min_amount_minor", "amount_off_minor", "off_bps", "cap_minor")
    MIN_AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_OFF_MINOR_FIELD_NUMBER: _ClassVar[int]
    OFF_BPS_FIELD_NUMBER: _ClassVar[int]
    CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    min_amount_minor: int
    amount_off_minor: int
    off_bps: int
    cap_minor: int
    def __init__(self, min_amount_minor: _Optional[int] = ..., amount_off_minor: _Optional[int] = ..., off_bps: _Optional[int] = ..., cap_minor: _Optional[int] = ...) -> None: ...

class ThresholdOff(_message.Message):
    __slots__ = ("tiers", "every_multiple")
    TIERS_FIELD_NUMBER: _ClassVar[int]
    EVERY_MULTIPLE_FIELD_NUMBER: _ClassVar[int]
    tiers: _containers.RepeatedCompositeFieldContainer[Tier]
    every_multiple: bool
    def __init__(self, tiers: _Optional[_Iterable[_Union[Tier, _Mapping]]] = ..., every_multiple: _Optional[bool] = ...) -> None: ...

class PriceBook(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Effect(_message.Message):
    __slots__ = ("set_price", "percent_off", "amount_off", "threshold_off", "price_book")
    SET_PRICE_FIELD_NUMBER: _ClassVar[int]
    PERCENT_OFF_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_OFF_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_OFF_FIELD_NUMBER: _ClassVar[int]
    PRICE_BOOK_FIELD_NUMBER: _ClassVar[int]
    set_price: SetPrice
    percent_off: PercentOff
    amount_off: AmountOff
    threshold_off: ThresholdOff
    price_book: PriceBook
    def __init__(self, set_price: _Optional[_Union[SetPrice, _Mapping]] = ..., percent_off: _Optional[_Union[PercentOff, _Mapping]] = ..., amount_off: _Optional[_Union[AmountOff, _Mapping]] = ..., threshold_off: _Optional[_Union[ThresholdOff, _Mapping]] = ..., price_book: _Optional[_Union[PriceBook, _Mapping]] = ...) -> None: ...

class WeeklyWindow(_message.Message):
    __slots__ = ("days", "from_minute", "to_minute")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    FROM_MINUTE_FIELD_NUMBER: _ClassVar[int]
    TO_MINUTE_FIELD_NUMBER: _ClassVar[int]
    days: _containers.RepeatedScalarFieldContainer[int]
    from_minute: int
    to_minute: int
    def __init__(self, days: _Optional[_Iterable[int]] = ..., from_minute: _Optional[int] = ..., to_minute: _Optional[int] = ...) -> None: ...

class Schedule(_message.Message):
    __slots__ = ("starts_at", "ends_at", "time_zone", "weekly_windows")
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    WEEKLY_WINDOWS_FIELD_NUMBER: _ClassVar[int]
    starts_at: _timestamp_pb2.Timestamp
    ends_at: _timestamp_pb2.Timestamp
    time_zone: str
    weekly_windows: _containers.RepeatedCompositeFieldContainer[WeeklyWindow]
    def __init__(self, starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_zone: _Optional[str] = ..., weekly_windows: _Optional[_Iterable[_Union[WeeklyWindow, _Mapping]]] = ...) -> None: ...

class FundingShare(_message.Message):
    __slots__ = ("funder", "share_bps")
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    SHARE_BPS_FIELD_NUMBER: _ClassVar[int]
    funder: str
    share_bps: int
    def __init__(self, funder: _Optional[str] = ..., share_bps: _Optional[int] = ...) -> None: ...

class ActivitySpec(_message.Message):
    __slots__ = ("template_id", "display_name", "description", "currency", "entitlement", "layer", "priority", "schedule", "products", "stores", "users", "channels", "conditions", "effect", "funding")
    TEMPLATE_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    STORES_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    FUNDING_FIELD_NUMBER: _ClassVar[int]
    template_id: str
    display_name: str
    description: str
    currency: str
    entitlement: Entitlement
    layer: Layer
    priority: int
    schedule: Schedule
    products: ProductTarget
    stores: StoreTarget
    users: UserTarget
    channels: _containers.RepeatedScalarFieldContainer[str]
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    effect: Effect
    funding: _containers.RepeatedCompositeFieldContainer[FundingShare]
    def __init__(self, template_id: _Optional[str] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., currency: _Optional[str] = ..., entitlement: _Optional[_Union[Entitlement, str]] = ..., layer: _Optional[_Union[Layer, str]] = ..., priority: _Optional[int] = ..., schedule: _Optional[_Union[Schedule, _Mapping]] = ..., products: _Optional[_Union[ProductTarget, _Mapping]] = ..., stores: _Optional[_Union[StoreTarget, _Mapping]] = ..., users: _Optional[_Union[UserTarget, _Mapping]] = ..., channels: _Optional[_Iterable[str]] = ..., conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ..., effect: _Optional[_Union[Effect, _Mapping]] = ..., funding: _Optional[_Iterable[_Union[FundingShare, _Mapping]]] = ...) -> None: ...

class Activity(_message.Message):
    __slots__ = ("activity_id", "state", "live_version", "version", "version_state", "revision", "spec", "created_at", "updated_at", "price_entries")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LIVE_VERSION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    VERSION_STATE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    PRICE_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    state: ActivityState
    live_version: int
    version: int
    version_state: ActivityState
    revision: int
    spec: ActivitySpec
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    price_entries: int
    def __init__(self, activity_id: _Optional[str] = ..., state: _Optional[_Union[ActivityState, str]] = ..., live_version: _Optional[int] = ..., version: _Optional[int] = ..., version_state: _Optional[_Union[ActivityState, str]] = ..., revision: _Optional[int] = ..., spec: _Optional[_Union[ActivitySpec, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price_entries: _Optional[int] = ...) -> None: ...
