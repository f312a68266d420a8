"""What holds for every plan, and that both kernels answer every plan alike."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rangli.pricing import _stacking, stacking
from rangli.pricing.plan import Status
from tests.pricing.strategies import both_kernels, mutilate, problem, rows

chances = st.randoms(use_true_random=False)


@settings(max_examples=300, deadline=None)
@given(chances)
def test_compiled_and_reference_agree_bit_for_bit(chance):
    programs, plan = problem(chance)

    assert _stacking.price(programs, plan) == stacking.price(programs, plan)


def test_compiled_and_reference_agree_on_many_thousand_plans():
    for seed in range(4_000):
        programs, plan = problem(Random(seed))
        assert _stacking.price(programs, plan) == stacking.price(programs, plan), f"seed {seed}"


def test_compiled_and_reference_agree_on_what_to_refuse():
    refused = 0
    for seed in range(4_000):
        chance = Random(seed)
        programs, plan = problem(chance)
        mutilate(chance, programs, plan)
        try:
            expected = stacking.price(programs, plan)
        except ValueError:
            refused += 1
            with pytest.raises(ValueError, match=r"\w"):
                _stacking.price(programs, plan)
        else:
            assert _stacking.price(programs, plan) == expected, f"seed {seed}"
    assert 2_000 < refused < 4_000


@both_kernels
@settings(max_examples=200, deadline=None)
@given(chance=chances)
def test_parts_sum_exactly_and_nothing_is_negative(price, chance):
    programs, plan = problem(chance)

    outcome = price(programs, plan)

    off_line = [0] * len(plan.unit_minor)
    for step, status in enumerate(outcome.step_status):
        start, end = plan.step_pairs[step], plan.step_pairs[step + 1]
        taken = list(outcome.pair_off[start:end])
        table = rows(programs, plan, outcome, step)
        assert min([0, *taken, *(share for row in table for share in row)]) == 0
        assert [sum(row) for row in table] == taken
        assert sum(taken) == outcome.step_off[step]
        assert (outcome.step_off[step] > 0) == (status == Status.APPLIED)
        for pair in range(start, end):
            off_line[plan.pair_line[pair]] += outcome.pair_off[pair]
    for line, off_minor in enumerate(off_line):
        assert outcome.line_payable[line] >= 0
        list_minor = plan.unit_minor[line] * plan.quantity[line]
        assert list_minor - off_minor == outcome.line_payable[line]


@both_kernels
@settings(max_examples=100, deadline=None)
@given(chance=chances)
def test_no_funder_strays_from_its_share_by_more_than_the_others_roundings(price, chance):
    programs, plan = problem(chance)

    outcome = price(programs, plan)

    for step, program in enumerate(plan.step_program):
        span = slice(programs.prog_funders[program], programs.prog_funders[program + 1])
        shares = programs.funder_bps[span]
        for funder, paid in enumerate(zip(*rows(programs, plan, outcome, step), strict=True)):
            exact = outcome.step_off[step] * shares[funder]
            assert abs(sum(paid) * 10_000 - exact) < 10_000 * len(shares)


@both_kernels
@settings(max_examples=100, deadline=None)
@given(chance=chances)
def test_answers_explain_themselves(price, chance):
    programs, plan = problem(chance)

    outcome = price(programs, plan)

    for step, status in enumerate(outcome.step_status):
        winner = outcome.step_beaten_by[step]
        if status == Status.CONDITION_NOT_MET:
            assert outcome.step_actual[step] < outcome.step_required[step]
        else:
            assert outcome.step_measure[step] == 0
        if status == Status.BEATEN:
            assert outcome.step_status[winner] in {Status.APPLIED, Status.BEATEN}
            assert plan.step_group[winner] == plan.step_group[step]
            assert winner != step
            assert outcome.step_beaten_minor[step] >= 0
        else:
            assert (winner, outcome.step_beaten_minor[step]) == (-1, 0)


@both_kernels
def test_pricing_changes_nothing_it_was_given(price):
    for seed in range(50):
        given_input = problem(Random(seed))
        before = copy.deepcopy(given_input)

        assert price(*given_input) == price(*given_input)

        assert given_input == before


@pytest.mark.parametrize(
    ("chosen", "module"), [("compiled", "_stacking"), ("reference", "stacking")]
)
def test_environment_chooses_the_kernel(chosen, module):
    assert _kernel_module(chosen).stdout.strip() == f"rangli.pricing.{module}"


def test_unknown_kernel_is_refused():
    assert "RANGLI_KERNEL" in _kernel_module("fast").stderr


def _kernel_module(chosen):
    return subprocess.run(
        [sys.executable, "-c", "from rangli.pricing.kernel import price; print(price.__module__)"],
        env=os.environ | {"RANGLI_KERNEL": chosen},
        capture_output=True,
        text=True,
        check=False,
    )
