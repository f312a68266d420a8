"""From a Checkout to a basket: checked, and ready to be priced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rangli.checkout.counting import Who
from rangli.core.errors import Invalid, Violation
from rangli.pricing.cart import Cart
from rangli.pricing.cart_rpc import cart_of
from rangli.v1 import checkout_pb2 as pb

# As many credentials as a cart may have; coupons take what the caller's own leave.
COUPONS_MAX = 100
_NAME_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class Basket:
    """A checkout.

    cart: without coupons and limits.
    coupon_ids: just these of the user's coupons, sorted; None: all that can be used.
    """

    cart: Cart
    who: Who
    coupon_ids: tuple[str, ...] | None

    @property
    def coupons_max(self) -> int:
        """So many coupons at most beside what the caller has checked itself."""
        return COUPONS_MAX - len(self.cart.credentials)


def basket_of(checkout: pb.Checkout, now: datetime, path: str = "checkout") -> Basket:
    """What the message says; raises Invalid with what is wrong with it.

    path: where it stands in the request.
    """
    if not checkout.HasField("cart"):
        raise Invalid.fields(Violation(f"{path}.cart", "is required"))
    violations = _violations(checkout)
    if violations:
        raise Invalid.fields(*(Violation(f"{path}.{v.field}", v.description) for v in violations))
    try:
        cart = cart_of(checkout.cart, now)
    except Invalid as error:
        raise Invalid.fields(
            *(Violation(f"{path}.cart.{v.field}", v.description) for v in error.violations)
        ) from None
    coupon_ids: tuple[str, ...] | None = tuple(sorted(set(checkout.coupon_ids)))
    if not coupon_ids and not checkout.without_coupons:
        coupon_ids = None if cart.user_id else ()
    return Basket(cart, Who(cart.user_id, checkout.device_id, checkout.phone), coupon_ids)


def on(basket: Basket, at_us: int) -> Basket:
    """The same as of another instant."""
    return replace(basket, cart=replace(basket.cart, at_us=at_us))


def _violations(checkout: pb.Checkout) -> list[Violation]:
    cart = checkout.cart
    ours = {
        "priced_at": cart.HasField("priced_at"),
        "explain": cart.explain,
        "limits_left": cart.limits_left,
        "snapshot": cart.snapshot,
    }
    found = [
        Violation(f"cart.{name}", "must be absent: the service says it itself")
        for name, said in ours.items()
        if said
    ]
    credentials = len(checkout.cart.credentials)
    if checkout.coupon_ids and len(checkout.coupon_ids) + credentials > COUPONS_MAX:
        found.append(Violation("coupon_ids", f"at most {COUPONS_MAX}, with the cart's credentials"))
    if checkout.coupon_ids and checkout.without_coupons:
        found.append(Violation("coupon_ids", "do not go with without_coupons"))
    if checkout.coupon_ids and not checkout.cart.user_id:
        found.append(Violation("cart.user_id", "is required with coupon_ids"))
    for number, coupon_id in enumerate(checkout.coupon_ids[:COUPONS_MAX]):
        if not (coupon_id and _is_name(coupon_id)):
            words = f"must be 1 to {_NAME_CHARS_MAX} printable characters"
            found.append(Violation(f"coupon_ids[{number}]", words))
    found += [
        Violation(name, f"must be at most {_NAME_CHARS_MAX} printable characters")
        for name in ("device_id", "phone")
        if not _is_name(getattr(checkout, name))
    ]
    return found


def _is_name(text: str) -> bool:
    return len(text) <= _NAME_CHARS_MAX and text.isprintable()
