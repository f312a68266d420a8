"""Refunds."""

from __future__ import annotations

from collections.abc import Iterable

from rangli.client.calls import Unary
from rangli.client.channels import PRICING, Channels
from rangli.v1.pricing_service_pb2 import (
    PreviewRefundRequest,
    PreviewRefundResponse,
    QuoteSnapshot,
    Return,
)


class Refunds:
    """What returns refund, by `rangli.v1.PricingService`. Nothing here has an effect."""

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        self._preview: Unary[PreviewRefundRequest, PreviewRefundResponse] = Unary(
            channels,
            f"/{PRICING}/PreviewRefund",
            PreviewRefundResponse,
            metadata=metadata,
            timeout_s=10.0,
        )

    async def preview(
        self,
        snapshot: QuoteSnapshot,
        now: Return,
        *,
        earlier: Iterable[Return] = (),
        timeout_s: float | None = None,
    ) -> PreviewRefundResponse:
        """What a return refunds of an order that was paid as the snapshot says.

        earlier: the returns refunded before, in their order. Raises CallRefused.
        """
        request = PreviewRefundRequest(snapshot=snapshot, earlier=earlier, now=now)
        return await self._preview(request, timeout_s)
