"""The ends of connections over TLS, which says goodbye in its own way; on both loops."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop
from google.protobuf.wrappers_pb2 import Int64Value

from rangli.transport.h2.limits import Limits
from rangli.transport.tls import Certificates
from tests.certificates import Authority
from tests.transport.h2.methods import served
from tests.transport.h2.peer import (
    CALM,
    GOAWAY,
    PATIENCE_S,
    PING,
    PREFACE,
    WINDOW,
    Peer,
    call,
    connected,
    frame,
    number,
    settings,
)

GREETING = PREFACE + settings(s4=2**31 - 1) + frame(WINDOW, 0, 0, number(2**30))
Told = Callable[[Peer], Awaitable[None]]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def over_tls(request, tmp_path) -> Callable[..., Awaitable[None]]:
    """`await over_tls(scenario, idle_s=1)`: a peer's scenario, in a loop of its own."""
    authority = Authority(tmp_path)
    files = authority.server()
    client = ssl.create_default_context(cafile=str(authority.ca_file))
    client.set_alpn_protocols(["h2"])

    async def both(scenario: Told, limits: dict[str, Any]) -> None:
        usual = {"tick_s": 0.02, "linger_s": 0.02, "close_s": 0.1, "goodbye_s": 0.5}
        server = served(Limits(**(usual | limits)), Certificates(files))
        port = await server.start("127.0.0.1:0")
        async with connected(port, greet=GREETING, tls=client) as peer:
            await peer.is_served(1)
            await scenario(peer)
            # It is not there any more, and nor are its calls.
            async with asyncio.timeout(PATIENCE_S):
                await server._empty()
                await server.gate.idle()
        await server.stop(0)

    async def run(scenario: Told, **limits: Any) -> None:
        await asyncio.to_thread(request.param, both(scenario, limits))

    return run


async def test_an_idle_connection_is_told_to_go(over_tls):
    async def scenario(peer):
        said = await peer.ended()
        assert [f.code for f in said if f.kind == GOAWAY] == [0, 0]

    await over_tls(scenario, idle_s=0.5)


async def test_a_peer_that_asks_too_often_is_told_to_calm_down(over_tls):
    async def scenario(peer):
        await peer.say(frame(PING, payload=bytes(8)) * 5)
        said = await peer.ended()
        assert [f.code for f in said if f.kind == GOAWAY] == [CALM]

    await over_tls(scenario)


async def test_a_peer_that_reads_nothing_is_given_up(over_tls):
    async def scenario(peer):
        peer.writer.transport.pause_reading()
        endless = Int64Value(value=60_000).SerializeToString()
        await peer.say(b"".join(call(n, "Numbers", endless) for n in range(3, 100, 2)))

    await over_tls(scenario, stall_s=0.5)


async def test_a_peer_that_breaks_off_is_gone_with_its_calls(over_tls):
    async def scenario(peer):
        long = Int64Value(value=50_000).SerializeToString()
        await peer.say(call(3, "Wait", long))
        await peer.say(frame(PING, payload=bytes(8)))
        await peer.until(PING)
        peer.break_off()

    await over_tls(scenario)
