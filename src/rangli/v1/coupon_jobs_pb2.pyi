import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IssueJobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ISSUE_JOB_STATE_UNSPECIFIED: _ClassVar[IssueJobState]
    ISSUE_JOB_STATE_RUNNING: _ClassVar[IssueJobState]
    ISSUE_JOB_STATE_PAUSED: _ClassVar[IssueJobState]
    ISSUE_JOB_STATE_DONE: _ClassVar[IssueJobState]
    ISSUE_JOB_STATE_CANCELLED: _ClassVar[IssueJobState]
    ISSUE_JOB_STATE_STOPPED: _ClassVar[IssueJobState]

class IssueJobChange(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ISSUE_JOB_CHANGE_UNSPECIFIED: _ClassVar[IssueJobChange]
    ISSUE_JOB_CHANGE_PAUSE: _ClassVar[IssueJobChange]
    ISSUE_JOB_CHANGE_RESUME: _ClassVar[IssueJobChange]
    ISSUE_JOB_CHANGE_CANCEL: _ClassVar[IssueJobChange]
    ISSUE_JOB_CHANGE_SPEED: _ClassVar[IssueJobChange]
ISSUE_JOB_STATE_UNSPECIFIED: IssueJobState
ISSUE_JOB_STATE_RUNNING: IssueJobState
ISSUE_JOB_STATE_PAUSED: IssueJobState
ISSUE_JOB_STATE_DONE: IssueJobState
ISSUE_JOB_STATE_CANCELLED: IssueJobState
ISSUE_JOB_STATE_STOPPED: IssueJobState
ISSUE_JOB_CHANGE_UNSPECIFIED: IssueJobChange
ISSUE_JOB_CHANGE_PAUSE: IssueJobChange
ISSUE_JOB_CHANGE_RESUME: IssueJobChange
ISSUE_JOB_CHANGE_CANCEL: IssueJobChange
ISSUE_JOB_CHANGE_SPEED: IssueJobChange

class IssueJob(_message.Message):
    __slots__ = ("job_id", "batch_id", "set_id", "set_version", "state", "members", "given", "had", "failed", "per_s_max", "problem", "created_at", "updated_at")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    SET_ID_FIELD_NUMBER: _ClassVar[int]
    SET_VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    HAD_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    PER_S_MAX_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    batch_id: str
    set_id: str
    set_version: int
    state: IssueJobState
    members: int
    given: int
    had: int
    failed: int
    per_s_max: int
    problem: str
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, job_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., set_id: _Optional[str] = ..., set_version: _Optional[int] = ..., state: _Optional[_Union[IssueJobState, str]] = ..., members: _Optional[int] = ..., given: _Optional[int] = ..., had: _Optional[int] = ..., failed: _Optional[int] = ..., per_s_max: _Optional[int] = ..., problem: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StartIssueJobRequest(_message.Message):
    __slots__ = ("request_id", "batch_id", "set_id", "per_s_max", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    SET_ID_FIELD_NUMBER: _ClassVar[int]
    PER_S_MAX_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    batch_id: str
    set_id: str
    per_s_max: int
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., batch_id: _Optional[str] = ..., set_id: _Optional[str] = ..., per_s_max: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class GetIssueJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class ListIssueJobsRequest(_message.Message):
    __slots__ = ("batch_id", "page_size", "page_token")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    page_size: int
    page_token: str
    def __init__(self, batch_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListIssueJobsResponse(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[IssueJob]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[IssueJob, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ChangeIssueJobRequest(_message.Message):
    __slots__ = ("request_id", "job_id", "change", "per_s_max")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    PER_S_MAX_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    job_id: str
    change: IssueJobChange
    per_s_max: int
    def __init__(self, request_id: _Optional[str] = ..., job_id: _Optional[str] = ..., change: _Optional[_Union[IssueJobChange, str]] = ..., per_s_max: _Optional[int] = ...) -> None: ...

class ListIssueFailuresRequest(_message.Message):
    __slots__ = ("job_id", "page_size", "page_token")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    page_size: int
    page_token: str
    def __init__(self, job_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class IssueFailure(_message.Message):
    __slots__ = ("user_id", "reason", "message", "failed_at")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FAILED_AT_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    reason: str
    message: str
    failed_at: _timestamp_pb2.Timestamp
    def __init__(self, user_id: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., failed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListIssueFailuresResponse(_message.Message):
    __slots__ = ("failures", "next_page_token")
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    failures: _containers.RepeatedCompositeFieldContainer[IssueFailure]
    next_page_token: str
    def __init__(self, failures: _Optional[_Iterable[_Union[IssueFailure, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
