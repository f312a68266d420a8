import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from rangli.v1 import coupon_pb2 as _coupon_pb2
from rangli.v1 import coupon_codes_pb2 as _coupon_codes_pb2
from rangli.v1 import coupon_jobs_pb2 as _coupon_jobs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union
from rangli.v1.coupon_pb2 import Coupon as Coupon
from rangli.v1.coupon_pb2 import CouponValidity as CouponValidity
from rangli.v1.coupon_pb2 import CouponBatchSpec as CouponBatchSpec
from rangli.v1.coupon_pb2 import CouponBatch as CouponBatch
from rangli.v1.coupon_pb2 import CouponState as CouponState
from rangli.v1.coupon_pb2 import CouponSource as CouponSource
from rangli.v1.coupon_pb2 import BatchState as BatchState
from rangli.v1.coupon_codes_pb2 import CodeSet as CodeSet
from rangli.v1.coupon_codes_pb2 import RedeemCodeRequest as RedeemCodeRequest
from rangli.v1.coupon_codes_pb2 import GenerateCodesRequest as GenerateCodesRequest
from rangli.v1.coupon_codes_pb2 import GenerateCodesResponse as GenerateCodesResponse
from rangli.v1.coupon_codes_pb2 import ImportCodesRequest as ImportCodesRequest
from rangli.v1.coupon_codes_pb2 import PutVanityCodeRequest as PutVanityCodeRequest
from rangli.v1.coupon_codes_pb2 import VoidCodesRequest as VoidCodesRequest
from rangli.v1.coupon_codes_pb2 import ListCodeSetsRequest as ListCodeSetsRequest
from rangli.v1.coupon_codes_pb2 import ListCodeSetsResponse as ListCodeSetsResponse
from rangli.v1.coupon_codes_pb2 import CodeSetKind as CodeSetKind
from rangli.v1.coupon_jobs_pb2 import IssueJob as IssueJob
from rangli.v1.coupon_jobs_pb2 import StartIssueJobRequest as StartIssueJobRequest
from rangli.v1.coupon_jobs_pb2 import GetIssueJobRequest as GetIssueJobRequest
from rangli.v1.coupon_jobs_pb2 import ListIssueJobsRequest as ListIssueJobsRequest
from rangli.v1.coupon_jobs_pb2 import ListIssueJobsResponse as ListIssueJobsResponse
from rangli.v1.coupon_jobs_pb2 import ChangeIssueJobRequest as ChangeIssueJobRequest
from rangli.v1.coupon_jobs_pb2 import ListIssueFailuresRequest as ListIssueFailuresRequest
from rangli.v1.coupon_jobs_pb2 import IssueFailure as IssueFailure
from rangli.v1.coupon_jobs_pb2 import ListIssueFailuresResponse as ListIssueFailuresResponse
from rangli.v1.coupon_jobs_pb2 import IssueJobState as IssueJobState
from rangli.v1.coupon_jobs_pb2 import IssueJobChange as IssueJobChange

DESCRIPTOR: _descriptor.FileDescriptor
COUPON_STATE_UNSPECIFIED: _coupon_pb2.CouponState
COUPON_STATE_USABLE: _coupon_pb2.CouponState
COUPON_STATE_LOCKED: _coupon_pb2.CouponState
COUPON_STATE_USED: _coupon_pb2.CouponState
COUPON_STATE_EXPIRED: _coupon_pb2.CouponState
COUPON_STATE_VOID: _coupon_pb2.CouponState
COUPON_STATE_FROZEN: _coupon_pb2.CouponState
COUPON_SOURCE_UNSPECIFIED: _coupon_pb2.CouponSource
COUPON_SOURCE_CLAIMED: _coupon_pb2.CouponSource
COUPON_SOURCE_ISSUED: _coupon_pb2.CouponSource
COUPON_SOURCE_CODE: _coupon_pb2.CouponSource
COUPON_SOURCE_TRANSFERRED: _coupon_pb2.CouponSource
BATCH_STATE_UNSPECIFIED: _coupon_pb2.BatchState
BATCH_STATE_OPEN: _coupon_pb2.BatchState
BATCH_STATE_PAUSED: _coupon_pb2.BatchState
BATCH_STATE_CLOSED: _coupon_pb2.BatchState
CODE_SET_KIND_UNSPECIFIED: _coupon_codes_pb2.CodeSetKind
CODE_SET_KIND_GENERATED: _coupon_codes_pb2.CodeSetKind
CODE_SET_KIND_IMPORTED: _coupon_codes_pb2.CodeSetKind
CODE_SET_KIND_VANITY: _coupon_codes_pb2.CodeSetKind
ISSUE_JOB_STATE_UNSPECIFIED: _coupon_jobs_pb2.IssueJobState
ISSUE_JOB_STATE_RUNNING: _coupon_jobs_pb2.IssueJobState
ISSUE_JOB_STATE_PAUSED: _coupon_jobs_pb2.IssueJobState
ISSUE_JOB_STATE_DONE: _coupon_jobs_pb2.IssueJobState
ISSUE_JOB_STATE_CANCELLED: _coupon_jobs_pb2.IssueJobState
ISSUE_JOB_STATE_STOPPED: _coupon_jobs_pb2.IssueJobState
ISSUE_JOB_CHANGE_UNSPECIFIED: _coupon_jobs_pb2.IssueJobChange
ISSUE_JOB_CHANGE_PAUSE: _coupon_jobs_pb2.IssueJobChange
ISSUE_JOB_CHANGE_RESUME: _coupon_jobs_pb2.IssueJobChange
ISSUE_JOB_CHANGE_CANCEL: _coupon_jobs_pb2.IssueJobChange
ISSUE_JOB_CHANGE_SPEED: _coupon_jobs_pb2.IssueJobChange

