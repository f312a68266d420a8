"""From what is to act on a cart to the rows that the price kernel reads."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter

from rangli.activities.catalogue import Catalogue
from rangli.activities.live import LiveActivity
from rangli.activities.program import StopScope
from rangli.activities.spec import WhenShort
from rangli.core.money import BPS, apportion_largest_remainder
from rangli.pricing.cart import Cart, Delivery, LimitLeft, Line
from rangli.pricing.matched import Candidate
from rangli.pricing.plan import NO_LIMIT, VALUE_MAX, Plan, StepRow
from rangli.pricing.policy import Policy

# A candidate and the number of the group in which it acts.
Step = tuple[int, Candidate]

# Most pairs that the nodes of one search look at in all: about half a second.
WORK_MAX = 4_000_000

_values = attrgetter(*(field.name for field in fields(StepRow)))

# Bits of an int64 above 0.
_LABELS_MAX = 62


def in_acting_order(steps: list[Step], policy: Policy) -> list[Step]:
    """Groups in order, within them as the policy orders and breaks ties."""

    def key(step: Step) -> tuple[int, tuple[int | str, ...]]:
        group, candidate = step
        shown = candidate.shown
        return group, policy.order_key(
            group,
            candidate.activity,
            expires_us=shown.expires_us,
            credential_id=shown.credential_id,
            request_place=shown.place,
        )

    return sorted(steps, key=key)


def plan_of(
    catalogue: Catalogue,
    cart: Cart,
    lines: Sequence[Line],
    *,
    deliveries: Sequence[Delivery],
    steps: Sequence[Step],
    policy: Policy,
) -> Plan:
    """The kernel's rows for a cart whose lines and deliveries stand in the order of ties."""
    step_lines, entries, facts = array("q"), array("q"), array("q")
    list_ends, list_lines = array("q"), array("q")
    for _, candidate in steps:
        step_lines.extend(candidate.lines)
        for offered in candidate.offered or ():
            entries.extend(offered)
        for numbers in candidate.lists:
            list_lines.extend(numbers)
            list_ends.append(len(list_lines))
        facts.extend(candidate.facts)
    outside = outside_of(cart, lines)
    return Plan(
        cart=_cart_rows(lines, deliveries, outside, policy.guards.line_off_bps_max),
        steps=_step_rows(steps, catalogue.program_numbers, cart.limits_left),
        lines=step_lines,
        entries=entries,
        list_ends=list_ends,
        list_lines=list_lines,
        facts=facts,
        off_max_minor=_off_max_minor(lines, deliveries, policy, outside_minor=sum(outside)),
        node_limit=_node_limit(cart, policy, len(step_lines)),
        trace=int(cart.explain),
    )


