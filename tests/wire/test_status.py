"""Refusals as google.rpc.Status."""

from __future__ import annotations

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from google.rpc.code_pb2 import Code as RpcCode
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo

from rangli.core.errors import (
    Code,
    Conflict,
    DeadlinePassed,
    Exhausted,
    Invalid,
    NameTaken,
    NotFound,
    RangliError,
    Reason,
    Refused,
    Unavailable,
    Violation,
)
from rangli.wire.status import DETAILS_BYTES_MAX, to_status

ERRORS = [
    Invalid(Reason.MALFORMED_MESSAGE, "m"),
    Invalid.fields(Violation("a", "b")),
    NotFound("set", "s"),
    NameTaken("set", "s"),
    Conflict(Reason.REVISION_MISMATCH, "m", metadata={"expected_revision": 1}),
    Refused(Reason.WRONG_STATE, "m"),
    Exhausted(Reason.OVERLOADED, "m", retry_after_s=0.25),
    Unavailable("postgres", "m"),
    DeadlinePassed(),
]


def details(error: RangliError) -> tuple[ErrorInfo, BadRequest, RetryInfo]:
    found = ErrorInfo(), BadRequest(), RetryInfo()
    for packed in to_status(error).details:
        assert any(packed.Unpack(message) for message in found)
    return found


@pytest.mark.parametrize("error", ERRORS, ids=[type(error).__name__ for error in ERRORS])
def test_a_refusal_says_its_code_and_its_reason(error: RangliError) -> None:
    status = to_status(error)
    info, _, _ = details(error)

    assert status.code == RpcCode.Value(error.code.value) != 0
    assert (info.domain, info.reason) == ("rangli", error.reason.value)
    assert dict(info.metadata) == error.metadata
    assert status.message == error.message


def test_every_code_is_one_of_grpcs() -> None:
    assert {code.value for code in Code} <= set(RpcCode.keys())


def test_violations_are_told_by_field_and_the_first_in_the_message() -> None:
    error = Invalid.fields(Violation("a.b[2]", "must be"), Violation("c", "too"))

    _, bad, _ = details(error)

    assert [(v.field, v.description) for v in bad.field_violations] == [
        ("a.b[2]", "must be"),
        ("c", "too"),
    ]
    assert error.message == "a.b[2]: must be (and 1 more)"


def test_when_to_try_again_is_told_in_whole_milliseconds() -> None:
    _, _, retry = details(Exhausted(Reason.OVERLOADED, "m", retry_after_s=1.25))

    assert retry.retry_delay.ToMilliseconds() == 1250


def test_long_refusals_fit_into_the_trailers() -> None:
    error = Invalid(
        Reason.INVALID_FIELD,
        "长" * 5000,
        metadata={"id": "长" * 5000},
        violations=[Violation("f" * 5000, "长" * 5000)] * 500,
    )

    info, bad, _ = details(error)

    assert to_status(error).ByteSize() < 4_000
    assert bad.field_violations
    assert info.metadata["violations_total"] == "500"
    assert bad.field_violations[0].description.endswith("…")


def test_what_a_refusal_brings_itself_comes_last_if_it_fits() -> None:
    small, large = StringValue(value="x" * 100), StringValue(value="x" * DETAILS_BYTES_MAX)
    refusal = Refused(Reason.PRICE_CHANGED, "m", details=[small], retry_after_s=1.0)

    status = to_status(refusal)

    told = StringValue()
    assert status.details[-1].Unpack(told)
    assert (told, len(status.details)) == (small, 3)
    assert len(to_status(Refused(Reason.PRICE_CHANGED, "m", details=[large])).details) == 1
