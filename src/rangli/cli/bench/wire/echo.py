"""What an echo of raw bytes costs on grpc.aio by itself and on our transport, with and without TLS.

The load is our own (`load.py`), which compares every answer and takes a fraction of the CPU of any
server here; where the program h2load is installed, its rates stand beside (`_h2load`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from rangli.cli.bench import h2load
from rangli.cli.bench.certificate import Certificate, certificate
from rangli.cli.bench.load import Load
from rangli.cli.bench.servers import (
    ECHO,
    PAIRS,
    SECONDS,
    Measured,
    Server,
    busy_rounds,
    driving,
    echoed,
    served,
    two_cores,
)
from rangli.core.call import KIB
from rangli.transport.choice import Transport

# What the transports are called in figures.
NAMES: dict[Transport, str] = {"grpcio": "grpcio", "h2": "wire"}


@dataclass(frozen=True, slots=True)
class Case:
    """So many connections with so many streams each, and the messages' sizes."""

    name: str
    connections: int
    streams: int
    asked_bytes: int = 49
    answer_bytes: int = 49


CASES = (
    Case("8x8", 8, 8),
    Case("64x1", 64, 1),
    Case("1x64", 1, 64),
    Case("64kib", 8, 8, answer_bytes=64 * KIB),
)


def run(
    cases: Sequence[Case] = CASES, *, rounds: int = PAIRS, seconds: float = SECONDS
) -> dict[str, float | str]:
    """CPU and rate of each, and how many times the CPU of ours grpcio takes."""
    beside = "h2load beside" if h2load.installed() else "h2load is not installed"
    print(f"load by our own generator, every answer compared; {beside}; {rounds} rounds")
    figures: dict[str, float | str] = {}
    with two_cores() as (core, enough), certificate() as made:
        if not enough:
            print("needs two cores: one for the server and one for the load; no figure")
            return {}
        for case in cases:
            figures |= _case(case, core, made, rounds, seconds)
    inputs, answers = hashlib.sha256(), hashlib.sha256()
    for case in cases:
        inputs.update(_load(case).request)  # type: ignore[arg-type]
        answers.update(echoed(case.answer_bytes))
    return figures | {
        "echo_inputs_sha256": inputs.hexdigest()[:16],
        "echo_answers_sha256": answers.hexdigest()[:16],
    }


def _load(case: Case) -> Load:
    return Load(ECHO, bytes(case.asked_bytes), echoed(case.answer_bytes))


def _case(
    case: Case, core: int, made: Certificate | None, rounds: int, seconds: float
) -> dict[str, float | str]:
    with ExitStack() as running:
        servers: dict[str, Server] = {
            NAMES[transport] + ("" if one is None else "_tls"): running.enter_context(
                served(core, "echo", str(case.answer_bytes), transport=transport, certificate=one)
            )
            for one in (None, made)[: 2 if made else 1]
            for transport in NAMES
        }
        sides = [
            (
                server,
                driving(
                    server,
                    _load(case),
                    connections=case.connections,
                    streams=case.streams,
                    seconds=seconds,
                ),
            )
            for server in servers.values()
        ]
        found = [dict(zip(servers, one, strict=True)) for one in busy_rounds(*sides, rounds=rounds)]
        figures = _figures(case, found) if found else {}
        if h2load.installed():
            for name, server in servers.items():
                figures |= _by_h2load(case, name, server)
    return figures


def _figures(case: Case, found: Sequence[dict[str, Measured]]) -> dict[str, float | str]:
    figures: dict[str, float | str] = {}
    for name in found[0]:
        cpu_us, per_s = (
            median(one[name].cpu_us for one in found),
            median(one[name].per_s for one in found),
        )
        figures[f"{name}_echo_cpu_us_{case.name}"] = round(cpu_us, 1)
        figures[f"{name}_echo_per_s_{case.name}"] = round(per_s)
        print(f"{case.name:<6} {name:<11} {cpu_us:>7.1f} us of server CPU {per_s:>8,.0f}/s")
    for tls in ("", "_tls"):
        if f"wire{tls}" in found[0]:
            times = median(one[f"grpcio{tls}"].cpu_us / one[f"wire{tls}"].cpu_us for one in found)
            figures[f"grpcio{tls}_cpu_over_wire{tls}_echo_{case.name}"] = round(times, 2)
    for name in NAMES.values():
        if f"{name}_tls" in found[0]:
            costs_us = median(one[f"{name}_tls"].cpu_us - one[name].cpu_us for one in found)
            figures[f"{name}_tls_costs_us_{case.name}"] = round(costs_us, 1)
    return figures


def _by_h2load(case: Case, name: str, server: Server) -> dict[str, float | str]:
    counted = h2load.counted(
        server,
        ECHO,
        bytes(case.asked_bytes),
        connections=case.connections,
        streams=case.streams,
    )
    print(
        f"{case.name:<6} {name:<11} {counted.cpu_us:>7.1f} us of server CPU"
        f" {counted.per_s:>8,.0f}/s by h2load, server {counted.busy:.0%} busy"
    )
    return {f"{name}_echo_per_s_{case.name}_h2load": round(counted.per_s)}
