"""Servers to be measured, each a process of its own, pinned to one core; grpcio on uvloop.

    quote    PricingService on the catalogue of `mix.py`, as `rangli serve` offers it
    echo     one method that answers any bytes with so many bytes, no protobuf objects
    app      all services on the stores that the environment names

CPU per call counts only where the server was busy for 95 % of the time: elsewhere it says
something of the machine.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
import uvloop

from rangli.cli.bench.mix import Mix, mix_of
from rangli.cli.bench.serving import service

ACTIVITIES, CARTS = 20, 50
QUOTE, BATCH_QUOTE = "/rangli.v1.PricingService/Quote", "/rangli.v1.PricingService/BatchQuote"
ECHO = "/bench/Echo"
PAIRS, TRIES, SECONDS = 7, 20, 1.5
BUSY_MIN = 0.95


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    process: psutil.Process
    port: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds of the server's CPU a call, calls a second, and its share of busy time."""

    cpu_us: float
    per_s: float
    busy: float


Pair = tuple[Measured, Measured]
# Calls as fast as the server answers: how many right answers came, in how many seconds.
Drive = Callable[[], Awaitable[tuple[int, float]]]


def mix() -> Mix:
    """What the quote servers serve: the same in every process."""
    return mix_of(ACTIVITIES, carts=CARTS)


@contextmanager
def two_cores() -> Iterator[tuple[int, bool]]:
    """The servers' core, with this process on the others; and whether there are enough cores."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)
    try:
        yield cores[0], len(cores) > 1
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def served(core: int, role: str, *arguments: str, **environment: str) -> Iterator[Server]:
    """A server as long as it is needed."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(core), role, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    assert process.stdout is not None
    try:
        yield Server(psutil.Process(process.pid), int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def busy_pairs(one: tuple[Server, Drive], other: tuple[Server, Drive]) -> Sequence[Pair]:
    """Interleaved rounds in which both servers were busy, `PAIRS` of them; fewer, with a word of
    it, if `TRIES` rounds did not bring so many."""
    measure(*one)
    measure(*other)
    pairs: list[Pair] = []
    for _ in range(TRIES):
        pair = measure(*one), measure(*other)
        if min(measured.busy for measured in pair) >= BUSY_MIN:
            pairs.append(pair)
        if len(pairs) == PAIRS:
            return pairs
    print(f"only {len(pairs)} pairs with both servers {BUSY_MIN:.0%} busy: no figure")
    return []


def measure(server: Server, drive: Drive) -> Measured:
    """One round."""

    async def driven() -> tuple[int, float]:
        return await drive()

    before = server.process.cpu_times()
    answered, took_s = uvloop.run(driven())
    after = server.process.cpu_times()
    cpu_s = after.user + after.system - before.user - before.system
    return Measured(cpu_s / answered * 1e6, answered / took_s, cpu_s / took_s)


async def _serve_quote() -> None:
    from rangli.transport.grpcio import Gate, GrpcServer  # noqa: PLC0415  only this process serves

    server = GrpcServer([service(mix().catalogue)], gate=Gate(10_000))
    print(await server.start("127.0.0.1:0"), flush=True)
    await asyncio.Event().wait()


async def _serve_app() -> None:
    # Only this process serves.
    from rangli.server.app import opened  # noqa: PLC0415
    from rangli.server.logs import configure_logging  # noqa: PLC0415
    from rangli.server.settings import ServerSettings  # noqa: PLC0415
    from rangli.storage.settings import StorageSettings  # noqa: PLC0415
    from rangli.transport.grpcio import Gate, GrpcServer  # noqa: PLC0415

    configure_logging(ServerSettings(log_level="warning"))  # stdout is for the port
    async with opened(StorageSettings.load()) as app:
        server = GrpcServer(app.services, gate=Gate(10_000))
        gc.collect()  # as a worker does
        gc.freeze()
        print(await server.start("127.0.0.1:0"), flush=True)
        await asyncio.Event().wait()


async def _serve_echo(answer_bytes: int) -> None:
    import grpc  # noqa: PLC0415  only this process serves

    answer = bytes(answer_bytes)

    async def echo(_request: bytes, _context: Any) -> bytes:
        return answer

    server = grpc.aio.server()
    handler: Any = grpc.unary_unary_rpc_method_handler(echo)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("bench", {"Echo": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    _core, _role, *_arguments = sys.argv[1:]
    os.sched_setaffinity(0, {int(_core)})
    if _role == "echo":
        uvloop.run(_serve_echo(int(_arguments[0])))
    else:
        uvloop.run(_serve_quote() if _role == "quote" else _serve_app())
