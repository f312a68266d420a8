"""Prices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rangli.client.calls import Unary
from rangli.client.channels import PRICING, Channels
from rangli.v1.pricing_service_pb2 import (
    Adjustment,
    AppliedActivity,
    BatchQuoteRequest,
    BatchQuoteResponse,
    GetPricesRequest,
    GetPricesResponse,
    QuotedDelivery,
    QuotedLine,
    QuoteRequest,
    QuoteResponse,
)


@dataclass(frozen=True, slots=True)
class Cut:
    """What an activity took off a line or a delivery group."""

    activity: AppliedActivity
    adjustment: Adjustment

    @property
    def amount_minor(self) -> int:
        """How much, in minor units."""
        return self.adjustment.amount_minor

    def funders(self) -> dict[str, int]:
        """Who pays how much of it; those who pay nothing are left out."""
        parts = zip(self.activity.funders, self.adjustment.funder_minor, strict=True)
        return {funder.funder: minor for funder, minor in parts if minor}


def adjustments_of(quote: QuoteResponse, line: QuotedLine | QuotedDelivery) -> list[Cut]:
    """What was taken off a line or delivery group of the quote, in acting order, and by whom."""
    return [Cut(quote.applied[cut.applied], cut) for cut in line.adjustments]


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
        self._get_prices: Unary[GetPricesRequest, GetPricesResponse] = Unary(
            channels, f"/{PRICING}/GetPrices", GetPricesResponse, metadata=metadata, timeout_s=10.0
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

    async def get_prices(
        self, request: GetPricesRequest, *, timeout_s: float | None = None
    ) -> GetPricesResponse:
        """What up to 500 products would cost, each bought alone. Raises CallRefused.

        The server gives up after 10 s (DEADLINE_PASSED), even if `timeout_s` is longer.
        """
        return await self._get_prices(request, timeout_s)
