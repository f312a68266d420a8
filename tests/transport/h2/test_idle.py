"""Very many peers that say nothing: little memory, next to no work, and they are still there."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.transport.h2.conftest import Apart
from tests.transport.h2.peer import ACK, PATIENCE_S, PING, PREFACE, frame, settings

KIB = 1024
GREETING = PREFACE + settings() + frame(PING, payload=b"are you?")


def heard(peer: socket.socket) -> bytes:
    """All that is said up to the answer to our ping."""
    said = b""
    while frame(PING, ACK, payload=b"are you?") not in said:
        got = peer.recv(4096)
        assert got, f"closed after {said!r}"
        said += got
    return said


def crowd(stack: ExitStack, port: int, count: int) -> list[socket.socket]:
    peers = []
    for n in range(count):
        peer = stack.enter_context(socket.socket())
        peer.settimeout(PATIENCE_S)
        peer.bind((f"127.0.0.{2 + n % 50}", 0))  # one address has not that many ports
        peer.connect(("127.0.0.1", port))
        peer.sendall(GREETING)
        peers.append(peer)
    for peer in peers:
        heard(peer)
    return peers


async def held(server: Apart, healthy, count: int) -> None:
    """So many quiet connections; each is there in the end."""
    with ExitStack() as stack:
        before = server.memory_bytes()
        peers = await asyncio.to_thread(crowd, stack, server.port, count)
        each = (server.memory_bytes() - before) / count
        worked = server.cpu_s()
        await asyncio.sleep(3)
        worked = (server.cpu_s() - worked) / 3
        print(f"{count} idle: {each / KIB:.1f} KiB each, {worked:.2%} of a core in all")
        assert each < 64 * KIB
        async with healthy(server.port) as other:
            await other.goes_on(200)
        for peer in peers:
            peer.sendall(frame(PING, payload=b"are you?"))
        for peer in peers:
            await asyncio.to_thread(heard, peer)


@pytest.fixture
def files() -> Iterator[Callable[[int], int]]:
    """`files(10)` lets this process and its children open so many, or as many as they may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def set_to(count: int) -> int:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
        return min(count, hard)

    yield set_to
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_thousand_idle_connections_cost_little(apart, healthy, files):
    files(1_500)
    async with apart() as server:
        await held(server, healthy, 1_000)


@pytest.mark.soak
async def test_ten_thousand_idle_connections_cost_little(apart, healthy, files):
    allowed = files(10_500)
    async with apart() as server:
        await held(server, healthy, allowed - 500)


async def test_callers_do_not_take_all_the_files_that_the_process_may_open(apart, healthy, files):
    files(300)
    async with apart() as server:
        files(1_000)
        async with healthy(server.port) as other:
            with ExitStack() as stack:
                closed = 0
                for _ in range(300):
                    peer = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                    peer.settimeout(PATIENCE_S)
                    try:
                        peer.sendall(GREETING)
                        await asyncio.to_thread(heard, peer)
                    except (ConnectionError, AssertionError):
                        closed += 1
                assert server.files() < 300 - 200
                assert closed > 200
                await other.goes_on()
