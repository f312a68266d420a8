"""The best combination, by branch and bound over all BEST groups of the cart together.

Best is the smallest sum to pay; then the largest worth of all steps; then the fewest steps with a
credential that applied; then what is found first.

The first descent decides each BEST group as LARGEST does (with scope CART and any number of winners
as ALL does). It is the first node. Then decisions are visited depth first, in this order:

- scope CART: the members in acting order. One that would give something acts, or else is skipped.
  With `most` of them acting the others are left out.
- scope CART, any order: the next to act is each of the members left that would give something, in
  acting order, or else nobody.
- scope LINE: the lines in order. A line goes to each of the steps that bid on it, the largest bid
  first, of equals in acting order, or else to nobody. Lines on which all bids are 0 go to the first
  that bids. When all lines are given, the steps act on what they won, in acting order.

A decision whose bound (`bound.py`) is not better than the best found is passed over. Each other is
a node; at the node limit no more are visited, and the gap is how far the lowest bound of those left
lies below the best found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rangli.pricing.plan import Mode, Scope, Status
from rangli.pricing.stacking.bound import Key, Opened, lowest
from rangli.pricing.stacking.groups import Do, Move, all_moves, count, do
from rangli.pricing.stacking.judging import judge
from rangli.pricing.stacking.lines import act_on_won, bids_of, rank_on
from rangli.pricing.stacking.problem import Problem
from rangli.pricing.stacking.state import (
    State,
    applied_since,
    begin,
    enforce_met,
    first_state,
    settle,
)

# Who acts next; of CART (step, whether it acts) or (-1, False): nobody; of LINE (line, step or -1).
Choice = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """The best end that was found."""

    state: State
    nodes: int = 1
    gap_minor: int = 0


@dataclass(slots=True)
class _Node:
    """Some decisions made. at: the next move; opened: the BEST group that is being decided."""

    state: State
    at: int
    opened: Opened | None = None


@dataclass(slots=True)
class _Search:
    problem: Problem
    moves: Sequence[Move] = field(init=False)

    def __post_init__(self) -> None:
        self.moves = all_moves(self.problem)

    def first_descent(self, node: _Node) -> State:
        state = node.state.copy()
        for move in self.moves[node.at :]:
            do(self.problem, state, move)
        return state

    def to_choice(self, node: _Node) -> list[Choice]:
        """Go on to where there is something to choose; nothing at the end."""
        while node.opened or node.at < len(self.moves):
            if node.opened:
                choices = self.choices(node.state, node.opened)
                if choices:
                    return choices
                self.close(node.state, node.opened)
                node.opened = None
                node.at += 1
            elif self.opens(node):
                node.opened = self.open(node.state, self.moves[node.at].number)
            else:
                do(self.problem, node.state, self.moves[node.at])
                node.at += 1
        return []

    def opens(self, node: _Node) -> bool:
        """Whether the next move leaves a choice."""
        return self.moves[node.at].do == Do.BEST and not node.state.frames[-1].full()

    def open(self, state: State, group: int) -> Opened:
        """Start a BEST group."""
        begin(self.problem, state, group)
        bids = bids_of(self.problem, state, group)
        opened = Opened(group, bids, len(state.in_force))
        if self.problem.groups[group].scope == Scope.CART:
            opened.members = tuple(self.problem.members[group])
            return opened
        for line in range(len(self.problem.cart)):
            ranked = rank_on(bids, line, Mode.LARGEST)
            if ranked and bids[ranked[0]].on_line(line):
                opened.lines += (line,)
            elif ranked:
                opened.winners[line] = ranked[:1]
        return opened

    def choices(self, state: State, opened: Opened) -> list[Choice]:
        """What may be decided next in a BEST group; members that give nothing are passed."""
        row = self.problem.groups[opened.group]
        if row.scope == Scope.LINE:
            if not opened.lines:
                return []
            line = opened.lines[0]
            ranked = rank_on(opened.bids, line, Mode.LARGEST)
            rivals = [step for step in ranked if opened.bids[step].on_line(line)]
            return [(line, step) for step in (*rivals, -1)]
        if row.most and len(opened.chosen) == row.most:
            return []
        if row.any_order:
            able = [step for step in opened.members if judge(self.problem, state, step).applied]
            return [*((step, True) for step in able), (-1, False)] if able else []
        while opened.members:
            step = opened.members[0]
            verdict = judge(self.problem, state, step)
            if verdict.applied:
                return [(step, True), (step, False)]
            settle(self.problem, state, verdict)
            opened.members = opened.members[1:]
        return []

    def decided(self, node: _Node, choice: Choice) -> _Node:
        """The node after a decision."""
        assert node.opened
        state = node.state.copy()
        opened = replace(node.opened, winners=dict(node.opened.winners))
        step, acts = choice
        if self.problem.groups[opened.group].scope == Scope.LINE:
            opened.lines = opened.lines[1:]
            opened.winners[choice[0]] = [choice[1]] if choice[1] >= 0 else []
            return _Node(state, node.at, opened)
        if acts:
            settle(self.problem, state, judge(self.problem, state, step))
            opened.chosen += (step,)
        gone = set(opened.members) if step < 0 else {step}
        opened.members = tuple(each for each in opened.members if each not in gone)
        return _Node(state, node.at, opened)

    def close(self, state: State, opened: Opened) -> None:
        """All is decided: with scope LINE they act now. Who lost is told so."""
        problem = self.problem
        members = problem.members[opened.group]
        if problem.groups[opened.group].scope == Scope.LINE:
            act_on_won(problem, state, opened.bids, opened.winners, best=True)
            enforce_met(problem, state, members)
        else:
            for step in members:
                if step not in state.verdicts:
                    self.lose(state, opened, step)
        count(state, opened.mark)

    def lose(self, state: State, opened: Opened, step: int) -> None:
        """A member that did not act, though at group start it would have given something.

        NOT_CHOSEN if that is more than what the first that acted gives, or nobody did; else BEATEN
        by that one.
        """
        bid = opened.bids[step]
        acted = applied_since(state, opened.mark)
        if not bid.applied:
            state.verdicts[step] = bid
        elif not acted:
            state.verdicts[step] = bid.beaten(-1, 0, Status.NOT_CHOSEN)
        else:
            more = state.verdicts[acted[0]].worth - bid.worth
            status = Status.NOT_CHOSEN if more < 0 else Status.BEATEN
            state.verdicts[step] = bid.beaten(acted[0], more, status)

    def bound(self, node: _Node, best: Key) -> Key:
        return lowest(self.problem, node.state, self.moves[node.at :], node.opened, best)


def key_of(problem: Problem, state: State) -> Key:
    """What ends are compared by; smaller is better."""
    worth = sum(verdict.worth for verdict in state.verdicts.values())
    credentials = sum(
        problem.steps[step].row.credential
        for step, verdict in state.verdicts.items()
        if verdict.applied
    )
    return state.payable(), -worth, credentials


def best(problem: Problem) -> Found:
    """The best end that can be found within the node limit, and how far it may be from the best."""
    search = _Search(problem)
    root = _Node(first_state(problem), 0)
    while root.at < len(search.moves) and not search.opens(root):
        do(problem, root.state, search.moves[root.at])
        root.at += 1
    found = search.first_descent(root)
    key = key_of(problem, found)
    if root.at == len(search.moves):
        return Found(found)
    low = search.bound(root, key)
    if low >= key:
        return Found(found)
    if problem.node_limit == 1:
        return Found(found, 1, key[0] - min(low[0], key[0]))
    nodes, lowest_left = 1, key[0]
    open_choices = [(root, choice) for choice in reversed(search.to_choice(root))]
    while open_choices:
        node = search.decided(*open_choices.pop())
        low = search.bound(node, key)
        if low >= key:
            continue
        if nodes == problem.node_limit:
            lowest_left = min(lowest_left, low[0])
            continue
        nodes += 1
        choices = search.to_choice(node)
        open_choices += [(node, choice) for choice in reversed(choices)]
        if not choices and key_of(problem, node.state) < key:
            found, key = node.state, key_of(problem, node.state)
    return Found(found, nodes, key[0] - min(lowest_left, key[0]))
