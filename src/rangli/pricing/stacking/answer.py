"""The answer: what each line costs, what became of each step, who pays."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

from rangli.core.money import BPS
from rangli.pricing.plan import Outcome
from rangli.pricing.stacking.problem import Problem
from rangli.pricing.stacking.state import State
from rangli.pricing.stacking.units import left_on


def answer(problem: Problem, state: State, *, nodes: int, gap_minor: int) -> Outcome:
    """What a state comes to in which all steps have acted."""
    verdicts = [state.verdicts[step.index] for step in problem.steps]
    shares: list[int] = []
    for step, verdict in zip(problem.steps, verdicts, strict=True):
        amounts = [take.off_minor for take in verdict.takes]
        program = step.program
        if program.remainder_funder:
            split = split_with_remainder(
                amounts, program.funder_bps, remainder_funder=program.remainder_funder - 1
            )
        else:
            split = split_among_funders(amounts, program.funder_bps)
        for row in split:
            shares += row
    return Outcome(
        payable=array("q", [left_on(line) for line in state.runs]),
        results=_flat(verdict.row for verdict in verdicts),
        takes=_flat(take for verdict in verdicts for take in verdict.takes),
        shares=array("q", shares),
        grants=_flat(grant for verdict in verdicts for grant in verdict.grants),
        leaves=_flat(row for verdict in verdicts if problem.trace for row in verdict.leaves),
        nodes=nodes,
        proven=int(gap_minor == 0),
        gap_minor=gap_minor,
        order=array("q", _order(problem, state)),
    )


def _order(problem: Problem, state: State) -> list[int]:
    """The steps that applied, as they acted, where the search chooses in which order they do."""
    if not any(group.any_order for group in problem.groups):
        return []
    return [each.step for each in state.in_force if state.verdicts[each.step].applied]


def _flat(rows: Iterable[Any]) -> array[int]:
    return array("q", [number for row in rows for number in astuple(row)])


def split_with_remainder(
    amounts: Iterable[int], funder_bps: Sequence[int], *, remainder_funder: int
) -> list[list[int]]:
    """As `split_among_funders`, but that funder, counted from 0, bears all that is left over."""
    rows = []
    for amount in amounts:
        row = [amount * bps // BPS for bps in funder_bps]
        row[remainder_funder] += amount - sum(row)
        rows.append(row)
    return rows


def split_among_funders(amounts: Iterable[int], funder_bps: Sequence[int]) -> list[list[int]]:
    """Who pays what a step took: a row per take, an amount per funder; a row sums to its take.

    Each funder bears its exact share of the take rounded down. The units left over go one each to
    the funders that lag most behind their exact share of all takes so far, these rounded shares
    counted in; ties to the earlier funder. So roundings cancel out over the takes.
    """
    rows: list[list[int]] = []
    paid = [0] * len(funder_bps)
    so_far = 0
    for amount in amounts:
        so_far += amount
        row = [amount * bps // BPS for bps in funder_bps]
        units_left = amount - sum(row)
        if units_left:
            # In 1/10,000 of a minor unit, to stay exact.
            lag = [
                so_far * bps - (before + now) * BPS
                for bps, before, now in zip(funder_bps, paid, row, strict=True)
            ]
            by_lag = sorted(range(len(row)), key=lambda funder: -lag[funder])  # stable
            for funder in by_lag[:units_left]:
                row[funder] += 1
        paid = [before + now for before, now in zip(paid, row, strict=True)]
        rows.append(row)
    return rows
