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

class PoolState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    POOL_STATE_UNSPECIFIED: _ClassVar[PoolState]
    POOL_STATE_OPEN: _ClassVar[PoolState]
    POOL_STATE_FROZEN: _ClassVar[PoolState]
    POOL_STATE_CLOSED: _ClassVar[PoolState]

class ReservationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESERVATION_STATE_UNSPECIFIED: _ClassVar[ReservationState]
    RESERVATION_STATE_RESERVED: _ClassVar[ReservationState]
    RESERVATION_STATE_SPENT: _ClassVar[ReservationState]
    RESERVATION_STATE_RELEASED: _ClassVar[ReservationState]
    RESERVATION_STATE_EXPIRED: _ClassVar[ReservationState]

class ReconcileSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECONCILE_SOURCE_UNSPECIFIED: _ClassVar[ReconcileSource]
    RECONCILE_SOURCE_ORDER: _ClassVar[ReconcileSource]
    RECONCILE_SOURCE_REDEMPTION: _ClassVar[ReconcileSource]
POOL_STATE_UNSPECIFIED: PoolState
POOL_STATE_OPEN: PoolState
POOL_STATE_FROZEN: PoolState
POOL_STATE_CLOSED: PoolState
RESERVATION_STATE_UNSPECIFIED: ReservationState
RESERVATION_STATE_RESERVED: ReservationState
RESERVATION_STATE_SPENT: ReservationState
RESERVATION_STATE_RELEASED: ReservationState
RESERVATION_STATE_EXPIRED: ReservationState
RECONCILE_SOURCE_UNSPECIFIED: ReconcileSource
RECONCILE_SOURCE_ORDER: ReconcileSource
RECONCILE_SOURCE_REDEMPTION: ReconcileSource

class Pool(_message.Message):
    __slots__ = ("pool_id", "parent_id", "display_name", "funder", "currency", "time_zone", "warn_bps", "slow_bps", "daily_cap_minor", "state", "revision", "level", "paused_until", "budget_minor", "reserved_minor", "spent_minor", "available_minor", "today_minor", "created_at")
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    WARN_BPS_FIELD_NUMBER: _ClassVar[int]
    SLOW_BPS_FIELD_NUMBER: _ClassVar[int]
    DAILY_CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    PAUSED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    BUDGET_MINOR_FIELD_NUMBER: _ClassVar[int]
    RESERVED_MINOR_FIELD_NUMBER: _ClassVar[int]
    SPENT_MINOR_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    TODAY_MINOR_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    pool_id: str
    parent_id: str
    display_name: str
    funder: str
    currency: str
    time_zone: str
    warn_bps: int
    slow_bps: int
    daily_cap_minor: int
    state: PoolState
    revision: int
    level: _activity_pb2.FundingLevel
    paused_until: _timestamp_pb2.Timestamp
    budget_minor: int
    reserved_minor: int
    spent_minor: int
    available_minor: int
    today_minor: int
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, pool_id: _Optional[str] = ..., parent_id: _Optional[str] = ..., display_name: _Optional[str] = ..., funder: _Optional[str] = ..., currency: _Optional[str] = ..., time_zone: _Optional[str] = ..., warn_bps: _Optional[int] = ..., slow_bps: _Optional[int] = ..., daily_cap_minor: _Optional[int] = ..., state: _Optional[_Union[PoolState, str]] = ..., revision: _Optional[int] = ..., level: _Optional[_Union[_activity_pb2.FundingLevel, str]] = ..., paused_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., budget_minor: _Optional[int] = ..., reserved_minor: _Optional[int] = ..., spent_minor: _Optional[int] = ..., available_minor: _Optional[int] = ..., today_minor: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ActivityFunding(_message.Message):
    __slots__ = ("activity_id", "version", "currency", "shares")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    version: int
    currency: str
    shares: _containers.RepeatedCompositeFieldContainer[_activity_pb2.FundingShare]
    def __init__(self, activity_id: _Optional[str] = ..., version: _Optional[int] = ..., currency: _Optional[str] = ..., shares: _Optional[_Iterable[_Union[_activity_pb2.FundingShare, _Mapping]]] = ...) -> None: ...

