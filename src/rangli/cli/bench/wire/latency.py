"""How long a Quote takes on each transport at half of what each can do.

Calls are due at even intervals, whatever the answers do, and time counts from when they are due.
"""

from __future__ import annotations

from statistics import median, quantiles

import uvloop

from rangli.cli.bench.load import Load
from rangli.cli.bench.pace import paced
from rangli.cli.bench.servers import (
    BUSY_MIN,
    QUOTE,
    SECONDS,
    TRIES,
    Server,
    driving,
    measure,
    mix,
    served,
    two_cores,
)
from rangli.cli.bench.serving import answering
from rangli.cli.bench.wire.echo import NAMES

CONNECTIONS, STREAMS, ROUNDS = 8, 8, 9
PACED_S = 3.0


def run(*, rounds: int = ROUNDS, seconds: float = PACED_S) -> dict[str, float | str]:
    """Medians over interleaved rounds of each one's p50 and p99."""
    given = mix()
    request = given.requests[0].SerializeToString(deterministic=True)
    load = Load(QUOTE, request, answering(given.catalogue)(request))
    with two_cores() as (core, enough):
        if not enough:
            print("needs two cores: one for the server and one for the load; no figure")
            return {}
        with (
            served(core, "quote", transport="grpcio") as theirs,
            served(core, "quote", transport="h2") as ours,
        ):
            servers = dict(zip(NAMES.values(), (theirs, ours), strict=True))
            halves = {name: _capacity(server, load) / 2 for name, server in servers.items()}
            if not all(halves.values()):
                return {}
            cuts: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
            for _ in range(rounds):
                for name, server in servers.items():
                    cuts[name].append(_cuts_us(server, load, halves[name], seconds))
    figures: dict[str, float | str] = {}
    for name, each in cuts.items():
        p50_us, p99_us = (median(of) for of in zip(*each, strict=True))
        figures[f"{name}_quote_half_per_s"] = round(halves[name])
        figures[f"{name}_quote_p50_us_half"] = round(p50_us)
        figures[f"{name}_quote_p99_us_half"] = round(p99_us)
        print(f"{name:<6} at {halves[name]:,.0f}/s: p50 {p50_us:,.0f} us, p99 {p99_us:,.0f} us")
    return figures


def _capacity(server: Server, load: Load) -> float:
    """Calls a second while it was busy; 0, with a word of it, if it never was."""
    drive = driving(server, load, connections=CONNECTIONS, streams=STREAMS, seconds=SECONDS)
    for _ in range(TRIES):
        measured = measure(server, drive)
        if measured.busy >= BUSY_MIN:
            return measured.per_s
    print(f"no round with the server {BUSY_MIN:.0%} busy: no figure")
    return 0.0


def _cuts_us(server: Server, load: Load, per_s: float, seconds: float) -> tuple[float, float]:
    """The p50 and the p99."""
    took_s = uvloop.run(
        paced(load, server.port, connections=CONNECTIONS, per_s=per_s, seconds=seconds)
    )
    cuts = quantiles(took_s, n=100)
    return cuts[49] * 1e6, cuts[98] * 1e6
