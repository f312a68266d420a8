"""Activities that compete, names that are taken twice, and activities without a place."""

from __future__ import annotations

from collections.abc import Iterator

from rangli.activities.live import LiveActivity
from rangli.core.clock import instant
from rangli.pricing.lint import reach
from rangli.pricing.lint.model import Finding, FindingKind, Look, Severity
from rangli.pricing.lint.pairs import Pairs
from rangli.pricing.matched import NO_END, NO_PLACE
from rangli.pricing.plan import Group, Mode
from rangli.pricing.policy import OrderKey

# Of the activities that compete with one so many are named.
_NAMED_MAX = 10
_HOW = {
    Mode.FIRST: "the first in order wins, however little it gives",
    Mode.LARGEST: "the one that gives most wins",
    Mode.SMALLEST: "the one that gives least wins",
    Mode.BEST: "the search chooses among them",
}


def pairs_of(look: Look) -> Pairs:
    """Who may compete with whom: open activities of a group where not all act.

    Credentials are left out: that one of a shopper's coupons wins is what they are for.
    """

    def pool(activity: LiveActivity) -> int | None:
        number = look.policy.place(activity)
        if number is None or activity.credential or look.groups[number].mode == Mode.ALL:
            return None
        return number

    return Pairs(look, pool, look.active)


def find(look: Look, pairs: Pairs) -> Iterator[Finding]:
    """For each activity those before it in its group that compete with it, in one finding."""
    order = {activity.activity_id: _acting_key(look, activity) for activity in look.active}
    met: dict[str, _Rivals] = {}
    for activity in look.active:
        # A pair is found by the one whose products are fewer, whichever acts first.
        for other in pairs.of(activity):
            first, second = activity, other
            if order[other.activity_id] < order[activity.activity_id]:
                first, second = other, activity
            rivals = met.get(second.activity_id)
            if rivals is None:
                rivals = met[second.activity_id] = _Rivals(second)
            if not rivals.knows(first) and look.wants(first.activity_id, second.activity_id):
                rivals.meet(look, first)
    for activity_id in sorted(met):
        yield from met[activity_id].findings(look)


class _Rivals:
    """What competes with one activity and acts before it."""

    def __init__(self, activity: LiveActivity) -> None:
        self._activity = activity
        self._spans: dict[str, tuple[int, int]] = {}
        self._sku = ""

    def knows(self, other: LiveActivity) -> bool:
        """Whether the other one needs no looking at: it is known, or there are enough."""
        return len(self._spans) == _NAMED_MAX or other.activity_id in self._spans

    def meet(self, look: Look, other: LiveActivity) -> None:
        """Looks at another one."""
        if _never_both(self._activity, other):
            return
        span = reach.together(look, self._activity, other)
        shared = reach.shared_product(look, self._activity, other) if span else None
        if span is not None and shared is not None:
            self._spans[other.activity_id] = span
            self._sku = self._sku or shared

    def findings(self, look: Look) -> Iterator[Finding]:
        """One, if there are any."""
        number = look.policy.place(self._activity)
        if not self._spans or number is None:
            return
        group, name = look.groups[number], look.policy.group_names[number]
        rivals = sorted(self._spans)
        yield Finding(
            FindingKind.OVERLAP,
            Severity.WARNING if group.mode in (Mode.FIRST, Mode.SMALLEST) else Severity.NOTE,
            (self._activity.activity_id, *rivals),
            f"{self._activity.activity_id} competes with {_listed(rivals)} in the group {name!r}, "
            f"where {_most(group)}{_HOW[Mode(group.mode)]}",
            sku=self._sku,
            from_us=min(starts for starts, _ in self._spans.values()),
            until_us=max(ends for _, ends in self._spans.values()),
        )


def same_code(look: Look) -> Iterator[Finding]:
    """Activities that run at the same time under the same public code."""
    by_code: dict[str, list[LiveActivity]] = {}
    for activity in look.active:
        if activity.public_code:
            by_code.setdefault(activity.public_code, []).append(activity)
    for code, bearers in sorted(by_code.items()):
        for place, activity in enumerate(bearers):
            for other in bearers[:place]:
                starts_us = max(activity.starts_us, other.starts_us, look.at_us)
                ends_us = min(activity.ends_us, other.ends_us)
                ids = activity.activity_id, other.activity_id
                if starts_us < ends_us and look.wants(*ids):
                    yield Finding(
                        FindingKind.SAME_CODE,
                        Severity.ERROR,
                        ids,
                        f"{ids[0]} and {ids[1]} have the public code {code!r} at the same time, "
                        f"from {instant(starts_us):%Y-%m-%d %H:%M} UTC on",
                        from_us=starts_us,
                        until_us=ends_us,
                    )


def no_group(look: Look) -> Iterator[Finding]:
    """Activities for which the policy has no place."""
    for activity in look.active:
        if look.policy.place(activity) is None and look.wants(activity.activity_id):
            useless = activity.credential
            yield Finding(
                FindingKind.USELESS_CREDENTIAL if useless else FindingKind.NO_GROUP,
                Severity.ERROR,
                (activity.activity_id,),
                f"{activity.activity_id} never acts: the policy {look.policy.spec.policy_id!r} has "
                f"no group for {activity.layer.value} of that kind",
            )


def _acting_key(look: Look, activity: LiveActivity) -> OrderKey:
    """Sorts open activities of a group into acting order."""
    number = look.policy.place(activity)
    return look.policy.order_key(
        number or 0, activity, expires_us=NO_END, credential_id="", request_place=NO_PLACE
    )


def _never_both(one: LiveActivity, other: LiveActivity) -> bool:
    """Whether the operator has said already that one excludes the other."""
    return bool(one.exclusion_group) and one.exclusion_group == other.exclusion_group


def _listed(names: list[str]) -> str:
    more = " and others" if len(names) == _NAMED_MAX else ""
    return ", ".join(names) + more


def _most(group: Group) -> str:
    return f"of each {group.most} " if group.most > 1 else ""
