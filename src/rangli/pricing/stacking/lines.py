"""Groups whose winners differ by line, or by unit.

Each step bids with what it takes when it alone acts on all its lines, at group start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from rangli.pricing.plan import Mode, ResultRow, Status
from rangli.pricing.stacking.judging import act_again, act_effects, finish, judge, work_of
from rangli.pricing.stacking.problem import Problem
from rangli.pricing.stacking.state import (
    InForce,
    State,
    Verdict,
    close,
    forbidden_by,
    settle,
)
from rangli.pricing.stacking.work import Work

# The steps that win each line, best first.
Winners = Mapping[int, Sequence[int]]


def bids_of(problem: Problem, state: State, group: int) -> dict[int, Verdict]:
    """What each step of a group takes when alone."""
    return {step: judge(problem, state, step) for step in problem.members[group]}


def bidders_of(bids: Mapping[int, Verdict]) -> list[int]:
    """The steps that take anything, in acting order. Only they bid, and on all lines they reach."""
    return [step for step, bid in bids.items() if bid.takes]


def compete_by_line(problem: Problem, state: State, group: int) -> None:
    """Per line the first `most` bidders win; each then acts, in acting order, on what it won.

    Best is who bids most (SMALLEST: least, FIRST: earlier in order), of equals the earlier; bids of
    0 come last. If a step takes nothing on a line that it bid on and won, whoever has bid there
    besides gets its place, and all act anew, until that happens no more.
    """
    row = problem.groups[group]
    most = 1 if row.mode == Mode.BEST else max(1, row.most)
    bids = bids_of(problem, state, group)
    given_up: set[tuple[int, int]] = set()
    while True:
        winners = {
            line: rank_on(bids, line, row.mode, given_up)[:most]
            for line in range(len(problem.cart))
        }
        acted = state.copy()
        act_on_won(problem, acted, bids, winners, best=False)
        idle = {
            (step, line)
            for line, winning in winners.items()
            for step in winning
            if bids[step].on_line(line)
            and not acted.verdicts[step].on_line(line)
            and _others(bids, line, winning, given_up)
        }
        if not idle:
            break
        given_up |= idle
    state.adopt(acted)


def rank_on(
    bids: Mapping[int, Verdict], line: int, mode: int, given_up: Iterable[tuple[int, int]] = ()
) -> list[int]:
    """Who bids on a line, best first."""
    given_up = set(given_up)
    bidders = [
        step
        for step in bidders_of(bids)
        if line in bids[step].reach and (step, line) not in given_up
    ]

    def rank(step: int) -> tuple[bool, int]:
        bid = bids[step].on_line(line)
        worth = {Mode.FIRST: 0, Mode.SMALLEST: bid}.get(Mode(mode), -bid)
        return bid == 0, worth

    return sorted(bidders, key=rank)


def _others(
    bids: Mapping[int, Verdict],
    line: int,
    winning: Sequence[int],
    given_up: set[tuple[int, int]],
) -> bool:
    """Whether somebody else has bid above 0 on the line."""
    rest = rank_on(bids, line, Mode.FIRST, given_up)
    return any(bids[step].on_line(line) for step in rest if step not in winning)


def act_on_won(
    problem: Problem, state: State, bids: Mapping[int, Verdict], winners: Winners, *, best: bool
) -> None:
    """Let each bidder act on the lines it won; others that give anything act as judged anew.

    best: the search has chosen, and a step may be NOT_CHOSEN.
    """
    for step, bid in bids.items():
        if not bid.takes:
            _act_unrivalled(problem, state, bid)
            continue
        won = frozenset(line for line, steps in winners.items() if step in steps)
        verdict = _loser(bids, step, winners, best=best)
        if won:
            acted = act_again(problem, state, bid, won)
            keeps = acted.takes or acted.row.status == Status.EXCLUDED
            verdict = acted if keeps or verdict is None else verdict
        assert verdict is not None
        settle(problem, state, verdict)


def _act_unrivalled(problem: Problem, state: State, bid: Verdict) -> None:
    """A step that takes nothing has no line to win: if it gives anything else, it may."""
    if bid.applied:
        settle(problem, state, judge(problem, state, bid.step))
    else:
        state.verdicts[bid.step] = bid


def _loser(
    bids: Mapping[int, Verdict], step: int, winners: Winners, *, best: bool
) -> Verdict | None:
    """A step that wins nothing: beaten by the winner of the first line it lost, by what the winners
    of all of these bid more. None if it lost no line.

    Lost is a line of its reach that others won, or that it bid on and the search gave nobody. The
    search did not choose it where it gave the first such line to nobody, or to a smaller bid.
    """
    bid = bids[step]
    lost = [
        line
        for line in bid.reach
        if step not in winners.get(line, ()) and (winners.get(line) or (best and bid.on_line(line)))
    ]
    if not lost:
        return None
    place = winners.get(lost[0])
    if not place:
        return bid.beaten(-1, 0, Status.NOT_CHOSEN)
    if best and bid.on_line(lost[0]) > bids[place[0]].on_line(lost[0]):
        return bid.beaten(place[0], 0, Status.NOT_CHOSEN)
    missed = 0
    for line in lost:
        if winners.get(line):
            missed += bids[winners[line][0]].on_line(line) - bid.on_line(line)
    return bid.beaten(place[0], missed)


def compete_by_unit(problem: Problem, state: State, group: int) -> None:
    """Line by line, the bidders on it act one after the other on units that fewer than `most` steps
    of the group have taken anything off, up to their limits.

    First is who takes most off a unit that it takes anything off (SMALLEST: least, FIRST: earlier
    in order); of equals the earlier. Limits, caps and uses count over all lines. A step that took
    nothing is beaten by the first other bidder on the first line it bid on, by what that one bid
    more there. Whether limits refuse a step is decided by its bid.
    """
    row = problem.groups[group]
    bids = bids_of(problem, state, group)
    works = {step: work_of(problem, state, step, bids[step].lines) for step in bidders_of(bids)}
    excluded: dict[int, int] = {}
    for line in range(len(problem.cart)):
        for step in _rank_by_unit(bids, line, row.mode):
            by = forbidden_by(problem, state, works[step].step) if not works[step].takes else -1
            if by >= 0:
                excluded.setdefault(step, by)
            else:
                _act_on_line(state, works[step], bids[step], line)
    for step, bid in bids.items():
        if step not in works:
            _act_unrivalled(problem, state, bid)
        elif not works[step].takes and step in excluded:
            refused = ResultRow(Status.EXCLUDED, beaten_by=excluded[step])
            state.verdicts[step] = Verdict(step, refused)
        else:
            _settle_by_unit(problem, state, bids, works[step])


def _act_on_line(state: State, work: Work, bid: Verdict, line: int) -> None:
    """Act on the units of a line that are open to the step; what it forbids is in force at once."""
    assert bid.terms is not None
    work.only, work.refused, work.tier = frozenset({line}), False, bid.row.tier
    before = bool(work.takes)
    act_effects(work, bid.terms.times, bid.terms)
    if work.takes and not before:
        state.in_force.append(InForce(bid.step, applied=True))


def _settle_by_unit(
    problem: Problem, state: State, bids: Mapping[int, Verdict], work: Work
) -> None:
    bid = bids[work.step.index]
    assert bid.terms is not None
    work.only, work.refused = None, False
    row = ResultRow(Status.NO_EFFECT, bid.row.base_minor)
    verdict = Verdict(bid.step, row, leaves=bid.leaves, lines=bid.lines)
    verdict = finish(work, verdict, bid.terms.times)
    verdict.after = None  # it has taken all that already
    if not work.takes:
        mode = problem.groups[work.step.row.group].mode
        verdict = _loser_by_unit(bids, bid.step, mode) or verdict
    state.verdicts[bid.step] = verdict
    if verdict.applied:
        close(problem, state, verdict)


def _rank_by_unit(bids: Mapping[int, Verdict], line: int, mode: int) -> list[int]:
    bidders = [step for step in bidders_of(bids) if bids[step].on_line(line)]

    def rank(step: int) -> Fraction:
        units = sum(take.units for take in bids[step].takes if take.line == line)
        bid = Fraction(bids[step].on_line(line), units)
        return {Mode.FIRST: Fraction(0), Mode.SMALLEST: bid}.get(Mode(mode), -bid)

    return sorted(bidders, key=rank)


def _loser_by_unit(bids: Mapping[int, Verdict], step: int, mode: int) -> Verdict | None:
    bid = bids[step]
    line = min(take.line for take in bid.takes)
    others = [other for other in _rank_by_unit(bids, line, mode) if other != step]
    if not others:
        return None
    return bid.beaten(others[0], bids[others[0]].on_line(line) - bid.on_line(line))
