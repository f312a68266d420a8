import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rangli.v1 import lint_pb2 as _lint_pb2
from rangli.v1 import policy_pb2 as _policy_pb2
from rangli.v1 import quote_pb2 as _quote_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SimulateActivitiesRequest(_message.Message):
    __slots__ = ("header", "carts")
    class Header(_message.Message):
        __slots__ = ("catalogue_version", "drafts", "policy", "priced_at", "named")
        CATALOGUE_VERSION_FIELD_NUMBER: _ClassVar[int]
        DRAFTS_FIELD_NUMBER: _ClassVar[int]
        POLICY_FIELD_NUMBER: _ClassVar[int]
        PRICED_AT_FIELD_NUMBER: _ClassVar[int]
        NAMED_FIELD_NUMBER: _ClassVar[int]
        catalogue_version: int
        drafts: _containers.RepeatedCompositeFieldContainer[_lint_pb2.Draft]
        policy: _policy_pb2.StackingPolicy
        priced_at: _timestamp_pb2.Timestamp
        named: int
        def __init__(self, catalogue_version: _Optional[int] = ..., drafts: _Optional[_Iterable[_Union[_lint_pb2.Draft, _Mapping]]] = ..., policy: _Optional[_Union[_policy_pb2.StackingPolicy, _Mapping]] = ..., priced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., named: _Optional[int] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CARTS_FIELD_NUMBER: _ClassVar[int]
    header: SimulateActivitiesRequest.Header
    carts: _containers.RepeatedCompositeFieldContainer[_quote_pb2.QuoteRequest]
    def __init__(self, header: _Optional[_Union[SimulateActivitiesRequest.Header, _Mapping]] = ..., carts: _Optional[_Iterable[_Union[_quote_pb2.QuoteRequest, _Mapping]]] = ...) -> None: ...

class SimulatedTotals(_message.Message):
    __slots__ = ("list_minor", "discount_minor", "payable_minor", "funders")
    LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    FUNDERS_FIELD_NUMBER: _ClassVar[int]
    list_minor: int
    discount_minor: int
    payable_minor: int
    funders: _containers.RepeatedCompositeFieldContainer[_quote_pb2.FunderAmount]
    def __init__(self, list_minor: _Optional[int] = ..., discount_minor: _Optional[int] = ..., payable_minor: _Optional[int] = ..., funders: _Optional[_Iterable[_Union[_quote_pb2.FunderAmount, _Mapping]]] = ...) -> None: ...

class SimulatedActivity(_message.Message):
    __slots__ = ("activity_id", "before_minor", "after_minor", "carts_before", "carts_after")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    BEFORE_MINOR_FIELD_NUMBER: _ClassVar[int]
    AFTER_MINOR_FIELD_NUMBER: _ClassVar[int]
    CARTS_BEFORE_FIELD_NUMBER: _ClassVar[int]
    CARTS_AFTER_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    before_minor: int
    after_minor: int
    carts_before: int
    carts_after: int
    def __init__(self, activity_id: _Optional[str] = ..., before_minor: _Optional[int] = ..., after_minor: _Optional[int] = ..., carts_before: _Optional[int] = ..., carts_after: _Optional[int] = ...) -> None: ...

class SimulatedCart(_message.Message):
    __slots__ = ("number", "user_id", "before_minor", "after_minor")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    BEFORE_MINOR_FIELD_NUMBER: _ClassVar[int]
    AFTER_MINOR_FIELD_NUMBER: _ClassVar[int]
    number: int
    user_id: str
    before_minor: int
    after_minor: int
    def __init__(self, number: _Optional[int] = ..., user_id: _Optional[str] = ..., before_minor: _Optional[int] = ..., after_minor: _Optional[int] = ...) -> None: ...

class SimulateActivitiesResponse(_message.Message):
    __slots__ = ("catalogue_version", "carts", "refused", "first_refusal", "differences")
    CATALOGUE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CARTS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    FIRST_REFUSAL_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    catalogue_version: int
    carts: int
    refused: int
    first_refusal: str
    differences: _containers.RepeatedCompositeFieldContainer[CurrencyDifference]
    def __init__(self, catalogue_version: _Optional[int] = ..., carts: _Optional[int] = ..., refused: _Optional[int] = ..., first_refusal: _Optional[str] = ..., differences: _Optional[_Iterable[_Union[CurrencyDifference, _Mapping]]] = ...) -> None: ...

class CurrencyDifference(_message.Message):
    __slots__ = ("currency", "carts", "before", "after", "cheaper", "dearer", "same", "activities", "winners", "losers")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    CARTS_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    CHEAPER_FIELD_NUMBER: _ClassVar[int]
    DEARER_FIELD_NUMBER: _ClassVar[int]
    SAME_FIELD_NUMBER: _ClassVar[int]
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    WINNERS_FIELD_NUMBER: _ClassVar[int]
    LOSERS_FIELD_NUMBER: _ClassVar[int]
    currency: str
    carts: int
    before: SimulatedTotals
    after: SimulatedTotals
    cheaper: int
    dearer: int
    same: int
    activities: _containers.RepeatedCompositeFieldContainer[SimulatedActivity]
    winners: _containers.RepeatedCompositeFieldContainer[SimulatedCart]
    losers: _containers.RepeatedCompositeFieldContainer[SimulatedCart]
    def __init__(self, currency: _Optional[str] = ..., carts: _Optional[int] = ..., before: _Optional[_Union[SimulatedTotals, _Mapping]] = ..., after: _Optional[_Union[SimulatedTotals, _Mapping]] = ..., cheaper: _Optional[int] = ..., dearer: _Optional[int] = ..., same: _Optional[int] = ..., activities: _Optional[_Iterable[_Union[SimulatedActivity, _Mapping]]] = ..., winners: _Optional[_Iterable[_Union[SimulatedCart, _Mapping]]] = ..., losers: _Optional[_Iterable[_Union[SimulatedCart, _Mapping]]] = ...) -> None: ...
