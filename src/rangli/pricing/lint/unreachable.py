"""Activities that can never act. Only what is certain is told."""

from __future__ import annotations

from collections.abc import Iterator

from rangli.activities.live import LiveActivity
from rangli.activities.program import (
    ALL_PRODUCTS,
    ALL_WITH_DELIVERY,
    ELIGIBLE,
    Compare,
    Cond,
    EffectOp,
    GiftMode,
    Kind,
    Measure,
    Node,
)
from rangli.activities.scope import Products
from rangli.core.money import CART_MINOR_MAX, LINES_MAX, QUANTITY_MAX
from rangli.pricing.lint import products, reach
from rangli.pricing.lint.model import Finding, FindingKind, Look, Severity

# No cart has more.
_MOST = {
    Measure.AMOUNT: CART_MINOR_MAX,
    Measure.QUANTITY: LINES_MAX * QUANTITY_MAX,
    Measure.LINE_QUANTITY: QUANTITY_MAX,
    Measure.DISTINCT: LINES_MAX,
}


def find(look: Look) -> Iterator[Finding]:
    """One finding for each activity that can never act.

    What is over or held back is told of if asked for only: it is not wrong, just past.
    """
    for activity in look.dormant:
        if look.wanted and look.wants(activity.activity_id):
            state = "is paused, cancelled or archived" if activity.held else "is over"
            yield _finding(activity, Severity.NOTE, state)
    for activity in look.active:
        if look.wants(activity.activity_id):
            words = why(look, activity)
            if words is not None:
                yield _finding(activity, Severity.ERROR, words)


def why(look: Look, activity: LiveActivity) -> str | None:
    """Why a published activity that is not over can never act; None if it may."""
    return next(_reasons(look, activity), None)


def _reasons(look: Look, activity: LiveActivity) -> Iterator[str]:
    if not reach.ever_open(activity, look.at_us):
        yield "has no weekly window inside its schedule"
    if activity.products is not None and products.is_empty(look, activity.products):
        yield "is for no product: its sets are empty, or all it includes is excluded again"
    if activity.stores is not None and reach.no_store(look, activity.stores):
        yield "runs in no store: its sets are empty, or all it includes is excluded again"
    if activity.users is not None and reach.nobody(look, activity.users):
        yield "is for nobody: its sets are empty, or all it includes is excluded again"
    if _entries_are_over(look, activity):
        yield "has no price entry that is in force or still to come"
    if not _can_hold(look, activity):
        yield "has conditions that no cart can meet"
    if not any(_can_act(look, activity, effect) for effect in activity.program.effects):
        yield "acts on products of which there are none"


def _finding(activity: LiveActivity, severity: Severity, words: str) -> Finding:
    kind = FindingKind.USELESS_CREDENTIAL if activity.credential else FindingKind.UNREACHABLE
    tail = ", so no credential for it is of use" if activity.credential else ": it never acts"
    return Finding(kind, severity, (activity.activity_id,), f"{activity.activity_id} {words}{tail}")


def _entries_are_over(look: Look, activity: LiveActivity) -> bool:
    if not activity.is_book:
        return False
    book = look.catalogue.books.get(activity.activity_id)
    return book is None or book.latest_us() <= max(look.at_us, activity.starts_us)


def _can_hold(look: Look, activity: LiveActivity) -> bool:
    """Whether a cart may meet the conditions that must all hold."""
    least: dict[tuple[int, int, int], int] = {}
    most: dict[tuple[int, int, int], int] = {}
    for cond in required(activity.program.conds):
        if cond.measure == Measure.FACT:
            continue
        of = cond.measure, cond.base if cond.measure == Measure.AMOUNT else 0, cond.lines
        low, high = _bounds(cond)
        least[of] = max(least.get(of, 0), low)
        most[of] = min(most.get(of, _most(look, activity, cond)), high)
    return all(least[of] <= most[of] for of in least)


def required(conds: tuple[Cond, ...]) -> list[Cond]:
    """The leaves that must all hold: those that stand under nothing but ALL."""
    stack: list[list[Cond]] = []  # of each operand, what holds if it does
    for cond in conds:
        if cond.node == Node.LEAF:
            stack.append([cond])
            continue
        operands = [stack.pop() for _ in range(cond.arity)]
        joins = cond.node == Node.ALL or (cond.node == Node.ANY and cond.arity == 1)
        stack.append([leaf for operand in reversed(operands) for leaf in operand] if joins else [])
    return [leaf for operand in stack for leaf in operand]


def _bounds(cond: Cond) -> tuple[int, int]:
    value, unbounded = cond.required, CART_MINOR_MAX
    match cond.compare:
        case Compare.AT_LEAST:
            return value, unbounded
        case Compare.ABOVE:
            return value + 1, unbounded
        case Compare.EQUAL:
            return value, value
        case Compare.AT_MOST:
            return 0, value
    return 0, value - 1


def _most(look: Look, activity: LiveActivity, cond: Cond) -> int:
    most = _MOST[Measure(cond.measure)]
    target = _target(activity, cond.lines)
    if target is None:
        return most
    if products.is_empty(look, target):
        return 0
    count = products.count_max(look, target)
    return min(most, count) if cond.measure == Measure.DISTINCT and count is not None else most


def _target(activity: LiveActivity, lines: int) -> Products | None:
    """The products of a list of lines; None if it is none of products."""
    if lines in (ALL_PRODUCTS, ALL_WITH_DELIVERY):
        return None
    found = activity.products if lines == ELIGIBLE else activity.lists[lines - 1]
    return found if isinstance(found, Products) else None


def _can_act(look: Look, activity: LiveActivity, effect: EffectOp) -> bool:
    adds = effect.kind in (Kind.EARN, Kind.GIFT) and effect.gift_mode != GiftMode.FREE
    parts = [component.lines for component in effect.pattern]
    targets = [_target(activity, lines) for lines in parts or ([] if adds else [effect.lines])]
    return not any(target is not None and products.is_empty(look, target) for target in targets)
