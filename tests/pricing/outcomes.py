"""What holds of every outcome of a kernel: parts sum exactly, nothing is negative."""

from __future__ import annotations

from rangli.pricing.plan import (
    CartRow,
    GrantRow,
    Outcome,
    ResultRow,
    Status,
    StepRow,
    TakeRow,
)
from tests.pricing.strategies import Problem, table

_GIVES_NOTHING = set(Status) - {Status.APPLIED}


def check(made: Problem, outcome: Outcome) -> None:
    """The outcome is of this problem, and its parts make its sums."""
    programs, _, plan = made
    cart = table(CartRow, plan.cart)
    steps = table(StepRow, plan.steps)
    off_line, off_step, share = [0] * len(cart), [0] * len(steps), 0
    for take in table(TakeRow, outcome.takes):
        assert take.off_minor > 0
        assert 0 <= take.unit_first < take.unit_first + take.units <= cart[take.line].quantity
        off_line[take.line] += take.off_minor
        off_step[take.step] += take.off_minor
        funders = len(programs.programs[steps[take.step].program].funder_bps)
        paid = outcome.shares[share : share + funders]
        assert min(paid) >= 0
        assert sum(paid) == take.off_minor
        share += funders
    assert share == len(outcome.shares)
    for line, row in enumerate(cart):
        list_minor = row.unit_minor * row.quantity
        left_minor = list_minor - row.outside_minor - off_line[line]
        assert outcome.payable[line] == left_minor >= row.floor_minor
    if plan.off_max_minor >= 0:
        assert sum(off_line) <= plan.off_max_minor
    grants = {grant.step for grant in table(GrantRow, outcome.grants)}
    results = table(ResultRow, outcome.results)
    applied = [step for step, result in enumerate(results) if result.status == Status.APPLIED]
    assert not outcome.order or sorted(outcome.order) == applied
    for step, result in enumerate(results):
        assert result.off_minor == off_step[step]
        assert result.worth_minor >= result.off_minor
        if result.status in _GIVES_NOTHING:
            assert result.off_minor == 0
            assert step not in grants
        assert min(result.clamped_minor, result.cut_minor, result.beaten_minor) >= 0


def check_units(made: Problem, outcome: Outcome) -> None:
    """No unit loses more than it costs."""
    cart = table(CartRow, made[2].cart)

    takes = table(TakeRow, outcome.takes)

    for line, row in enumerate(cart):
        if row.quantity > 50:
            continue
        lost = [0] * row.quantity
        for take in takes:
            if take.line == line:
                for unit in range(take.units):
                    before, after = (take.off_minor * k // take.units for k in (unit, unit + 1))
                    lost[take.unit_first + unit] += after - before
        # Cumulative splits of several takes may fall a minor unit apart for each of them.
        assert all(off_minor <= row.unit_minor + len(takes) for off_minor in lost)
