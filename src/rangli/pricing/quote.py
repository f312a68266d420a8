"""A cart's price: matching, the kernel, and its integers as an answer. Pure, no I/O."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from rangli.activities.catalogue import Catalogue
from rangli.activities.live import LiveActivity
from rangli.activities.program import Measure
from rangli.pricing.cart import Cart, Line
from rangli.pricing.kernel import price
from rangli.pricing.matching import Candidate, Matcher, NotMatched, WhyNot
from rangli.pricing.plan import Outcome, Plan, Status
from rangli.pricing.policy import DEFAULT, Policy

Funders = list[tuple[str, int]]


@dataclass(slots=True)
class Adjustment:
    """What one activity took off one line, and who pays it."""

    activity_id: str
    credential_id: str
    amount_minor: int
    funders: Funders


@dataclass(slots=True)
class QuotedLine:
    """A line's price, with its adjustments in acting order."""

    line_id: str
    list_minor: int
    payable_minor: int
    adjustments: list[Adjustment]


@dataclass(slots=True)
class Applied:
    """An activity that took something off."""

    activity: LiveActivity
    credential_id: str
    base_minor: int
    discount_minor: int
    funders: Funders
    tier: int


@dataclass(slots=True)
class NotApplied:
    """An activity that took nothing off, and why."""

    activity_id: str
    credential_id: str
    why: WhyNot
    measure: Measure | None = None
    required: int = 0
    actual: int = 0
    beaten_by: str = ""
    beaten_by_minor: int = 0


@dataclass(slots=True)
class Quote:
    """The answer. Lines stand in the cart's order; everything sums exactly."""

    cart: Cart
    catalogue_version: int
    lines: list[QuotedLine]
    applied: list[Applied]
    not_applied: list[NotApplied]


def quote(catalogue: Catalogue, cart: Cart, policy: Policy = DEFAULT) -> Quote:
    """The cart's price. The same cart and catalogue give the same answer, however lines and
    credentials are shuffled."""
    order = sorted(cart.lines, key=lambda line: (line.position, line.line_id))
    candidates, not_matched = Matcher(catalogue, cart, order).match()
    steps = _in_acting_order(candidates, policy)
    outcome = price(catalogue.programs, _plan(catalogue, order, steps, policy))
    return _answer(catalogue, cart, order, steps=steps, outcome=outcome, not_matched=not_matched)


def _in_acting_order(candidates: list[Candidate], policy: Policy) -> list[tuple[int, Candidate]]:
    """Each candidate with its group; groups in order, within them as ties are decided."""
    numbered = [
        (policy.number_of[candidate.activity.layer, candidate.activity.credential], candidate)
        for candidate in candidates
    ]
    numbered.sort(
        key=lambda item: (
            item[0],
            item[1].activity.priority,
            item[1].expires_us,
            item[1].activity.activity_id,
            item[1].credential_id,
        )
    )
    return numbered


def _plan(
    catalogue: Catalogue,
    order: Sequence[Line],
    steps: Sequence[tuple[int, Candidate]],
    policy: Policy,
) -> Plan:
    pair_line: list[int] = []
    pair_op: list[int] = []
    pair_value: list[int] = []
    pair_per: list[int] = []
    step_pairs, step_own, own_lines = [0], [0], [0]
    own_line: list[int] = []
    for _, candidate in steps:
        pair_line += candidate.lines
        if candidate.offered is None:
            zeros = [0] * len(candidate.lines)
            pair_op += zeros
            pair_value += zeros
            pair_per += zeros
        else:
            for op, value, per_quantity in candidate.offered:
                pair_op.append(op)
                pair_value.append(value)
                pair_per.append(per_quantity)
        step_pairs.append(len(pair_line))
        for lines in candidate.own_lines:
            own_line += lines
            own_lines.append(len(own_line))
        step_own.append(len(own_lines) - 1)
    numbers = catalogue.program_numbers
    return Plan(
        unit_minor=array("q", [line.list_minor for line in order]),
        quantity=array("q", [line.quantity for line in order]),
        group_mode=policy.modes,
        group_scope=policy.scopes,
        group_base=policy.bases,
        step_group=array("q", [group for group, _ in steps]),
        step_program=array("q", [numbers[c.activity.activity_id] for _, c in steps]),
        step_pairs=array("q", step_pairs),
        pair_line=array("q", pair_line),
        pair_op=array("q", pair_op),
        pair_value=array("q", pair_value),
        pair_per=array("q", pair_per),
        step_own=array("q", step_own),
        own_lines=array("q", own_lines),
        own_line=array("q", own_line),
    )


