"""Orders of a shop, called as a transport calls the service."""

from __future__ import annotations

from typing import Any

import pytest

from rangli.checkout import sweeper
from rangli.checkout.audit import CHECKS
from rangli.core.errors import RangliError
from rangli.counters import audit as counters
from rangli.coupons import audit as coupons
from rangli.funds import audit as funds
from rangli.funds import sweeper as fund_sweeper
from rangli.ledger import audit as ledger
from rangli.ledger.sweeper import sweep_holds
from rangli.storage.audit import Finding, audit, snapshot
from rangli.v1 import checkout_pb2 as cb
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import coupon_service_pb2 as cpb
from rangli.v1 import refund_pb2
from rangli.wallet import audit as wallet
from tests.checkout.shop import Shop, limit
from tests.wallet.purse import BALANCE, UNITS, Purse
from tests.world import World, request_id, spec

RESERVED = cb.ORDER_STATE_RESERVED
PARTLY_COMMITTED = cb.ORDER_STATE_PARTLY_COMMITTED
COMMITTED = cb.ORDER_STATE_COMMITTED
RELEASED = cb.ORDER_STATE_RELEASED
EXPIRED = cb.ORDER_STATE_EXPIRED
REFUNDED = cb.ORDER_STATE_REFUNDED

ALL_CHECKS = (
    *counters.CHECKS,
    *coupons.CHECKS,
    *ledger.CHECKS,
    *funds.CHECKS,
    *wallet.CHECKS,
    *CHECKS,
)
_PAST = (
    "UPDATE orders SET expires_at = now() - interval '1 second' WHERE tenant = $1"
    " AND order_id = $2 RETURNING fund_reservation_id, wallet_reservation_id",
    "UPDATE ledger_holds h SET expires_at = o.expires_at FROM orders o"
    " WHERE h.tenant = $1 AND o.tenant = $1 AND o.order_id = $2"
    " AND h.hold_id IN (o.fund_reservation_id, o.wallet_reservation_id) RETURNING 1",
    "UPDATE fund_reservations r SET expires_at = o.expires_at FROM orders o"
    " WHERE r.tenant = $1 AND o.tenant = $1 AND o.order_id = $2"
    " AND r.reservation_id = o.fund_reservation_id RETURNING 1",
)


