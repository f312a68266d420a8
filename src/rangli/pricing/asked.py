"""A cart made ready for the price kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rangli.activities.catalogue import Catalogue
from rangli.core.errors import Invalid, Violation
from rangli.pricing.cart import Cart, Delivery, Line
from rangli.pricing.enlarging import cart_minor_max, fits, line_minor_max
from rangli.pricing.matched import NotMatched, WhyNot
from rangli.pricing.matching import Matcher
from rangli.pricing.plan import Plan
from rangli.pricing.policy import Policy, policy_of
from rangli.pricing.steps import Step, in_acting_order, plan_of

# As many lines times activities as are priced in a millisecond or so.
_PAIRS_AT_ONCE = 20_000


@dataclass(slots=True)
class Asked:
    """A cart, what is to act on it, and both as the kernel reads them.

    lines, deliveries: in the order that decides ties; the kernel numbers them so, lines first.
    steps: in acting order; the kernel numbers them so.
    """

    catalogue: Catalogue
    cart: Cart
    policy: Policy
    lines: Sequence[Line]
    deliveries: Sequence[Delivery]
    steps: Sequence[Step]
    not_matched: Sequence[NotMatched]
    plan: Plan

    @property
    def takes_long(self) -> bool:
        """Whether pricing it would keep others waiting: a search, or a great many pairs."""
        nodes = self.plan.node_limit or self.policy.tree.node_limit  # 1 where nothing is BEST
        return nodes > 1 or len(self.plan.lines) > _PAIRS_AT_ONCE


def asked(catalogue: Catalogue, cart: Cart) -> Asked:
    """The cart with what is to act on it. Raises Invalid if it names a policy that is not there, or
    is too large for one that rounds at the end."""
    spec = catalogue.policy_for(cart.channel, cart.policy_id)
    if spec is None:
        raise Invalid.fields(Violation("policy_id", f"no policy is named {cart.policy_id!r} here"))
    policy = policy_of(spec)
    lines = sorted(cart.lines, key=lambda line: (line.position, line.line_id))
    deliveries = sorted(cart.deliveries, key=lambda delivery: delivery.delivery_id)
    candidates, not_matched = Matcher(catalogue, cart, lines, deliveries).match()
    steps: list[Step] = []
    for candidate in candidates:
        activity = candidate.activity
        group = policy.place(activity)
        if group is None:
            not_matched.append(
                NotMatched(activity.activity_id, candidate.shown, WhyNot.NO_GROUP, activity)
            )
        else:
            steps.append((group, candidate))
    steps = in_acting_order(steps, policy)
    plan = plan_of(catalogue, cart, lines, deliveries=deliveries, steps=steps, policy=policy)
    if spec.end_digits and not fits(plan, spec.end_digits):
        most = f"{line_minor_max(spec.end_digits)} a line, {cart_minor_max(spec.end_digits)} in all"
        words = (
            f"with the policy {spec.policy_id!r}, which rounds at the end, list prices of {most}"
        )
        raise Invalid.fields(Violation("lines", f"are too large: {words} at most"))
    return Asked(catalogue, cart, policy, lines, deliveries, steps, not_matched, plan)
