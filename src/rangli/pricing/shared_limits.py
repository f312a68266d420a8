"""Limits of an activity that acts several times on a cart, as with two coupons of it.

The kernel knows what limits leave to each step. What they leave to an activity, its steps share in
acting order: none is left more than those before it have not used.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import fields, replace

from rangli.activities.program import Kind, Place, Program
from rangli.pricing.asked import Asked
from rangli.pricing.plan import (
    NO_LIMIT,
    GrantRow,
    Outcome,
    Plan,
    ResultRow,
    StepRow,
    TakeRow,
    rows,
)

# What a step used changes what is left to those behind it, which may change what they use. Rarely
# more than once; after so many rounds the first step of an activity has all that is left of it.
_ROUNDS_MAX = 4
_NAMES = [field.name for field in fields(StepRow)]
_FIRST, _WIDTH = _NAMES.index("amount_left"), len(_NAMES)

# Amount, units, uses.
_Left = list[int]


def within_limits(made: Asked, price: Callable[[Plan], Outcome]) -> Outcome:
    """The plan's outcome, with no activity above what its limits leave to it in all."""
    shared = _shared(made)
    outcome = price(made.plan)
    for _ in range(_ROUNDS_MAX if shared else 0):
        used = _used(made, outcome)
        if not any(_exceeds(made.plan, steps, used) for steps in shared):
            return outcome
        outcome = price(_tightened(made.plan, shared, used))
    if shared and any(_exceeds(made.plan, steps, _used(made, outcome)) for steps in shared):
        nothing_left = [[0, 0, 0] for _ in made.steps]
        for first, *_ in shared:
            nothing_left[first] = _left(made.plan, first)
        outcome = price(_tightened(made.plan, shared, nothing_left))
    return outcome


def _shared(made: Asked) -> list[list[int]]:
    """The steps of each activity that has limits and several steps."""
    if not made.cart.limits_left:
        return []
    steps: dict[str, list[int]] = {}
    for number, (_, candidate) in enumerate(made.steps):
        activity_id = candidate.activity.activity_id
        if activity_id in made.cart.limits_left:
            steps.setdefault(activity_id, []).append(number)
    return [numbers for numbers in steps.values() if len(numbers) > 1]


def _left(plan: Plan, step: int) -> _Left:
    first = step * _WIDTH + _FIRST
    return list(plan.steps[first : first + 3])


def _used(made: Asked, outcome: Outcome) -> list[_Left]:
    """What each step used of its limits."""
    used = [[row.off_minor, 0, row.times] for row in rows(outcome.results, ResultRow)]
    programs = [candidate.activity.program for _, candidate in made.steps]
    for take in rows(outcome.takes, TakeRow):
        used[take.step][1] += take.units if _counts_units(programs[take.step], take.effect) else 0
    for grant in rows(outcome.grants, GrantRow):
        if programs[grant.step].effects[grant.effect].kind == Kind.GIFT:
            used[grant.step][1] += grant.amount
    return used


def _counts_units(program: Program, effect: int) -> bool:
    op = program.effects[effect]
    return bool(op.pattern) or op.place == Place.UNIT or op.kind in (Kind.ENTRY, Kind.GIFT)


def _exceeds(plan: Plan, steps: Sequence[int], used: Sequence[_Left]) -> bool:
    limits = _left(plan, steps[0])
    return any(
        limit != NO_LIMIT and sum(used[step][kind] for step in steps) > limit
        for kind, limit in enumerate(limits)
    )


def _tightened(plan: Plan, shared: Sequence[Sequence[int]], used: Sequence[_Left]) -> Plan:
    """The plan with each step left what those before it have not used."""
    steps: array[int] = array("q", plan.steps)
    for numbers in shared:
        left = _left(plan, numbers[0])
        for step in numbers:
            first = step * _WIDTH + _FIRST
            steps[first : first + 3] = array("q", left)
            left = [
                limit if limit == NO_LIMIT else max(0, limit - spent)
                for limit, spent in zip(left, used[step], strict=True)
            ]
    return replace(plan, steps=steps)
