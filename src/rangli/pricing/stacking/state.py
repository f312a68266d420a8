"""Where the pricing of a cart stands: what is left, what is in force, what each step came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from rangli.activities.program import StopScope
from rangli.pricing.plan import (
    GrantRow,
    LeafRow,
    ResultRow,
    Status,
    StepRow,
    TakeRow,
)
from rangli.pricing.stacking.problem import UNLIMITED, Problem, Step
from rangli.pricing.stacking.units import Runs, copy_of, left_on, runs_of


@dataclass(frozen=True, slots=True)
class Action:
    """What an effect does, once tiers and multiplier are known.

    cap_minor: `UNLIMITED` if it has none. tier: from 0; -1: none. converts: the value is stated in
    the other price basis.
    """

    kind: int
    value: int
    per: int
    cap_minor: int
    tier: int = -1
    converts: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """On which a step was judged: how often it is given, and by effect what that does.

    An effect that is left out does not act. Of a graduated effect the action says nothing.
    """

    times: int
    actions: dict[int, Action]


@dataclass(slots=True)
class Verdict:
    """What judging a step came to. after: the state with its takes taken, if it gives anything.

    lines: those it was judged on. reach: all that its effects may act on.
    """

    step: int
    row: ResultRow
    takes: list[TakeRow] = field(default_factory=list)
    grants: list[GrantRow] = field(default_factory=list)
    leaves: list[LeafRow] = field(default_factory=list)
    lines: Sequence[int] = ()
    reach: Sequence[int] = ()
    terms: Terms | None = None
    after: State | None = None

    @property
    def applied(self) -> bool:
        """Whether it gives anything."""
        return self.row.status == Status.APPLIED

    @property
    def worth(self) -> int:
        """What it competes with."""
        return self.row.worth_minor

    def on_line(self, line: int) -> int:
        """What it takes off a line."""
        return sum(take.off_minor for take in self.takes if take.line == line)

    def beaten(self, by: int, minor: int, status: Status = Status.BEATEN) -> Verdict:
        """The same, but others won."""
        row = ResultRow(status, self.row.base_minor, beaten_by=by, beaten_minor=max(0, minor))
        return Verdict(self.step, row, leaves=self.leaves)


@dataclass(frozen=True, slots=True)
class InForce:
    """A step that applied, or (applied False) that was met and stops."""

    step: int
    applied: bool


@dataclass(slots=True)
class Frame:
    """An ALL group that is acting: how many members applied, the last step that did.

    shut: nothing may act in it any more, since `last` won.
    """

    group: int
    most: int
    count: int = 0
    last: int = -1
    shut: bool = False

    def full(self) -> bool:
        """Whether no further member may give anything."""
        return self.shut or 0 < self.most <= self.count


@dataclass(slots=True)
class State:
    """All that changes while a cart is priced. Copies share nothing that changes."""

    runs: Runs
    off_left: int
    group_left: list[int]
    in_force: list[InForce] = field(default_factory=list)
    closed: frozenset[int] = frozenset()
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)

    def copy(self) -> State:
        """The same state, to try something on."""
        return State(
            copy_of(self.runs),
            self.off_left,
            list(self.group_left),
            list(self.in_force),
            self.closed,
            dict(self.verdicts),
            [replace(frame) for frame in self.frames],
        )

    def adopt(self, other: State) -> None:
        """Become the other."""
        self.runs, self.off_left, self.group_left = other.runs, other.off_left, other.group_left
        self.in_force, self.closed, self.verdicts = other.in_force, other.closed, other.verdicts
        self.frames = other.frames

    def payable(self) -> int:
        """What the cart costs."""
        return sum(left_on(line) for line in self.runs)


def first_state(problem: Problem) -> State:
    """The cart before any step."""
    limits = [group.limit_minor or UNLIMITED for group in problem.groups]
    return State(runs_of(problem.cart), problem.off_max_minor, limits, frames=[Frame(-1, 0)])


def forbidden_by(problem: Problem, state: State, step: Step) -> int:
    """The first step in force that does not let this one act; -1: none does.

    By a stop of scope GROUP (for steps of the same group) or ALL; and among steps that applied by
    the same exclusion, by being exclusive (either of them), or by labels.
    """
    for each in state.in_force:
        other = problem.steps[each.step].row
        if other.stop == StopScope.ALL or (
            other.stop == StopScope.GROUP and other.group == step.row.group
        ):
            return each.step
        if each.applied and _exclude(other, step.row):
            return each.step
    return -1


def _exclude(one: StepRow, other: StepRow) -> bool:
    return (
        one.exclusion == other.exclusion > 0
        or bool(one.exclusive or other.exclusive)
        or not (_allows(one, other) and _allows(other, one))
    )


def _allows(one: StepRow, other: StepRow) -> bool:
    return one.allows == -1 or bool(one.allows & other.labels)


def settle(problem: Problem, state: State, verdict: Verdict) -> None:
    """Let it be so: what the step takes is taken, and what it forbids is in force."""
    if verdict.after is not None and verdict.applied:
        after = verdict.after
        state.runs, state.off_left, state.group_left = after.runs, after.off_left, after.group_left
        verdict.after = None
    state.verdicts[verdict.step] = verdict
    enforce(problem, state, verdict)


def enforce(problem: Problem, state: State, verdict: Verdict) -> None:
    """Put a step in force that applied, or was met and counts or stops nevertheless.

    Met is who ends as NO_EFFECT or CLAMPED.
    """
    row = problem.steps[verdict.step].row
    met = verdict.row.status in {Status.NO_EFFECT, Status.CLAMPED}
    applied = verdict.applied or (met and bool(problem.groups[row.group].zero_counts))
    if not (applied or (met and row.stop_matched)):
        return
    if applied or row.stop in {StopScope.GROUP, StopScope.ALL}:
        state.in_force.append(InForce(verdict.step, applied))
    close(problem, state, verdict)


def close(problem: Problem, state: State, verdict: Verdict) -> None:
    """Close the lines that a step with a stop of scope LINE took something off; if it took nothing,
    those it was judged on.
    """
    if problem.steps[verdict.step].row.stop == StopScope.LINE:
        taken = {take.line for take in verdict.takes}
        state.closed |= taken or set(verdict.lines)


def enforce_met(problem: Problem, state: State, steps: Iterable[int]) -> None:
    """Put steps in force that were judged at group start, were met and gave nothing."""
    for step in steps:
        verdict = state.verdicts[step]
        in_force = any(each.step == step for each in state.in_force)
        if not verdict.applied and not in_force:
            enforce(problem, state, verdict)


def begin(problem: Problem, state: State, group: int) -> None:
    """Start a group: what is left now is what it begins with."""
    for line in state.runs:
        for run in line:
            run.start = run.left
            run.taken, run.taker = 0, -1
            if problem.groups[group].resets:
                run.used = 0


def applied_since(state: State, mark: int) -> list[int]:
    """The steps that applied after `in_force` had `mark` rows."""
    return [each.step for each in state.in_force[mark:] if each.applied]
