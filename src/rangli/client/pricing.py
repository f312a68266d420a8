"""Prices."""

from __future__ import annotations

from collections.abc import Iterable

from rangli.client.calls import Unary
from rangli.client.channels import PRICING, Channels
from rangli.v1.pricing_service_pb2 import (
    BatchQuoteRequest,
    BatchQuoteResponse,
    QuoteRequest,
    QuoteResponse,
)


class Pricing:
    """`rangli.v1.PricingService`. Nothing here has an effect."""

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        self._quote: Unary[QuoteRequest, QuoteResponse] = Unary(
            channels, f"/{PRICING}/Quote", QuoteResponse, metadata=metadata, timeout_s=2.0
        )
        self._batch_quote: Unary[BatchQuoteRequest, BatchQuoteResponse] = Unary(
            channels,
            f"/{PRICING}/BatchQuote",
            BatchQuoteResponse,
            metadata=metadata,
            timeout_s=10.0,
        )

    async def quote(
        self, request: QuoteRequest, *, timeout_s: float | None = None
    ) -> QuoteResponse:
        """The cart's price and what did not apply. Raises CallRefused."""
        return await self._quote(request, timeout_s)

    async def batch_quote(
        self, quotes: Iterable[QuoteRequest], *, timeout_s: float | None = None
    ) -> BatchQuoteResponse:
        """Up to 100 carts' prices; a cart that is refused has its error in its own item.

        The server gives up after 10 s (DEADLINE_PASSED), even if `timeout_s` is longer.
        """
        return await self._batch_quote(BatchQuoteRequest(quotes=quotes), timeout_s)
