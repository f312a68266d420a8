import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rangli.v1 import coupon_pb2 as _coupon_pb2
from rangli.v1 import checkout_pb2 as _checkout_pb2
from rangli.v1 import quote_pb2 as _quote_pb2
from rangli.v1 import refund_pb2 as _refund_pb2
from rangli.v1 import wallet_service_pb2 as _wallet_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union
from rangli.v1.checkout_pb2 import Checkout as Checkout
from rangli.v1.checkout_pb2 import Evaluation as Evaluation
from rangli.v1.checkout_pb2 import OrderTender as OrderTender
from rangli.v1.checkout_pb2 import Shipment as Shipment
from rangli.v1.checkout_pb2 import OrderRefund as OrderRefund
from rangli.v1.checkout_pb2 import Order as Order
from rangli.v1.checkout_pb2 import OrderState as OrderState

DESCRIPTOR: _descriptor.FileDescriptor
ORDER_STATE_UNSPECIFIED: _checkout_pb2.OrderState
ORDER_STATE_RESERVED: _checkout_pb2.OrderState
ORDER_STATE_PARTLY_COMMITTED: _checkout_pb2.OrderState
ORDER_STATE_COMMITTED: _checkout_pb2.OrderState
ORDER_STATE_RELEASED: _checkout_pb2.OrderState
ORDER_STATE_EXPIRED: _checkout_pb2.OrderState
ORDER_STATE_REFUNDED: _checkout_pb2.OrderState

class PriceChange(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRICE_CHANGE_UNSPECIFIED: _ClassVar[PriceChange]
    PRICE_CHANGE_REFUSE: _ClassVar[PriceChange]
    PRICE_CHANGE_ACCEPT_LOWER: _ClassVar[PriceChange]
    PRICE_CHANGE_ACCEPT_ANY: _ClassVar[PriceChange]
PRICE_CHANGE_UNSPECIFIED: PriceChange
PRICE_CHANGE_REFUSE: PriceChange
PRICE_CHANGE_ACCEPT_LOWER: PriceChange
PRICE_CHANGE_ACCEPT_ANY: PriceChange

class EvaluateRequest(_message.Message):
    __slots__ = ("checkout", "explain", "ttl_s")
    CHECKOUT_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    TTL_S_FIELD_NUMBER: _ClassVar[int]
    checkout: _checkout_pb2.Checkout
    explain: bool
    ttl_s: int
    def __init__(self, checkout: _Optional[_Union[_checkout_pb2.Checkout, _Mapping]] = ..., explain: _Optional[bool] = ..., ttl_s: _Optional[int] = ...) -> None: ...

class ListUsableCouponsRequest(_message.Message):
    __slots__ = ("checkout",)
    CHECKOUT_FIELD_NUMBER: _ClassVar[int]
    checkout: _checkout_pb2.Checkout
    def __init__(self, checkout: _Optional[_Union[_checkout_pb2.Checkout, _Mapping]] = ...) -> None: ...

class ListUsableCouponsResponse(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("coupon", "usable", "saving_minor", "chosen", "why", "coupon_problem")
        COUPON_FIELD_NUMBER: _ClassVar[int]
        USABLE_FIELD_NUMBER: _ClassVar[int]
        SAVING_MINOR_FIELD_NUMBER: _ClassVar[int]
        CHOSEN_FIELD_NUMBER: _ClassVar[int]
        WHY_FIELD_NUMBER: _ClassVar[int]
        COUPON_PROBLEM_FIELD_NUMBER: _ClassVar[int]
        coupon: _coupon_pb2.Coupon
        usable: bool
        saving_minor: int
        chosen: bool
        why: _quote_pb2.NotApplied
        coupon_problem: str
        def __init__(self, coupon: _Optional[_Union[_coupon_pb2.Coupon, _Mapping]] = ..., usable: _Optional[bool] = ..., saving_minor: _Optional[int] = ..., chosen: _Optional[bool] = ..., why: _Optional[_Union[_quote_pb2.NotApplied, _Mapping]] = ..., coupon_problem: _Optional[str] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ListUsableCouponsResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[ListUsableCouponsResponse.Item, _Mapping]]] = ...) -> None: ...

class ReserveOrderRequest(_message.Message):
    __slots__ = ("request_id", "order_id", "checkout", "token", "expected_payable_minor", "price_change", "ttl_s", "tenders")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKOUT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    PRICE_CHANGE_FIELD_NUMBER: _ClassVar[int]
    TTL_S_FIELD_NUMBER: _ClassVar[int]
    TENDERS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    order_id: str
    checkout: _checkout_pb2.Checkout
    token: str
    expected_payable_minor: int
    price_change: PriceChange
    ttl_s: int
    tenders: _containers.RepeatedCompositeFieldContainer[_checkout_pb2.OrderTender]
    def __init__(self, request_id: _Optional[str] = ..., order_id: _Optional[str] = ..., checkout: _Optional[_Union[_checkout_pb2.Checkout, _Mapping]] = ..., token: _Optional[str] = ..., expected_payable_minor: _Optional[int] = ..., price_change: _Optional[_Union[PriceChange, str]] = ..., ttl_s: _Optional[int] = ..., tenders: _Optional[_Iterable[_Union[_checkout_pb2.OrderTender, _Mapping]]] = ...) -> None: ...

