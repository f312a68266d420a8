import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rangli.v1 import quote_pb2 as _quote_pb2
from rangli.v1 import refund_pb2 as _refund_pb2
from rangli.v1 import wallet_service_pb2 as _wallet_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OrderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_STATE_UNSPECIFIED: _ClassVar[OrderState]
    ORDER_STATE_RESERVED: _ClassVar[OrderState]
    ORDER_STATE_PARTLY_COMMITTED: _ClassVar[OrderState]
    ORDER_STATE_COMMITTED: _ClassVar[OrderState]
    ORDER_STATE_RELEASED: _ClassVar[OrderState]
    ORDER_STATE_EXPIRED: _ClassVar[OrderState]
    ORDER_STATE_REFUNDED: _ClassVar[OrderState]
ORDER_STATE_UNSPECIFIED: OrderState
ORDER_STATE_RESERVED: OrderState
ORDER_STATE_PARTLY_COMMITTED: OrderState
ORDER_STATE_COMMITTED: OrderState
ORDER_STATE_RELEASED: OrderState
ORDER_STATE_EXPIRED: OrderState
ORDER_STATE_REFUNDED: OrderState

class Checkout(_message.Message):
    __slots__ = ("cart", "coupon_ids", "without_coupons", "device_id", "phone")
    CART_FIELD_NUMBER: _ClassVar[int]
    COUPON_IDS_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_COUPONS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    cart: _quote_pb2.QuoteRequest
    coupon_ids: _containers.RepeatedScalarFieldContainer[str]
    without_coupons: bool
    device_id: str
    phone: str
    def __init__(self, cart: _Optional[_Union[_quote_pb2.QuoteRequest, _Mapping]] = ..., coupon_ids: _Optional[_Iterable[str]] = ..., without_coupons: _Optional[bool] = ..., device_id: _Optional[str] = ..., phone: _Optional[str] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("quote", "coupon_ids", "token", "expires_at")
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    COUPON_IDS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    quote: _quote_pb2.QuoteResponse
    coupon_ids: _containers.RepeatedScalarFieldContainer[str]
    token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, quote: _Optional[_Union[_quote_pb2.QuoteResponse, _Mapping]] = ..., coupon_ids: _Optional[_Iterable[str]] = ..., token: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class OrderTender(_message.Message):
    __slots__ = ("kind", "unit", "amount", "pays_minor")
    KIND_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PAYS_MINOR_FIELD_NUMBER: _ClassVar[int]
    kind: _wallet_service_pb2.WalletKind
    unit: str
    amount: int
    pays_minor: int
    def __init__(self, kind: _Optional[_Union[_wallet_service_pb2.WalletKind, str]] = ..., unit: _Optional[str] = ..., amount: _Optional[int] = ..., pays_minor: _Optional[int] = ...) -> None: ...

class Shipment(_message.Message):
    __slots__ = ("shipment_id", "lines", "delivery_ids", "committed_at")
    SHIPMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_IDS_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    shipment_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_refund_pb2.ReturnedLine]
    delivery_ids: _containers.RepeatedScalarFieldContainer[str]
    committed_at: _timestamp_pb2.Timestamp
    def __init__(self, shipment_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_refund_pb2.ReturnedLine, _Mapping]]] = ..., delivery_ids: _Optional[_Iterable[str]] = ..., committed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class OrderRefund(_message.Message):
    __slots__ = ("refund_id", "returned", "refund_minor", "refunded_at")
    REFUND_ID_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    REFUND_MINOR_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_AT_FIELD_NUMBER: _ClassVar[int]
    refund_id: str
    returned: _refund_pb2.Return
    refund_minor: int
    refunded_at: _timestamp_pb2.Timestamp
    def __init__(self, refund_id: _Optional[str] = ..., returned: _Optional[_Union[_refund_pb2.Return, _Mapping]] = ..., refund_minor: _Optional[int] = ..., refunded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Order(_message.Message):
    __slots__ = ("order_id", "user_id", "state", "currency", "list_minor", "discount_minor", "payable_minor", "refunded_minor", "coupon_ids", "fund_reservation_id", "wallet_reservation_id", "tenders", "expires_at", "shipments", "refunds", "created_at", "revision", "catalogue_version")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_MINOR_FIELD_NUMBER: _ClassVar[int]
    COUPON_IDS_FIELD_NUMBER: _ClassVar[int]
    FUND_RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    WALLET_RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENDERS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    SHIPMENTS_FIELD_NUMBER: _ClassVar[int]
    REFUNDS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_VERSION_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    user_id: str
    state: OrderState
    currency: str
    list_minor: int
    discount_minor: int
    payable_minor: int
    refunded_minor: int
    coupon_ids: _containers.RepeatedScalarFieldContainer[str]
    fund_reservation_id: str
    wallet_reservation_id: str
    tenders: _containers.RepeatedCompositeFieldContainer[OrderTender]
    expires_at: _timestamp_pb2.Timestamp
    shipments: _containers.RepeatedCompositeFieldContainer[Shipment]
    refunds: _containers.RepeatedCompositeFieldContainer[OrderRefund]
    created_at: _timestamp_pb2.Timestamp
    revision: int
    catalogue_version: int
    def __init__(self, order_id: _Optional[str] = ..., user_id: _Optional[str] = ..., state: _Optional[_Union[OrderState, str]] = ..., currency: _Optional[str] = ..., list_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., payable_minor: _Optional[int] = ..., refunded_minor: _Optional[int] = ..., coupon_ids: _Optional[_Iterable[str]] = ..., fund_reservation_id: _Optional[str] = ..., wallet_reservation_id: _Optional[str] = ..., tenders: _Optional[_Iterable[_Union[OrderTender, _Mapping]]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., shipments: _Optional[_Iterable[_Union[Shipment, _Mapping]]] = ..., refunds: _Optional[_Iterable[_Union[OrderRefund, _Mapping]]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ..., catalogue_version: _Optional[int] = ...) -> None: ...
