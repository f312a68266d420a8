import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CodeSetKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CODE_SET_KIND_UNSPECIFIED: _ClassVar[CodeSetKind]
    CODE_SET_KIND_GENERATED: _ClassVar[CodeSetKind]
    CODE_SET_KIND_IMPORTED: _ClassVar[CodeSetKind]
    CODE_SET_KIND_VANITY: _ClassVar[CodeSetKind]
CODE_SET_KIND_UNSPECIFIED: CodeSetKind
CODE_SET_KIND_GENERATED: CodeSetKind
CODE_SET_KIND_IMPORTED: CodeSetKind
CODE_SET_KIND_VANITY: CodeSetKind

class CodeSet(_message.Message):
    __slots__ = ("code_set_id", "batch_id", "kind", "count", "redeemed", "is_void", "created_at")
    CODE_SET_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    REDEEMED_FIELD_NUMBER: _ClassVar[int]
    IS_VOID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    code_set_id: str
    batch_id: str
    kind: CodeSetKind
    count: int
    redeemed: int
    is_void: bool
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, code_set_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., kind: _Optional[_Union[CodeSetKind, str]] = ..., count: _Optional[int] = ..., redeemed: _Optional[int] = ..., is_void: _Optional[bool] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RedeemCodeRequest(_message.Message):
    __slots__ = ("request_id", "code", "user_id", "device_id", "phone", "source")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    code: str
    user_id: str
    device_id: str
    phone: str
    source: str
    def __init__(self, request_id: _Optional[str] = ..., code: _Optional[str] = ..., user_id: _Optional[str] = ..., device_id: _Optional[str] = ..., phone: _Optional[str] = ..., source: _Optional[str] = ...) -> None: ...

class GenerateCodesRequest(_message.Message):
    __slots__ = ("batch_id", "count", "prefix")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    count: int
    prefix: str
    def __init__(self, batch_id: _Optional[str] = ..., count: _Optional[int] = ..., prefix: _Optional[str] = ...) -> None: ...

class GenerateCodesResponse(_message.Message):
    __slots__ = ("code_set", "codes")
    CODE_SET_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    code_set: CodeSet
    codes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, code_set: _Optional[_Union[CodeSet, _Mapping]] = ..., codes: _Optional[_Iterable[str]] = ...) -> None: ...

class ImportCodesRequest(_message.Message):
    __slots__ = ("header", "codes")
    class Header(_message.Message):
        __slots__ = ("request_id", "batch_id")
        REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
        BATCH_ID_FIELD_NUMBER: _ClassVar[int]
        request_id: str
        batch_id: str
        def __init__(self, request_id: _Optional[str] = ..., batch_id: _Optional[str] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    header: ImportCodesRequest.Header
    codes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, header: _Optional[_Union[ImportCodesRequest.Header, _Mapping]] = ..., codes: _Optional[_Iterable[str]] = ...) -> None: ...

class PutVanityCodeRequest(_message.Message):
    __slots__ = ("request_id", "batch_id", "code", "most")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    batch_id: str
    code: str
    most: int
    def __init__(self, request_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., code: _Optional[str] = ..., most: _Optional[int] = ...) -> None: ...

class VoidCodesRequest(_message.Message):
    __slots__ = ("request_id", "code_set_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CODE_SET_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    code_set_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., code_set_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ListCodeSetsRequest(_message.Message):
    __slots__ = ("batch_id", "page_size", "page_token")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    page_size: int
    page_token: str
    def __init__(self, batch_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCodeSetsResponse(_message.Message):
    __slots__ = ("code_sets", "next_page_token")
    CODE_SETS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    code_sets: _containers.RepeatedCompositeFieldContainer[CodeSet]
    next_page_token: str
    def __init__(self, code_sets: _Optional[_Iterable[_Union[CodeSet, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
