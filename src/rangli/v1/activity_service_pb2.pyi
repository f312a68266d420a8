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

class FieldType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FIELD_TYPE_UNSPECIFIED: _ClassVar[FieldType]
    FIELD_TYPE_INTEGER: _ClassVar[FieldType]
    FIELD_TYPE_STRING: _ClassVar[FieldType]
    FIELD_TYPE_BOOLEAN: _ClassVar[FieldType]
    FIELD_TYPE_CHOICE: _ClassVar[FieldType]
    FIELD_TYPE_GROUP: _ClassVar[FieldType]
    FIELD_TYPE_INSTANT: _ClassVar[FieldType]
    FIELD_TYPE_EFFECT: _ClassVar[FieldType]
    FIELD_TYPE_CONDITION: _ClassVar[FieldType]
FIELD_TYPE_UNSPECIFIED: FieldType
FIELD_TYPE_INTEGER: FieldType
FIELD_TYPE_STRING: FieldType
FIELD_TYPE_BOOLEAN: FieldType
FIELD_TYPE_CHOICE: FieldType
FIELD_TYPE_GROUP: FieldType
FIELD_TYPE_INSTANT: FieldType
FIELD_TYPE_EFFECT: FieldType
FIELD_TYPE_CONDITION: FieldType

class FieldSchema(_message.Message):
    __slots__ = ("name", "type", "required", "repeated", "description", "min", "max", "default_value", "choices", "fields")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VALUE_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: FieldType
    required: bool
    repeated: bool
    description: str
    min: int
    max: int
    default_value: str
    choices: _containers.RepeatedScalarFieldContainer[str]
    fields: _containers.RepeatedCompositeFieldContainer[FieldSchema]
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[FieldType, str]] = ..., required: _Optional[bool] = ..., repeated: _Optional[bool] = ..., description: _Optional[str] = ..., min: _Optional[int] = ..., max: _Optional[int] = ..., default_value: _Optional[str] = ..., choices: _Optional[_Iterable[str]] = ..., fields: _Optional[_Iterable[_Union[FieldSchema, _Mapping]]] = ...) -> None: ...

class KindSchema(_message.Message):
    __slots__ = ("name", "description", "fields")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    fields: _containers.RepeatedCompositeFieldContainer[FieldSchema]
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., fields: _Optional[_Iterable[_Union[FieldSchema, _Mapping]]] = ...) -> None: ...

class Template(_message.Message):
    __slots__ = ("template_id", "display_name", "description", "default_entitlement", "default_layer", "entitlements", "layers", "effects", "conditions", "needs_products")
    TEMPLATE_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_LAYER_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENTS_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    EFFECTS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    NEEDS_PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    template_id: str
    display_name: str
    description: str
    default_entitlement: _activity_pb2.Entitlement
    default_layer: _activity_pb2.Layer
    entitlements: _containers.RepeatedScalarFieldContainer[_activity_pb2.Entitlement]
    layers: _containers.RepeatedScalarFieldContainer[_activity_pb2.Layer]
    effects: _containers.RepeatedScalarFieldContainer[str]
    conditions: _containers.RepeatedScalarFieldContainer[str]
    needs_products: bool
    def __init__(self, template_id: _Optional[str] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., default_entitlement: _Optional[_Union[_activity_pb2.Entitlement, str]] = ..., default_layer: _Optional[_Union[_activity_pb2.Layer, str]] = ..., entitlements: _Optional[_Iterable[_Union[_activity_pb2.Entitlement, str]]] = ..., layers: _Optional[_Iterable[_Union[_activity_pb2.Layer, str]]] = ..., effects: _Optional[_Iterable[str]] = ..., conditions: _Optional[_Iterable[str]] = ..., needs_products: _Optional[bool] = ...) -> None: ...

class ListTemplatesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListTemplatesResponse(_message.Message):
    __slots__ = ("templates", "effects", "conditions", "targets", "fields")
    TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    EFFECTS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    templates: _containers.RepeatedCompositeFieldContainer[Template]
    effects: _containers.RepeatedCompositeFieldContainer[KindSchema]
    conditions: _containers.RepeatedCompositeFieldContainer[KindSchema]
    targets: _containers.RepeatedCompositeFieldContainer[KindSchema]
    fields: _containers.RepeatedCompositeFieldContainer[FieldSchema]
    def __init__(self, templates: _Optional[_Iterable[_Union[Template, _Mapping]]] = ..., effects: _Optional[_Iterable[_Union[KindSchema, _Mapping]]] = ..., conditions: _Optional[_Iterable[_Union[KindSchema, _Mapping]]] = ..., targets: _Optional[_Iterable[_Union[KindSchema, _Mapping]]] = ..., fields: _Optional[_Iterable[_Union[FieldSchema, _Mapping]]] = ...) -> None: ...

