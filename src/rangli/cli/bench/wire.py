"""What a served Quote costs the server, against an echo of the same sizes on the same library.

Each server is a process of its own, pinned to one core, grpcio on uvloop; the load comes from this
process on another core (`h2load.py`). CPU per call counts only where the server was busy for 95 %
of the time and every answer was right.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from statistics import median
from typing import Any

import psutil
import uvloop

from rangli.cli.bench.books import FIRST_WEEK_AT, carts_for, catalogue_of
from rangli.cli.bench.h2load import Load, drive
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.quote import quote
from rangli.pricing.rpc import message

ENTRIES, LINES = 20_000, 20
PAIRS, TRIES, SECONDS, CONNECTIONS, STREAMS = 7, 20, 1.5, 8, 8
BUSY_MIN = 0.95
SEED = 20_260_101
_QUOTE, _ECHO = "/rangli.v1.PricingService/Quote", "/bench/Echo"


def run() -> dict[str, float | str]:
    """CPU and rate of both, and how many times an echo's CPU a quote takes."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        print("needs two cores: one for the server and one for the load; no figure")
        return {}
    request, answer = _exchange()
    print(
        f"{LINES} lines, {len(request)} bytes asked, {len(answer)} answered;"
        f" {CONNECTIONS} connections x {STREAMS} streams, {PAIRS} interleaved pairs of {SECONDS} s"
    )
    os.sched_setaffinity(0, cores[1:])
    try:
        with _server("quote", cores[0]) as quoting, _server("echo", cores[0]) as echoing:
            _measure(quoting, Load(_QUOTE, request, answer))
            _measure(echoing, Load(_ECHO, request, answer))
            pairs = _busy_pairs(quoting, echoing, request, answer)
    finally:
        os.sched_setaffinity(0, cores)
    if len(pairs) < PAIRS:
        print(f"only {len(pairs)} pairs with both servers {BUSY_MIN:.0%} busy: no figure")
        return {}
    quote_us, echo_us = (median(pair[side][0] for pair in pairs) for side in (0, 1))
    ratio = median(pair[0][0] / pair[1][0] for pair in pairs)
    rates = [median(pair[side][1] for pair in pairs) for side in (0, 1)]
    print(
        f"quote {quote_us:.0f} us of server CPU, {rates[0]:,.0f}/s; echo {echo_us:.0f} us,"
        f" {rates[1]:,.0f}/s; both at least {BUSY_MIN:.0%} busy in all {PAIRS} pairs"
    )
    return {
        "quote_cpu_us": round(quote_us, 1),
        "echo_cpu_us": round(echo_us, 1),
        "quote_vs_echo": round(ratio, 2),
        "quotes_per_s_one_core": round(rates[0]),
        "echoes_per_s_one_core": round(rates[1]),
        "wire_inputs_sha256": hashlib.sha256(request).hexdigest()[:16],
        "wire_answers_sha256": hashlib.sha256(answer).hexdigest()[:16],
    }


_Server = tuple[psutil.Process, int]
_Measured = tuple[float, float, float]


def _busy_pairs(
    quoting: _Server, echoing: _Server, request: bytes, answer: bytes
) -> list[tuple[_Measured, _Measured]]:
    """Interleaved rounds in which both servers were busy; others say something of the machine."""
    pairs: list[tuple[_Measured, _Measured]] = []
    for _ in range(TRIES):
        pair = (
            _measure(quoting, Load(_QUOTE, request, answer)),
            _measure(echoing, Load(_ECHO, request, answer)),
        )
        if min(pair[0][2], pair[1][2]) >= BUSY_MIN:
            pairs.append(pair)
        if len(pairs) == PAIRS:
            break
    return pairs


def _exchange() -> tuple[bytes, bytes]:
    """One request and the bytes it must be answered with."""
    chance = Random(SEED)
    catalogue = catalogue_of(ENTRIES, chance)
    (cart,) = carts_for(ENTRIES, chance, count=1, lines=LINES)
    answer = message(quote(catalogue, cart_of(cart, FIRST_WEEK_AT)))
    return cart.SerializeToString(), answer.SerializeToString()


def _measure(server: _Server, load: Load) -> _Measured:
    """CPU microseconds a call, calls a second, and the share of time the server was busy."""
    process, port = server
    before = process.cpu_times()
    took = uvloop.run(drive(load, port, connections=CONNECTIONS, streams=STREAMS, seconds=SECONDS))
    after = process.cpu_times()
    cpu_s = after.user + after.system - before.user - before.system
    return cpu_s / load.answered * 1e6, load.answered / took, cpu_s / took


@contextmanager
def _server(kind: str, core: int) -> Iterator[_Server]:
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, kind, str(core)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield psutil.Process(process.pid), int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


async def _serve_quote() -> None:
    from rangli.pricing import rpc  # noqa: PLC0415  only this process serves
    from rangli.transport.grpcio import Gate, GrpcServer  # noqa: PLC0415

    catalogue = catalogue_of(ENTRIES, Random(SEED))

    class Fixed:
        """A feed that never changes."""

        def catalogue(self, _tenant: str) -> Any:
            return catalogue

    server = GrpcServer([rpc.expose(Fixed())], gate=Gate(10_000))  # type: ignore[arg-type]
    print(await server.start("127.0.0.1:0"), flush=True)
    await asyncio.Event().wait()


async def _serve_echo() -> None:
    import grpc  # noqa: PLC0415  only this process serves

    _, answer = _exchange()

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
    os.sched_setaffinity(0, {int(sys.argv[2])})
    uvloop.run(_serve_quote() if sys.argv[1] == "quote" else _serve_echo())
