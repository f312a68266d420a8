"""Balances read while changes were under way: each must be explained by the changes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from tests.faults.history import Change, Outcome


@dataclass(frozen=True, slots=True)
class Observation:
    """What a balance was at some instant between `began_s` and `ended_s`."""

    began_s: float
    ended_s: float
    account: Hashable
    posted: int


@dataclass(frozen=True, slots=True)
class Effect:
    """A change of a balance that happened once, between its first call and its first answer."""

    account: Hashable
    amount: int
    began_s: float
    acknowledged_s: float


def effect(change: Change, account: Hashable, amount: int) -> Effect:
    """Of a change that is acknowledged."""
    return Effect(
        account,
        amount,
        min(attempt.began_s for attempt in change.attempts),
        min(a.ended_s for a in change.attempts if a.outcome is Outcome.OK),
    )


def explained(observations: Iterable[Observation], effects: Iterable[Effect]) -> None:
    """Each lies between the least and the most that the changes can have made of it by then.

    What was acknowledged before counts in full, what was not asked yet not at all, and what was
    under way either way.
    """
    by_account: dict[Hashable, list[Effect]] = {}
    for each in effects:
        by_account.setdefault(each.account, []).append(each)
    for seen in observations:
        low = high = 0
        for each in by_account.get(seen.account, ()):
            begun = each.began_s <= seen.ended_s
            done = each.acknowledged_s <= seen.began_s
            low += each.amount * (begun if each.amount < 0 else done)
            high += each.amount * (done if each.amount < 0 else begun)
        assert low <= seen.posted <= high, f"{seen}: from {low} to {high} can be explained"
