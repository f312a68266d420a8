"""Orders: evaluated, reserved, committed or released, refunded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from rangli.client.calls import Methods, named, pages
from rangli.client.channels import CHECKOUT, Channels
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1.checkout_pb2 import Checkout as Cart
from rangli.v1.checkout_pb2 import Evaluation, Order, OrderState
from rangli.v1.refund_pb2 import Return


class Checkout:
    """`rangli.v1.CheckoutService`.

    A change is its message; without a request_id it gets a fresh one, which makes the retries
    inside that call safe. Amounts are minor units. Raises CallRefused.
    """

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        unary = Methods(channels, CHECKOUT, metadata).unary
        self._evaluate = unary("Evaluate", pb.EvaluateRequest, Evaluation)
        self._usable = unary(
            "ListUsableCoupons", pb.ListUsableCouponsRequest, pb.ListUsableCouponsResponse
        )
        self._reserve = unary("ReserveOrder", pb.ReserveOrderRequest, Order)
        self._amend = unary("AmendOrder", pb.AmendOrderRequest, Order)
        self._commit = unary("CommitOrder", pb.CommitOrderRequest, Order)
        self._release = unary("ReleaseOrder", pb.ReleaseOrderRequest, Order)
        self._refund = unary("RefundOrder", pb.RefundOrderRequest, pb.RefundOrderResponse)
        self._preview = unary(
            "PreviewOrderRefund", pb.PreviewOrderRefundRequest, pb.RefundOrderResponse
        )
        self._get = unary("GetOrder", pb.GetOrderRequest, Order)
        self._list = unary("ListOrders", pb.ListOrdersRequest, pb.ListOrdersResponse)
        self._explain = unary("ExplainOrder", pb.ExplainOrderRequest, pb.ExplainOrderResponse)

    async def evaluate(self, request: pb.EvaluateRequest) -> Evaluation:
        """What the shopper would pay, with the user's own coupons; takes nothing."""
        return await self._evaluate(request)

    async def usable_coupons(self, cart: Cart) -> list[pb.ListUsableCouponsResponse.Item]:
        """Each of the user's coupons: what it would save, or why this cart cannot use it."""
        answer = await self._usable(pb.ListUsableCouponsRequest(checkout=cart))
        return list(answer.items)

    async def reserve(self, request: pb.ReserveOrderRequest) -> Order:
        """Takes all that the order needs, until it is committed, released or expires."""
        return await self._reserve(named(request))

    async def amend(self, request: pb.AmendOrderRequest) -> Order:
        """The reserved order is for another cart from now on."""
        return await self._amend(named(request))

    async def commit(self, request: pb.CommitOrderRequest) -> Order:
        """It is paid: all of it, or the units of a shipment."""
        return await self._commit(named(request))

    async def release(self, request: pb.ReleaseOrderRequest) -> Order:
        """Gives back what was not committed."""
        return await self._release(named(request))

    async def refund(self, request: pb.RefundOrderRequest) -> pb.RefundOrderResponse:
        """Units of it, or all, came back: what is refunded, and to whom."""
        return await self._refund(named(request))

    async def preview_refund(
        self, order_id: str, *, returned: Return | None = None
    ) -> pb.RefundOrderResponse:
        """What `refund` would do; without `returned`, with all that is not returned yet."""
        return await self._preview(
            pb.PreviewOrderRefundRequest(
                order_id=order_id, returned=returned, whole=returned is None
            )
        )

    async def get(self, order_id: str) -> Order:
        """An order as it is now."""
        return await self._get(pb.GetOrderRequest(order_id=order_id))

    async def orders(
        self, user_id: str, *, states: Iterable[OrderState] = ()
    ) -> AsyncIterator[Order]:
        """A user's orders, newest first, page after page as they are read."""
        request = pb.ListOrdersRequest(user_id=user_id, states=states)
        async for page in pages(self._list, request):
            for order in page.orders:
                yield order

    async def explain(self, order_id: str) -> pb.ExplainOrderResponse:
        """Why the order costs what it costs: its cart and full trace, as they were."""
        return await self._explain(pb.ExplainOrderRequest(order_id=order_id))
