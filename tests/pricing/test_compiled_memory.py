"""The compiled kernel reuses memory between calls and runs without the GIL where work is long."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from rangli.activities.program import Programs
from rangli.pricing import _stacking
from rangli.pricing.plan import Mode, Outcome, Plan, Tree
from tests.pricing.kernels import built, group, line, lines, off, percent, step


def _search(chance: Random, *, node_limit: int = 500) -> tuple[Programs, Tree, Plan]:
    """A cart with so many coupons to choose from that the search visits many nodes."""
    coupons = [
        step(
            off(chance.randint(1, 900))
            if chance.random() < 0.5
            else percent(chance.randint(1, 3000))
        )
        for _ in range(9)
    ]
    cart = lines(*(chance.randint(100, 5_000) for _ in range(8)))
    return built(cart, group(*coupons, mode=Mode.BEST, most=4), node_limit=node_limit)


def test_answers_are_the_same_whatever_was_priced_before():
    calls = [_search(Random(seed)) for seed in range(12)]
    calls.append(built([line(100, 1_000_000)], group(step(percent(333)))))
    first = [_stacking.price(*call) for call in calls]

    again = [_stacking.price(*call) for call in reversed(calls)]

    assert again == first[::-1]


def test_threads_that_price_at_once_do_not_disturb_each_other():
    calls = [_search(Random(seed)) for seed in range(40)]
    alone = [_stacking.price(*call) for call in calls]

    with ThreadPoolExecutor(4) as pool:
        together: list[Outcome] = list(pool.map(lambda call: _stacking.price(*call), calls * 5))

    assert together == alone * 5


def test_a_refused_call_leaves_the_next_one_as_it_was():
    programs, tree, plan = _search(Random(1))
    outcome = _stacking.price(programs, tree, plan)
    broken = Plan(plan.cart[:-1], plan.steps, plan.lines, *[plan.facts] * 4)

    with pytest.raises(ValueError, match="row"):
        _stacking.price(programs, tree, broken)

    assert _stacking.price(programs, tree, plan) == outcome


def test_a_million_units_in_equal_sets_are_priced_as_one_run():
    programs, tree, plan = built(
        [line(300, 1_000_000)],
        group(step(percent(5_000, pattern=_two_for_one()))),
    )

    outcome = _stacking.price(programs, tree, plan)

    assert list(outcome.payable) == [1_000_000 * 300 - 500_000 * 150]
    assert len(outcome.takes) <= 7 * 4


def _two_for_one():
    from tests.pricing.kernels import reward, trigger

    return (trigger(1), reward(1))
