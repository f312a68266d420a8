"""The published cases by their names, with grpc.aio's client."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from tests.interop.cases import (
    LARGE_REQUEST,
    LARGE_RESPONSE,
    METADATA,
    PATIENCE_S,
    SPECIAL_STATUS,
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
from tests.interop.stubs import pb, pb_grpc


async def becomes_idle(served) -> None:
    """Until the server has seen that its calls are over."""
    async with asyncio.timeout(PATIENCE_S):
        await served.server.gate.idle()


async def collected(call) -> list:
    return [answer async for answer in call]


async def test_empty_unary(stub):
    answer = await stub.EmptyCall(pb.Empty(), timeout=PATIENCE_S)

    assert answer == pb.Empty()


async def test_large_unary(stub):
    check_large(await stub.UnaryCall(large(), timeout=PATIENCE_S))


async def test_client_streaming(stub):
    answer = await stub.StreamingInputCall(iter(pieces()), timeout=PATIENCE_S)

    assert answer.aggregated_payload_size == 74_922


async def test_server_streaming(stub):
    call = stub.StreamingOutputCall(wanting(*SIZES), timeout=PATIENCE_S)

    check_sizes(await collected(call))
    assert await call.code() is grpc.StatusCode.OK


async def test_ping_pong(stub):
    call = stub.FullDuplexCall(timeout=PATIENCE_S)
    answers = []
    for request in rallies():
        await call.write(request)
        answers.append(await call.read())
    await call.done_writing()

    check_sizes(answers)
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


async def test_half_duplex(stub):
    answers = await collected(stub.HalfDuplexCall(iter(rallies()), timeout=PATIENCE_S))

    check_sizes(answers)


async def test_empty_stream(stub):
    call = stub.FullDuplexCall(timeout=PATIENCE_S)
    await call.done_writing()

    assert await collected(call) == []
    assert await call.code() is grpc.StatusCode.OK


async def test_cancel_after_begin(stub, served):
    call = stub.StreamingInputCall(timeout=PATIENCE_S)
    await call.wait_for_connection()
    call.cancel()

    assert await call.code() is grpc.StatusCode.CANCELLED
    await becomes_idle(served)


async def test_cancel_after_first_response(stub, served):
    call = stub.FullDuplexCall(timeout=PATIENCE_S)
    await call.write(rallies()[0])
    check_sizes([await call.read()], SIZES[:1])
    call.cancel()

    assert await call.code() is grpc.StatusCode.CANCELLED
    await becomes_idle(served)


async def test_timeout_on_sleeping_server(stub, served):
    async def one_and_no_end():
        yield wanting(sent=27_182)
        await asyncio.Event().wait()

    # The published millisecond is the blocking client's: this one may be cut off in its write, and
    # call that INTERNAL.
    call = stub.FullDuplexCall(one_and_no_end(), timeout=0.2)

    assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await becomes_idle(served)


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(STATUS, id="status_code_and_message"),
        pytest.param(SPECIAL_STATUS, id="special_status_message"),
    ],
)
async def test_status_code_and_message(stub, status):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.UnaryCall(pb.SimpleRequest(response_status=status), timeout=PATIENCE_S)
    duplex = stub.FullDuplexCall(iter([wanting(response_status=status)]), timeout=PATIENCE_S)
    after_an_answer = stub.FullDuplexCall(
        iter([wanting(9), wanting(response_status=status)]), timeout=PATIENCE_S
    )
    check_sizes([await after_an_answer.read()], [9])

    assert caught.value.code() is grpc.StatusCode.UNKNOWN
    assert caught.value.details() == status.message
    for call in (duplex, after_an_answer):
        assert await call.code() is grpc.StatusCode.UNKNOWN
        assert await call.details() == status.message


async def test_unimplemented_method(stub):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.UnimplementedCall(pb.Empty(), timeout=PATIENCE_S)

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_unimplemented_service(channel):
    other = pb_grpc.UnimplementedServiceStub(channel)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await other.UnimplementedCall(pb.Empty(), timeout=PATIENCE_S)

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_custom_metadata(stub):
    unary = stub.UnaryCall(large(), metadata=METADATA, timeout=PATIENCE_S)
    duplex = stub.FullDuplexCall(metadata=METADATA, timeout=PATIENCE_S)
    await duplex.write(wanting(LARGE_RESPONSE, sent=LARGE_REQUEST))
    await duplex.done_writing()

    check_large(await unary)
    check_echo(await unary.initial_metadata(), await unary.trailing_metadata())
    check_sizes(await collected(duplex), [LARGE_RESPONSE])
    check_echo(await duplex.initial_metadata(), await duplex.trailing_metadata())


async def test_custom_metadata_of_every_shape(stub):
    asked = {"metadata": METADATA, "timeout": PATIENCE_S}
    answers = stub.StreamingOutputCall(wanting(*SIZES), **asked)
    check_sizes(await collected(answers))
    calls = [
        stub.EmptyCall(pb.Empty(), **asked),
        stub.StreamingInputCall(iter(pieces()), **asked),
        answers,
    ]

    for call in calls:
        assert await call.code() is grpc.StatusCode.OK
        check_echo(await call.initial_metadata(), await call.trailing_metadata())


async def test_custom_metadata_of_a_refusal(stub):
    call = stub.UnaryCall(
        pb.SimpleRequest(response_status=STATUS), metadata=METADATA, timeout=PATIENCE_S
    )

    assert await call.code() is grpc.StatusCode.UNKNOWN
    assert dict(await call.trailing_metadata())[METADATA[1][0]] == METADATA[1][1]
