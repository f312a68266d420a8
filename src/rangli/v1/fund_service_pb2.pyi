import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from rangli.v1 import activity_pb2 as _activity_pb2
from rangli.v1 import fund_pb2 as _fund_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union
from rangli.v1.fund_pb2 import Pool as Pool
from rangli.v1.fund_pb2 import ActivityFunding as ActivityFunding
from rangli.v1.fund_pb2 import FunderPart as FunderPart
from rangli.v1.fund_pb2 import ReserveItem as ReserveItem
from rangli.v1.fund_pb2 import AmountItem as AmountItem
from rangli.v1.fund_pb2 import Reservation as Reservation
from rangli.v1.fund_pb2 import FundEntry as FundEntry
from rangli.v1.fund_pb2 import SettlementRow as SettlementRow
from rangli.v1.fund_pb2 import SettlementTotal as SettlementTotal
from rangli.v1.fund_pb2 import ReconcileDifference as ReconcileDifference
from rangli.v1.fund_pb2 import ReconcileTotal as ReconcileTotal
from rangli.v1.fund_pb2 import PoolState as PoolState
from rangli.v1.fund_pb2 import ReservationState as ReservationState
from rangli.v1.fund_pb2 import ReconcileSource as ReconcileSource

DESCRIPTOR: _descriptor.FileDescriptor
POOL_STATE_UNSPECIFIED: _fund_pb2.PoolState
POOL_STATE_OPEN: _fund_pb2.PoolState
POOL_STATE_FROZEN: _fund_pb2.PoolState
POOL_STATE_CLOSED: _fund_pb2.PoolState
RESERVATION_STATE_UNSPECIFIED: _fund_pb2.ReservationState
RESERVATION_STATE_RESERVED: _fund_pb2.ReservationState
RESERVATION_STATE_SPENT: _fund_pb2.ReservationState
RESERVATION_STATE_RELEASED: _fund_pb2.ReservationState
RESERVATION_STATE_EXPIRED: _fund_pb2.ReservationState
RECONCILE_SOURCE_UNSPECIFIED: _fund_pb2.ReconcileSource
RECONCILE_SOURCE_ORDER: _fund_pb2.ReconcileSource
RECONCILE_SOURCE_REDEMPTION: _fund_pb2.ReconcileSource

