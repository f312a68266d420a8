"""A cart's price with the user's own coupons and with what limits and budgets leave. No effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from rangli.activities.catalogue import Catalogue
from rangli.activities.feed import CatalogueFeed
from rangli.checkout import quick_rpc as quick
from rangli.checkout import token_rpc as tokens
from rangli.checkout.basket_rpc import Basket, basket_of, on
from rangli.checkout.counting import Limited, keys_of, limited
from rangli.checkout.gathering import Ask, Gathered, Gathering
from rangli.checkout.quick_rpc import QuickPrices
from rangli.checkout.tightening import Limits
from rangli.checkout.till import Till, not_usable, used_coupons
from rangli.checkout.token_rpc import Token
from rangli.checkout.usable import Seen, seen
from rangli.core.call import CallContext
from rangli.core.clock import instant, micros
from rangli.core.errors import Invalid, Reason, Refused, Violation
from rangli.counters.model import Want
from rangli.coupons.model import Coupon, NotUsable
from rangli.funds.wanted import FunderPart, ReserveItem
from rangli.pricing.answer import Quote
from rangli.pricing.answer_rpc import price_message
from rangli.pricing.cart import Cart
from rangli.pricing.terms_rpc import terms_of
from rangli.pricing.threads import Threads
from rangli.storage.stores import Stores
from rangli.v1 import checkout_pb2 as pb
from rangli.v1 import quote_pb2, refund_pb2
from rangli.wire.convert import set_timestamp
from rangli.wire.written import field

TTL_S_DEFAULT = 300
TTL_S_MAX = 3_600
# Another process may have given a token on a catalogue that this one is about to read.
_BEHIND_S_MAX = 1.0


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A checkout's price, and all that it would take.

    response: the price, with the trace if `explain` was asked for.
    terms: of use to refunds, if a snapshot was asked for: QuoteTerms.
    coupon_ids: that it uses, sorted.
    wants: what it counts, sorted.
    items: what budgets bear, by activity; each activity once.
    """

    checkout: pb.Checkout
    cart: Cart
    response: quote_pb2.QuoteResponse
    terms: bytes
    coupon_ids: tuple[str, ...]
    wants: tuple[Want, ...]
    items: tuple[ReserveItem, ...]

    @property
    def request(self) -> quote_pb2.QuoteRequest:
        """As it was priced: the cart, coupons as credentials, what limits leave, the instant."""
        return _request(self.checkout, self.cart)

    def snapshot(self, request: quote_pb2.QuoteRequest) -> bytes:
        """All of it that an order keeps: a QuoteSnapshot. request: `self.request`."""
        response = self.response.SerializeToString()
        if self.terms:
            response += field(quote_pb2.QuoteResponse.TERMS_FIELD_NUMBER, self.terms)
        return field(
            refund_pb2.QuoteSnapshot.REQUEST_FIELD_NUMBER, request.SerializeToString()
        ) + field(refund_pb2.QuoteSnapshot.RESPONSE_FIELD_NUMBER, response)


class Told(NamedTuple):
    """What a shopper is told of a price: as in `Evaluated`."""

    response: quote_pb2.QuoteResponse
    coupon_ids: tuple[str, ...]


