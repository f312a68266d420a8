"""What a losing claim costs the process that speaks gRPC, on both transports.

A worker of each kind on the same stores, all on one core, which must be busy; of the CPU only the
worker's own counts. The batch is sold out; one call in a hundred is a winner's retry, and must get
the coupon.
"""

from __future__ import annotations

from statistics import median

import uvloop

from rangli.cli.bench.servers import BUSY_MIN, PAIRS, two_cores
from rangli.cli.bench.stand import (
    CONNECTIONS,
    STREAMS,
    TRIES,
    Stand,
    losing,
    measured,
    prepare,
    standing,
)
from rangli.cli.bench.wire.echo import NAMES

SECONDS = 2.0


def run(*, rounds: int = PAIRS, seconds: float = SECONDS) -> dict[str, float | str]:
    """CPU of each worker, and how many times that of ours grpcio's is."""
    with two_cores() as (core, enough):
        if not enough:
            print("needs two cores: one for the servers and one for the load; no figure")
            return {}
        print(f"{CONNECTIONS} connections x {STREAMS} streams, {rounds} interleaved rounds")
        with standing(core, tuple(NAMES)) as stands:
            winners, _ = uvloop.run(prepare(stands[0].worker.port))
            found: list[tuple[float, ...]] = []
            for attempt in range(TRIES + 1):
                one = [_round(stand, winners, seconds) for stand in stands]
                if attempt and min(busy for _, busy in one) >= BUSY_MIN:  # the first warms up
                    found.append(tuple(cpu_us for cpu_us, _ in one))
                if len(found) == rounds:
                    break
            else:
                print(f"only {len(found)} rounds with the core {BUSY_MIN:.0%} busy: no figure")
                return {}
    figures: dict[str, float | str] = {
        f"{name}_claims_lose_worker_cpu_us": round(median(of), 1)
        for name, of in zip(NAMES.values(), zip(*found, strict=True), strict=True)
    }
    figures["grpcio_cpu_over_wire_claims_lose"] = round(median(g / w for g, w in found), 2)
    print(
        f"the worker alone: grpcio {figures['grpcio_claims_lose_worker_cpu_us']} us, ours"
        f" {figures['wire_claims_lose_worker_cpu_us']} us of CPU a losing claim"
    )
    return figures


def _round(stand: Stand, winners: list[str], seconds: float) -> tuple[float, float]:
    """The worker's CPU for each call, and how busy the core was."""
    load = losing(winners)
    before_s = stand.worker_cpu_s()
    busy = measured(stand, load, seconds, refusals_count=True).busy
    return (stand.worker_cpu_s() - before_s) / load.answered * 1e6, busy
