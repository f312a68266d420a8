"""The published cases which grpcio's blocking client drives in its own way."""

from __future__ import annotations

import asyncio
from queue import SimpleQueue

import grpc
import pytest

from tests.interop.cases import (
    METADATA,
    PATIENCE_S,
    STATUS,
    check_echo,
    check_large,
    check_sizes,
    large,
    pieces,
    rallies,
    wanting,
)
from tests.interop.cases import RESPONSE_SIZES as SIZES
from tests.interop.stubs import pb


def large_unary(stub) -> None:
    check_large(stub.UnaryCall(large(), timeout=PATIENCE_S))


def client_streaming(stub) -> None:
    answer = stub.StreamingInputCall(iter(pieces()), timeout=PATIENCE_S)
    assert answer.aggregated_payload_size == 74_922


def server_streaming(stub) -> None:
    check_sizes(list(stub.StreamingOutputCall(wanting(*SIZES), timeout=PATIENCE_S)))


def ping_pong(stub) -> None:
    requests = SimpleQueue()
    call = stub.FullDuplexCall(iter(requests.get, None), timeout=PATIENCE_S)
    answers = []
    for request in rallies():
        requests.put(request)
        answers.append(next(call))
    requests.put(None)

    check_sizes(answers)
    assert list(call) == []


def empty_stream(stub) -> None:
    assert list(stub.FullDuplexCall(iter(()), timeout=PATIENCE_S)) == []


def cancel_after_begin(stub) -> None:
    requests = SimpleQueue()
    future = stub.StreamingInputCall.future(iter(requests.get, None), timeout=PATIENCE_S)
    future.cancel()
    requests.put(None)

    assert future.cancelled()
    assert future.code() is grpc.StatusCode.CANCELLED


def cancel_after_first_response(stub) -> None:
    requests = SimpleQueue()
    call = stub.FullDuplexCall(iter(requests.get, None), timeout=PATIENCE_S)
    requests.put(rallies()[0])
    check_sizes([next(call)], SIZES[:1])
    call.cancel()
    requests.put(None)

    assert call.code() is grpc.StatusCode.CANCELLED


def timeout_on_sleeping_server(stub) -> None:
    # The published millisecond may be over before the call leaves; the server sees the other one.
    for timeout_s in (0.001, 0.2):
        requests = SimpleQueue()
        requests.put(wanting(sent=27_182))
        call = stub.FullDuplexCall(iter(requests.get, None), timeout=timeout_s)
        with pytest.raises(grpc.RpcError) as caught:
            next(call)
        requests.put(None)

        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def status_code_and_message(stub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.UnaryCall(pb.SimpleRequest(response_status=STATUS), timeout=PATIENCE_S)

    assert caught.value.code() is grpc.StatusCode.UNKNOWN
    assert caught.value.details() == STATUS.message


def custom_metadata(stub) -> None:
    answer, call = stub.UnaryCall.with_call(large(), metadata=METADATA, timeout=PATIENCE_S)

    check_large(answer)
    check_echo(call.initial_metadata(), call.trailing_metadata())


def custom_metadata_around_nothing(stub) -> None:
    # Headers and end come as one; grpc.aio's client may then lose the headers.
    call = stub.FullDuplexCall(iter(()), metadata=METADATA, timeout=PATIENCE_S)

    assert list(call) == []
    check_echo(call.initial_metadata(), call.trailing_metadata())


@pytest.mark.parametrize(
    "case",
    [
        large_unary, client_streaming, server_streaming, ping_pong, empty_stream,
        cancel_after_begin, cancel_after_first_response, timeout_on_sleeping_server,
        status_code_and_message, custom_metadata, custom_metadata_around_nothing,
    ],
    ids=lambda case: case.__name__,
)  # fmt: skip
async def test_blocking_client(sync_stub, served, case):
    await asyncio.to_thread(case, sync_stub)

    async with asyncio.timeout(PATIENCE_S):
        await served.server.gate.idle()
