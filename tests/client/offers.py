"""An activity and a coupon batch to try the client with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rangli.client import RangliClient
from rangli.v1.activity_pb2 import ActivitySpec
from rangli.v1.coupon_pb2 import CouponBatch, CouponBatchSpec
from rangli.v1.coupon_service_pb2 import CreateBatchRequest
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
    """A batch of its own activity's coupons, 10 unless told."""
    await client.activities.launch(coupon_offer(), activity_id=f"{batch_id}-offer")
    fields = {"stock": 10, "validity": {"lasts_s": 3_600}, **fields}
    return await client.coupons.create_batch(
        CreateBatchRequest(
            batch_id=batch_id, spec=CouponBatchSpec(activity_id=f"{batch_id}-offer", **fields)
        )
    )
