"""Peers that ask more than anyone needs: they end, the server does not, nor do others' calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest

from tests.transport.h2.peer import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    GOAWAY,
    HEADERS,
    PADDED,
    PATIENCE_S,
    PING,
    PREFACE,
    PRIORITY,
    SETTINGS,
    WINDOW,
    Peer,
    call,
    connected,
    fields,
    frame,
    headers,
    hpack,
    number,
    reset,
    settings,
)

# What a server may hold more than at its start, whatever one peer does: buffers, and a tenth of it
# is the healthy caller's.
GROWTH_MIB = 48
_ROUND = 200  # at once
_ROUNDS = 2_000
_WINDOWS = 0x10


def streams(each: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda turn: b"".join(each(2 * (turn * _ROUND + n) + 1) for n in range(_ROUND))


def same(data: bytes) -> Callable[[int], bytes]:
    return lambda _turn: data * _ROUND


def on_one_stream(data: bytes) -> Callable[[int], bytes]:
    return lambda turn: data * _ROUND if turn else headers(1, "Upload")


ENDED = {
    "rapid reset (CVE-2023-44487)": streams(lambda n: headers(n) + reset(n)),
    "rapid reset of whole calls": streams(lambda n: call(n, "EchoTask") + reset(n)),
    "pings": same(frame(PING, payload=bytes(8))),
    "answers to pings that nobody sent": same(frame(PING, ACK, payload=bytes(8))),
    "settings": same(settings(s4=65_535)),
    "empty settings": same(frame(SETTINGS)),
    "answers to settings that nobody sent": same(frame(SETTINGS, ACK)),
    "headers without an end (CVE-2024-27316)": lambda turn: (
        frame(CONTINUATION, 0, 1, hpack([(b"a", b"b" * 1000)])) * 100
        if turn
        else frame(HEADERS, 0, 1, hpack(fields()))
    ),
    "empty pieces of headers": lambda turn: (
        frame(CONTINUATION, 0, 1) * _ROUND if turn else frame(HEADERS, 0, 1, hpack(fields()))
    ),
    "empty data": on_one_stream(frame(DATA, 0, 1)),
    "more data than there is room for": on_one_stream(frame(DATA, 0, 1, bytes(16_384))),
    "frames of no known kind": same(frame(0x77, 0, 0, b"what?")),
    "priorities": same(frame(PRIORITY, 0, 3, number(1) + b"\0")),
    "priorities of streams to come": streams(lambda n: frame(0x10, 0, 0, number(n) + b"u=1")),
    "more streams than allowed": streams(lambda n: headers(n, "Back")),
    "windows that overflow": same(frame(WINDOW, 0, 0, number(2**31 - 1))),
    "windows that open by nothing": same(frame(WINDOW, 0, 0, number(0))),
    "streams whose windows overflow": streams(
        lambda n: headers(n, "Back") + frame(WINDOW, 0, n, number(2**31 - 1))
    ),
    "broken headers": streams(lambda n: frame(HEADERS, END_HEADERS, n, b"\xff" * 20)),
    "a frame larger than allowed": same(frame(DATA, 0, 1, bytes(20_000))),
    "promises": same(frame(5, END_HEADERS, 1, number(2) + hpack(fields()))),
    "resets of what never was": streams(reset),
    "HTTP/2 begun twice": same(PREFACE),
}
BORNE = {
    # The room is given back a little at a time: as much work for the peer as for us.
    "windows that open by little": same(frame(WINDOW, 0, 0, number(1))),
    "data that is padding": on_one_stream(frame(DATA, PADDED, 1, b"\x08" + bytes(8))),
}


async def flooded(peer: Peer, flood: Callable[[int], bytes], rounds: int) -> bool:
    """Whether the server has ended it."""

    async def listen() -> None:
        while await peer.next() is not None:
            # Not kept: what a flood is answered with is one, too.
            if len(peer.said) > 1_000 and peer.said[-1].kind != GOAWAY:
                peer.said.clear()

    listening = asyncio.create_task(listen())
    try:
        for turn in range(rounds):
            if listening.done():
                break
            await peer.say(flood(turn))
            await asyncio.sleep(0)
    except ConnectionError:
        async with asyncio.timeout(PATIENCE_S):
            await listening
    ended = listening.done()
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    return ended


@pytest.mark.parametrize("kind", ENDED)
async def test_a_flood_ends_its_connection_and_nothing_else(victim, healthy, kind):
    async with healthy(victim.port) as other:
        async with connected(victim.port) as peer:
            assert await flooded(peer, ENDED[kind], _ROUNDS)
            await other.goes_on()
        assert victim.has_grown_by() < GROWTH_MIB


@pytest.mark.parametrize("kind", BORNE)
async def test_a_flood_that_costs_us_no_more_than_its_peer_is_borne(victim, healthy, kind):
    async with healthy(victim.port) as other:
        async with connected(victim.port) as peer:
            assert not await flooded(peer, BORNE[kind], 200)
            await other.goes_on()
        assert victim.has_grown_by() < GROWTH_MIB


@pytest.mark.parametrize("kind", ENDED)
async def test_a_flood_of_a_peer_that_reads_nothing_ends_too(victim, healthy, kind):
    async with healthy(victim.port) as other:
        async with connected(victim.port) as peer:
            peer.writer.transport.pause_reading()
            with pytest.raises(ConnectionError):
                async with asyncio.timeout(PATIENCE_S):
                    for turn in count():
                        await peer.say(ENDED[kind](min(turn, 10_000)))
                        await asyncio.sleep(0)
            await other.goes_on()
        assert victim.has_grown_by() < GROWTH_MIB
