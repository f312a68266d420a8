"""Credentials that promise more than they can keep."""

from __future__ import annotations

from collections.abc import Iterator

from rangli.activities.live import LiveActivity
from rangli.activities.program import Kind
from rangli.pricing.lint import products, reach
from rangli.pricing.lint.model import Finding, FindingKind, Look, Severity
from rangli.pricing.plan import Mode


def find(look: Look) -> Iterator[Finding]:
    """Credentials that stand alone, for products on which something else always acts before."""
    always = [activity for activity in look.active if _always_acts(look, activity)]
    for activity in look.active:
        if not (activity.credential and activity.exclusive and look.wants(activity.activity_id)):
            continue
        rival = next((other for other in always if _comes_before(look, other, activity)), None)
        if rival is not None:
            ids = activity.activity_id, rival.activity_id
            yield Finding(
                FindingKind.USELESS_CREDENTIAL,
                Severity.WARNING,
                ids,
                f"{ids[0]} acts only where nothing else does, but {ids[1]} acts before it on all "
                "its products",
            )


def _always_acts(look: Look, activity: LiveActivity) -> bool:
    """Whether an open activity takes something off whatever it is for, whoever else is there."""
    place = look.policy.place(activity)
    return (
        place is not None
        and not activity.credential
        and not activity.program.conds
        and look.groups[place].mode in (Mode.ALL, Mode.LARGEST)
        and len(activity.program.effects) == 1
        and activity.program.effects[0].kind in (Kind.PERCENT, Kind.OFF)
        and not activity.program.effects[0].tiers
        and not activity.program.effects[0].pattern
        and activity.products is not None
    )


def _comes_before(look: Look, rival: LiveActivity, activity: LiveActivity) -> bool:
    first, second = look.policy.place(rival), look.policy.place(activity)
    return (
        first is not None
        and second is not None
        and first < second
        and activity.products is not None
        and rival.products is not None
        and products.within(look, activity.products, rival.products)
        and reach.always_there(look, activity, rival)
    )
