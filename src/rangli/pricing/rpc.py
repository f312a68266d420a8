"""PricingService: between its messages and the domain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from google.protobuf.message import DecodeError

from rangli.activities.catalogue import Catalogue
from rangli.activities.feed import CatalogueFeed
from rangli.core.call import KIB, CallContext, Method, Service, Shape
from rangli.core.errors import Invalid, RangliError, Violation
from rangli.pricing import estimates_rpc, lint_rpc, refund_rpc, simulation_rpc
from rangli.pricing.answer_rpc import message
from rangli.pricing.asked import Asked, asked
from rangli.pricing.cart_rpc import cart_of
from rangli.pricing.codec import QUICK, Codecs, joined, parts
from rangli.pricing.hint_rpc import hint_message
from rangli.pricing.hints import Hint, hints
from rangli.pricing.plan import Outcome
from rangli.pricing.quote import priced, quoted
from rangli.pricing.threads import Threads
from rangli.storage.stores import Stores
from rangli.v1 import pricing_service_pb2 as pb
from rangli.wire.status import to_status

NAME = "rangli.v1.PricingService"
_BATCH_MAX = 100
# So many bytes of carts (a few usual ones) take the quick way less than what others would notice.
_BYTES_AT_ONCE = 4 * KIB
# With more lines than this even matching a cart may keep others waiting.
_LINES_AT_ONCE = 100
# Fields of BatchQuoteResponse.Item.
_QUOTE, _ERROR = 1, 2


def expose(feed: CatalogueFeed, stores: Stores) -> Service:
    """The service on the catalogues that the feed keeps.

    stores: where older versions and drafts are read from.
    """
    threads = Threads()
    return Service(
        NAME,
        (
            *methods(feed, threads),
            *estimates_rpc.methods(feed, threads),
            *refund_rpc.methods(threads),
            *lint_rpc.methods(feed, stores),
            *simulation_rpc.methods(feed, stores),
        ),
    )


def methods(feed: CatalogueFeed, threads: Threads) -> tuple[Method, ...]:
    """Quote and BatchQuote."""
    rpc = _Quotes(feed, threads)
    return (
        Method(
            "Quote",
            pb.QuoteRequest,
            rpc.quote,
            Shape.INLINE,
            limit_bytes=256 * KIB,
            quick=rpc.quick_quote if QUICK else None,
        ),
        Method(
            "BatchQuote",
            pb.BatchQuoteRequest,
            rpc.batch_quote,
            limit_bytes=1024 * KIB,
            deadline_s_max=10.0,
            quick=rpc.quick_batch_quote if QUICK else None,
        ),
    )


class _Quotes:
    def __init__(self, feed: CatalogueFeed, threads: Threads) -> None:
        self._feed = feed
        self._threads = threads
        self._codecs = Codecs()

    def quick_quote(self, call: CallContext, request: bytes) -> bytes | None:
        """The answer without an object made, if the cart is one of the usual."""
        codec = self._codecs.of(self._feed.catalogue(call.tenant))
        return codec.quote(request, call.received_at)

    async def quick_batch_quote(self, call: CallContext, request: bytes) -> bytes | None:
        """The same of a batch; carts that are not usual are answered one by one."""
        carts = parts(request)
        if carts is None or not 1 <= len(carts) <= _BATCH_MAX:
            return None
        codec = self._codecs.of(self._feed.catalogue(call.tenant))
        answers: list[tuple[int, bytes]] = []
        at_once_bytes = 0
        for cart in carts:
            answer = codec.quote(cart, call.received_at)
            if answer is not None:
                answers.append((_QUOTE, answer))
            else:
                try:
                    request_of_cart = pb.QuoteRequest.FromString(cart)
                except DecodeError:
                    return None  # and so is the batch: the plain way says it
                answers.append(await self._plainly(codec.catalogue, call, request_of_cart))
            at_once_bytes += len(cart)
            if at_once_bytes >= _BYTES_AT_ONCE:
                at_once_bytes = 0
                await asyncio.sleep(0)  # others' calls go between; a deadline ends the batch
        return joined(answers)

    async def _plainly(
        self, catalogue: Catalogue, call: CallContext, request: pb.QuoteRequest
    ) -> tuple[int, bytes]:
        try:
            answer = self._quote(catalogue, call, request)
            if not isinstance(answer, pb.QuoteResponse):
                answer = await answer
        except RangliError as error:
            return _ERROR, to_status(error).SerializeToString()
        return _QUOTE, answer.SerializeToString()

    def quote(
        self, call: CallContext, request: pb.QuoteRequest
    ) -> pb.QuoteResponse | Awaitable[pb.QuoteResponse]:
        return self._quote(self._feed.catalogue(call.tenant), call, request)

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
                answer = self._quote(catalogue, call, one)
                if not isinstance(answer, pb.QuoteResponse):
                    answer = await answer
                item.quote.CopyFrom(answer)
            except RangliError as error:
                item.error.CopyFrom(to_status(error))
            # Others' calls go between two carts, and a deadline ends the batch.
            await asyncio.sleep(0)
        return response

    def _quote(
        self, catalogue: Catalogue, call: CallContext, request: pb.QuoteRequest
    ) -> pb.QuoteResponse | Awaitable[pb.QuoteResponse]:
        """The answer; if it takes long, the promise of it."""
        if len(request.lines) > _LINES_AT_ONCE:
            return self._threads.run(lambda: _wholly(catalogue, call, request))
        made = asked(catalogue, cart_of(request, call.received_at))
        if made.takes_long or made.cart.hints:
            return self._later(made)
        return message(quoted(made, priced(made)))

    async def _later(self, made: Asked) -> pb.QuoteResponse:
        outcome, found = await self._threads.run(lambda: _priced_with_hints(made))
        return _told(made, outcome, found)


def _wholly(catalogue: Catalogue, call: CallContext, request: pb.QuoteRequest) -> pb.QuoteResponse:
    """The answer of a cart that already takes long to be read and matched."""
    made = asked(catalogue, cart_of(request, call.received_at))
    return _told(made, *_priced_with_hints(made))


def _told(made: Asked, outcome: Outcome, found: Sequence[Hint]) -> pb.QuoteResponse:
    answer = message(quoted(made, outcome))
    answer.hints.extend(hint_message(hint) for hint in found)
    return answer


def _priced_with_hints(made: Asked) -> tuple[Outcome, list[Hint]]:
    outcome = priced(made)
    return outcome, hints(made, outcome)
