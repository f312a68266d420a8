import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SetKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SET_KIND_UNSPECIFIED: _ClassVar[SetKind]
    SET_KIND_USER: _ClassVar[SetKind]
    SET_KIND_STORE: _ClassVar[SetKind]
    SET_KIND_PRODUCT: _ClassVar[SetKind]
SET_KIND_UNSPECIFIED: SetKind
SET_KIND_USER: SetKind
SET_KIND_STORE: SetKind
SET_KIND_PRODUCT: SetKind

class Set(_message.Message):
    __slots__ = ("set_id", "kind", "display_name", "version", "member_count", "updated_at")
    SET_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MEMBER_COUNT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    set_id: str
    kind: SetKind
    display_name: str
    version: int
    member_count: int
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, set_id: _Optional[str] = ..., kind: _Optional[_Union[SetKind, str]] = ..., display_name: _Optional[str] = ..., version: _Optional[int] = ..., member_count: _Optional[int] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ImportSetRequest(_message.Message):
    __slots__ = ("header", "members")
    class Header(_message.Message):
        __slots__ = ("request_id", "set_id", "kind", "display_name")
        REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
        SET_ID_FIELD_NUMBER: _ClassVar[int]
        KIND_FIELD_NUMBER: _ClassVar[int]
        DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
        request_id: str
        set_id: str
        kind: SetKind
        display_name: str
        def __init__(self, request_id: _Optional[str] = ..., set_id: _Optional[str] = ..., kind: _Optional[_Union[SetKind, str]] = ..., display_name: _Optional[str] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    header: ImportSetRequest.Header
    members: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, header: _Optional[_Union[ImportSetRequest.Header, _Mapping]] = ..., members: _Optional[_Iterable[str]] = ...) -> None: ...

class ImportSetResponse(_message.Message):
    __slots__ = ("set",)
    SET_FIELD_NUMBER: _ClassVar[int]
    set: Set
    def __init__(self, set: _Optional[_Union[Set, _Mapping]] = ...) -> None: ...

class GetSetRequest(_message.Message):
    __slots__ = ("set_id",)
    SET_ID_FIELD_NUMBER: _ClassVar[int]
    set_id: str
    def __init__(self, set_id: _Optional[str] = ...) -> None: ...

class ListSetsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSetsResponse(_message.Message):
    __slots__ = ("sets", "next_page_token")
    SETS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sets: _containers.RepeatedCompositeFieldContainer[Set]
    next_page_token: str
    def __init__(self, sets: _Optional[_Iterable[_Union[Set, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
