"""Servers that end: whatever was on its way is served, and nothing is left behind."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import AsyncExitStack, ExitStack

import grpc
from google.protobuf.wrappers_pb2 import BytesValue, Int64Value

from rangli.transport.h2.limits import Limits
from rangli.transport.tls import Certificates
from tests.certificates import Authority
from tests.transport.h2.methods import served
from tests.transport.h2.peer import (
    DATA,
    GOAWAY,
    PATIENCE_S,
    PREFACE,
    SERVICE,
    SETTINGS,
    Peer,
    call,
    connected,
    frame,
    headers,
    message,
    settings,
)

LIMITS = Limits(linger_s=0.1, close_s=0.1, tick_s=0.02)
WAIT = Int64Value(value=300).SerializeToString()


async def started(limits: Limits = LIMITS):
    server = served(limits)
    return server, await server.start("127.0.0.1:0")


async def test_stop_ends_when_the_last_call_has_and_each_is_answered():
    server, port = await started()
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(connected(port)) for _ in range(20)]
        for peer in peers:
            await peer.say(call(1, "Wait", WAIT))
            await peer.say(call(3))
            await peer.answered(3)
        async with asyncio.timeout(PATIENCE_S):
            await server.stop(PATIENCE_S)

        for peer in peers:
            assert await peer.answered(1) == message(WAIT)
            await peer.ended()
            goaways = [f for f in peer.said if f.kind == GOAWAY]
            assert [f.code for f in goaways] == [0, 0]
    assert server.gate.in_flight == 0


async def test_stop_waits_for_no_connection_without_calls():
    server, port = await started()
    async with (
        connected(port) as quiet, connected(port, greet=b"") as silent,
        connected(port, greet=PREFACE[:7]) as partial,
    ):  # fmt: skip
        await quiet.is_served(1)
        async with asyncio.timeout(PATIENCE_S):
            await server.stop(10 * PATIENCE_S)
        for peer in (quiet, silent, partial):
            await peer.ended()


async def test_calls_that_outlast_the_grace_are_cancelled():
    server, port = await started()
    async with connected(port) as peer:
        await peer.say(headers(1, "Back") + frame(DATA, 0, 1, message(b"")))
        await peer.until(DATA)
        async with asyncio.timeout(PATIENCE_S):
            await server.stop(0.2)
        await peer.ended()
    assert server.gate.in_flight == 0


async def test_a_peer_that_does_not_read_its_answers_does_not_hold_up_the_end():
    server, port = await started()
    async with connected(port, greet=PREFACE + settings(s4=0)) as peer:
        await peer.say(call(1, "Large", Int64Value(value=10_000).SerializeToString()))
        await peer.until(1)
        async with asyncio.timeout(PATIENCE_S):
            await server.stop(0.2)


def come(stack: ExitStack, port: int) -> socket.socket:
    """The system lets it in; the server, in the same thread, has not heard of it."""
    peer = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    peer.sendall(PREFACE + settings() + call(1, "Wait", WAIT))
    peer.setblocking(False)
    return peer


async def test_whoever_was_let_in_before_the_end_is_served():
    server, port = await started()
    with ExitStack() as stack:
        peers = [come(stack, port) for _ in range(50)]
        async with asyncio.timeout(PATIENCE_S):
            await server.stop(PATIENCE_S)
        for peer in peers:
            said = Peer(*await asyncio.open_connection(sock=peer))
            assert await said.answered(1) == message(WAIT)
            said.close()


async def test_whoever_is_still_shaking_hands_at_the_end_is_told_to_go(tmp_path):
    authority = Authority(tmp_path)
    client = ssl.create_default_context(cafile=str(authority.ca_file))
    client.set_alpn_protocols(["h2"])
    server = served(LIMITS, Certificates(authority.server()))
    port = await server.start("127.0.0.1:0")
    with ExitStack() as stack:
        late = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        late.setblocking(False)
        async with connected(port, tls=client) as busy:
            await busy.say(call(1, "Wait", WAIT))
            await busy.until(SETTINGS)
            async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
                group.create_task(server.stop(10 * PATIENCE_S))
                await asyncio.sleep(0.05)
                streams = await asyncio.open_connection(
                    sock=late, ssl=client, server_hostname="127.0.0.1"
                )
                peer = Peer(*streams)
                await peer.say(PREFACE + settings())
                await peer.until(GOAWAY)
            assert await busy.answered(1) == message(WAIT)
        peer.close()


async def test_who_retries_loses_no_call_while_servers_end_and_others_take_their_place():
    """Many times over, on one port, as workers of `rangli serve` do."""
    server, port = await started()
    answers, enough = 0, asyncio.Event()
    retry = (
        '{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, '
        '"initialBackoff": "0.05s", "maxBackoff": "1s", "backoffMultiplier": 3, '
        '"retryableStatusCodes": ["UNAVAILABLE"]}}]}'
    )
    options = [
        ("grpc.service_config", retry),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.initial_reconnect_backoff_ms", 50),
    ]

    async def ask(method: str, request: bytes) -> None:
        nonlocal answers
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            send = channel.unary_unary(f"/{SERVICE}/{method}")
            while not enough.is_set():
                assert await send(request, timeout=PATIENCE_S) == request
                answers += 1

    async def more(count: int) -> None:
        goal = answers + count
        async with asyncio.timeout(PATIENCE_S):
            while answers < goal:  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    echo = BytesValue(value=b"x" * 1000).SerializeToString()
    short = Int64Value(value=5).SerializeToString()
    async with asyncio.TaskGroup() as callers:
        for _ in range(8):
            callers.create_task(ask("EchoTask", echo))
            callers.create_task(ask("Wait", short))
        for _ in range(10):
            await more(100)
            following = served(LIMITS)
            await following.start(f"127.0.0.1:{port}")
            await server.stop(PATIENCE_S)
            server = following
        enough.set()
    await server.stop(0)


async def test_old_connections_cost_a_caller_that_goes_on_without_retries_nothing(here):
    """Told in two steps, a client moves its calls to a new connection and loses none.

    The second step comes so late that no client, however slow its machine, has missed the first.
    """
    async with (
        here(age_s=0.2, linger_s=2) as server,
        grpc.aio.insecure_channel(
            f"127.0.0.1:{server.port}", [("grpc.enable_retries", 0)]
        ) as channel,
    ):
        send = channel.unary_unary(f"/{SERVICE}/EchoTask")
        async with asyncio.timeout(PATIENCE_S):
            end = asyncio.get_running_loop().time() + 3
            while asyncio.get_running_loop().time() < end:
                answers = [send(b"", timeout=PATIENCE_S) for _ in range(20)]
                assert await asyncio.gather(*answers) == [b""] * 20