def _node_limit(cart: Cart, policy: Policy, pairs: int) -> int:
    """How many nodes a search may visit: as asked, but no more than so much work.

    What a node costs grows with the pairs of activity and line. A limit on nodes alone would let
    one large cart search for minutes, long after its caller has gone.
    """
    limit = cart.node_limit or policy.tree.node_limit
    if limit == 1 or policy.tree.node_limit == 1:
        return cart.node_limit
    return max(1, min(limit, WORK_MAX // max(1, pairs)))


def outside_of(cart: Cart, lines: Sequence[Line]) -> list[int]:
    """What each line lost elsewhere: its own, and its share of what the cart lost.

    Shared out by what the lines then cost, largest remainder, ties to the earlier line; what
    exceeds that is not taken.
    """
    outside = [line.outside_minor for line in lines]
    if not cart.outside_minor:
        return outside
    left = [line.list_minor * line.quantity - line.outside_minor for line in lines]
    shares = apportion_largest_remainder(min(cart.outside_minor, sum(left)), left)
    return [own + share for own, share in zip(outside, shares, strict=True)]


def _cart_rows(
    lines: Sequence[Line],
    deliveries: Sequence[Delivery],
    outside: Sequence[int],
    line_off_bps_max: int,
) -> array[int]:
    """Rows of `CartRow`."""
    rows = array("q")
    products: dict[str, int] = {}
    for line, outside_minor in zip(lines, outside, strict=True):
        list_minor = line.list_minor * line.quantity
        floor_minor = line.floor_minor * line.quantity
        if line_off_bps_max:
            floor_minor = max(floor_minor, list_minor - list_minor * line_off_bps_max // BPS)
        rows.extend(
            (
                line.list_minor,
                line.quantity,
                outside_minor,
                min(floor_minor, list_minor - outside_minor),
                -1 if line.other_list_minor is None else line.other_list_minor,
                products.setdefault(line.sku, len(products)),
                0,
            )
        )
    for delivery in deliveries:
        other_minor = -1 if delivery.other_fee_minor is None else delivery.other_fee_minor
        rows.extend((delivery.fee_minor, 1, 0, 0, other_minor, 0, 1))
    return rows


def _off_max_minor(
    lines: Sequence[Line], deliveries: Sequence[Delivery], policy: Policy, *, outside_minor: int
) -> int:
    """What the guards leave to be given away in all; discounts granted outside count as given."""
    guards = policy.guards
    most: list[int] = []
    if guards.cart_off_bps_max:
        list_minor = sum(line.list_minor * line.quantity for line in lines)
        list_minor += sum(delivery.fee_minor for delivery in deliveries)
        most.append(list_minor * guards.cart_off_bps_max // BPS)
    if guards.cart_off_minor_max:
        most.append(guards.cart_off_minor_max)
    return max(0, min(most) - outside_minor) if most else NO_LIMIT


def _step_rows(
    steps: Sequence[Step], numbers: Mapping[str, int], limits: Mapping[str, LimitLeft]
) -> array[int]:
    """Rows of `StepRow`."""
    activities = [candidate.activity for _, candidate in steps]
    exclusions = _numbered(activity.exclusion_group for activity in activities)
    bits = _bits(label for activity in activities for label in activity.combines_with)
    rows = array("q")
    for group, candidate in steps:
        activity = candidate.activity
        row = step_row(
            activity,
            group=group,
            program=numbers[activity.activity_id] + activity.variant,
            exclusion=exclusions.get(activity.exclusion_group, 0),
        )
        row.lines, row.lists = len(candidate.lines), len(candidate.lists)
        row.facts, row.entries = len(candidate.facts), int(candidate.offered is not None)
        row.labels = _joined(activity.labels, bits)
        if activity.combines_with:
            row.allows = _joined(activity.combines_with, bits)
        limit = limits.get(activity.activity_id)
        if limit is not None:
            row.amount_left, row.units_left = _bounded(limit.amount_minor), _bounded(limit.units)
            row.uses_left = _bounded(limit.uses)
        rows.extend(_values(row))
    return rows


def step_row(activity: LiveActivity, *, group: int, program: int, exclusion: int) -> StepRow:
    """What is the same of the activity's step on every cart.

    exclusion: a number of its exclusion group, 0 for none.
    """
    stop = activity.stop
    return StepRow(
        group,
        program,
        lines=0,
        lists=len(activity.lists),
        facts=len(activity.facts),
        credential=int(activity.credential),
        exclusion=exclusion,
        exclusive=int(activity.exclusive),
        stop=StopScope[stop.scope.name] if stop is not None else StopScope.NONE,
        stop_matched=int(stop is not None and stop.if_matched),
        cut=int(activity.when_short is not WhenShort.REFUSE),
    )


def _bounded(left: int | None) -> int:
    """More than anything that can be wanted is no limit to the kernel either."""
    return NO_LIMIT if left is None else min(left, VALUE_MAX)


def _numbered(names: Iterable[str]) -> dict[str, int]:
    """Each name but "" with a number from 1."""
    return {name: number for number, name in enumerate(sorted({*names} - {""}), 1)}


def _bits(names: Iterable[str]) -> dict[str, int]:
    """A bit for each label that somebody wants beside itself.

    More labels than bits: the last ones count as borne by nobody, so that less applies, not more.
    """
    return {name: 1 << number for number, name in enumerate(sorted({*names})[:_LABELS_MAX])}


def _joined(labels: Iterable[str], bits: Mapping[str, int]) -> int:
    joined = 0
    for label in labels:
        joined |= bits.get(label, 0)
    return joined
