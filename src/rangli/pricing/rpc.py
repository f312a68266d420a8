"""PricingService: between its messages and the domain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from rangli.activities.catalogue import Catalogue
from rangli.activities.feed import CatalogueFeed
from rangli.core.call import KIB, CallContext, Method, Service, Shape
from rangli.core.clock import instant
from rangli.core.errors import Invalid, RangliError, Violation
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.quote import Funders, NotApplied, Quote, QuotedLine, quote
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import pricing_service_pb2 as pb
from rangli.wire.convert import enum_number, set_timestamp
from rangli.wire.status import to_status

NAME = "rangli.v1.PricingService"
_BATCH_MAX = 100


def expose(feed: CatalogueFeed) -> Service:
    """The service on the catalogues that the feed keeps."""
    rpc = _Pricing(feed)
    return Service(
        NAME,
        (
            Method("Quote", pb.QuoteRequest, rpc.quote, Shape.INLINE, limit_bytes=256 * KIB),
            Method(
                "BatchQuote",
                pb.BatchQuoteRequest,
                rpc.batch_quote,
                limit_bytes=1024 * KIB,
                deadline_s_max=10.0,
            ),
        ),
    )


class _Pricing:
    def __init__(self, feed: CatalogueFeed) -> None:
        self._feed = feed

    def quote(self, call: CallContext, request: pb.QuoteRequest) -> pb.QuoteResponse:
        return _quote(self._feed.catalogue(call.tenant), call, request)

    async def batch_quote(
        self, call: CallContext, request: pb.BatchQuoteRequest
    ) -> pb.BatchQuoteResponse:
        if not 1 <= len(request.quotes) <= _BATCH_MAX:
            raise Invalid.fields(
                Violation("quotes", f"must be 1 to {_BATCH_MAX}, not {len(request.quotes)}")
            )
        catalogue = self._feed.catalogue(call.tenant)
        response = pb.BatchQuoteResponse()
        for one in request.quotes:
            item = response.items.add()
            try:
                item.quote.CopyFrom(_quote(catalogue, call, one))
            except RangliError as error:
                item.error.CopyFrom(to_status(error))
            # Others' calls go between two carts, and a deadline ends the batch.
            await asyncio.sleep(0)
        return response


def _quote(catalogue: Catalogue, call: CallContext, request: pb.QuoteRequest) -> pb.QuoteResponse:
    return message(quote(catalogue, cart_of(request, call.received_at)))


def message(answer: Quote) -> pb.QuoteResponse:
    """The answer as callers see it."""
    list_minor = sum(line.list_minor for line in answer.lines)
    payable_minor = sum(line.payable_minor for line in answer.lines)
    response = pb.QuoteResponse(
        currency=answer.cart.currency,
        catalogue_version=answer.catalogue_version,
        list_minor=list_minor,
        discount_minor=list_minor - payable_minor,
        payable_minor=payable_minor,
        lines=[_line(line) for line in answer.lines],
        applied=[
            pb.AppliedActivity(
                activity_id=applied.activity.activity_id,
                version=applied.activity.version,
                display_name=applied.activity.display_name,
                layer=enum_number(ab.Layer.DESCRIPTOR, applied.activity.layer.name),
                credential_id=applied.credential_id,
                base_minor=applied.base_minor,
                discount_minor=applied.discount_minor,
                funders=_funders(applied.funders),
                tier=applied.tier,
            )
            for applied in answer.applied
        ],
        not_applied=[_not_applied(item) for item in answer.not_applied],
        funders=_funders(sorted(_sums(answer).items())),
    )
    set_timestamp(response.priced_at, instant(answer.cart.at_us))
    return response


def _sums(answer: Quote) -> dict[str, int]:
    sums: dict[str, int] = {}
    for applied in answer.applied:
        for funder, amount_minor in applied.funders:
            sums[funder] = sums.get(funder, 0) + amount_minor
    return sums


def _line(line: QuotedLine) -> pb.QuotedLine:
    return pb.QuotedLine(
        line_id=line.line_id,
        list_minor=line.list_minor,
        discount_minor=line.list_minor - line.payable_minor,
        payable_minor=line.payable_minor,
        adjustments=[
            pb.Adjustment(
                activity_id=adjustment.activity_id,
                credential_id=adjustment.credential_id,
                amount_minor=adjustment.amount_minor,
                funders=_funders(adjustment.funders),
            )
            for adjustment in line.adjustments
        ],
    )


def _funders(amounts: Iterable[tuple[str, int]] | Funders) -> list[pb.FunderAmount]:
    return [pb.FunderAmount(funder=funder, amount_minor=amount) for funder, amount in amounts]


def _not_applied(item: NotApplied) -> pb.NotApplied:
    return pb.NotApplied(
        activity_id=item.activity_id,
        credential_id=item.credential_id,
        reason=enum_number(pb.NotAppliedReason.DESCRIPTOR, item.why.name),
        measure=enum_number(pb.Measure.DESCRIPTOR, item.measure.name) if item.measure else None,
        required=item.required,
        actual=item.actual,
        beaten_by=item.beaten_by,
        beaten_by_minor=item.beaten_by_minor,
    )