class CreatePoolRequest(_message.Message):
    __slots__ = ("request_id", "pool_id", "parent_id", "display_name", "funder", "currency", "time_zone", "warn_bps", "slow_bps", "daily_cap_minor", "budget_minor", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    WARN_BPS_FIELD_NUMBER: _ClassVar[int]
    SLOW_BPS_FIELD_NUMBER: _ClassVar[int]
    DAILY_CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    BUDGET_MINOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    pool_id: str
    parent_id: str
    display_name: str
    funder: str
    currency: str
    time_zone: str
    warn_bps: int
    slow_bps: int
    daily_cap_minor: int
    budget_minor: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., pool_id: _Optional[str] = ..., parent_id: _Optional[str] = ..., display_name: _Optional[str] = ..., funder: _Optional[str] = ..., currency: _Optional[str] = ..., time_zone: _Optional[str] = ..., warn_bps: _Optional[int] = ..., slow_bps: _Optional[int] = ..., daily_cap_minor: _Optional[int] = ..., budget_minor: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class GetPoolRequest(_message.Message):
    __slots__ = ("pool_id",)
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    pool_id: str
    def __init__(self, pool_id: _Optional[str] = ...) -> None: ...

class ListPoolsRequest(_message.Message):
    __slots__ = ("parent_id", "page_size", "page_token")
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent_id: str
    page_size: int
    page_token: str
    def __init__(self, parent_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPoolsResponse(_message.Message):
    __slots__ = ("pools", "next_page_token")
    POOLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    pools: _containers.RepeatedCompositeFieldContainer[_fund_pb2.Pool]
    next_page_token: str
    def __init__(self, pools: _Optional[_Iterable[_Union[_fund_pb2.Pool, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AllocatePoolRequest(_message.Message):
    __slots__ = ("request_id", "pool_id", "amount_minor", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    pool_id: str
    amount_minor: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., pool_id: _Optional[str] = ..., amount_minor: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class AdjustPoolRequest(_message.Message):
    __slots__ = ("request_id", "pool_id", "expected_budget_minor", "budget_minor", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_BUDGET_MINOR_FIELD_NUMBER: _ClassVar[int]
    BUDGET_MINOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    pool_id: str
    expected_budget_minor: int
    budget_minor: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., pool_id: _Optional[str] = ..., expected_budget_minor: _Optional[int] = ..., budget_minor: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class UpdatePoolRequest(_message.Message):
    __slots__ = ("request_id", "pool_id", "expected_revision", "display_name", "daily_cap_minor", "warn_bps", "slow_bps", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DAILY_CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    WARN_BPS_FIELD_NUMBER: _ClassVar[int]
    SLOW_BPS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    pool_id: str
    expected_revision: int
    display_name: str
    daily_cap_minor: int
    warn_bps: int
    slow_bps: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., pool_id: _Optional[str] = ..., expected_revision: _Optional[int] = ..., display_name: _Optional[str] = ..., daily_cap_minor: _Optional[int] = ..., warn_bps: _Optional[int] = ..., slow_bps: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class PoolVerbRequest(_message.Message):
    __slots__ = ("request_id", "pool_id", "expected_revision", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    pool_id: str
    expected_revision: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., pool_id: _Optional[str] = ..., expected_revision: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class SetActivityFundingRequest(_message.Message):
    __slots__ = ("request_id", "activity_id", "version", "currency", "shares")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    activity_id: str
    version: int
    currency: str
    shares: _containers.RepeatedCompositeFieldContainer[_activity_pb2.FundingShare]
    def __init__(self, request_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., version: _Optional[int] = ..., currency: _Optional[str] = ..., shares: _Optional[_Iterable[_Union[_activity_pb2.FundingShare, _Mapping]]] = ...) -> None: ...

class GetActivityFundingRequest(_message.Message):
    __slots__ = ("activity_id", "version")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    version: int
    def __init__(self, activity_id: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class ReserveRequest(_message.Message):
    __slots__ = ("request_id", "order_id", "ttl_s", "items")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    TTL_S_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    order_id: str
    ttl_s: int
    items: _containers.RepeatedCompositeFieldContainer[_fund_pb2.ReserveItem]
    def __init__(self, request_id: _Optional[str] = ..., order_id: _Optional[str] = ..., ttl_s: _Optional[int] = ..., items: _Optional[_Iterable[_Union[_fund_pb2.ReserveItem, _Mapping]]] = ...) -> None: ...

class SpendRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id", "items", "final", "late", "occurred_at")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    items: _containers.RepeatedCompositeFieldContainer[_fund_pb2.AmountItem]
    final: bool
    late: bool
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[_fund_pb2.AmountItem, _Mapping]]] = ..., final: _Optional[bool] = ..., late: _Optional[bool] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReleaseRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ...) -> None: ...

class RefundRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id", "items", "occurred_at")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    items: _containers.RepeatedCompositeFieldContainer[_fund_pb2.AmountItem]
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[_fund_pb2.AmountItem, _Mapping]]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RefundResponse(_message.Message):
    __slots__ = ("reservation", "parts")
    class Part(_message.Message):
        __slots__ = ("activity_id", "funder", "pool_id", "amount_minor")
        ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
        FUNDER_FIELD_NUMBER: _ClassVar[int]
        POOL_ID_FIELD_NUMBER: _ClassVar[int]
        AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
        activity_id: str
        funder: str
        pool_id: str
        amount_minor: int
        def __init__(self, activity_id: _Optional[str] = ..., funder: _Optional[str] = ..., pool_id: _Optional[str] = ..., amount_minor: _Optional[int] = ...) -> None: ...
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    reservation: _fund_pb2.Reservation
    parts: _containers.RepeatedCompositeFieldContainer[RefundResponse.Part]
    def __init__(self, reservation: _Optional[_Union[_fund_pb2.Reservation, _Mapping]] = ..., parts: _Optional[_Iterable[_Union[RefundResponse.Part, _Mapping]]] = ...) -> None: ...

class BatchSpendRequest(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("request_id", "order_id", "items", "occurred_at")
        REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
        ORDER_ID_FIELD_NUMBER: _ClassVar[int]
        ITEMS_FIELD_NUMBER: _ClassVar[int]
        OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
        request_id: str
        order_id: str
        items: _containers.RepeatedCompositeFieldContainer[_fund_pb2.ReserveItem]
        occurred_at: _timestamp_pb2.Timestamp
        def __init__(self, request_id: _Optional[str] = ..., order_id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[_fund_pb2.ReserveItem, _Mapping]]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchSpendRequest.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchSpendRequest.Item, _Mapping]]] = ...) -> None: ...

class BatchSpendResponse(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("reservation", "error")
        RESERVATION_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        reservation: _fund_pb2.Reservation
        error: _status_pb2.Status
        def __init__(self, reservation: _Optional[_Union[_fund_pb2.Reservation, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchSpendResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchSpendResponse.Item, _Mapping]]] = ...) -> None: ...

class GetReservationRequest(_message.Message):
    __slots__ = ("reservation_id",)
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    def __init__(self, reservation_id: _Optional[str] = ...) -> None: ...

class ListEntriesRequest(_message.Message):
    __slots__ = ("pool_id", "page_size", "page_token")
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    pool_id: str
    page_size: int
    page_token: str
    def __init__(self, pool_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEntriesResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[_fund_pb2.FundEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[_fund_pb2.FundEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetSettlementReportRequest(_message.Message):
    __slots__ = ("funder", "starts_at", "ends_at", "page_size", "page_token")
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    funder: str
    starts_at: _timestamp_pb2.Timestamp
    ends_at: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, funder: _Optional[str] = ..., starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class GetSettlementReportResponse(_message.Message):
    __slots__ = ("rows", "totals", "next_page_token")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[_fund_pb2.SettlementRow]
    totals: _containers.RepeatedCompositeFieldContainer[_fund_pb2.SettlementTotal]
    next_page_token: str
    def __init__(self, rows: _Optional[_Iterable[_Union[_fund_pb2.SettlementRow, _Mapping]]] = ..., totals: _Optional[_Iterable[_Union[_fund_pb2.SettlementTotal, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ReconcileRequest(_message.Message):
    __slots__ = ("header", "rows")
    class Header(_message.Message):
        __slots__ = ("starts_at", "ends_at")
        STARTS_AT_FIELD_NUMBER: _ClassVar[int]
        ENDS_AT_FIELD_NUMBER: _ClassVar[int]
        starts_at: _timestamp_pb2.Timestamp
        ends_at: _timestamp_pb2.Timestamp
        def __init__(self, starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    class Row(_message.Message):
        __slots__ = ("source", "order_id", "activity_id", "funder", "amount_minor")
        SOURCE_FIELD_NUMBER: _ClassVar[int]
        ORDER_ID_FIELD_NUMBER: _ClassVar[int]
        ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
        FUNDER_FIELD_NUMBER: _ClassVar[int]
        AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
        source: _fund_pb2.ReconcileSource
        order_id: str
        activity_id: str
        funder: str
        amount_minor: int
        def __init__(self, source: _Optional[_Union[_fund_pb2.ReconcileSource, str]] = ..., order_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., funder: _Optional[str] = ..., amount_minor: _Optional[int] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    header: ReconcileRequest.Header
    rows: _containers.RepeatedCompositeFieldContainer[ReconcileRequest.Row]
    def __init__(self, header: _Optional[_Union[ReconcileRequest.Header, _Mapping]] = ..., rows: _Optional[_Iterable[_Union[ReconcileRequest.Row, _Mapping]]] = ...) -> None: ...

class ReconcileResponse(_message.Message):
    __slots__ = ("totals", "differences", "differences_total")
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    totals: _containers.RepeatedCompositeFieldContainer[_fund_pb2.ReconcileTotal]
    differences: _containers.RepeatedCompositeFieldContainer[_fund_pb2.ReconcileDifference]
    differences_total: int
    def __init__(self, totals: _Optional[_Iterable[_Union[_fund_pb2.ReconcileTotal, _Mapping]]] = ..., differences: _Optional[_Iterable[_Union[_fund_pb2.ReconcileDifference, _Mapping]]] = ..., differences_total: _Optional[int] = ...) -> None: ...
