import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from rangli.v1 import activity_pb2 as _activity_pb2
from rangli.v1 import lint_pb2 as _lint_pb2
from rangli.v1 import quote_pb2 as _quote_pb2
from rangli.v1 import refund_pb2 as _refund_pb2
from rangli.v1 import simulation_pb2 as _simulation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union
from rangli.v1.lint_pb2 import Draft as Draft
from rangli.v1.lint_pb2 import LintActivitiesRequest as LintActivitiesRequest
from rangli.v1.lint_pb2 import Finding as Finding
from rangli.v1.lint_pb2 import LintActivitiesResponse as LintActivitiesResponse
from rangli.v1.lint_pb2 import FindingKind as FindingKind
from rangli.v1.lint_pb2 import Severity as Severity
from rangli.v1.quote_pb2 import CartLine as CartLine
from rangli.v1.quote_pb2 import DeliveryGroup as DeliveryGroup
from rangli.v1.quote_pb2 import Fact as Fact
from rangli.v1.quote_pb2 import LimitLeft as LimitLeft
from rangli.v1.quote_pb2 import Credential as Credential
from rangli.v1.quote_pb2 import QuoteRequest as QuoteRequest
from rangli.v1.quote_pb2 import FunderAmount as FunderAmount
from rangli.v1.quote_pb2 import Adjustment as Adjustment
from rangli.v1.quote_pb2 import QuotedLine as QuotedLine
from rangli.v1.quote_pb2 import QuotedDelivery as QuotedDelivery
from rangli.v1.quote_pb2 import AddedLine as AddedLine
from rangli.v1.quote_pb2 import Earning as Earning
from rangli.v1.quote_pb2 import ConditionTrace as ConditionTrace
from rangli.v1.quote_pb2 import AppliedActivity as AppliedActivity
from rangli.v1.quote_pb2 import NotApplied as NotApplied
from rangli.v1.quote_pb2 import Hint as Hint
from rangli.v1.quote_pb2 import LayerTotal as LayerTotal
from rangli.v1.quote_pb2 import AppliedTerms as AppliedTerms
from rangli.v1.quote_pb2 import LineList as LineList
from rangli.v1.quote_pb2 import AppliedEntry as AppliedEntry
from rangli.v1.quote_pb2 import QuoteTerms as QuoteTerms
from rangli.v1.quote_pb2 import QuoteResponse as QuoteResponse
from rangli.v1.quote_pb2 import NotAppliedReason as NotAppliedReason
from rangli.v1.quote_pb2 import HintKind as HintKind
from rangli.v1.refund_pb2 import QuoteSnapshot as QuoteSnapshot
from rangli.v1.refund_pb2 import ReturnedLine as ReturnedLine
from rangli.v1.refund_pb2 import Return as Return
from rangli.v1.refund_pb2 import PreviewRefundRequest as PreviewRefundRequest
from rangli.v1.refund_pb2 import RefundedLine as RefundedLine
from rangli.v1.refund_pb2 import RefundedActivity as RefundedActivity
from rangli.v1.refund_pb2 import RequiredReturn as RequiredReturn
from rangli.v1.refund_pb2 import PreviewRefundResponse as PreviewRefundResponse
from rangli.v1.simulation_pb2 import SimulateActivitiesRequest as SimulateActivitiesRequest
from rangli.v1.simulation_pb2 import SimulatedTotals as SimulatedTotals
from rangli.v1.simulation_pb2 import SimulatedActivity as SimulatedActivity
from rangli.v1.simulation_pb2 import SimulatedCart as SimulatedCart
from rangli.v1.simulation_pb2 import SimulateActivitiesResponse as SimulateActivitiesResponse
from rangli.v1.simulation_pb2 import CurrencyDifference as CurrencyDifference

DESCRIPTOR: _descriptor.FileDescriptor
FINDING_KIND_UNSPECIFIED: _lint_pb2.FindingKind
FINDING_KIND_OVERLAP: _lint_pb2.FindingKind
FINDING_KIND_UNREACHABLE: _lint_pb2.FindingKind
FINDING_KIND_SHADOWED: _lint_pb2.FindingKind
FINDING_KIND_DEEP_STACK: _lint_pb2.FindingKind
FINDING_KIND_BELOW_FLOOR: _lint_pb2.FindingKind
FINDING_KIND_USELESS_CREDENTIAL: _lint_pb2.FindingKind
FINDING_KIND_NO_GROUP: _lint_pb2.FindingKind
FINDING_KIND_SAME_CODE: _lint_pb2.FindingKind
SEVERITY_UNSPECIFIED: _lint_pb2.Severity
SEVERITY_NOTE: _lint_pb2.Severity
SEVERITY_WARNING: _lint_pb2.Severity
SEVERITY_ERROR: _lint_pb2.Severity
NOT_APPLIED_REASON_UNSPECIFIED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_UNKNOWN_ACTIVITY: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_UNKNOWN_CODE: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_NO_CREDENTIAL_NEEDED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_CREDENTIAL_EXPIRED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_NOT_LIVE: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_NOT_STARTED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_ENDED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_OUTSIDE_WINDOW: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_OTHER_CURRENCY: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_OTHER_PRICE_BASIS: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_OTHER_CHANNEL: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_NOT_IN_AUDIENCE: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_FUNDS_PAUSED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_FUNDS_SLOWED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_OTHER_STORE: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_NO_ELIGIBLE_LINE: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_NO_CREDENTIAL: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_NO_GROUP: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_EXCLUDED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_CONDITION_NOT_MET: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_LIMIT_REACHED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_CLAMPED: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_NO_EFFECT: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_NOT_CHOSEN: _quote_pb2.NotAppliedReason
NOT_APPLIED_REASON_BEATEN: _quote_pb2.NotAppliedReason
HINT_KIND_UNSPECIFIED: _quote_pb2.HintKind
HINT_KIND_MORE_UNITS: _quote_pb2.HintKind
HINT_KIND_MORE_AMOUNT: _quote_pb2.HintKind
HINT_KIND_WITHOUT_CREDENTIAL: _quote_pb2.HintKind
HINT_KIND_FEWER_UNITS: _quote_pb2.HintKind

