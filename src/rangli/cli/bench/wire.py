"""What a served Quote costs the server, against an echo of raw bytes of the same sizes.

A cart of `mix.py`, 20 lines and 20 activities that touch it, asked for on many streams at once
(`h2load.py`); every answer is compared. Both servers run on the same library (`servers.py`).
"""

from __future__ import annotations

import hashlib
from statistics import median

from rangli.cli.bench.h2load import Load, drive
from rangli.cli.bench.servers import (
    ACTIVITIES,
    ECHO,
    PAIRS,
    QUOTE,
    SECONDS,
    Drive,
    Server,
    busy_pairs,
    mix,
    served,
    two_cores,
)
from rangli.cli.bench.serving import answering

CONNECTIONS, STREAMS = 8, 8


def run() -> dict[str, float | str]:
    """CPU and rate of both, and how many times an echo's CPU a quote takes."""
    given = mix()
    request = given.requests[0].SerializeToString(deterministic=True)
    answer = answering(given.catalogue)(request)
    print(
        f"{len(given.requests[0].lines)} lines, {ACTIVITIES} activities: {len(request)} bytes"
        f" asked, {len(answer)} answered; {CONNECTIONS} connections x {STREAMS} streams, {PAIRS}"
        f" interleaved pairs of {SECONDS} s"
    )
    with two_cores() as (core, enough):
        if not enough:
            print("needs two cores: one for the server and one for the load; no figure")
            return {}
        with served(core, "quote") as quoting, served(core, "echo", str(len(answer))) as echoing:
            pairs = busy_pairs(
                (quoting, _drive(quoting, Load(QUOTE, request, answer))),
                (echoing, _drive(echoing, Load(ECHO, request, bytes(len(answer))))),
            )
    if not pairs:
        return {}
    figures: dict[str, float | str] = {
        "quote_cpu_vs_raw_echo": round(median(q.cpu_us / e.cpu_us for q, e in pairs), 2),
        "quote_cpu_us": round(median(quote.cpu_us for quote, _ in pairs), 1),
        "raw_echo_cpu_us": round(median(echo.cpu_us for _, echo in pairs), 1),
        "quotes_per_s_one_core": round(median(quote.per_s for quote, _ in pairs)),
        "raw_echoes_per_s_one_core": round(median(echo.per_s for _, echo in pairs)),
    }
    print(
        f"quote {figures['quote_cpu_us']} us of server CPU,"
        f" {figures['quotes_per_s_one_core']:,}/s; echo {figures['raw_echo_cpu_us']} us,"
        f" {figures['raw_echoes_per_s_one_core']:,}/s"
    )
    return figures | {
        "wire_inputs_sha256": hashlib.sha256(request).hexdigest()[:16],
        "wire_answers_sha256": hashlib.sha256(answer).hexdigest()[:16],
    }


def _drive(server: Server, load: Load) -> Drive:
    async def driven() -> tuple[int, float]:
        before = load.answered
        took_s = await drive(
            load, server.port, connections=CONNECTIONS, streams=STREAMS, seconds=SECONDS
        )
        return load.answered - before, took_s

    return driven
