"""What it costs to find the cheapest cart: the carts of `mix.py` under the preset "best".

All that the policy leaves open is searched, the item price and every coupon included, up to the
policy's own limit of nodes.
"""

from __future__ import annotations

import hashlib
import time
from statistics import mean, median

from rangli.cli.bench.kernel import digest, ready
from rangli.cli.bench.mix import LINES, mix_of
from rangli.pricing.asked import Asked
from rangli.pricing.kernel import price
from rangli.pricing.plan import Outcome

SIZES = (5, 20)
CARTS, ROUNDS = 100, 3


def run() -> dict[str, float | str]:
    """Microseconds of CPU and nodes per cart (medians), and how many carts were proven."""
    figures: dict[str, float | str] = {}
    inputs, answers = hashlib.sha256(), hashlib.sha256()
    for activities in SIZES:
        mix = mix_of(activities, carts=CARTS)
        digest(inputs, mix)
        priced = [_priced(one) for one in ready(mix, "best")]
        outcomes = [outcome for outcome, _ in priced]
        greedy = [price(one.catalogue.programs, one.policy.tree, one.plan) for one in ready(mix)]
        for outcome in outcomes:
            answers.update(outcome.payable.tobytes())
        size = f"{LINES}x{activities}"
        figures |= {
            f"search_us_{size}": round(median(us for _, us in priced), 1),
            f"search_nodes_{size}": round(median(outcome.nodes for outcome in outcomes)),
            f"search_proven_share_{size}": round(mean(outcome.proven for outcome in outcomes), 3),
            f"search_cheaper_share_{size}": round(
                mean(
                    sum(best.payable) < sum(layered.payable)
                    for best, layered in zip(outcomes, greedy, strict=True)
                ),
                3,
            ),
        }
        print(
            f"{size}: {CARTS} carts, {figures[f'search_nodes_{size}']} nodes and"
            f" {figures[f'search_us_{size}']:,} us a cart (medians);"
            f" {figures[f'search_proven_share_{size}']:.0%} proven,"
            f" {figures[f'search_cheaper_share_{size}']:.0%} cheaper than by the default policy"
        )
    return figures | {
        "search_inputs_sha256": inputs.hexdigest()[:16],
        "search_answers_sha256": answers.hexdigest()[:16],
    }


def _priced(one: Asked) -> tuple[Outcome, float]:
    """The outcome and microseconds of CPU, the fastest of a few rounds."""
    times = []
    for _ in range(ROUNDS):
        started_ns = time.process_time_ns()
        outcome = price(one.catalogue.programs, one.policy.tree, one.plan)
        times.append((time.process_time_ns() - started_ns) / 1_000)
    return outcome, min(times)