class CreateActivityRequest(_message.Message):
    __slots__ = ("request_id", "activity_id", "spec")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    activity_id: str
    spec: _activity_pb2.ActivitySpec
    def __init__(self, request_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., spec: _Optional[_Union[_activity_pb2.ActivitySpec, _Mapping]] = ...) -> None: ...

class UpdateActivityRequest(_message.Message):
    __slots__ = ("request_id", "activity_id", "spec", "expected_revision", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    activity_id: str
    spec: _activity_pb2.ActivitySpec
    expected_revision: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., spec: _Optional[_Union[_activity_pb2.ActivitySpec, _Mapping]] = ..., expected_revision: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class ActivityVerbRequest(_message.Message):
    __slots__ = ("request_id", "activity_id", "expected_revision", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    activity_id: str
    expected_revision: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., expected_revision: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class GetActivityRequest(_message.Message):
    __slots__ = ("activity_id", "version")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    version: int
    def __init__(self, activity_id: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class ListActivitiesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "states")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    states: _containers.RepeatedScalarFieldContainer[_activity_pb2.ActivityState]
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_activity_pb2.ActivityState, str]]] = ...) -> None: ...

class ListActivitiesResponse(_message.Message):
    __slots__ = ("activities", "next_page_token")
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    activities: _containers.RepeatedCompositeFieldContainer[_activity_pb2.Activity]
    next_page_token: str
    def __init__(self, activities: _Optional[_Iterable[_Union[_activity_pb2.Activity, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class PriceEntry(_message.Message):
    __slots__ = ("sku", "store_set_id", "starts_at", "ends_at", "price_minor", "amount_off_minor", "off_bps", "removed", "per_quantity")
    SKU_FIELD_NUMBER: _ClassVar[int]
    STORE_SET_ID_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_OFF_MINOR_FIELD_NUMBER: _ClassVar[int]
    OFF_BPS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    PER_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    sku: str
    store_set_id: str
    starts_at: _timestamp_pb2.Timestamp
    ends_at: _timestamp_pb2.Timestamp
    price_minor: int
    amount_off_minor: int
    off_bps: int
    removed: bool
    per_quantity: int
    def __init__(self, sku: _Optional[str] = ..., store_set_id: _Optional[str] = ..., starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price_minor: _Optional[int] = ..., amount_off_minor: _Optional[int] = ..., off_bps: _Optional[int] = ..., removed: _Optional[bool] = ..., per_quantity: _Optional[int] = ...) -> None: ...

class ImportPriceEntriesRequest(_message.Message):
    __slots__ = ("header", "entries")
    class Header(_message.Message):
        __slots__ = ("request_id", "activity_id", "all_or_nothing")
        REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
        ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
        ALL_OR_NOTHING_FIELD_NUMBER: _ClassVar[int]
        request_id: str
        activity_id: str
        all_or_nothing: bool
        def __init__(self, request_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., all_or_nothing: _Optional[bool] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    header: ImportPriceEntriesRequest.Header
    entries: _containers.RepeatedCompositeFieldContainer[PriceEntry]
    def __init__(self, header: _Optional[_Union[ImportPriceEntriesRequest.Header, _Mapping]] = ..., entries: _Optional[_Iterable[_Union[PriceEntry, _Mapping]]] = ...) -> None: ...

class BadRow(_message.Message):
    __slots__ = ("row", "field", "description")
    ROW_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    row: int
    field: str
    description: str
    def __init__(self, row: _Optional[int] = ..., field: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class ImportPriceEntriesResponse(_message.Message):
    __slots__ = ("received", "accepted", "rejected", "bad_rows")
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    BAD_ROWS_FIELD_NUMBER: _ClassVar[int]
    received: int
    accepted: int
    rejected: int
    bad_rows: _containers.RepeatedCompositeFieldContainer[BadRow]
    def __init__(self, received: _Optional[int] = ..., accepted: _Optional[int] = ..., rejected: _Optional[int] = ..., bad_rows: _Optional[_Iterable[_Union[BadRow, _Mapping]]] = ...) -> None: ...

class GetPriceEntriesRequest(_message.Message):
    __slots__ = ("activity_id", "skus", "at")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    SKUS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    skus: _containers.RepeatedScalarFieldContainer[str]
    at: _timestamp_pb2.Timestamp
    def __init__(self, activity_id: _Optional[str] = ..., skus: _Optional[_Iterable[str]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetPriceEntriesResponse(_message.Message):
    __slots__ = ("entries", "more")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[PriceEntry]
    more: bool
    def __init__(self, entries: _Optional[_Iterable[_Union[PriceEntry, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...