class Evaluator:
    """Evaluates checkouts on a process's catalogues and stores; one a process."""

    def __init__(self, stores: Stores, feed: CatalogueFeed, threads: Threads | None = None) -> None:
        self._key = stores.keys.token
        self._feed = feed
        self._threads = threads or Threads()
        self._gathering = Gathering(stores.pg)
        self._quick = QuickPrices()

    async def price(
        self,
        call: CallContext,
        checkout: pb.Checkout,
        *,
        explain: bool = False,
        order_id: str | None = None,
        funds_left: Mapping[str, int] | None = None,
    ) -> Told:
        """The price now, of which no order can be made. Arguments and errors as of `evaluate`."""
        basket = basket_of(checkout, call.received_at)
        catalogue = self._feed.catalogue(call.tenant)
        till = await self._till(
            call.tenant, catalogue, basket, order_id=order_id, funds_left=funds_left
        )
        coupons = till.coupons
        if not (explain or till.limits.matter):
            response = self._quick.price(catalogue, checkout.cart, coupons, basket.cart.at_us)
            if response is not None:
                return Told(response, quick.used_coupons(response, coupons))
        priced = await till.price(replace(basket.cart, explain=explain), coupons)
        return Told(price_message(priced.quote), used_coupons(priced.quote, coupons))

    async def evaluate(
        self,
        call: CallContext,
        checkout: pb.Checkout,
        *,
        explain: bool = False,
        snapshot: bool = True,
        token: Token | None = None,
        order_id: str | None = None,
        funds_left: Mapping[str, int] | None = None,
    ) -> Evaluated:
        """The price now; with a token on its catalogue and instant and with its coupons alone, as
        far as they can still be used. If its catalogue is no longer kept, the newest is used; if it
        is not known yet, it is waited for.

        order_id: what this order has locked and counted is available to it.
        funds_left: minor units by activity, what its budgets were found to leave.
        Raises Invalid; Refused (CODE_NOT_GOOD, and COUPON_NOT_USABLE if the checkout names one that
        cannot be used); Unavailable; Exhausted.
        """
        basket = basket_of(checkout, call.received_at)
        catalogue = self._feed.catalogue(call.tenant)
        if token is not None:
            catalogue = await self._promised(call, token.catalogue_version)
            basket = on(basket, token.priced_at_us)
        till = await self._till(
            call.tenant, catalogue, basket, order_id=order_id, funds_left=funds_left
        )
        cart = replace(basket.cart, explain=explain, snapshot=snapshot)
        coupons = till.coupons
        if token is not None:
            coupons = [one for one in coupons if one.coupon_id in token.coupon_ids]
        priced = await till.price(cart, coupons)
        if token is not None and priced.quote.payable_minor != token.payable_minor:
            # Coupons that gave nothing may still have had a say, such as who else may act.
            again = await till.price(cart, till.coupons)
            if again.quote.payable_minor == token.payable_minor:
                priced, coupons = again, till.coupons
        used = used_coupons(priced.quote, coupons)
        if snapshot and len(used) < len(coupons):
            # What an order does not use it does not keep, and a refund must not price with it.
            few = [one for one in coupons if one.coupon_id in used]
            alone = await till.price(cart, few)
            if alone.quote.payable_minor == priced.quote.payable_minor:
                priced, used = alone, used_coupons(alone.quote, few)
        return Evaluated(
            checkout=checkout,
            cart=priced.quote.cart,
            response=price_message(priced.quote),
            terms=terms_of(priced.quote) if snapshot else b"",
            coupon_ids=used,
            wants=priced.wants,
            items=_items(priced.quote),
        )

    async def _promised(self, call: CallContext, version: int) -> Catalogue:
        """The catalogue of a token, or the newest if it is no longer kept; never an older one."""
        until = min(call.deadline, monotonic() + _BEHIND_S_MAX)
        newest = await self._feed.reach(call.tenant, version, until=until)
        return self._feed.catalogue_at(call.tenant, version) or newest

    async def coupons_on(
        self, call: CallContext, checkout: pb.Checkout
    ) -> tuple[datetime, list[Seen]]:
        """Each of the user's coupons on the cart, and PostgreSQL's clock. Raises as `evaluate`."""
        basket = basket_of(checkout, call.received_at)
        catalogue = self._feed.catalogue(call.tenant)
        found = limited(catalogue, basket.cart)
        gathered = await self._gathering.gather(
            replace(_ask(call.tenant, basket, found), with_unusable=True)
        )
        _refuse_twice(basket, gathered.coupons)
        usable = [one for one in gathered.coupons if not_usable(one, gathered.now) is None]
        limits = Limits(found, basket.cart, basket.who, left=gathered.left)
        till = Till(self._threads, catalogue, limits, usable)
        return gathered.now, await seen(till, basket.cart, gathered.coupons, gathered.now)

    async def _till(
        self,
        tenant: str,
        catalogue: Catalogue,
        basket: Basket,
        *,
        order_id: str | None,
        funds_left: Mapping[str, int] | None,
    ) -> Till:
        """All that is known of a checkout, read at once."""
        found = limited(catalogue, basket.cart)
        gathered = await self._gathering.gather(
            replace(_ask(tenant, basket, found), order_id=order_id)
        )
        limits = Limits(found, basket.cart, basket.who, left=gathered.left, funds_left=funds_left)
        _refuse_twice(basket, gathered.coupons)
        coupons = _usable(gathered, order_id, must_be=basket.coupon_ids or ())
        return Till(self._threads, catalogue, limits, coupons)

    def opened(self, call: CallContext, checkout: pb.Checkout, text: str) -> Token:
        """The token of an evaluation of just this checkout.

        Raises Invalid (token), and Refused (EVALUATION_EXPIRED), by the server's clock.
        """
        return tokens.opened(self._key, call.tenant, checkout, text, now=call.received_at)

    def evaluation(
        self,
        call: CallContext,
        checkout: pb.Checkout,
        price: Told,
        *,
        ttl_s: int = TTL_S_DEFAULT,
    ) -> pb.Evaluation:
        """What the shopper is told, and the token that proves it."""
        quote = price.response
        expires_at_us = micros(call.received_at) + ttl_s * 1_000_000
        token = Token(
            catalogue_version=quote.catalogue_version,
            priced_at_us=quote.priced_at.ToMicroseconds(),
            expires_at_us=expires_at_us,
            list_minor=quote.list_minor,
            discount_minor=quote.discount_minor,
            payable_minor=quote.payable_minor,
            coupon_ids=price.coupon_ids,
        )
        told = pb.Evaluation(
            quote=quote,
            coupon_ids=price.coupon_ids,
            token=tokens.seal(self._key, call.tenant, checkout, token),
        )
        set_timestamp(told.expires_at, instant(expires_at_us))
        return told