class CreateBatchRequest(_message.Message):
    __slots__ = ("request_id", "batch_id", "spec")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    batch_id: str
    spec: _coupon_pb2.CouponBatchSpec
    def __init__(self, request_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., spec: _Optional[_Union[_coupon_pb2.CouponBatchSpec, _Mapping]] = ...) -> None: ...

class UpdateBatchRequest(_message.Message):
    __slots__ = ("request_id", "batch_id", "spec", "expected_revision", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    batch_id: str
    spec: _coupon_pb2.CouponBatchSpec
    expected_revision: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., spec: _Optional[_Union[_coupon_pb2.CouponBatchSpec, _Mapping]] = ..., expected_revision: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class BatchVerbRequest(_message.Message):
    __slots__ = ("request_id", "batch_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    batch_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class GetBatchRequest(_message.Message):
    __slots__ = ("batch_id",)
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    def __init__(self, batch_id: _Optional[str] = ...) -> None: ...

class ListBatchesRequest(_message.Message):
    __slots__ = ("activity_id", "page_size", "page_token")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    page_size: int
    page_token: str
    def __init__(self, activity_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListBatchesResponse(_message.Message):
    __slots__ = ("batches", "next_page_token")
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedCompositeFieldContainer[_coupon_pb2.CouponBatch]
    next_page_token: str
    def __init__(self, batches: _Optional[_Iterable[_Union[_coupon_pb2.CouponBatch, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ClaimRequest(_message.Message):
    __slots__ = ("request_id", "batch_id", "user_id", "device_id", "phone", "channel", "admission_token")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ADMISSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    batch_id: str
    user_id: str
    device_id: str
    phone: str
    channel: str
    admission_token: str
    def __init__(self, request_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., user_id: _Optional[str] = ..., device_id: _Optional[str] = ..., phone: _Optional[str] = ..., channel: _Optional[str] = ..., admission_token: _Optional[str] = ...) -> None: ...

class ClaimResponse(_message.Message):
    __slots__ = ("coupon",)
    COUPON_FIELD_NUMBER: _ClassVar[int]
    coupon: _coupon_pb2.Coupon
    def __init__(self, coupon: _Optional[_Union[_coupon_pb2.Coupon, _Mapping]] = ...) -> None: ...

class BatchClaimRequest(_message.Message):
    __slots__ = ("claims",)
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    claims: _containers.RepeatedCompositeFieldContainer[ClaimRequest]
    def __init__(self, claims: _Optional[_Iterable[_Union[ClaimRequest, _Mapping]]] = ...) -> None: ...

class BatchClaimResponse(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("coupon", "error")
        COUPON_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        coupon: _coupon_pb2.Coupon
        error: _status_pb2.Status
        def __init__(self, coupon: _Optional[_Union[_coupon_pb2.Coupon, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchClaimResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchClaimResponse.Item, _Mapping]]] = ...) -> None: ...

class IssueRequest(_message.Message):
    __slots__ = ("request_id", "batch_id", "user_id", "grant_key", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    GRANT_KEY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    batch_id: str
    user_id: str
    grant_key: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., user_id: _Optional[str] = ..., grant_key: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class BatchIssueRequest(_message.Message):
    __slots__ = ("issues",)
    ISSUES_FIELD_NUMBER: _ClassVar[int]
    issues: _containers.RepeatedCompositeFieldContainer[IssueRequest]
    def __init__(self, issues: _Optional[_Iterable[_Union[IssueRequest, _Mapping]]] = ...) -> None: ...

class BatchIssueResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchClaimResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchClaimResponse.Item, _Mapping]]] = ...) -> None: ...

class GetCouponRequest(_message.Message):
    __slots__ = ("user_id", "coupon_id")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    COUPON_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    coupon_id: str
    def __init__(self, user_id: _Optional[str] = ..., coupon_id: _Optional[str] = ...) -> None: ...

class ListCouponsRequest(_message.Message):
    __slots__ = ("user_id", "states", "expiring_within_days", "batch_id", "page_size", "page_token")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    EXPIRING_WITHIN_DAYS_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    states: _containers.RepeatedScalarFieldContainer[_coupon_pb2.CouponState]
    expiring_within_days: int
    batch_id: str
    page_size: int
    page_token: str
    def __init__(self, user_id: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_coupon_pb2.CouponState, str]]] = ..., expiring_within_days: _Optional[int] = ..., batch_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCouponsResponse(_message.Message):
    __slots__ = ("coupons", "next_page_token")
    COUPONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    coupons: _containers.RepeatedCompositeFieldContainer[_coupon_pb2.Coupon]
    next_page_token: str
    def __init__(self, coupons: _Optional[_Iterable[_Union[_coupon_pb2.Coupon, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class VoidCouponRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "coupon_id", "restock", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    COUPON_ID_FIELD_NUMBER: _ClassVar[int]
    RESTOCK_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    coupon_id: str
    restock: bool
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., coupon_id: _Optional[str] = ..., restock: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class CouponVerbRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "coupon_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    COUPON_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    coupon_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., coupon_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ExtendCouponRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "coupon_id", "expires_at", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    COUPON_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    coupon_id: str
    expires_at: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., coupon_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class TransferCouponRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "coupon_id", "to_user_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    COUPON_ID_FIELD_NUMBER: _ClassVar[int]
    TO_USER_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    coupon_id: str
    to_user_id: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., coupon_id: _Optional[str] = ..., to_user_id: _Optional[str] = ...) -> None: ...
