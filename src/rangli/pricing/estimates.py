"""Prices for product pages: each product as if it were bought alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rangli.pricing.answer import Quote
from rangli.pricing.cart import Cart
from rangli.pricing.validity import Validity


class Assumption(StrEnum):
    """What an estimate takes for granted."""

    BOUGHT_ALONE = "BOUGHT_ALONE"
    NO_CREDENTIALS = "NO_CREDENTIALS"
    LIMITS_LEFT = "LIMITS_LEFT"
    GUEST = "GUEST"
    NO_STORE = "NO_STORE"
    NO_CHANNEL = "NO_CHANNEL"
    NO_DELIVERY = "NO_DELIVERY"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a cart of one line costs, hence what the product costs.

    activity_ids: those that lower the price, in acting order.
    valid_until_us: None: no instant is known at which it ends.
    """

    line_id: str
    list_minor: int
    price_minor: int
    activity_ids: tuple[str, ...]
    valid_until_us: int | None


def estimated(answer: Quote, validity: Validity) -> Estimate:
    """The estimate that the quote of a cart of one line is."""
    (priced,) = answer.lines
    (line,) = answer.cart.lines
    lowering = [each for each in answer.applied if each.result.off_minor]
    return Estimate(
        line_id=priced.line_id,
        list_minor=priced.list_minor,
        price_minor=priced.payable_minor,
        activity_ids=tuple(each.activity.activity_id for each in lowering),
        valid_until_us=validity.until_us(line),
    )


def assumptions(carts: Sequence[Cart]) -> list[Assumption]:
    """What the estimates of such carts take for granted, in the order of `Assumption`."""
    unless = {
        Assumption.GUEST: all(cart.user_id for cart in carts),
        Assumption.NO_STORE: all(line.store_id for cart in carts for line in cart.lines),
        Assumption.NO_CHANNEL: all(cart.channel for cart in carts),
    }
    return [each for each in Assumption if not unless.get(each)]
