"""What holds for every plan, and that both kernels answer every plan alike."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.pricing import _stacking, stacking
from rangli.pricing.plan import (
    Mode,
    ResultRow,
    Scope,
    Status,
    StepRow,
)
from tests.pricing import kernels, outcomes
from tests.pricing.strategies import mutilate, problem, table

chances = st.randoms(use_true_random=False)
both_kernels = pytest.mark.parametrize(
    "price", [_stacking.price, stacking.price], ids=["compiled", "reference"]
)
_GIVES_NOTHING = {
    Status.CONDITION_NOT_MET,
    Status.BEATEN,
    Status.NO_EFFECT,
    Status.EXCLUDED,
    Status.LIMIT_REACHED,
    Status.NOT_CHOSEN,
    Status.CLAMPED,
}


@settings(max_examples=100, deadline=None)
@given(chances)
def test_compiled_and_reference_agree_bit_for_bit(chance):
    made = problem(chance)

    assert _stacking.price(*made) == stacking.price(*made)


def test_compiled_and_reference_agree_on_many_thousand_plans():
    for seed in range(3_000):
        made = problem(Random(seed))
        assert _stacking.price(*made) == stacking.price(*made), f"seed {seed}"


def test_the_plans_by_chance_come_to_every_status():
    seen = Counter(
        result.status
        for seed in range(3_000)
        for result in table(ResultRow, _stacking.price(*problem(Random(seed))).results)
    )

    assert set(seen) == set(Status)


def test_compiled_and_reference_agree_on_what_to_refuse():
    refused = 0
    for seed in range(3_000):
        chance = Random(seed)
        made = mutilate(chance, problem(chance))
        try:
            expected = stacking.price(*made)
        except ValueError:
            refused += 1
            with pytest.raises(ValueError, match=r"\w"):
                _stacking.price(*made)
        else:
            assert _stacking.price(*made) == expected, f"seed {seed}"
    assert 1_000 < refused < 3_000


@both_kernels
@settings(max_examples=100, deadline=None)
@given(chance=chances)
def test_parts_sum_exactly_and_nothing_is_negative(price, chance):
    made = problem(chance)

    outcomes.check(made, price(*made))


@both_kernels
@settings(max_examples=100, deadline=None)
@given(chance=chances)
def test_no_unit_loses_more_than_it_costs(price, chance):
    made = problem(chance)

    outcomes.check_units(made, price(*made))


@both_kernels
@settings(max_examples=100, deadline=None)
@given(chance=chances)
def test_limits_hold(price, chance):
    made = problem(chance)
    programs, _, plan = made

    outcome = price(*made)

    for step, result in zip(
        table(StepRow, plan.steps), table(ResultRow, outcome.results), strict=True
    ):
        program = programs.programs[step.program]
        if program.cap_minor and not program.cap_other_price:  # else it is converted
            assert result.off_minor <= program.cap_minor
        if step.amount_left >= 0:
            assert result.off_minor <= step.amount_left
        if step.uses_left >= 0:
            assert result.times <= max(step.uses_left, 0) or result.off_minor == 0


@both_kernels
@settings(max_examples=100, deadline=None)
@given(chance=chances)
def test_exclusions_hold(price, chance):
    made = problem(chance)
    steps = table(StepRow, made[2].steps)

    results = table(ResultRow, price(*made).results)

    applied = [step for step, r in zip(steps, results, strict=True) if r.status == Status.APPLIED]
    groups = [step.exclusion for step in applied if step.exclusion]
    assert len(set(groups)) == len(groups)
    assert len(applied) < 2 or not any(step.exclusive for step in applied)
    for one in applied:
        for other in applied:
            if one is not other and one.allows != -1:
                assert one.allows & other.labels


@both_kernels
@settings(max_examples=100, deadline=None)
@given(chance=chances)
def test_answers_explain_themselves(price, chance):
    made = problem(chance)

    results = table(ResultRow, price(*made).results)

    for step, result in enumerate(results):
        if result.status == Status.CONDITION_NOT_MET:
            assert result.measure > 0
        if result.status in (Status.BEATEN, Status.EXCLUDED):
            assert 0 <= result.beaten_by < len(results)
            assert result.beaten_by != step


@both_kernels
def test_pricing_changes_nothing_it_was_given(price):
    for seed in range(50):
        made = problem(Random(seed))
        before = copy.deepcopy(made)

        assert price(*made) == price(*made)

        assert made == before


# The first line has nothing to give above its floor, the second 8 of the 10 that are wanted.
_FLOORED = [kernels.line(100, floor_minor=100), kernels.line(50, floor_minor=42)]
_FIRST_THAT_GIVES = kernels.step(
    kernels.off(3, lines=1), kernels.off(10), first_only=1, lists=[[0]]
)
_NEVER = kernels.step(kernels.off(0))


@both_kernels
@pytest.mark.parametrize("rivals", [(), (_NEVER,)], ids=["alone", "with a rival"])
@pytest.mark.parametrize("mode", [Mode.FIRST, Mode.LARGEST, Mode.SMALLEST, Mode.BEST])
def test_by_line_only_the_effect_that_gave_tells_what_was_clamped(price, mode, rivals):
    by_line = kernels.group(_FIRST_THAT_GIVES, *rivals, mode=mode, scope=Scope.LINE)

    answer = kernels.run(_FLOORED, by_line, kernel=price)

    assert answer.payable == [100, 42]
    assert answer.results[0].clamped_minor == 2


@both_kernels
def test_in_turn_the_effects_before_the_one_that_gave_tell_too_what_was_clamped(price):
    answer = kernels.run(_FLOORED, kernels.group(_FIRST_THAT_GIVES), kernel=price)

    assert answer.payable == [100, 42]
    assert answer.results[0].clamped_minor == 3 + 2


@both_kernels
@settings(max_examples=100, deadline=None)
@given(chance=chances)
def test_more_nodes_never_make_a_cart_dearer(price, chance):
    programs, tree, plan = problem(chance, lines_max=4, steps_max=6)

    costs = []
    for node_limit in (1, 4, 40, 100_000):
        plan.node_limit = node_limit
        outcome = price(programs, tree, plan)
        assert outcome.nodes <= node_limit
        assert outcome.proven or outcome.gap_minor > 0
        costs.append(sum(outcome.payable))

    assert costs == sorted(costs, reverse=True)


@both_kernels
@settings(max_examples=100, deadline=None)
@given(chance=chances)
def test_the_stated_gap_holds(price, chance):
    programs, tree, plan = problem(chance, lines_max=4, steps_max=6)

    plan.node_limit = 3
    early = price(programs, tree, plan)
    plan.node_limit = 100_000
    late = price(programs, tree, plan)

    assert sum(early.payable) - early.gap_minor <= sum(late.payable)


def _kernel_module(chosen: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from rangli.pricing.kernel import price; print(price.__module__)"],
        env=os.environ | {"RANGLI_KERNEL": chosen},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("chosen", "module"), [("compiled", "_stacking"), ("reference", "stacking")]
)
def test_environment_chooses_the_kernel(chosen, module):
    assert _kernel_module(chosen).stdout.strip().startswith(f"rangli.pricing.{module}")


def test_unknown_kernel_is_refused():
    assert "RANGLI_KERNEL" in _kernel_module("fast").stderr