def _ask(tenant: str, basket: Basket, found: Sequence[Limited]) -> Ask:
    return Ask(
        tenant,
        basket.cart.user_id,
        basket.coupon_ids,
        basket.coupons_max,
        limits=tuple(keys_of(found, basket.cart, basket.who)),
    )


def _refuse_twice(basket: Basket, coupons: Sequence[Coupon]) -> None:
    """Raises Invalid if the caller presents one of the user's coupons as its own."""
    own = {coupon.coupon_id for coupon in coupons}
    for number, credential in enumerate(basket.cart.credentials):
        if credential.credential_id in own:
            path = f"checkout.cart.credentials[{number}].credential_id"
            words = "is a coupon of the user: those are not named here, see coupon_ids"
            raise Invalid.fields(Violation(path, words))


def _usable(gathered: Gathered, order_id: str | None, must_be: Sequence[str]) -> list[Coupon]:
    """Those of the coupons that can be used now, or that the order has.

    must_be: raises Refused (COUPON_NOT_USABLE) for the first of these that cannot.
    """
    coupons = {coupon.coupon_id: coupon for coupon in gathered.coupons}
    refusals = {
        coupon_id: not_usable(coupon, gathered.now, order_id)
        for coupon_id, coupon in coupons.items()
    }
    for coupon_id in must_be:
        refusal = refusals.get(coupon_id)
        if coupon_id not in coupons:
            refusal = Refused(
                Reason.COUPON_NOT_USABLE,
                f"the user has no coupon {coupon_id!r}",
                metadata={"coupon_id": coupon_id, "why": NotUsable.NOT_YOURS},
            )
        if refusal is not None:
            raise refusal
    return [coupon for coupon in gathered.coupons if refusals[coupon.coupon_id] is None]


def _items(quote: Quote) -> tuple[ReserveItem, ...]:
    """What budgets bear of each activity, in acting order, however often it acted."""
    parts: dict[str, dict[str, int]] = {}
    versions: dict[str, int] = {}
    for applied in quote.applied:
        activity = applied.activity
        sums = parts.setdefault(activity.activity_id, {})
        versions[activity.activity_id] = activity.version
        for funder, minor in zip(activity.funders, applied.funder_minor, strict=True):
            sums[funder] = sums.get(funder, 0) + minor
    return tuple(
        ReserveItem(
            path=f"activity {activity_id!r}",
            activity_id=activity_id,
            version=versions[activity_id],
            amount_minor=sum(sums.values()),
            parts=tuple(FunderPart("", funder, minor) for funder, minor in sums.items() if minor),
        )
        for activity_id, sums in parts.items()
        if sum(sums.values())
    )


def _request(checkout: pb.Checkout, cart: Cart) -> quote_pb2.QuoteRequest:
    """The cart as it was priced, which `PricingService.Quote` prices the same."""
    request = quote_pb2.QuoteRequest()
    request.CopyFrom(checkout.cart)
    request.ClearField("credentials")
    for credential in cart.credentials:
        said = request.credentials.add(
            credential_id=credential.credential_id, activity_id=credential.activity_id
        )
        if credential.expires_us is not None:
            set_timestamp(said.expires_at, instant(credential.expires_us))
    for activity_id, left in sorted(cart.limits_left.items()):
        request.limits_left.add(
            activity_id=activity_id,
            amount_minor=left.amount_minor,
            units=left.units,
            uses=left.uses,
            closed_line_ids=sorted(left.closed),
        )
    request.explain, request.snapshot = cart.explain, cart.snapshot
    set_timestamp(request.priced_at, instant(cart.at_us))
    return request
