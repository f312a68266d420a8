"""Whether the size of the catalogue costs a quote anything, and what it takes to hold it.

Twice: the carts of `mix.py` (20 lines, 20 activities) beside a price book that none of their
products is in, and carts whose products all lie in the book. All books have every sku in each of
53 weeks. From a request's bytes to the answer's, in one process.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from random import Random
from statistics import median

import psutil

from rangli.activities.catalogue import Catalogue
from rangli.cli.bench.books import carts_for, catalogue_of, weekly, with_book
from rangli.cli.bench.mix import mix_of
from rangli.cli.bench.serving import Answer, answering, us_per_quote
from rangli.v1 import pricing_service_pb2 as pb

SMALL, LARGE = 1_000, 1_000_000
ROUNDS, CARTS, LINES, ACTIVITIES = 15, 200, 20, 20
SEED = 20_260_101

Side = tuple[Answer, list[bytes]]


def run() -> dict[str, float | str]:
    """Microseconds of CPU per quote beside both books, their ratio, and the large one's memory."""
    apart = [beside(entries) for entries in (SMALL, LARGE)]
    inside = [within(entries) for entries in (SMALL, LARGE)]
    digests = digests_of([*apart, *inside])
    rounds = [
        [us_per_quote(answer, requests) for answer, requests in (*apart, *inside)]
        for _ in range(ROUNDS)
    ]
    us = [median(times) for times in zip(*rounds, strict=True)]
    cost = median(times[1] / times[0] for times in rounds)
    cost_inside = median(times[3] / times[2] for times in rounds)
    print(
        f"{CARTS} carts of {LINES} lines, {ROUNDS} interleaved rounds: {us[0]:.0f} us a quote with"
        f" {SMALL:,} entries of other products, {us[1]:.0f} us with {LARGE:,}; with the carts'"
        f" products in the book {us[2]:.0f} and {us[3]:.0f} us"
    )
    memory_mb = float(subprocess.check_output([sys.executable, "-m", __name__], text=True))
    print(f"a book of {LARGE:,} entries adds {memory_mb:.0f} MB to a process")
    return {
        "quote_cost_1m_vs_1k": round(cost, 3),
        "quote_cost_1m_vs_1k_touching": round(cost_inside, 3),
        "quote_us_1k": round(us[0], 1),
        "quote_us_1m": round(us[1], 1),
        "catalogue_mb_1m": round(memory_mb, 1),
        **digests,
    }


def beside(entries: int) -> Side:
    """The mix, and a book of other products."""
    mix = mix_of(ACTIVITIES, carts=CARTS)
    catalogue = with_book(mix.catalogue, "others", weekly(entries, Random(SEED)))
    return _side(catalogue, mix.requests)


def within(entries: int) -> Side:
    """A book alone, and carts all over it."""
    chance = Random(SEED)
    catalogue = catalogue_of(entries, chance)
    return _side(catalogue, carts_for(entries, chance, count=CARTS, lines=LINES))


def _side(catalogue: Catalogue, requests: Sequence[pb.QuoteRequest]) -> Side:
    return answering(catalogue), [one.SerializeToString(deterministic=True) for one in requests]


def digests_of(sides: Sequence[Side]) -> dict[str, str]:
    """Of the requests, and of their answers, which tell of the books beside or around them."""
    inputs, answers = hashlib.sha256(), hashlib.sha256()
    for answer, requests in sides:
        for request in requests:
            inputs.update(request)
            answered = answer(request)
            assert pb.QuoteResponse.FromString(answered).applied  # every cart is given something
            answers.update(answered)
    return {
        "catalogue_inputs_sha256": inputs.hexdigest()[:16],
        "catalogue_answers_sha256": answers.hexdigest()[:16],
    }


def _book_mb() -> float:
    """What one large book adds to a fresh process."""
    process = psutil.Process()
    before = process.memory_info().rss
    kept = catalogue_of(LARGE, Random(SEED))
    return (process.memory_info().rss - before) / 1e6 if kept else 0.0


if __name__ == "__main__":
    print(_book_mb())
