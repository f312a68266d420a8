"""A cart's price: matching, the kernel, and its integers as an answer. Pure, no I/O."""

from __future__ import annotations

from rangli.activities.catalogue import Catalogue
from rangli.core.errors import Reason, Refused
from rangli.pricing.answer import Quote
from rangli.pricing.answering import answered
from rangli.pricing.asked import Asked, asked
from rangli.pricing.cart import Cart
from rangli.pricing.finely import price_finely
from rangli.pricing.kernel import price
from rangli.pricing.plan import Outcome
from rangli.pricing.shared_limits import within_limits


def quote(catalogue: Catalogue, cart: Cart) -> Quote:
    """The cart's price. The same cart and catalogue give the same answer, however lines,
    deliveries, facts and limits are shuffled; credentials and codes too, unless the policy says
    otherwise.

    Raises Invalid if the cart names a policy that is not there, and Refused (CODE_NOT_GOOD) if a
    code is not good and the cart wants all or none.
    """
    made = asked(catalogue, cart)
    return quoted(made, priced(made))


def priced(made: Asked) -> Outcome:
    """What the kernel makes of the cart: the part that may take long."""
    programs, tree = made.catalogue.programs, made.policy.tree
    digits = made.policy.spec.end_digits
    if digits:
        return within_limits(
            made, lambda plan: price_finely(programs, tree, plan, digits=digits, price=price)
        )
    return within_limits(made, lambda plan: price(programs, tree, plan))


def quoted(made: Asked, outcome: Outcome) -> Quote:
    """The kernel's outcome as an answer. Raises Refused (CODE_NOT_GOOD), see `quote`."""
    answer = answered(made, outcome)
    if made.cart.all_codes_or_none:
        for item in answer.not_applied:
            if item.shown.code:
                raise Refused(
                    Reason.CODE_NOT_GOOD,
                    f"the code {item.shown.code!r} gives nothing on this cart, and all must",
                    metadata={"code": item.shown.code, "reason": item.why.value},
                )
    return answer
