"""Whether the size of the catalogue costs a quote anything, and what it takes to hold it.

Carts of 20 lines, skus uniform over the book, from request message to response message, in one
process. Both books have every sku in each of 53 weeks.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from random import Random
from statistics import median

import psutil

from rangli.activities.catalogue import Catalogue
from rangli.cli.bench.books import FIRST_WEEK_AT, carts_for, catalogue_of
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.quote import quote
from rangli.pricing.rpc import message
from rangli.v1 import pricing_service_pb2 as pb

SMALL, LARGE = 1_000, 593_000
ROUNDS, CARTS, LINES = 15, 400, 20
SEED = 20_260_101


def run() -> dict[str, float | str]:
    """Microseconds of CPU per quote on both books, their ratio, and the large book's memory."""
    chance = Random(SEED)
    sizes = (SMALL, LARGE)
    catalogues = [catalogue_of(entries, chance) for entries in sizes]
    carts = [carts_for(entries, chance, count=CARTS, lines=LINES) for entries in sizes]
    digests = _digests(catalogues, carts)
    rounds = [
        [_us_per_quote(c, some) for c, some in zip(catalogues, carts, strict=True)]
        for _ in range(ROUNDS)
    ]
    small_us, large_us = (median(times) for times in zip(*rounds, strict=True))
    ratio = median(large / small for small, large in rounds)
    print(
        f"{CARTS} carts of {LINES} lines, {ROUNDS} interleaved rounds: {small_us:.0f} us a quote"
        f" with {SMALL:,} entries, {large_us:.0f} us with {LARGE:,}"
    )
    memory_mb = float(subprocess.check_output([sys.executable, "-m", __name__], text=True))
    print(f"a book of {LARGE:,} entries adds {memory_mb:.0f} MB to a process")
    return {
        "quote_us_1k": round(small_us, 1),
        "quote_us_593k": round(large_us, 1),
        "quote_cost_593k_vs_1k": round(ratio, 3),
        "catalogue_mb_593k": round(memory_mb, 1),
        **digests,
    }


def _digests(
    catalogues: Iterable[Catalogue], carts: Iterable[Sequence[pb.QuoteRequest]]
) -> dict[str, str]:
    """Of the carts and of their quotes, which tell of the books that they lie in."""
    inputs, answers = hashlib.sha256(), hashlib.sha256()
    for catalogue, some in zip(catalogues, carts, strict=True):
        for cart in some:
            inputs.update(cart.SerializeToString(deterministic=True))
            answer = message(quote(catalogue, cart_of(cart, FIRST_WEEK_AT)))
            answers.update(answer.SerializeToString(deterministic=True))
    return {
        "catalogue_inputs_sha256": inputs.hexdigest()[:16],
        "catalogue_answers_sha256": answers.hexdigest()[:16],
    }


def _us_per_quote(catalogue: Catalogue, carts: Sequence[pb.QuoteRequest]) -> float:
    given = 0
    started_ns = time.process_time_ns()
    for cart in carts:
        answer = message(quote(catalogue, cart_of(cart, FIRST_WEEK_AT)))
        given += len(answer.applied)
    spent_ns = time.process_time_ns() - started_ns
    assert given == len(carts)  # every cart has lines on which the book acts
    return spent_ns / (1_000 * len(carts))


def _book_mb() -> float:
    """What one large book adds to a fresh process."""
    process = psutil.Process()
    before = process.memory_info().rss
    kept = catalogue_of(LARGE, Random(SEED))
    return (process.memory_info().rss - before) / 1e6 if kept else 0.0


if __name__ == "__main__":
    print(_book_mb())
