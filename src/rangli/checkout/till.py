"""A checkout with all that is known of it: its price follows from this alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rangli.activities.catalogue import Catalogue
from rangli.checkout.counting import gave
from rangli.checkout.tightening import Limits
from rangli.core.clock import micros
from rangli.core.errors import Refused
from rangli.counters.model import Want
from rangli.coupons.model import Coupon, CouponState, NotUsable
from rangli.pricing.answer import Quote
from rangli.pricing.aside import quote_aside
from rangli.pricing.cart import Cart, Credential, LimitLeft
from rangli.pricing.threads import Threads


@dataclass(frozen=True, slots=True)
class Priced:
    """A price within all limits.  wants: what it counts, sorted."""

    quote: Quote
    wants: tuple[Want, ...]


@dataclass(frozen=True, slots=True)
class Till:
    """One checkout.  coupons: the user's that can be used, the soonest to expire first."""

    threads: Threads
    catalogue: Catalogue
    limits: Limits
    coupons: Sequence[Coupon]

    async def price(self, cart: Cart, coupons: Sequence[Coupon]) -> Priced:
        """What the checkout's cart costs with these coupons.

        Raises Refused (CODE_NOT_GOOD), Exhausted.
        """
        presented = [*cart.credentials, *(_credential(coupon) for coupon in coupons)]

        async def priced(limits_left: Mapping[str, LimitLeft]) -> Quote:
            # A copy: what it says is part of the price.
            asked = replace(cart, credentials=presented, limits_left=dict(limits_left))
            return await quote_aside(self.threads, self.catalogue, asked)

        return Priced(*await self.limits.price(priced))


def _credential(coupon: Coupon) -> Credential:
    return Credential(coupon.coupon_id, coupon.activity_id, micros(coupon.expires_at))


def used_coupons(quote: Quote, coupons: Sequence[Coupon]) -> tuple[str, ...]:
    """Those of the coupons that gave something, by id."""
    known = {coupon.coupon_id for coupon in coupons}
    presented = {
        applied.shown.credential_id
        for place, applied in enumerate(quote.applied)
        if gave(quote, place)
    }
    return tuple(sorted(known & presented))


def not_usable(coupon: Coupon, now: datetime, order_id: str | None = None) -> Refused | None:
    """Why an order could not lock the coupon now; None if it could."""
    if coupon.state is CouponState.LOCKED and order_id and coupon.order_id == order_id:
        return None
    if coupon.state_at(now) is not CouponState.USABLE:
        return coupon.not_usable(now)
    if now < coupon.usable_from:
        return coupon.not_usable(now, NotUsable.NOT_STARTED)
    return None