class Assumption(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASSUMPTION_UNSPECIFIED: _ClassVar[Assumption]
    ASSUMPTION_BOUGHT_ALONE: _ClassVar[Assumption]
    ASSUMPTION_NO_CREDENTIALS: _ClassVar[Assumption]
    ASSUMPTION_LIMITS_LEFT: _ClassVar[Assumption]
    ASSUMPTION_GUEST: _ClassVar[Assumption]
    ASSUMPTION_NO_STORE: _ClassVar[Assumption]
    ASSUMPTION_NO_CHANNEL: _ClassVar[Assumption]
    ASSUMPTION_NO_DELIVERY: _ClassVar[Assumption]
ASSUMPTION_UNSPECIFIED: Assumption
ASSUMPTION_BOUGHT_ALONE: Assumption
ASSUMPTION_NO_CREDENTIALS: Assumption
ASSUMPTION_LIMITS_LEFT: Assumption
ASSUMPTION_GUEST: Assumption
ASSUMPTION_NO_STORE: Assumption
ASSUMPTION_NO_CHANNEL: Assumption
ASSUMPTION_NO_DELIVERY: Assumption

class BatchQuoteRequest(_message.Message):
    __slots__ = ("quotes",)
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    quotes: _containers.RepeatedCompositeFieldContainer[_quote_pb2.QuoteRequest]
    def __init__(self, quotes: _Optional[_Iterable[_Union[_quote_pb2.QuoteRequest, _Mapping]]] = ...) -> None: ...

class BatchQuoteResponse(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("quote", "error")
        QUOTE_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        quote: _quote_pb2.QuoteResponse
        error: _status_pb2.Status
        def __init__(self, quote: _Optional[_Union[_quote_pb2.QuoteResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchQuoteResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchQuoteResponse.Item, _Mapping]]] = ...) -> None: ...

class GetPricesRequest(_message.Message):
    __slots__ = ("currency", "products", "user_id", "user_groups", "store_id", "channel", "priced_at", "facts", "price_basis")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_GROUPS_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PRICED_AT_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    PRICE_BASIS_FIELD_NUMBER: _ClassVar[int]
    currency: str
    products: _containers.RepeatedCompositeFieldContainer[_quote_pb2.CartLine]
    user_id: str
    user_groups: _containers.RepeatedScalarFieldContainer[str]
    store_id: str
    channel: str
    priced_at: _timestamp_pb2.Timestamp
    facts: _containers.RepeatedCompositeFieldContainer[_quote_pb2.Fact]
    price_basis: _activity_pb2.PriceBasis
    def __init__(self, currency: _Optional[str] = ..., products: _Optional[_Iterable[_Union[_quote_pb2.CartLine, _Mapping]]] = ..., user_id: _Optional[str] = ..., user_groups: _Optional[_Iterable[str]] = ..., store_id: _Optional[str] = ..., channel: _Optional[str] = ..., priced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., facts: _Optional[_Iterable[_Union[_quote_pb2.Fact, _Mapping]]] = ..., price_basis: _Optional[_Union[_activity_pb2.PriceBasis, str]] = ...) -> None: ...

class EstimatedPrice(_message.Message):
    __slots__ = ("line_id", "list_minor", "price_minor", "activity_ids", "valid_until")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_IDS_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    list_minor: int
    price_minor: int
    activity_ids: _containers.RepeatedScalarFieldContainer[str]
    valid_until: _timestamp_pb2.Timestamp
    def __init__(self, line_id: _Optional[str] = ..., list_minor: _Optional[int] = ..., price_minor: _Optional[int] = ..., activity_ids: _Optional[_Iterable[str]] = ..., valid_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetPricesResponse(_message.Message):
    __slots__ = ("currency", "priced_at", "catalogue_version", "prices", "assumptions")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PRICED_AT_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_VERSION_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    ASSUMPTIONS_FIELD_NUMBER: _ClassVar[int]
    currency: str
    priced_at: _timestamp_pb2.Timestamp
    catalogue_version: int
    prices: _containers.RepeatedCompositeFieldContainer[EstimatedPrice]
    assumptions: _containers.RepeatedScalarFieldContainer[Assumption]
    def __init__(self, currency: _Optional[str] = ..., priced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., catalogue_version: _Optional[int] = ..., prices: _Optional[_Iterable[_Union[EstimatedPrice, _Mapping]]] = ..., assumptions: _Optional[_Iterable[_Union[Assumption, str]]] = ...) -> None: ...
