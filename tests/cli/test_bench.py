"""What the benches measure is the same in every run."""

from __future__ import annotations

import hashlib
from random import Random

from rangli.cli.bench import catalogue, kernel
from rangli.cli.bench.books import carts_for, catalogue_of


def _kernel_digests(activities: int) -> tuple[str, str]:
    problems = kernel._problems(activities, 5)
    inputs, answers = hashlib.sha256(), hashlib.sha256()
    for problem in problems:
        kernel._digest(inputs, problem)
    kernel._digest(answers, kernel._compared(problems))
    return inputs.hexdigest(), answers.hexdigest()


def test_the_kernel_bench_prices_the_same_carts_in_every_run():
    first = _kernel_digests(20)

    assert _kernel_digests(20) == first
    assert set(_kernel_digests(5)).isdisjoint(first)


def _catalogue_digests(seed: int) -> dict[str, str]:
    chance = Random(seed)
    book = catalogue_of(1_000, chance)
    return catalogue._digests([book], [carts_for(1_000, chance, count=5, lines=5)])


def test_the_catalogue_bench_quotes_the_same_carts_in_every_run():
    first = _catalogue_digests(1)

    assert _catalogue_digests(1) == first
    assert {len(digest) for digest in first.values()} == {16}
    assert set(_catalogue_digests(2).values()).isdisjoint(first.values())
