"""Orders through the client, on the real server."""

from __future__ import annotations

import pytest

from rangli.client import CallRefused, RangliClient
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import coupon_service_pb2 as cb
from rangli.v1.quote_pb2 import CartLine, QuoteRequest
from rangli.v1.refund_pb2 import Return, ReturnedLine
from tests.client.offers import batch


@pytest.fixture
async def client(address):
    async with RangliClient(address, actor="tests") as opened:
        await batch(opened)
        yield opened


def cart(quantity=2):
    lines = [CartLine(line_id="1", sku="rye", quantity=quantity, list_minor=1_000)]
    return pb.Checkout(cart=QuoteRequest(currency="USD", user_id="ann", lines=lines))


async def test_an_order_is_evaluated_reserved_amended_committed_and_refunded(client):
    checkout = client.checkout
    coupon = await client.coupons.claim(cb.ClaimRequest(batch_id="b1", user_id="ann"))

    evaluation = await checkout.evaluate(pb.EvaluateRequest(checkout=cart()))
    (usable,) = await checkout.usable_coupons(cart())
    reserved = await checkout.reserve(
        pb.ReserveOrderRequest(order_id="o1", checkout=cart(), token=evaluation.token)
    )
    amended = await checkout.amend(pb.AmendOrderRequest(order_id="o1", checkout=cart(3)))
    committed = await checkout.commit(pb.CommitOrderRequest(order_id="o1"))
    one = Return(lines=[ReturnedLine(line_id="1", quantity=1)])
    preview = await checkout.preview_refund("o1", returned=one)
    part = await checkout.refund(pb.RefundOrderRequest(order_id="o1", returned=one))
    rest = await checkout.preview_refund("o1")
    whole = await checkout.refund(pb.RefundOrderRequest(order_id="o1", whole=True))

    assert list(evaluation.coupon_ids) == [coupon.coupon_id] == [usable.coupon.coupon_id]
    assert usable.usable
    assert (reserved.payable_minor, reserved.state) == (1_900, pb.ORDER_STATE_RESERVED)
    assert (amended.payable_minor, committed.state) == (2_900, pb.ORDER_STATE_COMMITTED)
    assert preview.refund == part.refund
    assert rest.refund == whole.refund
    assert whole.order.refunded_minor == 2_900
    assert (await checkout.get("o1")).state == pb.ORDER_STATE_REFUNDED
    explained = await checkout.explain("o1")
    assert explained.quote.payable_minor == 2_900
    assert [line.quantity for line in explained.cart.lines] == [3]


async def test_a_released_order_gives_its_coupon_back(client):
    coupon = await client.coupons.claim(cb.ClaimRequest(batch_id="b1", user_id="ann"))
    await client.checkout.reserve(pb.ReserveOrderRequest(order_id="o1", checkout=cart()))
    with pytest.raises(CallRefused) as refused:
        mine = cart()
        mine.coupon_ids.append(coupon.coupon_id)
        await client.checkout.reserve(pb.ReserveOrderRequest(order_id="o2", checkout=mine))

    released = await client.checkout.release(pb.ReleaseOrderRequest(order_id="o1"))

    assert refused.value.reason == "COUPON_NOT_USABLE"
    assert released.state == pb.ORDER_STATE_RELEASED
    again = await client.checkout.evaluate(pb.EvaluateRequest(checkout=cart()))
    assert list(again.coupon_ids) == [coupon.coupon_id]


async def test_who_is_told_of_another_price_can_take_it(client):
    asked = pb.ReserveOrderRequest(order_id="o1", checkout=cart(), expected_payable_minor=1)
    with pytest.raises(CallRefused) as refused:
        await client.checkout.reserve(asked)
    now = refused.value.evaluation
    asked.ClearField("expected_payable_minor")
    asked.token = now.token

    order = await client.checkout.reserve(asked)

    assert refused.value.reason == "PRICE_CHANGED"
    assert order.payable_minor == now.quote.payable_minor == 2_000


async def test_a_users_orders_are_listed_page_after_page(client):
    for number in range(60):
        await client.checkout.reserve(
            pb.ReserveOrderRequest(order_id=f"o{number}", checkout=cart(), ttl_s=600)
        )

    names = [order.order_id async for order in client.checkout.orders("ann")]
    done = client.checkout.orders("ann", states=[pb.ORDER_STATE_COMMITTED])

    assert names == [f"o{number}" for number in reversed(range(60))]
    assert [order async for order in done] == []
