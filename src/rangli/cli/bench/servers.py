"""Servers to be measured (`roles.py`), each a process of its own, pinned to one core.

CPU per call counts only where the server was busy for 95 % of the time: elsewhere it says
something of the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import uvloop

from rangli.cli.bench.certificate import Certificate
from rangli.cli.bench.load import Load, drive
from rangli.cli.bench.mix import Mix, mix_of
from rangli.transport.choice import Transport

ACTIVITIES, CARTS = 20, 50
QUOTE, BATCH_QUOTE = "/rangli.v1.PricingService/Quote", "/rangli.v1.PricingService/BatchQuote"
ECHO = "/bench/Echo"
PAIRS, TRIES, SECONDS = 7, 20, 1.5
BUSY_MIN = 0.95
_ROLES = "rangli.cli.bench.roles"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; with a certificate it speaks TLS."""

    process: psutil.Process
    port: int
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds of the server's CPU a call, calls a second, and its share of busy time."""

    cpu_us: float
    per_s: float
    busy: float


# Calls as fast as the server answers: how many right answers came, in how many seconds. It is given
# what to call just before the calls begin.
Drive = Callable[[Callable[[], object]], Awaitable[tuple[int, float]]]


def mix() -> Mix:
    """What the quote servers serve: the same in every process."""
    return mix_of(ACTIVITIES, carts=CARTS)


def echoed(size_bytes: int) -> bytes:
    """What an echo answers."""
    return (bytes(range(251)) * (size_bytes // 251 + 1))[:size_bytes]


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
def served(
    core: int,
    role: str,
    *arguments: str,
    transport: Transport = "grpcio",
    certificate: Certificate | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """A server as long as it is needed."""
    folder = "" if certificate is None else str(certificate.folder)
    process = subprocess.Popen(
        [sys.executable, "-m", _ROLES, str(core), transport, folder, role, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | dict(environment or {}),
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        yield Server(psutil.Process(process.pid), port, certificate)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def driving(
    server: Server, load: Load, *, connections: int, streams: int, seconds: float = SECONDS
) -> Drive:
    """The load on that server."""
    tls = None if server.certificate is None else server.certificate.trusted()

    async def driven(begun: Callable[[], object]) -> tuple[int, float]:
        before = load.answered
        took_s = await drive(
            load,
            server.port,
            connections=connections,
            streams=streams,
            seconds=seconds,
            tls=tls,
            begun=begun,
        )
        return load.answered - before, took_s

    return driven


def busy_rounds(
    *sides: tuple[Server, Drive], rounds: int = PAIRS
) -> Sequence[tuple[Measured, ...]]:
    """Interleaved rounds in which all servers were busy, so many of them; none, with a word of it,
    if `TRIES` rounds did not bring so many."""
    for side in sides:
        measure(*side)
    found: list[tuple[Measured, ...]] = []
    for _ in range(TRIES):
        one = tuple(measure(*side) for side in sides)
        if min(measured.busy for measured in one) >= BUSY_MIN:
            found.append(one)
        if len(found) == rounds:
            return found
    print(f"only {len(found)} rounds with all servers {BUSY_MIN:.0%} busy: no figure")
    return []


def measure(server: Server, drive: Drive) -> Measured:
    """One round."""

    used_s: list[float] = []  # before and after

    def look() -> None:
        times = server.process.cpu_times()
        used_s.append(times.user + times.system)

    async def driven() -> tuple[int, float]:
        return await drive(look)

    answered, took_s = uvloop.run(driven())
    look()
    cpu_s = used_s[1] - used_s[0]
    return Measured(cpu_s / max(answered, 1) * 1e6, answered / took_s, cpu_s / took_s)
