"""Orders as they are read: GetOrder, ListOrders, ExplainOrder, PreviewOrderRefund."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rangli.checkout import answer_rpc as answers
from rangli.checkout import asked_rpc as read
from rangli.checkout import refunds, store
from rangli.checkout.model import OrderKey, OrderSeen, OrderState
from rangli.checkout.snapshots import Snapshots
from rangli.core.call import CallContext, Method
from rangli.core.clock import instant, micros
from rangli.core.errors import Invalid, NotFound, Violation
from rangli.storage.batcher import Asked
from rangli.storage.postgres import CHANGING, Pool, connection
from rangli.v1 import checkout_pb2 as cb
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import refund_pb2
from rangli.wire.paging import next_token, page_of

_SIZE_DEFAULT, _SIZE_MAX = 50, 200
# When an order was made, in microseconds since 1970, and its id.
_CURSOR = re.compile(r"([0-9]{1,16})/([^\x00-\x1f\x7f]{1,100})")


def methods(pg: Pool, snapshots: Snapshots) -> tuple[Method, ...]:
    """What changes nothing."""
    rpc = _Reading(pg, snapshots)
    return (
        Method("GetOrder", pb.GetOrderRequest, rpc.get_order),
        Method("ListOrders", pb.ListOrdersRequest, rpc.list_orders),
        Method("ExplainOrder", pb.ExplainOrderRequest, rpc.explain_order),
        Method(
            "PreviewOrderRefund",
            pb.PreviewOrderRefundRequest,
            rpc.preview_order_refund,
            deadline_s_max=10.0,
        ),
    )


class _Reading:
    def __init__(self, pg: Pool, snapshots: Snapshots) -> None:
        self._pg = pg
        self._snapshots = snapshots

    async def get_order(self, call: CallContext, request: pb.GetOrderRequest) -> cb.Order:
        order_id = read.order_id_of(request.order_id)
        async with connection(self._pg) as conn:
            seen = await store.get(conn, call.tenant, order_id)
        if seen is None:
            raise NotFound("order", order_id)
        return answers.order(seen)

    async def list_orders(
        self, call: CallContext, request: pb.ListOrdersRequest
    ) -> pb.ListOrdersResponse:
        page = page_of(
            request.page_size,
            request.page_token,
            size_default=_SIZE_DEFAULT,
            size_max=_SIZE_MAX,
            cursor=_CURSOR,
        )
        before = None
        if after := _CURSOR.fullmatch(page.after):
            before = instant(int(after[1])), after[2]
        user_id, states = _user_id(request.user_id), _states(request.states)
        async with connection(self._pg) as conn:
            found = await store.find_of_user(
                conn, call.tenant, user_id, states=states, before=before, size=page.size + 1
            )
        return pb.ListOrdersResponse(
            orders=[answers.order(seen) for seen in found[: page.size]],
            next_page_token=next_token(page, [_cursor(seen) for seen in found]),
        )

    async def explain_order(
        self, call: CallContext, request: pb.ExplainOrderRequest
    ) -> pb.ExplainOrderResponse:
        key = OrderKey(call.tenant, read.order_id_of(request.order_id))
        async with connection(self._pg) as conn:
            seen = await store.get(conn, *key)
            stored = await store.snapshots(conn, [key])
        if seen is None or not stored.get(key):
            raise NotFound("order", request.order_id)
        snapshot = refund_pb2.QuoteSnapshot.FromString(stored[key])
        snapshot.response.ClearField("terms")  # of use to refunds alone
        return pb.ExplainOrderResponse(
            order=answers.order(seen), cart=snapshot.request, quote=snapshot.response
        )

    async def preview_order_refund(
        self, call: CallContext, request: pb.PreviewOrderRefundRequest
    ) -> pb.RefundOrderResponse:
        asked = Asked(call.tenant, "", b"", call.actor, read.preview(request))
        async with connection(self._pg) as conn:
            trial = conn.transaction()
            await trial.start()
            try:
                await conn.execute(CHANGING)
                done = await refunds.preview(conn, asked, snapshots=self._snapshots)
            finally:
                await trial.rollback()
        return answers.refunded(done)


def _user_id(user_id: str) -> str:
    if not 1 <= len(user_id) <= 100 or not user_id.isprintable():
        raise Invalid.fields(Violation("user_id", "is required: 1 to 100 printable characters"))
    return user_id


def _states(states: Iterable[cb.OrderState]) -> set[OrderState] | None:
    """The states asked for; None: all."""
    found = set()
    for place, number in enumerate(states):
        name = cb.OrderState.Name(number) if number in cb.OrderState.values() else ""
        state = name.removeprefix("ORDER_STATE_")
        if state not in OrderState.__members__:
            raise Invalid.fields(Violation(f"states[{place}]", "must be a state of an order"))
        found.add(OrderState(state))
    return found or None


def _cursor(seen: OrderSeen) -> str:
    return f"{micros(seen.order.created_at)}/{seen.order.order_id}"
