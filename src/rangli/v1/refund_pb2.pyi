from rangli.v1 import quote_pb2 as _quote_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QuoteSnapshot(_message.Message):
    __slots__ = ("request", "response")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    request: _quote_pb2.QuoteRequest
    response: _quote_pb2.QuoteResponse
    def __init__(self, request: _Optional[_Union[_quote_pb2.QuoteRequest, _Mapping]] = ..., response: _Optional[_Union[_quote_pb2.QuoteResponse, _Mapping]] = ...) -> None: ...

class ReturnedLine(_message.Message):
    __slots__ = ("line_id", "quantity", "gift")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    GIFT_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    quantity: int
    gift: bool
    def __init__(self, line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., gift: _Optional[bool] = ...) -> None: ...

class Return(_message.Message):
    __slots__ = ("lines", "delivery_ids")
    LINES_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_IDS_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[ReturnedLine]
    delivery_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lines: _Optional[_Iterable[_Union[ReturnedLine, _Mapping]]] = ..., delivery_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class PreviewRefundRequest(_message.Message):
    __slots__ = ("snapshot", "earlier", "now")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    EARLIER_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    snapshot: QuoteSnapshot
    earlier: _containers.RepeatedCompositeFieldContainer[Return]
    now: Return
    def __init__(self, snapshot: _Optional[_Union[QuoteSnapshot, _Mapping]] = ..., earlier: _Optional[_Iterable[_Union[Return, _Mapping]]] = ..., now: _Optional[_Union[Return, _Mapping]] = ...) -> None: ...

class RefundedLine(_message.Message):
    __slots__ = ("line_id", "quantity", "list_minor", "refund_minor", "funders", "gift")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    REFUND_MINOR_FIELD_NUMBER: _ClassVar[int]
    FUNDERS_FIELD_NUMBER: _ClassVar[int]
    GIFT_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    quantity: int
    list_minor: int
    refund_minor: int
    funders: _containers.RepeatedCompositeFieldContainer[_quote_pb2.FunderAmount]
    gift: bool
    def __init__(self, line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., list_minor: _Optional[int] = ..., refund_minor: _Optional[int] = ..., funders: _Optional[_Iterable[_Union[_quote_pb2.FunderAmount, _Mapping]]] = ..., gift: _Optional[bool] = ...) -> None: ...

class RefundedActivity(_message.Message):
    __slots__ = ("activity_id", "credential_id", "undone_minor", "clawback_minor", "ended")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    UNDONE_MINOR_FIELD_NUMBER: _ClassVar[int]
    CLAWBACK_MINOR_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    credential_id: str
    undone_minor: int
    clawback_minor: int
    ended: bool
    def __init__(self, activity_id: _Optional[str] = ..., credential_id: _Optional[str] = ..., undone_minor: _Optional[int] = ..., clawback_minor: _Optional[int] = ..., ended: _Optional[bool] = ...) -> None: ...

class RequiredReturn(_message.Message):
    __slots__ = ("activity_id", "line_id", "quantity", "gift", "kept_minor")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    GIFT_FIELD_NUMBER: _ClassVar[int]
    KEPT_MINOR_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    line_id: str
    quantity: int
    gift: bool
    kept_minor: int
    def __init__(self, activity_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., gift: _Optional[bool] = ..., kept_minor: _Optional[int] = ...) -> None: ...

class PreviewRefundResponse(_message.Message):
    __slots__ = ("refund_minor", "lines", "activities", "required_returns", "funders", "kept_payable_minor", "owed_minor")
    REFUND_MINOR_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_RETURNS_FIELD_NUMBER: _ClassVar[int]
    FUNDERS_FIELD_NUMBER: _ClassVar[int]
    KEPT_PAYABLE_MINOR_FIELD_NUMBER: _ClassVar[int]
    OWED_MINOR_FIELD_NUMBER: _ClassVar[int]
    refund_minor: int
    lines: _containers.RepeatedCompositeFieldContainer[RefundedLine]
    activities: _containers.RepeatedCompositeFieldContainer[RefundedActivity]
    required_returns: _containers.RepeatedCompositeFieldContainer[RequiredReturn]
    funders: _containers.RepeatedCompositeFieldContainer[_quote_pb2.FunderAmount]
    kept_payable_minor: int
    owed_minor: int
    def __init__(self, refund_minor: _Optional[int] = ..., lines: _Optional[_Iterable[_Union[RefundedLine, _Mapping]]] = ..., activities: _Optional[_Iterable[_Union[RefundedActivity, _Mapping]]] = ..., required_returns: _Optional[_Iterable[_Union[RequiredReturn, _Mapping]]] = ..., funders: _Optional[_Iterable[_Union[_quote_pb2.FunderAmount, _Mapping]]] = ..., kept_payable_minor: _Optional[int] = ..., owed_minor: _Optional[int] = ...) -> None: ...
