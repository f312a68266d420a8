"""What is given beside the price: gifts, and what is earned on completion."""

from __future__ import annotations

from rangli.activities.program import GiftMode, Kind
from rangli.core.money import BPS
from rangli.pricing.plan import VALUE_MAX, GrantRow
from rangli.pricing.stacking.money import rounded
from rangli.pricing.stacking.state import Action
from rangli.pricing.stacking.units import in_order, part, split
from rangli.pricing.stacking.work import Work


def give(work: Work, number: int, action: Action) -> None:
    """Give so many units: free ones of the cart (FREE), added ones (ADD), or the first as far as
    the cart holds them and the rest of the others (TOP_UP).

    The step's limit of units cuts the number, or if it may not, refuses the step.
    """
    effect = work.effect(number)
    wanted = action.value
    if wanted > work.units_left:
        work.refused = work.refused or not work.step.row.cut
        wanted = work.units_left
    if work.refused or wanted == 0:
        return
    freed = 0
    if effect.gift_mode in {GiftMode.FREE, GiftMode.TOP_UP}:
        freed = _free(work, number, action, wanted)
    granted = 0 if effect.gift_mode == GiftMode.FREE else wanted - freed
    if granted:
        work.grants.append(GrantRow(work.step.index, number, granted))
        work.gift_minor += min(VALUE_MAX, effect.per * granted)
        work.units_given += granted


def _free(work: Work, number: int, action: Action, wanted: int) -> int:
    """Take off units, in pick order, all that is left on them, as far as limits allow."""
    effect = work.effect(number)
    freed = 0
    for run in in_order(work.runs_of(work.lines_of(effect.lines)), effect.pick):
        units = min(run.units, wanted - freed)
        if units == 0 or run.left == 0:
            continue
        free = part(run, units, effect.pick)
        allowance = work.allow(number, action, free.left, work.capacity(run.line))
        work.note(allowance)
        if allowance.minor and not work.refused:
            taken, _ = split(work.state.runs, run, units, effect.pick)
            work.take(number, action.tier, taken, allowance.minor)
            freed += units
            work.units_given += units
    return freed


def earn(work: Work, number: int, action: Action) -> None:
    """What is earned: a value, or a rate of what the lines come to."""
    amount = action.value
    if action.kind == Kind.EARN_RATE:
        runs = work.runs_of(work.lines_of(work.effect(number).lines))
        base = sum(run.base(work.base) for run in runs)
        amount = rounded(base * action.value, BPS, work.rule(number).rounding)
    if amount:
        work.grants.append(GrantRow(work.step.index, number, amount))