def _answer(
    catalogue: Catalogue,
    cart: Cart,
    order: Sequence[Line],
    *,
    steps: Sequence[tuple[int, Candidate]],
    outcome: Outcome,
    not_matched: Sequence[NotMatched],
) -> Quote:
    quoted = {
        line.line_id: QuotedLine(
            line.line_id, line.list_minor * line.quantity, outcome.line_payable[number], []
        )
        for number, line in enumerate(order)
    }
    by_number = list(quoted.values())
    applied: list[Applied] = []
    not_applied = [NotApplied(n.activity_id, n.credential_id, n.why) for n in not_matched]
    first_pair = 0
    for step, (_, candidate) in enumerate(steps):
        if outcome.step_status[step] == Status.APPLIED:
            applied.append(_applied(step, first_pair, candidate, outcome, by_number))
        elif candidate.credential_id or cart.explain:
            not_applied.append(_not_applied(step, candidate, steps, outcome))
        first_pair += len(candidate.lines)
    presented = {c.credential_id: number for number, c in enumerate(cart.credentials)}
    not_applied.sort(key=lambda n: (presented.get(n.credential_id, len(presented)), n.activity_id))
    return Quote(
        cart=cart,
        catalogue_version=catalogue.version,
        lines=[quoted[line.line_id] for line in cart.lines],
        applied=applied,
        not_applied=not_applied,
    )


def _applied(
    step: int,
    first_pair: int,
    candidate: Candidate,
    outcome: Outcome,
    by_number: Sequence[QuotedLine],
) -> Applied:
    """The step's part of the answer; its adjustments go to their lines."""
    activity = candidate.activity
    funders = activity.funders
    totals = [0] * len(funders)
    share = outcome.step_shares[step]
    for pair, number in enumerate(candidate.lines, first_pair):
        off = outcome.pair_off[pair]
        if off:
            paid: Funders = []
            for place, funder in enumerate(funders):
                amount = outcome.share_off[share + place]
                totals[place] += amount
                if amount:
                    paid.append((funder, amount))
            by_number[number].adjustments.append(
                Adjustment(activity.activity_id, candidate.credential_id, off, paid)
            )
        share += len(funders)
    return Applied(
        activity=activity,
        credential_id=candidate.credential_id,
        base_minor=outcome.step_base[step],
        discount_minor=outcome.step_off[step],
        funders=[(funder, total) for funder, total in zip(funders, totals, strict=True) if total],
        tier=outcome.step_tier[step],
    )


def _not_applied(
    step: int,
    candidate: Candidate,
    steps: Sequence[tuple[int, Candidate]],
    outcome: Outcome,
) -> NotApplied:
    answer = NotApplied(candidate.activity.activity_id, candidate.credential_id, WhyNot.NO_EFFECT)
    status = outcome.step_status[step]
    if status == Status.CONDITION_NOT_MET:
        answer.why = WhyNot.CONDITION_NOT_MET
        answer.measure = Measure(outcome.step_measure[step])
        answer.required = outcome.step_required[step]
        answer.actual = outcome.step_actual[step]
    elif status == Status.BEATEN:
        answer.why = WhyNot.BEATEN
        answer.beaten_by = steps[outcome.step_beaten_by[step]][1].activity.activity_id
        answer.beaten_by_minor = outcome.step_beaten_minor[step]
    return answer