class Desk(Shop):
    """A shop that takes orders."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.purse = Purse(world)
        self._batches: set[str] = set()

    async def give(self, activity_id: str, user_id: str = "ann", **fields: Any) -> str:
        """A coupon of a batch of the activity's; its id. fields: of the batch."""
        batch_id = "-".join([activity_id, *map(str, fields.values())])
        if batch_id not in self._batches:
            self._batches.add(batch_id)
            batch = cpb.CouponBatchSpec(
                activity_id=activity_id,
                stock=1_000,
                per_user_max=0,
                validity={"lasts_s": 86_400},
                **fields,
            )
            await self.world.call(
                "CreateBatch",
                cpb.CreateBatchRequest(request_id=request_id(), batch_id=batch_id, spec=batch),
            )
        issue = cpb.IssueRequest(request_id=request_id(), batch_id=batch_id, user_id=user_id)
        return (await self.world.call("Issue", issue)).coupon.coupon_id

    async def method(self, name: str, request: Any) -> Any:
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = request_id()
        return await self.world.call(f"CheckoutService/{name}", request)

    async def reserve(self, order_id: str, asked: cb.Checkout, **fields: Any) -> cb.Order:
        await self.world.caught_up()
        return await self.method(
            "ReserveOrder", pb.ReserveOrderRequest(order_id=order_id, checkout=asked, **fields)
        )

    async def amend(self, order_id: str, asked: cb.Checkout, **fields: Any) -> cb.Order:
        return await self.method(
            "AmendOrder", pb.AmendOrderRequest(order_id=order_id, checkout=asked, **fields)
        )

    async def commit(self, order_id: str, *units: Any, **fields: Any) -> cb.Order:
        """units: of a shipment, as (line_id, quantity); none: all that is left."""
        return await self.method(
            "CommitOrder", pb.CommitOrderRequest(order_id=order_id, lines=_lines(units), **fields)
        )

    async def release(self, order_id: str, **fields: Any) -> cb.Order:
        return await self.method(
            "ReleaseOrder", pb.ReleaseOrderRequest(order_id=order_id, **fields)
        )

    async def refund(self, order_id: str, *units: Any, **fields: Any) -> pb.RefundOrderResponse:
        """units: as (line_id, quantity); none: all that is left."""
        returned = refund_pb2.Return(
            lines=_lines(units), delivery_ids=fields.pop("delivery_ids", ())
        )
        some = bool(returned.lines or returned.delivery_ids)
        return await self.method(
            "RefundOrder",
            pb.RefundOrderRequest(
                order_id=order_id, returned=returned if some else None, whole=not some, **fields
            ),
        )

    async def preview(self, order_id: str, returned: refund_pb2.Return) -> pb.RefundOrderResponse:
        request = pb.PreviewOrderRefundRequest(order_id=order_id, returned=returned)
        return await self.method("PreviewOrderRefund", request)

    async def pass_by(self, order_id: str) -> None:
        """Its time passes."""
        for statement in _PAST:
            await self.world.rows(statement, order_id)

    async def sweep(self) -> None:
        """All that is due is given back."""
        pg = self.world.stores.pg
        await sweep_holds(pg)
        await fund_sweeper.sweep_all(pg)
        await sweeper.sweep(pg)

    async def expire(self, order_id: str) -> None:
        """Its time passes, and what it had is given back."""
        await self.pass_by(order_id)
        await self.sweep()

    async def state(self, order_id: str) -> str:
        """As stored."""
        (row,) = await self.world.rows(
            "SELECT state FROM orders WHERE tenant = $1 AND order_id = $2", order_id
        )
        return str(row[0])

    async def coupon(self, coupon_id: str) -> tuple[str, str | None]:
        """A coupon's state, and the order that has it."""
        (row,) = await self.world.rows(
            "SELECT state, order_id FROM coupons WHERE tenant = $1 AND coupon_id = $2", coupon_id
        )
        return row[0], row[1]

    async def used(self, limit_id: str) -> int:
        """What is counted of a limit, by all."""
        (row,) = await self.world.rows(
            "SELECT coalesce(sum(used), 0)::bigint FROM counter_uses"
            " WHERE tenant = $1 AND limit_id = $2",
            limit_id,
        )
        return int(row[0])

    async def pool(self, pool_id: str) -> tuple[int, int]:
        """What is reserved and spent of a pool."""
        (row,) = await self.world.rows(
            "SELECT b.pending_out_minor, s.posted_minor FROM fund_pools p"
            " JOIN ledger_accounts b ON (b.tenant, b.account_id) = (p.tenant, p.budget_account_id)"
            " JOIN ledger_accounts s ON (s.tenant, s.account_id) = (p.tenant, p.spent_account_id)"
            " WHERE p.tenant = $1 AND p.pool_id = $2",
            pool_id,
        )
        return row[0], row[1]

    async def wallet(self, kind: str = "balance") -> tuple[int, int]:
        """What is available of a kind of ann's, and reserved."""
        (row,) = await self.world.rows(
            "SELECT coalesce(sum(posted_minor - pending_out_minor), 0)::bigint,"
            " coalesce(sum(pending_out_minor), 0)::bigint FROM ledger_accounts"
            " WHERE tenant = $1 AND owner = 'user/ann' AND kind = $2",
            kind,
        )
        return row[0], row[1]

    async def findings(self) -> list[Finding]:
        async with snapshot(self.world.stores.pg) as conn:
            return await audit(conn, ALL_CHECKS, tenant=self.world.tenant)


async def sale(desk: Desk, activity_id: str = "sale", **fields: Any) -> None:
    """10.00 off an order of 20.00, twice a user and five times in all, paid by the pool "root"."""
    fields.setdefault("limits", [limit("USER", 2), limit("ACTIVITY", 5)])
    fields.setdefault("funding", [{"funder": "retailer", "share_bps": 10_000, "pool_id": "root"}])
    fields.setdefault("template_id", "order_threshold")
    tier = {"min_amount_minor": 20_00, "amount_off_minor": 10_00}
    template = fields.pop("template_id")
    await desk.offer(activity_id, spec(template, threshold_off={"tiers": [tier]}, **fields))


def tender(amount: int, kind: int = BALANCE, pays_minor: int = 0) -> cb.OrderTender:
    return cb.OrderTender(kind=kind, unit=UNITS[kind], amount=amount, pays_minor=pays_minor)


async def refused(what: Any) -> RangliError:
    """The refusal."""
    with pytest.raises(RangliError) as caught:
        await what
    return caught.value


def _lines(units: Any) -> list[refund_pb2.ReturnedLine]:
    return [
        refund_pb2.ReturnedLine(line_id=name, quantity=count, gift=bool(gift))
        for name, count, *gift in units
    ]