class AmendOrderRequest(_message.Message):
    __slots__ = ("request_id", "order_id", "checkout", "token", "expected_payable_minor", "price_change", "ttl_s", "tenders", "expected_revision")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKOUT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    PRICE_CHANGE_FIELD_NUMBER: _ClassVar[int]
    TTL_S_FIELD_NUMBER: _ClassVar[int]
    TENDERS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    order_id: str
    checkout: _checkout_pb2.Checkout
    token: str
    expected_payable_minor: int
    price_change: PriceChange
    ttl_s: int
    tenders: _containers.RepeatedCompositeFieldContainer[_checkout_pb2.OrderTender]
    expected_revision: int
    def __init__(self, request_id: _Optional[str] = ..., order_id: _Optional[str] = ..., checkout: _Optional[_Union[_checkout_pb2.Checkout, _Mapping]] = ..., token: _Optional[str] = ..., expected_payable_minor: _Optional[int] = ..., price_change: _Optional[_Union[PriceChange, str]] = ..., ttl_s: _Optional[int] = ..., tenders: _Optional[_Iterable[_Union[_checkout_pb2.OrderTender, _Mapping]]] = ..., expected_revision: _Optional[int] = ...) -> None: ...

class CommitOrderRequest(_message.Message):
    __slots__ = ("request_id", "order_id", "lines", "delivery_ids", "final", "late", "occurred_at")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_IDS_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    order_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_refund_pb2.ReturnedLine]
    delivery_ids: _containers.RepeatedScalarFieldContainer[str]
    final: bool
    late: bool
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., order_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_refund_pb2.ReturnedLine, _Mapping]]] = ..., delivery_ids: _Optional[_Iterable[str]] = ..., final: _Optional[bool] = ..., late: _Optional[bool] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReleaseOrderRequest(_message.Message):
    __slots__ = ("request_id", "order_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    order_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., order_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RefundOrderRequest(_message.Message):
    __slots__ = ("request_id", "order_id", "returned", "whole", "expected_refund_minor", "reason", "expired_lots", "extend_s")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REFUND_MINOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_LOTS_FIELD_NUMBER: _ClassVar[int]
    EXTEND_S_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    order_id: str
    returned: _refund_pb2.Return
    whole: bool
    expected_refund_minor: int
    reason: str
    expired_lots: _wallet_service_pb2.ExpiredLots
    extend_s: int
    def __init__(self, request_id: _Optional[str] = ..., order_id: _Optional[str] = ..., returned: _Optional[_Union[_refund_pb2.Return, _Mapping]] = ..., whole: _Optional[bool] = ..., expected_refund_minor: _Optional[int] = ..., reason: _Optional[str] = ..., expired_lots: _Optional[_Union[_wallet_service_pb2.ExpiredLots, str]] = ..., extend_s: _Optional[int] = ...) -> None: ...

class RefundOrderResponse(_message.Message):
    __slots__ = ("order", "refund", "tenders", "external_minor", "returned_coupon_ids")
    class Tender(_message.Message):
        __slots__ = ("kind", "unit", "amount", "refund_minor")
        KIND_FIELD_NUMBER: _ClassVar[int]
        UNIT_FIELD_NUMBER: _ClassVar[int]
        AMOUNT_FIELD_NUMBER: _ClassVar[int]
        REFUND_MINOR_FIELD_NUMBER: _ClassVar[int]
        kind: _wallet_service_pb2.WalletKind
        unit: str
        amount: int
        refund_minor: int
        def __init__(self, kind: _Optional[_Union[_wallet_service_pb2.WalletKind, str]] = ..., unit: _Optional[str] = ..., amount: _Optional[int] = ..., refund_minor: _Optional[int] = ...) -> None: ...
    ORDER_FIELD_NUMBER: _ClassVar[int]
    REFUND_FIELD_NUMBER: _ClassVar[int]
    TENDERS_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_MINOR_FIELD_NUMBER: _ClassVar[int]
    RETURNED_COUPON_IDS_FIELD_NUMBER: _ClassVar[int]
    order: _checkout_pb2.Order
    refund: _refund_pb2.PreviewRefundResponse
    tenders: _containers.RepeatedCompositeFieldContainer[RefundOrderResponse.Tender]
    external_minor: int
    returned_coupon_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, order: _Optional[_Union[_checkout_pb2.Order, _Mapping]] = ..., refund: _Optional[_Union[_refund_pb2.PreviewRefundResponse, _Mapping]] = ..., tenders: _Optional[_Iterable[_Union[RefundOrderResponse.Tender, _Mapping]]] = ..., external_minor: _Optional[int] = ..., returned_coupon_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class PreviewOrderRefundRequest(_message.Message):
    __slots__ = ("order_id", "returned", "whole")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    returned: _refund_pb2.Return
    whole: bool
    def __init__(self, order_id: _Optional[str] = ..., returned: _Optional[_Union[_refund_pb2.Return, _Mapping]] = ..., whole: _Optional[bool] = ...) -> None: ...

class GetOrderRequest(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class ListOrdersRequest(_message.Message):
    __slots__ = ("user_id", "states", "page_size", "page_token")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    states: _containers.RepeatedScalarFieldContainer[_checkout_pb2.OrderState]
    page_size: int
    page_token: str
    def __init__(self, user_id: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_checkout_pb2.OrderState, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOrdersResponse(_message.Message):
    __slots__ = ("orders", "next_page_token")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[_checkout_pb2.Order]
    next_page_token: str
    def __init__(self, orders: _Optional[_Iterable[_Union[_checkout_pb2.Order, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ExplainOrderRequest(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class ExplainOrderResponse(_message.Message):
    __slots__ = ("order", "cart", "quote")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CART_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    order: _checkout_pb2.Order
    cart: _quote_pb2.QuoteRequest
    quote: _quote_pb2.QuoteResponse
    def __init__(self, order: _Optional[_Union[_checkout_pb2.Order, _Mapping]] = ..., cart: _Optional[_Union[_quote_pb2.QuoteRequest, _Mapping]] = ..., quote: _Optional[_Union[_quote_pb2.QuoteResponse, _Mapping]] = ...) -> None: ...
