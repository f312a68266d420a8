"""The benches' load generator counts right answers, and nothing else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import BytesValue

from rangli.cli.bench.certificate import Certificate, certificate
from rangli.cli.bench.load import Load, UnexpectedAnswerError, drive
from rangli.cli.bench.pace import paced
from rangli.cli.bench.servers import echoed
from rangli.core.call import KIB, CallContext, Method, Service, Shape
from rangli.core.errors import RangliError, Reason
from rangli.transport import choice
from rangli.transport.choice import TRANSPORTS, Server, Transport
from rangli.transport.gate import Gate
from rangli.transport.tls import Certificates, TlsFiles

PATH = "/bench/Echo"
LONG_S = 30.0  # no test takes as long: what it waits for ends it


@pytest.fixture(params=TRANSPORTS)
def transport(request) -> Transport:
    return request.param


@asynccontextmanager
async def served(
    transport: Transport, answer: Callable[[bytes], bytes], made: Certificate | None = None
) -> AsyncIterator[tuple[Server, int]]:
    def echo(_call: CallContext, request: Any) -> bytes:
        return answer(request if isinstance(request, bytes) else request.SerializeToString())

    certificates = made and Certificates(TlsFiles(made.cert_file, made.key_file))
    service = Service("bench", (Method("Echo", BytesValue, echo, Shape.INLINE, quick=echo),))
    server = choice.server(transport, [service], gate=Gate(1_000), certificates=certificates)
    try:
        yield server, await server.start("127.0.0.1:0")
    finally:
        await server.stop(0)


def of_number(number: int) -> bytes:
    return f"request {number}".encode()


def so_many(calls: int) -> Callable[[], bytes | None]:
    numbers = iter(range(calls))
    return lambda: None if (number := next(numbers, None)) is None else of_number(number)


def end(load: Load, *, now: bool) -> None:
    """As soon as the loop comes to it; the generator would go on for its time."""
    if now and not load.ended.done():
        load.ended.set_result(None)


async def test_every_answer_is_counted_once_and_the_last_one_ends_the_run(transport):
    asked: list[bytes] = []

    def answer(request: bytes) -> bytes:
        asked.append(request)
        return request[::-1]

    load = Load(PATH, so_many(500), lambda answer: answer[::-1].startswith(b"request "))
    async with served(transport, answer) as (_, port):
        took_s = await drive(load, port, connections=3, streams=7, seconds=LONG_S)

    assert load.answered == len(asked) == 500
    assert sorted(asked) == sorted(map(of_number, range(500)))
    assert load.refused == load.in_flight == 0
    assert took_s < LONG_S


async def test_a_run_ends_after_its_time():
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()
        await writer.wait_closed()
        left.set()

    gone, left = asyncio.Event(), asyncio.Event()
    load = Load(PATH, b"asked", b"right")
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        took_s = await drive(load, port, connections=1, streams=2, seconds=0.05)
        gone.set()
        await left.wait()

    assert load.answered == 0
    assert took_s < LONG_S


async def test_another_run_goes_on_counting_and_hears_nothing_of_the_one_before(transport):
    load = Load(PATH, b"asked", b"right")
    calls = count(1)
    begun: list[int] = []

    def answer(_request: bytes) -> bytes:
        end(load, now=next(calls) % 100 == 0)
        return b"right"

    async with served(transport, answer) as (_, port):
        for _ in range(5):
            await drive(
                load,
                port,
                connections=2,
                streams=2,
                seconds=LONG_S,
                begun=lambda: begun.append(load.answered),
            )

    # A server may come to calls of the run before when the next one has begun.
    assert begun[0] == 0
    assert begun == sorted(begun)
    assert 100 < load.answered < next(calls)


@pytest.mark.parametrize("wrong", [b"something else", b"", b"right, but longer", b"Right"])
async def test_one_wrong_answer_ends_the_run(transport, wrong: bytes):
    calls = count()
    load = Load(PATH, b"asked", b"right")
    async with served(transport, lambda _: b"right" if next(calls) < 100 else wrong) as (_, port):
        with pytest.raises(UnexpectedAnswerError, match="something else"):
            await drive(load, port, connections=2, streams=4, seconds=LONG_S)

    assert load.answered <= 100


async def test_each_request_has_its_own_answer(transport):
    names = tuple(map(of_number, range(10)))
    answers = tuple(name[::-1] for name in names)
    load = Load(PATH, names, answers)
    calls = count(1)

    def answer(request: bytes) -> bytes:
        end(load, now=next(calls) == 200)
        return request[::-1]

    async with served(transport, answer) as (_, port):
        await drive(load, port, connections=3, streams=4, seconds=LONG_S)
        assert load.answered > 100

        mixed_up = Load(PATH, names, (*answers[1:], answers[0]))
        with pytest.raises(UnexpectedAnswerError):
            await drive(mixed_up, port, connections=3, streams=4, seconds=LONG_S)


async def test_an_answer_of_many_frames_is_compared_to_its_last_byte(transport):
    right = echoed(100 * KIB)
    load = Load(PATH, b"asked", right)
    calls = count(1)

    def answer(_request: bytes) -> bytes:
        end(load, now=next(calls) == 100)
        return right

    async with served(transport, answer) as (_, port):
        await drive(load, port, connections=2, streams=4, seconds=LONG_S)
        assert load.answered > 50

        other = Load(PATH, b"asked", right[:-1] + b"x")
        with pytest.raises(UnexpectedAnswerError):
            await drive(other, port, connections=2, streams=4, seconds=LONG_S)


async def test_refusals_are_counted_where_they_may_be_and_an_error_elsewhere(transport):
    numbers = count()

    def answer(_request: bytes) -> bytes:
        if next(numbers) % 4 == 0:
            raise RangliError(Reason.SOLD_OUT, "nothing is left")
        return b"right"

    async with served(transport, answer) as (_, port):
        load = Load(PATH, so_many(400), b"right", may_refuse=True)
        await drive(load, port, connections=2, streams=8, seconds=LONG_S)
        assert (load.answered, load.refused) == (400, 100)

        with pytest.raises(UnexpectedAnswerError):
            await drive(
                Load(PATH, b"asked", b"right"), port, connections=2, streams=8, seconds=LONG_S
            )


async def test_a_server_that_goes_away_ends_the_run(transport):
    calls = count()
    stopping: list[Any] = []
    async with served(transport, lambda _: stop(b"right")) as (server, port):

        def stop(answer: bytes) -> bytes:
            if next(calls) == 100:
                stopping.append(asyncio.ensure_future(server.stop(0)))
            return answer

        with pytest.raises(UnexpectedAnswerError):
            await drive(
                Load(PATH, b"asked", b"right"), port, connections=1, streams=2, seconds=LONG_S
            )
        await asyncio.gather(*stopping)


async def test_a_connection_that_is_cut_ends_the_run():
    async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UnexpectedAnswerError, match="closed a connection"):
            await drive(
                Load(PATH, b"asked", b"right"), port, connections=1, streams=2, seconds=LONG_S
            )


async def test_it_speaks_tls_with_whom_it_trusts(transport):
    load = Load(PATH, so_many(200), b"right")
    with certificate() as made, certificate() as stranger:
        assert made is not None
        assert stranger is not None
        async with served(transport, lambda _: b"right", made) as (_, port):
            await drive(load, port, connections=2, streams=4, seconds=LONG_S, tls=made.trusted())
            with pytest.raises(ssl.SSLCertVerificationError):
                await drive(
                    Load(PATH, b"asked", b"right"),
                    port,
                    connections=1,
                    streams=1,
                    seconds=LONG_S,
                    tls=stranger.trusted(),
                )

    assert load.answered == 200


async def test_paced_calls_are_all_made_and_timed(transport):
    asked = count()

    def answer(_request: bytes) -> bytes:
        next(asked)
        return b"right"

    async with served(transport, answer) as (_, port):
        load = Load(PATH, b"asked", b"right")
        took_s = await paced(load, port, connections=3, per_s=1_000, seconds=0.3)
        assert len(took_s) == load.answered == next(asked) == 300
        assert min(took_s) > 0

        with pytest.raises(UnexpectedAnswerError):
            await paced(
                Load(PATH, b"asked", b"wrong"), port, connections=1, per_s=100, seconds=LONG_S
            )
