"""Refunds through the client, on the real server."""

from __future__ import annotations

import pytest

from rangli.client import CallRefused, RangliClient
from rangli.v1.pricing_service_pb2 import (
    CartLine,
    QuoteRequest,
    QuoteSnapshot,
    Return,
    ReturnedLine,
)


async def test_a_return_is_refunded_from_the_snapshot_of_its_quote(address: str) -> None:
    line = CartLine(line_id="1", sku="rye", quantity=3, list_minor=500)
    request = QuoteRequest(currency="EUR", lines=[line], snapshot=True)
    one = Return(lines=[ReturnedLine(line_id="1", quantity=1)])

    async with RangliClient(address) as client:
        answer = await client.pricing.quote(request)
        snapshot = QuoteSnapshot(request=request, response=answer)
        first = await client.refunds.preview(snapshot, one)
        last = await client.refunds.preview(snapshot, one, earlier=[one, one])
        with pytest.raises(CallRefused) as refused:
            await client.refunds.preview(snapshot, one, earlier=[one] * 3)

    assert (first.refund_minor, first.kept_payable_minor) == (500, 1000)
    assert (last.refund_minor, last.kept_payable_minor) == (500, 0)
    assert refused.value.violations[0].field == "now.lines[0].quantity"
