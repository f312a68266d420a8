"""What the published cases send, and check of what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.interop.service import INITIAL, TRAILING
from tests.interop.stubs import pb

PATIENCE_S = 30
LARGE_REQUEST, LARGE_RESPONSE = 271_828, 314_159
REQUEST_SIZES, RESPONSE_SIZES = (27_182, 8, 1_828, 45_904), (31_415, 9, 2_653, 58_979)
METADATA = ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab"))
STATUS = pb.EchoStatus(code=2, message="test status message")
SPECIAL_STATUS = pb.EchoStatus(
    code=2, message="\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
)


def payload(size_bytes: int) -> Any:
    return pb.Payload(body=bytes(size_bytes))


def large(**more: Any) -> Any:
    """The request of large_unary."""
    return pb.SimpleRequest(response_size=LARGE_RESPONSE, payload=payload(LARGE_REQUEST), **more)


def pieces() -> list[Any]:
    """The requests of client_streaming."""
    return [pb.StreamingInputCallRequest(payload=payload(size)) for size in REQUEST_SIZES]


def wanting(*sizes: int, sent: int = 0, **more: Any) -> Any:
    """A request for answers of these sizes."""
    return pb.StreamingOutputCallRequest(
        response_parameters=[pb.ResponseParameters(size=size) for size in sizes],
        payload=payload(sent),
        **more,
    )


def rallies() -> list[Any]:
    """The requests of ping_pong."""
    return [
        wanting(size, sent=sent) for size, sent in zip(RESPONSE_SIZES, REQUEST_SIZES, strict=True)
    ]


def check_large(answer: Any) -> None:
    assert answer.payload.body == bytes(LARGE_RESPONSE)


def check_sizes(answers: Sequence[Any], sizes: Sequence[int] = RESPONSE_SIZES) -> None:
    assert [answer.payload.body for answer in answers] == [bytes(size) for size in sizes]


def check_echo(initial: Any, trailing: Any) -> None:
    """METADATA came back, each where it belongs."""
    assert dict(initial)[INITIAL] == METADATA[0][1]
    assert dict(trailing)[TRAILING] == METADATA[1][1]
    assert TRAILING not in dict(initial)
    assert INITIAL not in dict(trailing)
