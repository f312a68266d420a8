"""Groups at work: who of a group's members acts, in which order, and who is beaten by whom.

A tree is carried out as a list of moves. Groups that act member by member (ALL, and FIRST with
scope CART, which is ALL with one winner) are entered and left; other groups are one move. A BEST
group is a move too: here it is decided at once, as LARGEST (or with any number of winners as ALL);
`search.py` looks for better decisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from rangli.pricing.plan import Mode, ResultRow, Scope, Status
from rangli.pricing.stacking.judging import judge
from rangli.pricing.stacking.lines import compete_by_line, compete_by_unit
from rangli.pricing.stacking.problem import Problem
from rangli.pricing.stacking.state import (
    Frame,
    State,
    Verdict,
    applied_since,
    begin,
    enforce_met,
    settle,
)


class Do(Enum):
    """What a move does."""

    ENTER = 1
    LEAVE = 2
    STEP = 3
    COMPETE = 4
    BEST = 5


@dataclass(frozen=True, slots=True)
class Move:
    """One thing to do. number: of the step with STEP, else of the group."""

    do: Do
    number: int


def moves(problem: Problem, group: int) -> list[Move]:
    """What a group does."""
    row = problem.groups[group]
    if row.mode == Mode.BEST:
        return [Move(Do.BEST, group)]
    if row.mode != Mode.ALL and not (row.mode == Mode.FIRST and row.scope == Scope.CART):
        return [Move(Do.COMPETE, group)]
    inside = [Move(Do.STEP, step) for step in problem.members[group]]
    for child in problem.children[group]:
        inside += moves(problem, child)
    return [Move(Do.ENTER, group), *inside, Move(Do.LEAVE, group)]


def all_moves(problem: Problem) -> list[Move]:
    """What the tree does: its root groups in order."""
    return [move for group in problem.roots for move in moves(problem, group)]


def do(problem: Problem, state: State, move: Move) -> None:
    """Carry out a move. In a group that is full, whoever comes is beaten by the last winner."""
    frame = state.frames[-1]
    if move.do == Do.ENTER:
        _enter(problem, state, move.number)
    elif move.do == Do.LEAVE:
        _leave(state)
    elif frame.full():
        beat_unheard(problem, state, move, frame.last)
    elif move.do == Do.STEP:
        mark = len(state.in_force)
        settle(problem, state, judge(problem, state, move.number))
        count(state, mark)
    else:
        mark = len(state.in_force)
        compete(problem, state, move.number)
        count(state, mark)


def count(state: State, mark: int) -> None:
    """Tell the group that is acting that a member has acted: whether any of its steps applied."""
    applied = applied_since(state, mark)
    if applied:
        state.frames[-1].count += 1
        state.frames[-1].last = applied[-1]


def beat_unheard(problem: Problem, state: State, move: Move, by: int) -> None:
    """Members that come too late are not even judged."""
    steps = [move.number] if move.do == Do.STEP else problem.members[move.number]
    if move.do != Do.STEP:
        steps = steps_below(problem, move.number)
    for step in steps:
        state.verdicts[step] = Verdict(step, ResultRow(Status.BEATEN, beaten_by=by))


def steps_below(problem: Problem, group: int) -> list[int]:
    """The steps of a group and of its child groups."""
    below = [step for child in problem.children[group] for step in steps_below(problem, child)]
    return problem.members[group] + below


def _enter(problem: Problem, state: State, group: int) -> None:
    outer = state.frames[-1]
    row = problem.groups[group]
    most = max(1, row.most) if row.mode == Mode.FIRST else row.most
    if outer.full():
        state.frames.append(Frame(group, most, last=outer.last, shut=True))
        return
    begin(problem, state, group)
    state.frames.append(Frame(group, most))


def _leave(state: State) -> None:
    inner = state.frames.pop()
    if inner.count:
        state.frames[-1].count += 1
        state.frames[-1].last = inner.last


def perform(problem: Problem, state: State, group: int) -> None:
    """Carry out a group by itself, as a member of a group that is not ALL."""
    state.frames.append(Frame(-1, 0))
    for move in moves(problem, group):
        do(problem, state, move)
    state.frames.pop()


def compete(problem: Problem, state: State, group: int) -> None:
    """Let the members of a group that is one move share the work."""
    row = problem.groups[group]
    begin(problem, state, group)
    if row.scope == Scope.LINE:
        compete_by_line(problem, state, group)
    elif row.scope == Scope.UNIT:
        compete_by_unit(problem, state, group)
    elif row.mode == Mode.BEST and row.most == 0:
        for step in problem.members[group]:
            settle(problem, state, judge(problem, state, step))
    else:
        _compete_in_cart(problem, state, group)
    enforce_met(problem, state, problem.members[group])


@dataclass(slots=True, eq=False)
class _Trial:
    """A member tried at group start.

    verdicts: of all steps that it is made of. state: after it, only of a group. first: its first
    step that applied, -1: none.
    """

    member: int
    verdicts: Sequence[Verdict]
    state: State | None
    first: int

    @property
    def worth(self) -> int:
        return sum(verdict.worth for verdict in self.verdicts)

    @property
    def gives(self) -> bool:
        return any(verdict.applied for verdict in self.verdicts)


def _compete_in_cart(problem: Problem, state: State, group: int) -> None:
    """All members are judged at group start; those that are worth most (or with SMALLEST least) of
    those that give anything act, in acting order.

    Of equals the earlier wins. A single winner's takes are those it was judged with; several are
    judged again when they act. The others are beaten by the one that is worth most (least), also
    the steps that had applied in a child group that lost.
    """
    row = problem.groups[group]
    trials = _trials(problem, state, group)
    rivals = [trial for trial in trials if trial.gives]
    sign = 1 if row.mode == Mode.SMALLEST else -1
    ranked = sorted(rivals, key=lambda trial: sign * trial.worth)
    chosen = ranked[: max(1, row.most)]
    for trial in trials:
        if trial not in chosen:
            _lose(state, trial, ranked[0] if trial.gives else None)
    for trial in trials:
        if trial in chosen:
            _win(problem, state, trial, alone=len(chosen) == 1)


def _trials(problem: Problem, state: State, group: int) -> list[_Trial]:
    trials = [
        _Trial(step, [judge(problem, state, step)], None, step) for step in problem.members[group]
    ]
    for child in problem.children[group]:
        tried = state.copy()
        perform(problem, tried, child)
        verdicts = [tried.verdicts[step] for step in sorted(steps_below(problem, child))]
        first = applied_since(tried, len(state.in_force))
        trials.append(_Trial(child, verdicts, tried, first[0] if first else -1))
    return trials


def _lose(state: State, trial: _Trial, winner: _Trial | None) -> None:
    for verdict in trial.verdicts:
        lost = verdict
        if winner and verdict.applied:
            lost = verdict.beaten(winner.first, winner.worth - trial.worth)
        state.verdicts[verdict.step] = lost


def _win(problem: Problem, state: State, trial: _Trial, *, alone: bool) -> None:
    if trial.state is None:
        again = trial.verdicts[0] if alone else judge(problem, state, trial.member)
        settle(problem, state, again)
    elif alone:
        trial.state.verdicts = state.verdicts | trial.state.verdicts
        state.adopt(trial.state)
    else:
        perform(problem, state, trial.member)
