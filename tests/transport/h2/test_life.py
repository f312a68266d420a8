"""What ends a connection, and what does not."""

from __future__ import annotations

import asyncio

import pytest
from google.protobuf.wrappers_pb2 import Int64Value

from rangli.storage import metrics
from tests.transport.h2.peer import (
    ACK,
    CALM,
    DATA,
    GOAWAY,
    PING,
    PREFACE,
    RST,
    WINDOW,
    call,
    connected,
    frame,
    headers,
    message,
    number,
    settings,
)

LAST_OF_ALL = 2**31 - 1


def ended(reason: str) -> float:
    return metrics.CONNECTIONS_ENDED.labels(reason)._value.get()


def last_streams(said) -> list[int]:
    """As the GOAWAYs name them."""
    return [int.from_bytes(f.payload[:4], "big") for f in said if f.kind == GOAWAY]


@pytest.mark.parametrize(
    "greet", [b"", PREFACE[:10], PREFACE, PREFACE + settings()[:5]],
    ids=["nothing", "half a preface", "no settings", "half of its settings"],
)  # fmt: skip
async def test_a_peer_that_does_not_say_how_http2_begins_is_dropped(here, greet):
    before = ended("silent")
    async with here(first_bytes_s=0.1) as server, connected(server.port, greet=greet) as peer:
        await peer.ended()

    assert ended("silent") == before + 1


async def test_a_peer_that_began_in_time_stays(here):
    async with here(first_bytes_s=0.5) as server, connected(server.port) as peer:
        await asyncio.sleep(0.8)
        await peer.is_served(1)


async def test_a_connection_without_calls_is_told_to_go(here):
    before = ended("idle")
    async with here(idle_s=0.5) as server, connected(server.port) as peer:
        await peer.is_served(1)
        said = await peer.ended()

    # In two steps: no more calls; and which was the last.
    assert last_streams(said) == [LAST_OF_ALL, 1]
    assert ended("idle") == before + 1


async def test_a_call_keeps_its_connection_from_being_idle(here):
    async with here(idle_s=0.5) as server, connected(server.port) as peer:
        await peer.say(call(1, "Wait", Int64Value(value=1_000).SerializeToString()))
        await peer.answered(1)

    assert last_streams(peer.said) == []


async def test_an_old_connection_goes_when_its_calls_have_ended(here):
    before = ended("age")
    async with here(age_s=0.3, linger_s=0.5) as server, connected(server.port) as peer:
        await peer.say(call(1, "Wait", Int64Value(value=1_000).SerializeToString()))
        await peer.until(GOAWAY)
        # On its way before the peer has heard of it: served, too.
        await peer.say(call(3))
        await peer.answered(1)
        said = await peer.ended()

    assert last_streams(said) == [LAST_OF_ALL, 3]
    assert ended("age") == before + 1


async def test_calls_of_an_old_connection_may_not_go_on_for_ever(here):
    async with here(age_s=0.1, age_grace_s=0.2) as server, connected(server.port) as peer:
        await peer.say(headers(1, "Back") + frame(DATA, 0, 1, message(b"")))
        said = await peer.ended()
        await server.empties()

    assert last_streams(said)[0] == LAST_OF_ALL


async def test_a_peer_that_does_not_close_after_the_last_word_is_dropped(here):
    async with here(idle_s=0.5, close_s=0.1) as server, connected(server.port) as peer:
        await peer.is_served(1)
        await peer.ended()  # the server's side; ours is open still
        async with asyncio.timeout(20):
            with pytest.raises(ConnectionError):
                while True:
                    await peer.say(frame(PING, payload=bytes(8)))
                    await asyncio.sleep(0.01)


async def test_a_quiet_peer_is_asked_whether_it_is_there_and_stays_if_it_says_so(here):
    async with (
        here(ping_every_s=0.1, ping_timeout_s=5) as server,
        connected(server.port) as peer,
    ):
        for _ in range(5):
            ping = await peer.until(PING)
            await peer.say(frame(PING, ACK, payload=ping.payload))
        await peer.is_served(1)


