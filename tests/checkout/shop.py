"""A tenant's offers, its shoppers' coupons, and checkouts that are evaluated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from time import monotonic
from typing import Any

from rangli.checkout import evaluate_rpc
from rangli.checkout.evaluating_rpc import Evaluated, Evaluator
from rangli.checkout.token_rpc import Token
from rangli.core.call import CallContext
from rangli.counters import store as counters
from rangli.counters.model import Want
from rangli.coupons import store as coupons
from rangli.coupons.model import Coupon, CouponSource, CouponState
from rangli.storage.postgres import transaction
from rangli.v1 import activity_pb2 as ab
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import quote_pb2 as qb
from tests.world import NOW, World, cart

_numbers = count()


def limit(subject: str, most: int, measure: str = "USES", period: str = "LIFETIME", **fields: Any):
    """A limit of an activity."""
    return ab.UsageLimit(
        subject=f"LIMIT_SUBJECT_{subject}",
        period=f"LIMIT_PERIOD_{period}",
        measure=f"LIMIT_MEASURE_{measure}",
        most=most,
        **fields,
    )


def checkout(*lines: qb.CartLine, user_id: str = "ann", **fields: Any) -> pb.Checkout:
    """A checkout of ann's; what is not a field of it is the cart's."""
    own = {
        name: fields.pop(name)
        for name in ("coupon_ids", "without_coupons", "device_id", "phone")
        if name in fields
    }
    return pb.Checkout(cart=cart(*lines, user_id=user_id, **fields), **own)


class Shop:
    """One tenant's."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.evaluator = Evaluator(world.stores, world.feed)
        self._methods = {
            method.name: method.handler for method in evaluate_rpc.methods(self.evaluator)
        }

    async def offer(self, activity_id: str, spec: ab.ActivitySpec) -> None:
        """Publishes it."""
        await self.world.launch(activity_id, spec)
        await self.world.caught_up()

    async def give(self, activity_id: str, user_id: str = "ann", **fields: Any) -> str:
        """A coupon, usable for a month unless said otherwise; its id."""
        today = max(NOW, datetime.now(UTC))
        coupon = Coupon(
            tenant=self.world.tenant,
            user_id=user_id,
            coupon_id=fields.pop("coupon_id", f"coupon-{next(_numbers):06}"),
            batch_id="batch",
            activity_id=activity_id,
            activity_version=1,
            usable_from=fields.pop("usable_from", today - timedelta(days=1)),
            expires_at=fields.pop("expires_at", today + timedelta(days=30)),
            transferable=False,
            returns_on_refund=fields.pop("returns_on_refund", False),
            source=CouponSource.ISSUED,
            given_at=NOW,
            counted=(),
            **fields,
        )
        async with transaction(self.world.stores.pg) as conn:
            await coupons.insert(conn, [coupon])
        return coupon.coupon_id

    async def lock(self, coupon_id: str, order_id: str = "o1", user_id: str = "ann") -> None:
        """An order has it."""
        await self.world.rows(
            "UPDATE coupons SET state = $2, order_id = $3"
            " WHERE tenant = $1 AND user_id = $4 AND coupon_id = $5 RETURNING 1",
            CouponState.LOCKED, order_id, user_id, coupon_id,
        )  # fmt: skip

    async def count(self, *wants: Want) -> None:
        """Counts for others."""
        tenant = self.world.tenant
        async with transaction(self.world.stores.pg) as conn:
            book = await counters.locked(conn, wants=[(tenant, want) for want in wants])
            book.count(tenant, wants)
            await counters.write(conn, book)

    def call(self, at: datetime = NOW) -> CallContext:
        """As a transport makes it."""
        return CallContext(
            self.world.tenant, "olga", "rangli.v1.CheckoutService/Any", at, monotonic() + 60
        )

    async def evaluate(
        self, asked: pb.Checkout, *, at: datetime = NOW, **fields: Any
    ) -> pb.Evaluation:
        """What the shopper is told."""
        await self.world.caught_up()
        request = pb.EvaluateRequest(checkout=asked, **fields)
        return await self._methods["Evaluate"](self.call(at), request)

    async def evaluated(self, asked: pb.Checkout, *, at: datetime = NOW, **how: Any) -> Evaluated:
        """What a reservation would take."""
        await self.world.caught_up()
        return await self.evaluated_here(asked, at=at, **how)

    async def evaluated_here(
        self, asked: pb.Checkout, *, at: datetime = NOW, **how: Any
    ) -> Evaluated:
        """As `evaluated`, on whatever catalogue this process knows."""
        return await self.evaluator.evaluate(self.call(at), asked, **how)

    def opened(self, asked: pb.Checkout, token: str, *, at: datetime = NOW) -> Token:
        return self.evaluator.opened(self.call(at), asked, token)

    async def usable(
        self, asked: pb.Checkout, *, at: datetime = NOW
    ) -> list[pb.ListUsableCouponsResponse.Item]:
        """Each of the user's coupons on the cart."""
        await self.world.caught_up()
        request = pb.ListUsableCouponsRequest(checkout=asked)
        response = await self._methods["ListUsableCoupons"](self.call(at), request)
        return list(response.items)


def why_of(evaluation: pb.Evaluation, activity_id: str) -> list[str]:
    """Why an activity gave nothing."""
    return [
        qb.NotAppliedReason.Name(item.reason).removeprefix("NOT_APPLIED_REASON_")
        for item in evaluation.quote.not_applied
        if item.activity_id == activity_id
    ]
