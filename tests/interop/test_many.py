"""Many calls on few connections: the soaks in small, and streams beside each other."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from tests.interop.cases import PATIENCE_S, check_large, check_sizes, large, wanting
from tests.interop.stubs import pb, pb_grpc

SOAK_CALLS, SEQUENTIAL, PARALLEL = 30, 1_000, 100
STREAMS, ANSWERS, ANSWER_BYTES = 8, 20, 200_000


async def test_rpc_soak(stub):
    for _ in range(SOAK_CALLS):
        check_large(await stub.UnaryCall(large(), timeout=PATIENCE_S))


async def test_channel_soak(served):
    for _ in range(SOAK_CALLS):
        # Connections of one process to one address would be shared.
        own = (("grpc.use_local_subchannel_pool", 1),)
        async with grpc.aio.insecure_channel(served.address, options=own) as channel:
            stub = pb_grpc.TestServiceStub(channel)
            check_large(await stub.UnaryCall(large(), timeout=PATIENCE_S))


async def test_concurrent_large_unary(stub):
    # As many as may be on their way on one connection before they are complete, 8 MiB in all.
    calls = [stub.UnaryCall(large(), timeout=PATIENCE_S) for _ in range(SOAK_CALLS)]

    for answer in await asyncio.gather(*calls):
        check_large(answer)


async def test_large_streams_beside_each_other_come_whole_and_in_order(stub):
    async def streamed(seed: int) -> None:
        sizes = [ANSWER_BYTES + seed * ANSWERS + number for number in range(ANSWERS)]
        call = stub.StreamingOutputCall(wanting(*sizes), timeout=PATIENCE_S)
        check_sizes([answer async for answer in call], sizes)

    async with asyncio.TaskGroup() as streams:
        for seed in range(STREAMS):
            streams.create_task(streamed(seed))


async def test_a_thousand_calls_one_after_the_other_on_one_channel(stub):
    for size in range(SEQUENTIAL):
        answer = await stub.UnaryCall(pb.SimpleRequest(response_size=size), timeout=PATIENCE_S)
        assert len(answer.payload.body) == size


async def test_a_hundred_calls_at_once_on_one_channel(stub):
    sizes = range(PARALLEL)
    calls = [
        stub.UnaryCall(pb.SimpleRequest(response_size=size), timeout=PATIENCE_S) for size in sizes
    ]

    check_sizes(await asyncio.gather(*calls), sizes)


@pytest.mark.parametrize("transport", ["h2"])  # grpcio's server now and then refuses some
async def test_more_calls_than_a_connection_takes_at_once_wait_their_turn(stub):
    # The client keeps to the hundred streams that the server allows, and none fails.
    request = wanting(9)
    request.response_parameters[0].interval_us = 50_000

    async def streamed() -> None:
        call = stub.StreamingOutputCall(request, timeout=PATIENCE_S)
        check_sizes([answer async for answer in call], [9])

    async with asyncio.TaskGroup() as streams:
        for _ in range(3 * PARALLEL):
            streams.create_task(streamed())