async def test_a_quiet_peer_that_does_not_say_that_it_is_there_is_given_up(here):
    before = ended("broken")
    async with (
        here(ping_every_s=0.1, ping_timeout_s=0.2) as server,
        connected(server.port) as peer,
    ):
        await peer.say(headers(1, "Back"))  # with a call in flight
        said = await peer.ended()
        await server.empties()

    assert [f.kind for f in said].count(PING) == 1
    assert ended("broken") == before + 1


async def test_a_peer_that_asks_too_often_is_told_to_calm_down(here):
    before = ended("flood")
    async with here(pings_apart_s=60, ping_strikes_max=2) as server, connected(server.port) as peer:
        # The first is free.
        await peer.say(frame(PING, payload=bytes(8)) * 3)
        for _ in range(3):
            await peer.until(PING)
        assert last_streams(peer.said) == []

        await peer.say(frame(PING, payload=bytes(8)))
        said = await peer.ended()

    (goaway,) = (f for f in said if f.kind == GOAWAY)
    assert goaway.code == CALM
    assert goaway.payload[8:] == b"too_many_pings"
    assert ended("flood") == before + 1


async def test_a_peer_that_gets_answers_may_ask_more_often(here):
    async with here(pings_apart_s=60, ping_strikes_max=2) as server, connected(server.port) as peer:
        for turn in range(5):
            await peer.is_served(2 * turn + 1)
            await peer.say(frame(PING, payload=bytes(8)) * 2)
            await peer.until(PING)
            await peer.until(PING)
        await peer.is_served(11)

    assert last_streams(peer.said) == []


async def test_an_answer_that_nobody_takes_is_given_up_and_the_others_go_on(here):
    async with (
        here(stall_s=0.2) as server,
        connected(server.port, greet=PREFACE + settings(s4=100)) as peer,
    ):
        await peer.say(call(1, "Large", Int64Value(value=50_000).SerializeToString()))
        given_up = await peer.until(RST, 1)

        assert given_up.code == CALM
        await peer.is_served(3)


async def test_a_stream_whose_answers_nobody_takes_is_given_up(here):
    async with (
        here(stall_s=0.2) as server,
        connected(server.port, greet=PREFACE + settings(s4=100)) as peer,
    ):
        await peer.say(call(1, "Numbers", Int64Value(value=50_000).SerializeToString()))
        given_up = await peer.until(RST, 1)
        await server.empties()

        assert given_up.code == CALM
        await peer.is_served(3)


async def test_a_slow_reader_that_takes_a_little_now_and_then_gets_all(here):
    size = 2_000
    async with (
        here(stall_s=1.5) as server,
        connected(server.port, greet=PREFACE + settings(s4=100)) as peer,
    ):
        await peer.say(call(1, "Large", Int64Value(value=size).SerializeToString()))

        async def make_room():
            for _ in range(20):
                await asyncio.sleep(0.15)
                await peer.say(frame(WINDOW, 0, 1, number(100)))

        async with asyncio.TaskGroup() as group:
            group.create_task(make_room())
            data = await peer.answered(1)

    assert len(data) >= size


async def test_more_connections_than_the_limit_are_closed_and_those_there_go_on(here):
    before = metrics.CONNECTIONS_REFUSED._value.get()
    async with here(connections_max=2) as server, connected(server.port) as first:
        async with connected(server.port) as second:
            await second.is_served(1)
            async with connected(server.port, greet=b"") as third:
                await third.ended()
            await first.is_served(1)
            await second.is_served(3)
        # As soon as there is room, another may come.
        async with asyncio.timeout(20):
            while True:
                async with connected(server.port) as fourth:
                    if await fourth.next() is not None:
                        await fourth.is_served(1)
                        break

    assert metrics.CONNECTIONS_REFUSED._value.get() > before


async def test_open_connections_are_counted(here):
    before = metrics.CONNECTIONS._value.get()
    async with here() as server:
        async with connected(server.port) as first, connected(server.port) as second:
            await first.is_served(1)
            await second.is_served(1)
            assert metrics.CONNECTIONS._value.get() == before + 2
        async with asyncio.timeout(20):
            while metrics.CONNECTIONS._value.get() > before:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
