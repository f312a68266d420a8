"""A bound for the search: no end below a node is better than this.

The remaining moves are gone through in order, each with the most that it could do (`reach.py`).
What is left at least is kept in a box: of each line, and of the whole cart. That is admissible
because an amount, less what a step takes of it, never falls as the amount grows, rounding included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rangli.core.money import BPS
from rangli.pricing.plan import Mode, Scope
from rangli.pricing.stacking.groups import Do, Move, steps_below
from rangli.pricing.stacking.problem import Problem
from rangli.pricing.stacking.reach import Prospect, Reach
from rangli.pricing.stacking.state import State, Verdict
from rangli.pricing.stacking.units import left_on

# What ends are compared by: to pay, worth negated, steps with a credential. Smaller is better.
Key = tuple[int, int, int]


@dataclass(slots=True)
class Opened:
    """A BEST group that is being decided.

    bids: its steps judged at group start. mark: how many were in force then. members, chosen: with
    scope CART those yet to decide, and those that act. lines, winners: with scope LINE those yet to
    decide, and who has won the others.
    """

    group: int
    bids: dict[int, Verdict]
    mark: int
    members: tuple[int, ...] = ()
    chosen: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()
    winners: dict[int, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Box:
    """At least this is left: on each line, and in all."""

    low: tuple[int, ...]
    total: int


def box_of(low: Iterable[int], total: int) -> Box:
    """A box; the whole is no less than its lines."""
    lines = tuple(max(0, each) for each in low)
    return Box(lines, max(total, sum(lines)))


def either(one: Box, other: Box) -> Box:
    """What holds if one of both does."""
    return Box(tuple(map(min, one.low, other.low)), min(one.total, other.total))


def both(one: Box, other: Box) -> Box:
    """What holds if both do."""
    return box_of(map(max, one.low, other.low), max(one.total, other.total))


def lowest(
    problem: Problem, state: State, moves: Sequence[Move], opened: Opened | None, best: Key
) -> Key:
    """No end is better than this that these moves can lead to; of an opened group's the first.

    Where the best cannot be reached without a further credential, one more is counted.
    """
    prospect = Prospect(problem, state)
    payable = _payable(prospect, moves, opened)
    original = sum(run.original for line in state.runs for run in line)
    gifts = sum(verdict.worth - verdict.row.off_minor for verdict in state.verdicts.values())
    gifts += sum(prospect.gift_minor(step) for step in _yet_to_act(problem, moves, opened))
    credentials = sum(
        problem.steps[step].row.credential
        for step, verdict in state.verdicts.items()
        if verdict.applied
    )
    without = Prospect(problem, state, credentials=False)
    if _payable(without, moves, opened) > best[0]:
        credentials += 1
    return payable, payable - original - gifts, credentials


def _yet_to_act(problem: Problem, moves: Sequence[Move], opened: Opened | None) -> list[int]:
    """The steps that may still act."""
    steps: list[int] = []
    if opened:
        scope = problem.groups[opened.group].scope
        steps += opened.members if scope == Scope.CART else opened.bids
    for move in moves[1 if opened else 0 :]:
        if move.do == Do.STEP:
            steps.append(move.number)
        elif move.do in {Do.COMPETE, Do.BEST}:
            steps += steps_below(problem, move.number)
    return steps


def _payable(prospect: Prospect, moves: Sequence[Move], opened: Opened | None) -> int:
    """The least that the cart could come to."""
    lines = [left_on(runs) for runs in prospect.state.runs]
    box = Box(tuple(lines), sum(lines))
    if opened:
        box = _after_opened(prospect, opened, box)
    for move in moves[1 if opened else 0 :]:
        if move.do == Do.STEP:
            box = _after_step(prospect, move.number, box)
        elif move.do in {Do.COMPETE, Do.BEST}:
            box = _after_group(prospect, move.number, box)
    floors = [row.floor_minor for row in prospect.problem.cart]
    guarded = sum(lines) - prospect.state.off_left
    return max(box.total, guarded, sum(map(max, box.low, floors)))


def _after_opened(prospect: Prospect, opened: Opened, box: Box) -> Box:
    row = prospect.problem.groups[opened.group]
    if row.scope == Scope.LINE:
        bidders = [step for step, bid in opened.bids.items() if bid.takes]
        return _after_lines(prospect, bidders, 1, opened, box)
    most = row.most - len(opened.chosen) if row.most else len(opened.members)
    return _after_some(prospect, opened.members, (), box, most, in_order=not row.any_order)


def _after_group(prospect: Prospect, group: int, box: Box) -> Box:
    row = prospect.problem.groups[group]
    steps, children = prospect.problem.members[group], prospect.problem.children[group]
    one = Mode.FIRST, Mode.LARGEST, Mode.SMALLEST
    most = max(1, row.most) if row.mode in one else row.most
    if row.mode != Mode.ALL and row.scope != Scope.CART:
        return _after_lines(prospect, steps, 1 if row.mode == Mode.BEST else most, None, box)
    most = most or len(steps) + len(children)
    return _after_some(prospect, steps, children, box, most, in_order=not row.any_order)


def _after_some(
    prospect: Prospect,
    steps: Sequence[int],
    children: Sequence[int],
    box: Box,
    most: int,
    *,
    in_order: bool,
) -> Box:
    """At most `most` members act. If in their order: no less is left than if all did. In any case:
    no less than after so many times whichever takes most.
    """

    def each(now: Box) -> list[Box]:
        after = [_after_step(prospect, step, now) for step in steps]
        return after + [_after_group(prospect, child, now) for child in children]

    all_in_order = box
    for step in steps:
        all_in_order = _after_step(prospect, step, all_in_order)
    for child in children:
        all_in_order = _after_group(prospect, child, all_in_order)
    if in_order and most >= len(steps) + len(children):
        return all_in_order
    some = box
    for _ in range(min(most, len(steps) + len(children))):
        before = some
        for after in each(before):
            some = either(some, after)
        if some == before:
            break
    return both(some, all_in_order) if in_order else some


def _after_step(prospect: Prospect, step: int, box: Box) -> Box:
    """What is left at least after a step, which need not act."""
    after = box
    for reaches in prospect.reaches(step):
        before = after
        for reach in reaches:
            low = [reach.line_low(line, each) for line, each in enumerate(before.low)]
            after = either(after, box_of(low, before.total - reach.off(before.total)))
    return box_of(after.low, max(after.total, box.total - prospect.cap(step)))


def _after_lines(
    prospect: Prospect, steps: Sequence[int], most: int, opened: Opened | None, box: Box
) -> Box:
    """At most `most` of the steps act on each line; where it is decided who, only they.

    Of the whole cart: what they could take of single lines, rates off pools exactly; each such pool
    rounded up once; and other pools besides.
    """
    reaches = {step: prospect.reaches(step) for step in steps}
    low = list(box.low)
    able: set[int] = set()
    exact = 0
    for line, before in enumerate(box.low):
        here = list(steps)
        if opened and line in opened.winners:
            here = [step for step in steps if step in opened.winners[line]]
        able |= {step for step in here if line in opened.bids[step].reach} if opened else set(here)
        offs = sorted((_exact(reaches[step], line) for step in here), reverse=True)
        exact += sum(offs[:most])
        falls = sorted(before - _line_low(reaches[step], line, before) for step in here)
        low[line] = before - sum(falls[-most:])
    pools = sum(_pools(reaches[step]) for step in able)
    return box_of(low, box.total - exact // BPS - pools)


def _line_low(reaches: Sequence[Sequence[Reach]], line: int, low: int) -> int:
    """What a step leaves of a line at least."""
    for choice in reaches:
        low = min([low, *(reach.line_low(line, low) for reach in choice)])
    return low


def _exact(reaches: Sequence[Sequence[Reach]], line: int) -> int:
    """What a step could take of a line by itself, in 1/10,000 of a minor unit."""
    return sum(
        max(
            (reach.most.get(line, 0) * BPS + reach.rates.get(line, 0) for reach in choice),
            default=0,
        )
        for choice in reaches
    )


def _pools(reaches: Sequence[Sequence[Reach]]) -> int:
    """What a step could take off pools, besides that."""
    return sum(
        max((1 if reach.rates else reach.pool_most for reach in choice), default=0)
        for choice in reaches
    )