class FunderPart(_message.Message):
    __slots__ = ("funder", "amount_minor")
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    funder: str
    amount_minor: int
    def __init__(self, funder: _Optional[str] = ..., amount_minor: _Optional[int] = ...) -> None: ...

class ReserveItem(_message.Message):
    __slots__ = ("activity_id", "version", "amount_minor", "parts", "allow_partial")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_PARTIAL_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    version: int
    amount_minor: int
    parts: _containers.RepeatedCompositeFieldContainer[FunderPart]
    allow_partial: bool
    def __init__(self, activity_id: _Optional[str] = ..., version: _Optional[int] = ..., amount_minor: _Optional[int] = ..., parts: _Optional[_Iterable[_Union[FunderPart, _Mapping]]] = ..., allow_partial: _Optional[bool] = ...) -> None: ...

class AmountItem(_message.Message):
    __slots__ = ("activity_id", "amount_minor", "parts")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    amount_minor: int
    parts: _containers.RepeatedCompositeFieldContainer[FunderPart]
    def __init__(self, activity_id: _Optional[str] = ..., amount_minor: _Optional[int] = ..., parts: _Optional[_Iterable[_Union[FunderPart, _Mapping]]] = ...) -> None: ...

class Reservation(_message.Message):
    __slots__ = ("reservation_id", "order_id", "currency", "state", "expires_at", "parts")
    class Part(_message.Message):
        __slots__ = ("activity_id", "version", "funder", "pool_id", "reserved_minor", "spent_minor", "released_minor", "refunded_minor")
        ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        FUNDER_FIELD_NUMBER: _ClassVar[int]
        POOL_ID_FIELD_NUMBER: _ClassVar[int]
        RESERVED_MINOR_FIELD_NUMBER: _ClassVar[int]
        SPENT_MINOR_FIELD_NUMBER: _ClassVar[int]
        RELEASED_MINOR_FIELD_NUMBER: _ClassVar[int]
        REFUNDED_MINOR_FIELD_NUMBER: _ClassVar[int]
        activity_id: str
        version: int
        funder: str
        pool_id: str
        reserved_minor: int
        spent_minor: int
        released_minor: int
        refunded_minor: int
        def __init__(self, activity_id: _Optional[str] = ..., version: _Optional[int] = ..., funder: _Optional[str] = ..., pool_id: _Optional[str] = ..., reserved_minor: _Optional[int] = ..., spent_minor: _Optional[int] = ..., released_minor: _Optional[int] = ..., refunded_minor: _Optional[int] = ...) -> None: ...
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    order_id: str
    currency: str
    state: ReservationState
    expires_at: _timestamp_pb2.Timestamp
    parts: _containers.RepeatedCompositeFieldContainer[Reservation.Part]
    def __init__(self, reservation_id: _Optional[str] = ..., order_id: _Optional[str] = ..., currency: _Optional[str] = ..., state: _Optional[_Union[ReservationState, str]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., parts: _Optional[_Iterable[_Union[Reservation.Part, _Mapping]]] = ...) -> None: ...

class FundEntry(_message.Message):
    __slots__ = ("entry_no", "transaction_id", "kind", "phase", "amount_minor", "balance_minor", "reference", "occurred_at", "posted_at")
    class Phase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PHASE_UNSPECIFIED: _ClassVar[FundEntry.Phase]
        PHASE_POSTED: _ClassVar[FundEntry.Phase]
        PHASE_RESERVED: _ClassVar[FundEntry.Phase]
    PHASE_UNSPECIFIED: FundEntry.Phase
    PHASE_POSTED: FundEntry.Phase
    PHASE_RESERVED: FundEntry.Phase
    ENTRY_NO_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    BALANCE_MINOR_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    POSTED_AT_FIELD_NUMBER: _ClassVar[int]
    entry_no: int
    transaction_id: str
    kind: str
    phase: FundEntry.Phase
    amount_minor: int
    balance_minor: int
    reference: str
    occurred_at: _timestamp_pb2.Timestamp
    posted_at: _timestamp_pb2.Timestamp
    def __init__(self, entry_no: _Optional[int] = ..., transaction_id: _Optional[str] = ..., kind: _Optional[str] = ..., phase: _Optional[_Union[FundEntry.Phase, str]] = ..., amount_minor: _Optional[int] = ..., balance_minor: _Optional[int] = ..., reference: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., posted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SettlementRow(_message.Message):
    __slots__ = ("funder", "pool_id", "activity_id", "currency", "reserved_minor", "spent_minor", "refunded_minor", "net_minor", "orders")
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    RESERVED_MINOR_FIELD_NUMBER: _ClassVar[int]
    SPENT_MINOR_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_MINOR_FIELD_NUMBER: _ClassVar[int]
    NET_MINOR_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    funder: str
    pool_id: str
    activity_id: str
    currency: str
    reserved_minor: int
    spent_minor: int
    refunded_minor: int
    net_minor: int
    orders: int
    def __init__(self, funder: _Optional[str] = ..., pool_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., currency: _Optional[str] = ..., reserved_minor: _Optional[int] = ..., spent_minor: _Optional[int] = ..., refunded_minor: _Optional[int] = ..., net_minor: _Optional[int] = ..., orders: _Optional[int] = ...) -> None: ...

class SettlementTotal(_message.Message):
    __slots__ = ("currency", "reserved_minor", "spent_minor", "refunded_minor", "net_minor", "orders")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    RESERVED_MINOR_FIELD_NUMBER: _ClassVar[int]
    SPENT_MINOR_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_MINOR_FIELD_NUMBER: _ClassVar[int]
    NET_MINOR_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    currency: str
    reserved_minor: int
    spent_minor: int
    refunded_minor: int
    net_minor: int
    orders: int
    def __init__(self, currency: _Optional[str] = ..., reserved_minor: _Optional[int] = ..., spent_minor: _Optional[int] = ..., refunded_minor: _Optional[int] = ..., net_minor: _Optional[int] = ..., orders: _Optional[int] = ...) -> None: ...

class ReconcileDifference(_message.Message):
    __slots__ = ("source", "kind", "order_id", "activity_id", "funder", "source_minor", "journal_minor")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[ReconcileDifference.Kind]
        KIND_MISSING_IN_JOURNAL: _ClassVar[ReconcileDifference.Kind]
        KIND_MISSING_IN_SOURCE: _ClassVar[ReconcileDifference.Kind]
        KIND_AMOUNT: _ClassVar[ReconcileDifference.Kind]
    KIND_UNSPECIFIED: ReconcileDifference.Kind
    KIND_MISSING_IN_JOURNAL: ReconcileDifference.Kind
    KIND_MISSING_IN_SOURCE: ReconcileDifference.Kind
    KIND_AMOUNT: ReconcileDifference.Kind
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    SOURCE_MINOR_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_MINOR_FIELD_NUMBER: _ClassVar[int]
    source: ReconcileSource
    kind: ReconcileDifference.Kind
    order_id: str
    activity_id: str
    funder: str
    source_minor: int
    journal_minor: int
    def __init__(self, source: _Optional[_Union[ReconcileSource, str]] = ..., kind: _Optional[_Union[ReconcileDifference.Kind, str]] = ..., order_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., funder: _Optional[str] = ..., source_minor: _Optional[int] = ..., journal_minor: _Optional[int] = ...) -> None: ...

class ReconcileTotal(_message.Message):
    __slots__ = ("source", "rows", "source_minor", "journal_minor", "missing_in_journal", "missing_in_source", "amounts_different")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_MINOR_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_MINOR_FIELD_NUMBER: _ClassVar[int]
    MISSING_IN_JOURNAL_FIELD_NUMBER: _ClassVar[int]
    MISSING_IN_SOURCE_FIELD_NUMBER: _ClassVar[int]
    AMOUNTS_DIFFERENT_FIELD_NUMBER: _ClassVar[int]
    source: ReconcileSource
    rows: int
    source_minor: int
    journal_minor: int
    missing_in_journal: int
    missing_in_source: int
    amounts_different: int
    def __init__(self, source: _Optional[_Union[ReconcileSource, str]] = ..., rows: _Optional[int] = ..., source_minor: _Optional[int] = ..., journal_minor: _Optional[int] = ..., missing_in_journal: _Optional[int] = ..., missing_in_source: _Optional[int] = ..., amounts_different: _Optional[int] = ...) -> None: ...
