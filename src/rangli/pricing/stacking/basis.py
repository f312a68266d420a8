"""Amounts stated in the other price basis: net in a gross cart.

Tax is never computed. What a line says of itself in both bases is the rate at which an amount on it
is converted; several lines are converted by what they come to in both.
"""

from __future__ import annotations

from collections.abc import Iterable

from rangli.pricing.plan import VALUE_MAX
from rangli.pricing.stacking.money import rounded
from rangli.pricing.stacking.problem import UNLIMITED, Problem, Step


def in_cart_prices(
    problem: Problem, minor: int, units: Iterable[tuple[int, int]], rounding: int
) -> int | None:
    """An amount of the other basis in the cart's, at most `VALUE_MAX`.

    units: by line, how many units it is for. None: one of them does not say its other price, or
    all of them come to nothing in it.
    """
    list_minor = other_minor = 0
    for line, count in units:
        row = problem.cart[line]
        if row.other_minor < 0:
            return None
        list_minor += row.unit_minor * count
        other_minor += row.other_minor * count
    if other_minor == 0:
        return None
    return min(VALUE_MAX, rounded(minor * list_minor, other_minor, rounding))


def units_of(problem: Problem, step: Step, number: int) -> list[tuple[int, int]]:
    """All units of the lines that a number in a program stands for, whatever has happened."""
    lines = problem.lines_of(step, number, step.lines)
    return [(line, problem.cart[line].quantity) for line in lines]


def cap(problem: Problem, step: Step, minor: int, lines: int, rounding: int | None) -> int:
    """The most that a cap allows; 0 is none.

    rounding: of a cap in the other basis; None: it is in the cart's. One that cannot be converted
    allows nothing.
    """
    if not minor:
        return UNLIMITED
    if rounding is None:
        return minor
    return in_cart_prices(problem, minor, units_of(problem, step, lines), rounding) or 0
