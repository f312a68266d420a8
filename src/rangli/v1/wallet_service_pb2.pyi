import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WalletKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WALLET_KIND_UNSPECIFIED: _ClassVar[WalletKind]
    WALLET_KIND_BALANCE: _ClassVar[WalletKind]
    WALLET_KIND_POINTS: _ClassVar[WalletKind]
    WALLET_KIND_CASH: _ClassVar[WalletKind]

class WalletReservationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WALLET_RESERVATION_STATE_UNSPECIFIED: _ClassVar[WalletReservationState]
    WALLET_RESERVATION_STATE_RESERVED: _ClassVar[WalletReservationState]
    WALLET_RESERVATION_STATE_CAPTURED: _ClassVar[WalletReservationState]
    WALLET_RESERVATION_STATE_RELEASED: _ClassVar[WalletReservationState]
    WALLET_RESERVATION_STATE_EXPIRED: _ClassVar[WalletReservationState]

class ExpiredLots(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXPIRED_LOTS_UNSPECIFIED: _ClassVar[ExpiredLots]
    EXPIRED_LOTS_RETURN: _ClassVar[ExpiredLots]
    EXPIRED_LOTS_EXTEND: _ClassVar[ExpiredLots]

class WalletEntryType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WALLET_ENTRY_TYPE_UNSPECIFIED: _ClassVar[WalletEntryType]
    WALLET_ENTRY_TYPE_CREDIT: _ClassVar[WalletEntryType]
    WALLET_ENTRY_TYPE_DEBIT: _ClassVar[WalletEntryType]
    WALLET_ENTRY_TYPE_CAPTURE: _ClassVar[WalletEntryType]
    WALLET_ENTRY_TYPE_REFUND: _ClassVar[WalletEntryType]
    WALLET_ENTRY_TYPE_EXPIRY: _ClassVar[WalletEntryType]
    WALLET_ENTRY_TYPE_EXTENSION: _ClassVar[WalletEntryType]
    WALLET_ENTRY_TYPE_OTHER: _ClassVar[WalletEntryType]
WALLET_KIND_UNSPECIFIED: WalletKind
WALLET_KIND_BALANCE: WalletKind
WALLET_KIND_POINTS: WalletKind
WALLET_KIND_CASH: WalletKind
WALLET_RESERVATION_STATE_UNSPECIFIED: WalletReservationState
WALLET_RESERVATION_STATE_RESERVED: WalletReservationState
WALLET_RESERVATION_STATE_CAPTURED: WalletReservationState
WALLET_RESERVATION_STATE_RELEASED: WalletReservationState
WALLET_RESERVATION_STATE_EXPIRED: WalletReservationState
EXPIRED_LOTS_UNSPECIFIED: ExpiredLots
EXPIRED_LOTS_RETURN: ExpiredLots
EXPIRED_LOTS_EXTEND: ExpiredLots
WALLET_ENTRY_TYPE_UNSPECIFIED: WalletEntryType
WALLET_ENTRY_TYPE_CREDIT: WalletEntryType
WALLET_ENTRY_TYPE_DEBIT: WalletEntryType
WALLET_ENTRY_TYPE_CAPTURE: WalletEntryType
WALLET_ENTRY_TYPE_REFUND: WalletEntryType
WALLET_ENTRY_TYPE_EXPIRY: WalletEntryType
WALLET_ENTRY_TYPE_EXTENSION: WalletEntryType
WALLET_ENTRY_TYPE_OTHER: WalletEntryType

class CreditRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "kind", "unit", "amount", "expires_at", "reference", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    kind: WalletKind
    unit: str
    amount: int
    expires_at: _timestamp_pb2.Timestamp
    reference: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., kind: _Optional[_Union[WalletKind, str]] = ..., unit: _Optional[str] = ..., amount: _Optional[int] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reference: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class CreditResponse(_message.Message):
    __slots__ = ("transaction_id",)
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    transaction_id: str
    def __init__(self, transaction_id: _Optional[str] = ...) -> None: ...

class BatchCreditRequest(_message.Message):
    __slots__ = ("credits",)
    CREDITS_FIELD_NUMBER: _ClassVar[int]
    credits: _containers.RepeatedCompositeFieldContainer[CreditRequest]
    def __init__(self, credits: _Optional[_Iterable[_Union[CreditRequest, _Mapping]]] = ...) -> None: ...

class BatchCreditResponse(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("credit", "error")
        CREDIT_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        credit: CreditResponse
        error: _status_pb2.Status
        def __init__(self, credit: _Optional[_Union[CreditResponse, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchCreditResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchCreditResponse.Item, _Mapping]]] = ...) -> None: ...

class DebitRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "kind", "unit", "amount", "reference", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    kind: WalletKind
    unit: str
    amount: int
    reference: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., kind: _Optional[_Union[WalletKind, str]] = ..., unit: _Optional[str] = ..., amount: _Optional[int] = ..., reference: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DebitResponse(_message.Message):
    __slots__ = ("transaction_id", "lots")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    LOTS_FIELD_NUMBER: _ClassVar[int]
    transaction_id: str
    lots: _containers.RepeatedCompositeFieldContainer[LotAmount]
    def __init__(self, transaction_id: _Optional[str] = ..., lots: _Optional[_Iterable[_Union[LotAmount, _Mapping]]] = ...) -> None: ...

class LotAmount(_message.Message):
    __slots__ = ("expires_at", "amount")
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    expires_at: _timestamp_pb2.Timestamp
    amount: int
    def __init__(self, expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., amount: _Optional[int] = ...) -> None: ...

class ReserveTenderRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "order_id", "ttl_s", "tenders", "currency", "external_minor")
    class Tender(_message.Message):
        __slots__ = ("kind", "unit", "amount", "pays_minor")
        KIND_FIELD_NUMBER: _ClassVar[int]
        UNIT_FIELD_NUMBER: _ClassVar[int]
        AMOUNT_FIELD_NUMBER: _ClassVar[int]
        PAYS_MINOR_FIELD_NUMBER: _ClassVar[int]
        kind: WalletKind
        unit: str
        amount: int
        pays_minor: int
        def __init__(self, kind: _Optional[_Union[WalletKind, str]] = ..., unit: _Optional[str] = ..., amount: _Optional[int] = ..., pays_minor: _Optional[int] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    TTL_S_FIELD_NUMBER: _ClassVar[int]
    TENDERS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_MINOR_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    order_id: str
    ttl_s: int
    tenders: _containers.RepeatedCompositeFieldContainer[ReserveTenderRequest.Tender]
    currency: str
    external_minor: int
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., order_id: _Optional[str] = ..., ttl_s: _Optional[int] = ..., tenders: _Optional[_Iterable[_Union[ReserveTenderRequest.Tender, _Mapping]]] = ..., currency: _Optional[str] = ..., external_minor: _Optional[int] = ...) -> None: ...

