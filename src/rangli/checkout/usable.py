"""Each of a shopper's coupons on a cart: what it saves alone, or why it cannot be used."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rangli.checkout.till import Priced, Till, not_usable, used_coupons
from rangli.core.clock import micros
from rangli.coupons.model import Coupon, CouponState
from rangli.pricing.answer import NotApplied
from rangli.pricing.cart import Cart
from rangli.pricing.matched import WhyNot

LIMIT_REACHED = "LIMIT_REACHED"


@dataclass(frozen=True, slots=True)
class Seen:
    """A coupon on a cart.

    saving_minor: what the cart costs less with it alone than without coupons; of one that only
    gives something else 0.
    chosen: the cart with all coupons uses it.
    why: what of the cart is against it.  problem: what of the coupon is; "" if nothing.
    """

    coupon: Coupon
    usable: bool = False
    saving_minor: int = 0
    chosen: bool = False
    why: NotApplied | None = None
    problem: str = ""


async def seen(till: Till, cart: Cart, coupons: Sequence[Coupon], now: datetime) -> list[Seen]:
    """Usable ones first, by saving; then by expiry and id.

    coupons: of whatever state.  till: its coupons are those of them that can be used.
    Coupons of one activity are priced once. Raises Exhausted.
    """
    without = await till.price(cart, ())
    chosen = set(used_coupons((await till.price(cart, till.coupons)).quote, till.coupons))
    alone: dict[tuple[str, bool], tuple[Coupon, Priced]] = {}
    found = []
    for coupon in coupons:
        refusal = not_usable(coupon, now)
        if refusal is not None:
            found.append(Seen(coupon, problem=problem_of(coupon, now)))
            continue
        kind = coupon.activity_id, micros(coupon.expires_at) <= cart.at_us
        if kind not in alone:
            alone[kind] = coupon, await till.price(cart, [coupon])
            await asyncio.sleep(0)  # others' calls go between; a deadline ends it
        found.append(_judged(coupon, *alone[kind], without, coupon.coupon_id in chosen))
    return sorted(found, key=_order)


def problem_of(coupon: Coupon, now: datetime) -> str:
    """What keeps a coupon from being used on any cart."""
    state = coupon.state_at(now)
    return "NOT_STARTED" if state is CouponState.USABLE else state.value


def _judged(coupon: Coupon, like: Coupon, priced: Priced, without: Priced, chosen: bool) -> Seen:
    """like: the coupon of the same activity that was priced."""
    quote = priced.quote
    if used_coupons(quote, [like]):
        saving_minor = without.quote.payable_minor - quote.payable_minor
        return Seen(coupon, usable=True, saving_minor=saving_minor, chosen=chosen)
    told = [item for item in quote.not_applied if item.shown.credential_id == like.coupon_id]
    why = told[0] if told else None
    if why is not None and why.why is WhyNot.LIMIT_REACHED:
        return Seen(coupon, problem=LIMIT_REACHED)
    return Seen(coupon, why=why)


def _order(one: Seen) -> tuple[bool, int, datetime, str]:
    return not one.usable, -one.saving_minor, one.coupon.expires_at, one.coupon.coupon_id
