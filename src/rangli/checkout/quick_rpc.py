"""Prices of usual carts from bytes to bytes: most evaluations, and much cheaper than by objects."""

from __future__ import annotations

from collections.abc import Sequence

from rangli.activities.catalogue import Catalogue
from rangli.core.clock import instant
from rangli.coupons.model import Coupon
from rangli.pricing.codec import QUICK, Codecs
from rangli.v1 import quote_pb2


class QuickPrices:
    """One process's. It prices as `Till.price` does, where no limit has a say."""

    def __init__(self) -> None:
        self._codecs = Codecs()

    def price(
        self,
        catalogue: Catalogue,
        cart: quote_pb2.QuoteRequest,
        coupons: Sequence[Coupon],
        at_us: int,
    ) -> quote_pb2.QuoteResponse | None:
        """What a checked cart costs with these coupons at that instant; None: ask the plain way."""
        if not QUICK:
            return None
        # Fields of one message, one after the other, are the message.
        presented = quote_pb2.QuoteRequest(credentials=map(credential, coupons))
        answer = self._codecs.of(catalogue).quote(
            cart.SerializeToString() + presented.SerializeToString(), instant(at_us)
        )
        return None if answer is None else quote_pb2.QuoteResponse.FromString(answer)


def credential(coupon: Coupon) -> quote_pb2.Credential:
    """A coupon as a cart presents it."""
    said = quote_pb2.Credential(credential_id=coupon.coupon_id, activity_id=coupon.activity_id)
    said.expires_at.FromDatetime(coupon.expires_at)
    return said


def used_coupons(response: quote_pb2.QuoteResponse, coupons: Sequence[Coupon]) -> tuple[str, ...]:
    """Those of the coupons that gave something, by id: as `till.used_coupons`."""
    gave = {added.applied for added in response.added_lines}
    gave |= {earning.applied for earning in response.earnings}
    known = {coupon.coupon_id for coupon in coupons}
    presented = {
        applied.credential_id
        for place, applied in enumerate(response.applied)
        if applied.discount_minor > 0 or place in gave
    }
    return tuple(sorted(known & presented))
