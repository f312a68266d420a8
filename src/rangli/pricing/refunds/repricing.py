"""What is kept, priced anew as it was bought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rangli.activities.spec import RefundPolicy
from rangli.pricing.plan import GrantRow, TakeRow, rows
from rangli.pricing.refunds.kept import KeptCart, gifts_of
from rangli.pricing.refunds.model import Activity, Off, Offs, Order
from rangli.pricing.steps import Step


@dataclass(frozen=True, slots=True)
class Repriced:
    """A new price for what is kept.

    offs: what each activity takes off each piece; shares are 0. gifts: what activities add, by
        activity and sku.
    """

    offs: Offs
    gifts: Mapping[int, Mapping[str, int]]


def is_repriced(activity: Activity) -> bool:
    """Whether the activity had applied and has what is kept priced anew."""
    return activity.applied and activity.refund_policy is RefundPolicy.REPRICE


def reprice(order: Order, kept: KeptCart, offs: Offs) -> Repriced:
    """The price of what is kept, under the policy and with everything that could have acted.

    offs: what stays of discounts. Those that are not priced anew are fixed, in their places.
    """
    if not kept.pieces:
        return Repriced({}, {})
    numbered = list(_steps(order, kept, offs))
    numbers = [number for number, _ in numbered]
    outcome = kept.price([step for _, step in numbered], order.policy)
    priced: dict[int, dict[int, Off]] = {}
    first = 0
    for take in rows(outcome.takes, TakeRow):
        number, piece = numbers[take.step], kept.pieces[take.line]
        size = len(order.activities[number].live.funders)
        parts = outcome.shares[first : first + size]
        first += size
        before = priced.setdefault(number, {}).get(piece, Off(0, 0, (0,) * size))
        priced[number][piece] = Off(
            before.off_minor + take.off_minor,
            0,
            tuple(paid + part for paid, part in zip(before.funders, parts, strict=True)),
        )
    grants: dict[int, list[GrantRow]] = {}
    for grant in rows(outcome.grants, GrantRow):
        grants.setdefault(numbers[grant.step], []).append(grant)
    gifts = {n: gifts_of(order.activities[n].live, given) for n, given in grants.items()}
    return Repriced(priced, gifts)


def _steps(order: Order, kept: KeptCart, offs: Offs) -> Iterator[tuple[int, Step]]:
    """The number of each activity that may act, and its step; groups in order."""
    fixed_groups = {
        activity.group
        for activity in order.activities
        if activity.applied and not is_repriced(activity)
    }
    for number, activity in sorted(
        enumerate(order.activities), key=lambda each: (each[1].group or 0, each[0])
    ):
        if activity.group is None:
            continue
        if activity.applied and not is_repriced(activity):
            amounts = {piece: off.off_minor for piece, off in offs.get(number, {}).items()}
            candidate = kept.fixed(activity.live, amounts)
        elif activity.applied or activity.group not in fixed_groups:
            candidate = kept.candidate(activity.candidate)
        else:
            # It had lost to one that keeps its discount, and must not act beside it now.
            candidate = None
        if candidate is not None:
            yield number, (activity.group, candidate)
