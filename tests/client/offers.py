"""An activity and a coupon batch to try the client with."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from rangli.client import RangliClient
from rangli.v1.activity_pb2 import ActivitySpec
from rangli.v1.coupon_pb2 import CouponBatch, CouponBatchSpec
from rangli.v1.coupon_service_pb2 import CreateBatchRequest
from rangli.v1.quote_pb2 import CartLine, QuoteRequest
from tests.world import spec


def coupon_offer(**fields: Any) -> ActivitySpec:
    """1.00 off for whoever has the coupon."""
    years = {
        "starts_at": datetime(2026, 1, 1, tzinfo=UTC),
        "ends_at": datetime(2096, 1, 1, tzinfo=UTC),
    }
    fields.setdefault("amount_off", {"amount_minor": 100})
    return spec("item_coupon", schedule=years, **fields)


async def batch(client: RangliClient, batch_id: str = "b1", **fields: Any) -> CouponBatch:
    """A batch of its own activity's coupons, 10 unless told; carts are priced with it already."""
    before = await _version(client)
    await client.activities.launch(coupon_offer(), activity_id=f"{batch_id}-offer")
    async with asyncio.timeout(60):
        while await _version(client) == before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    fields = {"stock": 10, "validity": {"lasts_s": 3_600}, **fields}
    return await client.coupons.create_batch(
        CreateBatchRequest(
            batch_id=batch_id, spec=CouponBatchSpec(activity_id=f"{batch_id}-offer", **fields)
        )
    )


async def _version(client: RangliClient) -> int:
    lines = [CartLine(line_id="1", sku="rye", quantity=1, list_minor=1)]
    quote = await client.pricing.quote(QuoteRequest(currency="USD", lines=lines))
    return quote.catalogue_version
