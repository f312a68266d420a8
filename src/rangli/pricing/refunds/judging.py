"""Whether what is kept still reaches what an activity asks, and what it would give now."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace

import msgspec

from rangli.activities.live import LiveActivity
from rangli.activities.program import StopScope
from rangli.pricing.plan import (
    GrantRow,
    Group,
    ResultRow,
    Status,
    TakeRow,
    Tree,
    rows,
)
from rangli.pricing.policy import Policy
from rangli.pricing.refunds.kept import KeptCart, gifts_of
from rangli.pricing.refunds.model import Activity, Off, Order

# The groups of the little policy that an activity is judged in: what acted in groups before its
# own, and its own.
_BEFORE, _OWN = 0, 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an activity on what is kept.

    fell: a condition does not hold any more, or its tier, multiples or sets are fewer.
    off_minor: what it would take now off what it had acted on. gifts: what it would add, by sku.
    """

    fell: bool
    off_minor: int = 0
    gifts: Mapping[str, int] = field(default_factory=dict)


class Earlier:
    """What stays of the discounts of the activities that acted before one, by piece."""

    def __init__(self) -> None:
        self.other_groups: dict[int, int] = {}
        self.own_group: dict[int, int] = {}
        self._group: int | None = None

    def enter(self, group: int | None) -> None:
        """Goes on to a group; does nothing inside one."""
        if group != self._group:
            self._add(self.other_groups, self.own_group)
            self.own_group, self._group = {}, group

    def acted(self, offs: Mapping[int, Off]) -> None:
        """Counts an activity of the group."""
        self._add(self.own_group, {piece: off.off_minor for piece, off in offs.items()})

    @staticmethod
    def _add(sums: dict[int, int], amounts: Mapping[int, int]) -> None:
        for piece, minor in amounts.items():
            sums[piece] = sums.get(piece, 0) + minor


def judge(
    order: Order, kept: KeptCart, number: int, *, shares: Mapping[int, Off], earlier: Earlier
) -> Verdict:
    """The activity of that number, alone on what the ones before it leave of what is kept.

    kept: without floors. Limits don't matter: what stays had been within them. shares: what the
    kept pieces have of its discount.
    """
    activity = order.activities[number]
    assert activity.group is not None  # it had applied
    candidate = kept.candidate(activity.candidate, _closed(order, number))
    if candidate is None:
        return Verdict(fell=True)
    live = _alone(activity.live)
    fixed = [
        (_BEFORE, kept.fixed(live, earlier.other_groups)),
        (_OWN, kept.fixed(live, earlier.own_group)),
    ]
    steps = [(group, step) for group, step in fixed if step is not None]
    own = len(steps)
    steps.append((_OWN, replace(candidate, activity=live)))
    outcome = kept.price(steps, _judging(order.policy, activity.group))
    result = rows(outcome.results, ResultRow)[own]
    grants = (grant for grant in rows(outcome.grants, GrantRow) if grant.step == own)
    return Verdict(
        fell=result.status == Status.CONDITION_NOT_MET
        or (result.status == Status.APPLIED and _fewer(activity, result)),
        off_minor=sum(
            take.off_minor
            for take in rows(outcome.takes, TakeRow)
            if take.step == own and kept.pieces[take.line] in shares
        ),
        gifts=gifts_of(live, grants),
    )


def _fewer(activity: Activity, result: ResultRow) -> bool:
    """Whether it is given on a lower tier or less often.

    How often the value of a tier is given, and which tiers units stand in, no number tells: then
    what it would give now decides.
    """
    return (
        result.tier < activity.tier
        or result.times < activity.times
        or any(op.tier_every or op.graduated for op in activity.live.program.effects)
    )


def _closed(order: Order, number: int) -> frozenset[int]:
    """The pieces that activities before this one had closed to those after them."""
    closers = {
        earlier
        for earlier, activity in enumerate(order.activities)
        if 0 <= activity.place < order.activities[number].place
        and activity.live.stop is not None
        and activity.live.stop.scope.name == StopScope.LINE.name
    }
    if not closers:
        return frozenset()
    return frozenset(
        piece
        for piece, each in enumerate(order.pieces)
        if any(take.activity in closers for take in each.takes)
    )


def _alone(activity: LiveActivity) -> LiveActivity:
    """The activity with nothing that others could hinder, or that hinders others."""
    return replace(
        activity, labels=(), exclusion_group="", combines_with=(), exclusive=False, stop=None
    )


def _judging(policy: Policy, group: int) -> Policy:
    """Two groups, each of which lets all its members act; no guards."""
    base = rows(policy.tree.groups, Group)[group].base
    groups = array("q", (*astuple(Group()), *astuple(Group(base=base))))
    return replace(
        policy,
        spec=msgspec.structs.replace(policy.spec, guards=None),
        tree=Tree(groups=groups, money=policy.tree.money),
    )
