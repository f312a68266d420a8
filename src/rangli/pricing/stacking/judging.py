"""Judging a step: may it act, does its condition hold, and what would it take?"""

from __future__ import annotations

from collections.abc import Sequence

from rangli.activities.program import Measure
from rangli.pricing.plan import Mode, ResultRow, Scope, Status, TakeRow
from rangli.pricing.stacking.conditions import Missed, judge_conditions, measured
from rangli.pricing.stacking.effects import act
from rangli.pricing.stacking.problem import UNLIMITED, Problem, Step
from rangli.pricing.stacking.state import State, Terms, Verdict, forbidden_by
from rangli.pricing.stacking.units import left_on
from rangli.pricing.stacking.work import Work


def judge(problem: Problem, state: State, number: int) -> Verdict:
    """What the step would do in this state, which stays as it is.

    In this order: 1. steps in force may exclude it. 2. Its lines are those given to it, less closed
    ones, and if the program says so, less those that cost less than their list amount. 3. Its
    condition must hold. 4. Its limits must leave something. 5. The multiplier says how often it is
    given; then at most as often as uses are left. 6. Its effects act in order, each on what the
    ones before left; with first_only those after the first that gives anything don't.
    """
    step = problem.steps[number]
    by = forbidden_by(problem, state, step)
    if by >= 0:
        return Verdict(number, ResultRow(Status.EXCLUDED, beaten_by=by))
    lines = _lines(state, step)
    base = left_on(run for line in lines for run in state.runs[line])
    missed, leaves = judge_conditions(problem, state.runs, step, lines)
    verdict = Verdict(number, ResultRow(Status.NO_EFFECT, base), leaves=leaves, lines=lines)
    if missed:
        return _missed(verdict, missed)
    if 0 in {step.row.uses_left, step.row.amount_left, step.row.units_left}:
        verdict.row.status = Status.LIMIT_REACHED
        return verdict
    times = _times(problem, state, step, lines)
    if isinstance(times, Missed):
        return _missed(verdict, times)
    uses = step.row.uses_left if step.row.uses_left >= 0 else UNLIMITED
    if times > uses and not step.row.cut:
        verdict.row.status = Status.LIMIT_REACHED
        return verdict
    work = work_of(problem, state.copy(), number, lines)
    act_effects(work, min(times, uses))
    return finish(work, verdict, min(times, uses))


def act_again(problem: Problem, state: State, bid: Verdict, lines: frozenset[int]) -> Verdict:
    """What a step does on some of its lines only, on the terms of its bid; the state stays.

    Condition, multiplier and tiers are not judged again, but steps in force may exclude it.
    """
    step = problem.steps[bid.step]
    by = forbidden_by(problem, state, step)
    if by >= 0:
        return Verdict(bid.step, ResultRow(Status.EXCLUDED, beaten_by=by))
    assert bid.terms is not None
    row = ResultRow(Status.NO_EFFECT, bid.row.base_minor)
    verdict = Verdict(bid.step, row, leaves=bid.leaves, lines=bid.lines)
    work = work_of(problem, state.copy(), bid.step, bid.lines)
    work.only = lines
    work.tier = bid.row.tier
    act_effects(work, bid.terms.times, bid.terms)
    return finish(work, verdict, bid.terms.times)


def _lines(state: State, step: Step) -> list[int]:
    lines = [line for line in step.lines if line not in state.closed]
    if not step.program.skip_reduced:
        return lines
    return [
        line
        for line in lines
        if left_on(state.runs[line]) == sum(run.list_minor for run in state.runs[line])
    ]


def _missed(verdict: Verdict, missed: Missed) -> Verdict:
    row = verdict.row
    row.status, row.cond = Status.CONDITION_NOT_MET, missed.cond
    row.measure, row.required, row.actual = missed.measure, missed.required, missed.actual
    return verdict


def _times(problem: Problem, state: State, step: Step, lines: list[int]) -> int | Missed:
    """How often the step is given."""
    program = step.program
    if not program.times_measure:
        return 1
    read = problem.lines_of(step, program.times_lines, lines)
    actual = measured(problem, state.runs, read, program.times_measure, program.times_base)
    times = actual // program.times_every
    if times == 0:
        return Missed(Measure(program.times_measure), program.times_every, actual)
    return min(times, program.times_max) if program.times_max else times


def work_of(problem: Problem, state: State, number: int, lines: Sequence[int]) -> Work:
    """A step about to act on a state of its own."""
    step = problem.steps[number]
    group = problem.groups[step.row.group]
    by_unit = group.scope == Scope.UNIT and group.mode != Mode.ALL
    return Work(problem, state, step, lines, unit_winners=max(1, group.most) if by_unit else 0)


def act_effects(work: Work, times: int, terms: Terms | None = None) -> None:
    """Let the effects act in order. terms: those of a bid, if it acts a second time."""
    for number in range(len(work.step.program.effects)):
        if terms and number not in terms.actions:
            continue
        before = len(work.takes) + len(work.grants)
        act(work, number, times, terms)
        if work.refused:
            return
        if work.step.program.first_only and len(work.takes) + len(work.grants) > before:
            work.actions = {number: work.actions[number]}
            return


def finish(work: Work, verdict: Verdict, times: int) -> Verdict:
    """What the step has come to.

    If it gives nothing: LIMIT_REACHED if its limits refused it; else CONDITION_NOT_MET if an effect
    did not reach a tier or could form no set; else LIMIT_REACHED or CLAMPED if limits, or floors
    and guards alone, kept all back; else there was nothing to give.
    """
    row = verdict.row
    row.clamped_minor, row.cut_minor = work.clamped, work.cut
    if work.refused:
        row.status = Status.LIMIT_REACHED
        row.cut_minor += work.off_minor
    elif work.takes or work.grants:
        row.status = Status.APPLIED
        row.off_minor = work.off_minor
        row.worth_minor = work.off_minor + work.gift_minor
        row.tier = max(0, work.tier)
        row.times = work.sets or times
        verdict.takes = sorted(work.takes, key=_place)
        verdict.grants = work.grants
        verdict.terms = Terms(times, work.actions)
        verdict.reach = _reach(work)
        verdict.after = work.state
    elif work.missed:
        return _missed(verdict, work.missed)
    elif work.cut:
        row.status = Status.LIMIT_REACHED
    elif work.clamped:
        row.status = Status.CLAMPED
    return verdict


def _place(take: TakeRow) -> tuple[int, int, int, int]:
    return take.effect, take.application, take.line, take.unit_first


def _reach(work: Work) -> list[int]:
    """All lines that the effects may act on."""
    numbers = set()
    for effect in work.step.program.effects:
        numbers |= {part.lines for part in effect.pattern} or {effect.lines}
    return sorted({line for number in numbers for line in work.lines_of(number)})
