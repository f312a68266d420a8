"""Peers that are slow, go away or speak something else: memory stays bounded, others are served."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from contextlib import AsyncExitStack, suppress

import grpc
import pytest
from google.protobuf.wrappers_pb2 import BytesValue, Int64Value

from tests.transport.h2.peer import (
    DATA,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PATIENCE_S,
    PREFACE,
    SERVICE,
    WINDOW,
    call,
    connected,
    fields,
    frame,
    headers,
    hpack,
    message,
    number,
    settings,
)

KIB, MIB = 1024, 1024 * 1024
NO_ROOM = PREFACE + settings(s4=0)
ALL_ROOM = PREFACE + settings(s4=2**31 - 1) + frame(WINDOW, 0, 0, number(2**31 - 65_536))


def large(size: int) -> bytes:
    return Int64Value(value=size).SerializeToString()


def bytes_value(data: bytes) -> bytes:
    return BytesValue(value=data).SerializeToString()


async def test_who_takes_no_answers_may_make_no_more_calls(apart, healthy):
    async with apart(unsent_bytes_max=2 * MIB, stall_s=600) as server:
        async with healthy(server.port) as other, connected(server.port, greet=NO_ROOM) as peer:
            for n in range(30):
                await peer.say(call(2 * n + 1, "Large", large(64 * KIB)))
            for _ in range(30):
                answer = await peer.until(HEADERS)
                assert not answer.flags & END_STREAM
            for n in range(30, 200):  # more than may be open: they are over at once
                await peer.say(call(2 * n + 1, "Large", large(64 * KIB)))
                refused = await peer.until(HEADERS)
                # Two more than fill it, one of which is on its way while the other is counted.
                assert n < 35 or refused.flags & END_STREAM
            await other.goes_on()
        assert server.has_grown_by() < 24


@pytest.mark.parametrize("room", [NO_ROOM, PREFACE + settings(s4=MIB)], ids=["none", "little"])
async def test_answers_that_come_at_once_are_bounded_too(apart, healthy, room):
    """Those of calls that were let in together."""
    calls = [call(2 * n + 1, "Large", large(MIB)) for n in range(100)]
    async with (
        apart(answers_bytes_max=8 * MIB, stall_s=600) as server,
        healthy(server.port) as other,
        connected(server.port, greet=room) as peer,
    ):
        await peer.say(b"".join(calls))
        answers, refused = 0, 0
        while answers + refused < 100:
            found = await peer.until(HEADERS)
            refused += bool(found.flags & END_STREAM)
            answers += not found.flags & END_STREAM
        assert 6 <= answers <= 9  # what the peer's window takes does not wait
        await other.goes_on()
        assert server.has_grown_by() < 24


async def test_streams_without_room_wait_and_hold_little(apart, healthy):
    async with (
        apart(stall_s=600) as server,
        healthy(server.port) as other,
        connected(server.port, greet=NO_ROOM) as peer,
    ):
        for n in range(100):
            await peer.say(call(2 * n + 1, "Numbers", large(32 * KIB)))
        await peer.until(HEADERS, 199)
        await other.goes_on(200)
        # Each has some 64 KiB ahead, and one message more.
        assert server.has_grown_by() < 32


async def test_a_peer_that_never_reads_its_socket_is_given_up(apart, healthy):
    async with apart(stall_s=1) as server, healthy(server.port) as other:
        async with connected(server.port, greet=ALL_ROOM) as peer:
            peer.writer.transport.pause_reading()
            for n in range(100):
                await peer.say(call(2 * n + 1, "Numbers", large(32 * KIB)))
            await other.goes_on(200)
            with pytest.raises(ConnectionError):
                async with asyncio.timeout(PATIENCE_S):
                    while True:
                        await peer.say(frame(WINDOW, 0, 0, number(1)))
                        await asyncio.sleep(0.05)
        assert server.has_grown_by() < 48


async def test_a_slow_reader_is_served_in_full_while_others_go_on(apart, healthy):
    async with (
        apart(stall_s=5) as server,
        healthy(server.port) as other,
        connected(server.port, greet=ALL_ROOM) as peer,
    ):
        for n in range(50):
            await peer.say(call(2 * n + 1, "Large", large(100 * KIB)))
        ended = set()
        async with asyncio.timeout(PATIENCE_S):
            while len(ended) < 50:
                found = await peer.next()
                assert found is not None
                if found.flags & END_STREAM:
                    ended.add(found.stream)
                await asyncio.sleep(0.002)
        await other.goes_on()


async def test_one_byte_at_a_time_is_a_call_like_any_other(victim, healthy):
    async with healthy(victim.port) as other, connected(victim.port, greet=b"") as peer:
        for byte in PREFACE + settings() + call(1, data=bytes_value(b"slowly")):
            await peer.say(bytes((byte,)))
            await asyncio.sleep(0)
        assert b"slowly" in await peer.answered(1)
        await other.goes_on()


async def test_data_in_frames_of_one_byte_is_a_call_like_any_other(victim, healthy):
    data = bytes_value(b"piece by piece " * 10)
    async with healthy(victim.port) as other, connected(victim.port) as peer:
        await peer.say(headers(1, "Upload"))
        for byte in message(data):
            await peer.say(frame(DATA, 0, 1, bytes((byte,))))
        await peer.say(frame(DATA, END_STREAM, 1))
        assert await peer.answered(1) == message(Int64Value(value=150).SerializeToString())
        await other.goes_on()


async def test_requests_that_are_not_complete_are_bounded_by_connection(apart, healthy):
    async with apart(unread_bytes_max=4 * MIB) as server, healthy(server.port) as other:
        async with connected(server.port, greet=PREFACE + settings() + frame(4, 1)) as peer:

            async def listen() -> None:
                while await peer.next() is not None:
                    pass

            listening = asyncio.create_task(listen())
            refused = 0
            for n in range(60):
                stream = 2 * n + 1
                await peer.say(headers(stream, "Upload") + frame(DATA, 0, stream, b"\0\0\x0f\0\0"))
                for _ in range(12):  # of 960 KiB that were announced
                    await peer.say(frame(DATA, 0, stream, bytes(16_000)))
                    await asyncio.sleep(0.002)
            await other.goes_on()
            refused = sum(f.kind == HEADERS and bool(f.flags & END_STREAM) for f in peer.said)
            listening.cancel()
        assert refused >= 60 - 4 * MIB // (12 * 16_000) - 2
        assert server.has_grown_by() < 32


async def test_connections_that_break_off_in_the_middle_of_everything_leave_nothing(here):
    chance = random.Random(7)
    whole = (
        PREFACE + settings() + call(1, data=b"x") + call(3, "EchoTask") + headers(5, "Upload")
        + frame(DATA, 0, 5, message(b"")) + call(7, "Numbers", large(10_000))
        + headers(9, "Back") + frame(DATA, 0, 9, message(b"")) + call(11, "Wait", large(10_000))
    )  # fmt: skip
    async with here() as server:
        for _ in range(300):
            async with connected(server.port, greet=whole[: chance.randrange(len(whole))]) as peer:
                await asyncio.sleep(chance.choice((0, 0.001, 0.005)))
                sock = peer.writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                peer.break_off()
        await server.empties()
        async with connected(server.port) as peer:
            await peer.is_served(1)


async def test_half_open_peers_are_found_and_hold_no_calls(here):
    """Their machine is gone: no FIN, no RST, no word."""
    async with here(ping_every_s=0.1, ping_timeout_s=0.2) as server, AsyncExitStack() as stack:
        for _ in range(20):
            peer = await stack.enter_async_context(connected(server.port))
            await peer.say(headers(1, "Back") + call(3, "Wait", large(50_000)))
            peer.writer.transport.pause_reading()
        while not server.gate.in_flight:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await server.empties()


async def test_frames_of_unknown_kinds_are_ignored(here):
    async with here() as server, connected(server.port) as peer:
        await peer.say(frame(0x77, 0xFF, 0, b"?" * 100) + frame(0x78, 0, 1, b""))
        await peer.is_served(1)


async def test_a_call_with_padding_and_priority_is_a_call_like_any_other(here):
    async with here() as server, connected(server.port) as peer:
        block = hpack(fields())
        padded = b"\x03" + number(0) + b"\x10" + block + bytes(3)
        await peer.say(frame(HEADERS, 0x4 | 0x8 | 0x20, 1, padded))
        await peer.say(frame(DATA, END_STREAM | 0x8, 1, b"\x02" + message(b"") + bytes(2)))
        assert await peer.answered(1) == message(b"")


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: test\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        b"POST /rangli.v1.PricingService/Quote HTTP/1.1\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0",
        b"PRI * HTTP/1.1\r\n\r\n",
    ],
    ids=["get", "upgrade", "post", "almost"],
)
async def test_http1_is_answered_in_its_own_words(victim, said):
    reader, writer = await asyncio.open_connection("127.0.0.1", victim.port)
    writer.write(said)
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.read()
    writer.close()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert f"content-length: {len(body)}".encode() in head
    assert b"gRPC" in body


@pytest.mark.parametrize(
    "said",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600), b"\0" * 100, b"hello\n"],
    ids=["tls", "zeros", "text"],
)
async def test_what_is_not_http_at_all_is_hung_up_on(victim, healthy, said):
    async with healthy(victim.port) as other, connected(victim.port, greet=said) as peer:
        assert await peer.ended() == []
        await other.goes_on()


async def test_a_client_that_says_goodbye_is_let_go_when_its_calls_have_ended(here):
    async with here() as server, connected(server.port) as peer:
        await peer.say(call(1, "Wait", large(200)) + frame(GOAWAY, payload=bytes(8)))
        await peer.answered(1)
        await peer.ended()


async def test_connections_that_come_and_go_in_a_hurry_leave_nothing(victim, healthy):
    async with healthy(victim.port) as other:
        for _ in range(1_000):
            async with connected(victim.port) as peer:
                peer.break_off()
        await other.goes_on()
        assert victim.has_grown_by() < 24


async def test_calls_that_are_cancelled_by_the_thousand_leave_nothing(here):
    async with (
        here() as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        wait = channel.unary_unary(f"/{SERVICE}/Wait")
        for _ in range(20):
            calls = [wait(large(20_000), timeout=PATIENCE_S) for _ in range(50)]
            await asyncio.sleep(0.01)
            for each in calls:
                each.cancel()
            for each in calls:
                with suppress(asyncio.CancelledError):
                    await each
        await server.empties()
        echo = channel.unary_unary(f"/{SERVICE}/Echo")
        assert await echo(b"", timeout=PATIENCE_S) == b""