class TenderAmount(_message.Message):
    __slots__ = ("kind", "unit", "amount")
    KIND_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    kind: WalletKind
    unit: str
    amount: int
    def __init__(self, kind: _Optional[_Union[WalletKind, str]] = ..., unit: _Optional[str] = ..., amount: _Optional[int] = ...) -> None: ...

class CaptureTenderRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id", "tenders", "final", "late")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENDERS_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    tenders: _containers.RepeatedCompositeFieldContainer[TenderAmount]
    final: bool
    late: bool
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ..., tenders: _Optional[_Iterable[_Union[TenderAmount, _Mapping]]] = ..., final: _Optional[bool] = ..., late: _Optional[bool] = ...) -> None: ...

class ReleaseTenderRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RefundTenderRequest(_message.Message):
    __slots__ = ("request_id", "reservation_id", "refund_minor", "tenders", "external_minor", "expired_lots", "extend_s", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    REFUND_MINOR_FIELD_NUMBER: _ClassVar[int]
    TENDERS_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_MINOR_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_LOTS_FIELD_NUMBER: _ClassVar[int]
    EXTEND_S_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reservation_id: str
    refund_minor: int
    tenders: _containers.RepeatedCompositeFieldContainer[TenderAmount]
    external_minor: int
    expired_lots: ExpiredLots
    extend_s: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., reservation_id: _Optional[str] = ..., refund_minor: _Optional[int] = ..., tenders: _Optional[_Iterable[_Union[TenderAmount, _Mapping]]] = ..., external_minor: _Optional[int] = ..., expired_lots: _Optional[_Union[ExpiredLots, str]] = ..., extend_s: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class RefundTenderResponse(_message.Message):
    __slots__ = ("tenders", "external_minor", "reservation")
    class Lot(_message.Message):
        __slots__ = ("expires_at", "amount", "expired", "extended_to")
        EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
        AMOUNT_FIELD_NUMBER: _ClassVar[int]
        EXPIRED_FIELD_NUMBER: _ClassVar[int]
        EXTENDED_TO_FIELD_NUMBER: _ClassVar[int]
        expires_at: _timestamp_pb2.Timestamp
        amount: int
        expired: bool
        extended_to: _timestamp_pb2.Timestamp
        def __init__(self, expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., amount: _Optional[int] = ..., expired: _Optional[bool] = ..., extended_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    class Tender(_message.Message):
        __slots__ = ("kind", "unit", "amount", "refund_minor", "lots")
        KIND_FIELD_NUMBER: _ClassVar[int]
        UNIT_FIELD_NUMBER: _ClassVar[int]
        AMOUNT_FIELD_NUMBER: _ClassVar[int]
        REFUND_MINOR_FIELD_NUMBER: _ClassVar[int]
        LOTS_FIELD_NUMBER: _ClassVar[int]
        kind: WalletKind
        unit: str
        amount: int
        refund_minor: int
        lots: _containers.RepeatedCompositeFieldContainer[RefundTenderResponse.Lot]
        def __init__(self, kind: _Optional[_Union[WalletKind, str]] = ..., unit: _Optional[str] = ..., amount: _Optional[int] = ..., refund_minor: _Optional[int] = ..., lots: _Optional[_Iterable[_Union[RefundTenderResponse.Lot, _Mapping]]] = ...) -> None: ...
    TENDERS_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_MINOR_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    tenders: _containers.RepeatedCompositeFieldContainer[RefundTenderResponse.Tender]
    external_minor: int
    reservation: WalletReservation
    def __init__(self, tenders: _Optional[_Iterable[_Union[RefundTenderResponse.Tender, _Mapping]]] = ..., external_minor: _Optional[int] = ..., reservation: _Optional[_Union[WalletReservation, _Mapping]] = ...) -> None: ...

class WalletReservation(_message.Message):
    __slots__ = ("reservation_id", "user_id", "order_id", "state", "expires_at", "currency", "tenders", "external_minor", "external_refunded_minor")
    class Tender(_message.Message):
        __slots__ = ("kind", "unit", "amount", "pays_minor", "captured", "released", "returned", "refunded_minor", "lots")
        KIND_FIELD_NUMBER: _ClassVar[int]
        UNIT_FIELD_NUMBER: _ClassVar[int]
        AMOUNT_FIELD_NUMBER: _ClassVar[int]
        PAYS_MINOR_FIELD_NUMBER: _ClassVar[int]
        CAPTURED_FIELD_NUMBER: _ClassVar[int]
        RELEASED_FIELD_NUMBER: _ClassVar[int]
        RETURNED_FIELD_NUMBER: _ClassVar[int]
        REFUNDED_MINOR_FIELD_NUMBER: _ClassVar[int]
        LOTS_FIELD_NUMBER: _ClassVar[int]
        kind: WalletKind
        unit: str
        amount: int
        pays_minor: int
        captured: int
        released: int
        returned: int
        refunded_minor: int
        lots: _containers.RepeatedCompositeFieldContainer[LotAmount]
        def __init__(self, kind: _Optional[_Union[WalletKind, str]] = ..., unit: _Optional[str] = ..., amount: _Optional[int] = ..., pays_minor: _Optional[int] = ..., captured: _Optional[int] = ..., released: _Optional[int] = ..., returned: _Optional[int] = ..., refunded_minor: _Optional[int] = ..., lots: _Optional[_Iterable[_Union[LotAmount, _Mapping]]] = ...) -> None: ...
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TENDERS_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_MINOR_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_REFUNDED_MINOR_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    user_id: str
    order_id: str
    state: WalletReservationState
    expires_at: _timestamp_pb2.Timestamp
    currency: str
    tenders: _containers.RepeatedCompositeFieldContainer[WalletReservation.Tender]
    external_minor: int
    external_refunded_minor: int
    def __init__(self, reservation_id: _Optional[str] = ..., user_id: _Optional[str] = ..., order_id: _Optional[str] = ..., state: _Optional[_Union[WalletReservationState, str]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., currency: _Optional[str] = ..., tenders: _Optional[_Iterable[_Union[WalletReservation.Tender, _Mapping]]] = ..., external_minor: _Optional[int] = ..., external_refunded_minor: _Optional[int] = ...) -> None: ...

class FreezeWalletRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "kind", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    kind: WalletKind
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., kind: _Optional[_Union[WalletKind, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class FreezeWalletResponse(_message.Message):
    __slots__ = ("freezes",)
    FREEZES_FIELD_NUMBER: _ClassVar[int]
    freezes: _containers.RepeatedCompositeFieldContainer[WalletFreeze]
    def __init__(self, freezes: _Optional[_Iterable[_Union[WalletFreeze, _Mapping]]] = ...) -> None: ...

class UnfreezeWalletRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "kind", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    kind: WalletKind
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., kind: _Optional[_Union[WalletKind, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class UnfreezeWalletResponse(_message.Message):
    __slots__ = ("freezes",)
    FREEZES_FIELD_NUMBER: _ClassVar[int]
    freezes: _containers.RepeatedCompositeFieldContainer[WalletFreeze]
    def __init__(self, freezes: _Optional[_Iterable[_Union[WalletFreeze, _Mapping]]] = ...) -> None: ...

class WalletFreeze(_message.Message):
    __slots__ = ("kind", "reason", "frozen_at")
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FROZEN_AT_FIELD_NUMBER: _ClassVar[int]
    kind: WalletKind
    reason: str
    frozen_at: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[_Union[WalletKind, str]] = ..., reason: _Optional[str] = ..., frozen_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetWalletRequest(_message.Message):
    __slots__ = ("user_id", "expiring_within_days")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRING_WITHIN_DAYS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    expiring_within_days: int
    def __init__(self, user_id: _Optional[str] = ..., expiring_within_days: _Optional[int] = ...) -> None: ...

class Wallet(_message.Message):
    __slots__ = ("user_id", "pockets", "freezes")
    class Lot(_message.Message):
        __slots__ = ("expires_at", "available", "reserved")
        EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
        AVAILABLE_FIELD_NUMBER: _ClassVar[int]
        RESERVED_FIELD_NUMBER: _ClassVar[int]
        expires_at: _timestamp_pb2.Timestamp
        available: int
        reserved: int
        def __init__(self, expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., available: _Optional[int] = ..., reserved: _Optional[int] = ...) -> None: ...
    class Pocket(_message.Message):
        __slots__ = ("kind", "unit", "available", "reserved", "expiring", "lots", "lots_total")
        KIND_FIELD_NUMBER: _ClassVar[int]
        UNIT_FIELD_NUMBER: _ClassVar[int]
        AVAILABLE_FIELD_NUMBER: _ClassVar[int]
        RESERVED_FIELD_NUMBER: _ClassVar[int]
        EXPIRING_FIELD_NUMBER: _ClassVar[int]
        LOTS_FIELD_NUMBER: _ClassVar[int]
        LOTS_TOTAL_FIELD_NUMBER: _ClassVar[int]
        kind: WalletKind
        unit: str
        available: int
        reserved: int
        expiring: int
        lots: _containers.RepeatedCompositeFieldContainer[Wallet.Lot]
        lots_total: int
        def __init__(self, kind: _Optional[_Union[WalletKind, str]] = ..., unit: _Optional[str] = ..., available: _Optional[int] = ..., reserved: _Optional[int] = ..., expiring: _Optional[int] = ..., lots: _Optional[_Iterable[_Union[Wallet.Lot, _Mapping]]] = ..., lots_total: _Optional[int] = ...) -> None: ...
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    POCKETS_FIELD_NUMBER: _ClassVar[int]
    FREEZES_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    pockets: _containers.RepeatedCompositeFieldContainer[Wallet.Pocket]
    freezes: _containers.RepeatedCompositeFieldContainer[WalletFreeze]
    def __init__(self, user_id: _Optional[str] = ..., pockets: _Optional[_Iterable[_Union[Wallet.Pocket, _Mapping]]] = ..., freezes: _Optional[_Iterable[_Union[WalletFreeze, _Mapping]]] = ...) -> None: ...

class GetWalletReservationRequest(_message.Message):
    __slots__ = ("reservation_id",)
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    def __init__(self, reservation_id: _Optional[str] = ...) -> None: ...

class ListWalletEntriesRequest(_message.Message):
    __slots__ = ("user_id", "kind", "unit", "page_size", "page_token")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    kind: WalletKind
    unit: str
    page_size: int
    page_token: str
    def __init__(self, user_id: _Optional[str] = ..., kind: _Optional[_Union[WalletKind, str]] = ..., unit: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListWalletEntriesResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[WalletEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[WalletEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WalletEntry(_message.Message):
    __slots__ = ("posted_at", "type", "amount", "balance", "lot_expires_at", "reference", "order_id", "reservation_id", "transaction_id")
    POSTED_AT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    LOT_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    posted_at: _timestamp_pb2.Timestamp
    type: WalletEntryType
    amount: int
    balance: int
    lot_expires_at: _timestamp_pb2.Timestamp
    reference: str
    order_id: str
    reservation_id: str
    transaction_id: str
    def __init__(self, posted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., type: _Optional[_Union[WalletEntryType, str]] = ..., amount: _Optional[int] = ..., balance: _Optional[int] = ..., lot_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reference: _Optional[str] = ..., order_id: _Optional[str] = ..., reservation_id: _Optional[str] = ..., transaction_id: _Optional[str] = ...) -> None: ...
