"""Shoppers who claim coupons and order with them; and what must then be of all that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from google.protobuf.message import Message

from rangli.v1.activity_pb2 import (
    ENTITLEMENT_CREDENTIAL,
    ENTITLEMENT_OPEN,
    LIMIT_SUBJECT_ACTIVITY,
    LIMIT_SUBJECT_USER,
    ActivitySpec,
    AmountOff,
    Effect,
    FundingShare,
    PercentOff,
    ProductTarget,
    Schedule,
    UsageLimit,
)
from rangli.v1.activity_service_pb2 import ActivityVerbRequest, CreateActivityRequest
from rangli.v1.checkout_service_pb2 import (
    ORDER_STATE_COMMITTED,
    ORDER_STATE_REFUNDED,
    ORDER_STATE_RELEASED,
    ORDER_STATE_RESERVED,
    Checkout,
    CommitOrderRequest,
    GetOrderRequest,
    RefundOrderRequest,
    ReleaseOrderRequest,
    ReserveOrderRequest,
)
from rangli.v1.counter_service_pb2 import GetRemainingRequest
from rangli.v1.coupon_service_pb2 import (
    COUPON_STATE_LOCKED,
    COUPON_STATE_USABLE,
    COUPON_STATE_USED,
    COUPON_STATE_VOID,
    ClaimRequest,
    ClaimResponse,
    Coupon,
    CouponBatchSpec,
    CouponValidity,
    CreateBatchRequest,
    GetBatchRequest,
    ListCouponsRequest,
    VoidCouponRequest,
)
from rangli.v1.fund_service_pb2 import CreatePoolRequest, GetPoolRequest
from rangli.v1.quote_pb2 import CartLine, QuoteRequest
from tests.faults.calling import Caller
from tests.faults.history import History, Outcome, answer_of

CLAIM, VOID = "CouponService/Claim", "CouponService/VoidCoupon"
RESERVE, COMMIT, RELEASE, REFUND = (
    f"CheckoutService/{name}Order" for name in ("Reserve", "Commit", "Release", "Refund")
)
USERS = [f"shopper-{number}" for number in range(12)]
# One that is fought over, one with plenty.
STOCKS = {"scarce": 15, "plenty": 1_000_000}
PER_USER = 2
POOL, ORDERS_LIMIT = "orders", "activity/ten-off/all"
ORDERS_PER_USER = 1_000_000
LIST_MINOR, OFF_MINOR, COUPON_MINOR = 3_000, 300, 200


def _spec(entitlement: int, effect: Effect, limits: Sequence[UsageLimit] = ()) -> ActivitySpec:
    return ActivitySpec(
        template_id="item_coupon" if entitlement == ENTITLEMENT_CREDENTIAL else "item_discount",
        display_name="An offer",
        currency="USD",
        schedule=Schedule(
            starts_at=datetime(2020, 1, 1, tzinfo=UTC),
            ends_at=datetime(2100, 1, 1, tzinfo=UTC),
            time_zone="UTC",
        ),
        products=ProductTarget(all=True),
        effect=effect,
        funding=[FundingShare(funder="shop", share_bps=10_000, pool_id=POOL)],
        limits=limits,
    )


SPECS = {
    "ten-off": _spec(
        ENTITLEMENT_OPEN,
        Effect(percent_off=PercentOff(off_bps=1_000)),
        [
            UsageLimit(name="all", subject=LIMIT_SUBJECT_ACTIVITY, most=10**9),
            UsageLimit(name="each", subject=LIMIT_SUBJECT_USER, most=ORDERS_PER_USER),
        ],
    ),
    "two-off": _spec(
        ENTITLEMENT_CREDENTIAL, Effect(amount_off=AmountOff(amount_minor=COUPON_MINOR))
    ),
}


async def prepare(caller: Caller, history: History) -> None:
    """A budget, two offers and the coupon batches, before anything is killed."""
    pool = CreatePoolRequest(pool_id=POOL, funder="shop", currency="USD", budget_minor=10**12)
    asked: list[tuple[str, Message]] = [("FundService/CreatePool", pool)]
    for activity_id, spec in SPECS.items():
        create = CreateActivityRequest(activity_id=activity_id, spec=spec)
        asked.append(("ActivityService/CreateActivity", create))
        asked += [
            (f"ActivityService/{verb}Activity", ActivityVerbRequest(activity_id=activity_id))
            for verb in ("Submit", "Approve", "Publish")
        ]
    for batch_id, stock in STOCKS.items():
        batch = CouponBatchSpec(
            activity_id="two-off",
            stock=stock,
            per_user_max=PER_USER if batch_id == "scarce" else 0,
            validity=CouponValidity(lasts_s=86_400),
        )
        create_batch = CreateBatchRequest(batch_id=batch_id, spec=batch)
        asked.append(("CouponService/CreateBatch", create_batch))
    for number, (method, request) in enumerate(asked):
        request.request_id = f"shopping-{number}"  # type: ignore[attr-defined]
        change = history.change(method, request)
        await caller.send(change)
        assert change.outcome is Outcome.OK, change


def reservation(order_id: str, user_id: str, coupon_id: str = "") -> ReserveOrderRequest:
    """An order of LIST_MINOR, with that coupon or none."""
    cart = QuoteRequest(
        currency="USD",
        user_id=user_id,
        lines=[
            CartLine(line_id="1", sku="tea", quantity=2, list_minor=1_000),
            CartLine(line_id="2", sku="cup", quantity=1, list_minor=1_000),
        ],
    )
    checkout = Checkout(
        cart=cart, coupon_ids=[coupon_id] if coupon_id else [], without_coupons=not coupon_id
    )
    return ReserveOrderRequest(
        request_id=order_id, order_id=order_id, checkout=checkout, ttl_s=3_600
    )


@dataclass(slots=True)
class _Order:
    """An order as the shopper knows it."""

    order_id: str
    user_id: str
    coupon_id: str
    state: int = ORDER_STATE_RESERVED


class Plan:
    """What one shopper asks for; the same for the same chance and answers.

    Whoever does not know what became of a coupon or an order leaves it alone.
    """

    def __init__(self, name: str, chance: Random) -> None:
        self._name = name
        self._chance = chance
        self._asked = 0
        self._coupons: list[tuple[str, str]] = []  # user_id, coupon_id
        self._orders: dict[str, _Order] = {}

    def next(self) -> Sequence[tuple[str, Message]]:
        roll = self._chance.random()
        if self._orders and roll < 0.45:
            return [self._go_on(self._chance.choice(list(self._orders.values())))]
        if roll < 0.75:
            return [(RESERVE, self._reserve())]
        if self._coupons and roll < 0.8:
            user_id, coupon_id = self._coupons.pop(self._chance.randrange(len(self._coupons)))
            void = VoidCouponRequest(
                request_id=self._request_id(), user_id=user_id, coupon_id=coupon_id, restock=True
            )
            return [(VOID, void)]
        return [(CLAIM, self._claim())]

    def _request_id(self) -> str:
        self._asked += 1
        return f"{self._name}-{self._asked}"

    def _claim(self) -> ClaimRequest:
        return ClaimRequest(
            request_id=self._request_id(),
            batch_id="scarce" if self._chance.random() < 0.5 else "plenty",
            user_id=self._chance.choice(USERS),
        )

    def _reserve(self) -> ReserveOrderRequest:
        user_id, coupon_id = self._chance.choice(USERS), ""
        if self._coupons and self._chance.random() < 0.6:
            user_id, coupon_id = self._coupons.pop(self._chance.randrange(len(self._coupons)))
        order_id = self._request_id()
        self._orders[order_id] = _Order(order_id, user_id, coupon_id)
        return reservation(order_id, user_id, coupon_id)

    def _go_on(self, order: _Order) -> tuple[str, Message]:
        names = {"request_id": self._request_id(), "order_id": order.order_id}
        if order.state == ORDER_STATE_COMMITTED:
            return REFUND, RefundOrderRequest(**names, whole=True)
        if self._chance.random() < 0.6:
            return COMMIT, CommitOrderRequest(**names)
        return RELEASE, ReleaseOrderRequest(**names)

    def learn(self, request: Any, answer: Any) -> None:
        """The answer, None if there is none."""
        if isinstance(request, ClaimRequest):
            if answer is not None:
                self._coupons.append((request.user_id, answer.coupon.coupon_id))
        elif hasattr(request, "order_id"):
            order = self._orders[request.order_id]
            if answer is None or isinstance(request, (ReleaseOrderRequest, RefundOrderRequest)):
                del self._orders[request.order_id]
                if answer is not None and isinstance(request, ReleaseOrderRequest):
                    self._coupons += [(order.user_id, order.coupon_id)] * bool(order.coupon_id)
            elif isinstance(request, CommitOrderRequest):
                order.state = ORDER_STATE_COMMITTED


class Newcomer(Plan):
    """Claims, and orders without coupons: nothing that follows from an earlier answer."""

    def next(self) -> Sequence[tuple[str, Message]]:
        if self._chance.random() < 0.5:
            return [(CLAIM, self._claim())]
        return [(RESERVE, self._reserve())]


@dataclass(slots=True)
class Expected:
    """What must be, by the changes that succeeded, in whatever order they came.

    coupons: by (user_id, coupon_id) their batch and state; orders: by order_id state and request.
    """

    coupons: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    orders: dict[str, tuple[int, ReserveOrderRequest]] = field(default_factory=dict)

    @property
    def spent_minor(self) -> int:
        """What the budget has paid and not got back."""
        return sum(
            OFF_MINOR + COUPON_MINOR * bool(request.checkout.coupon_ids)
            for state, request in self.orders.values()
            if state == ORDER_STATE_COMMITTED
        )


_AFTER = {
    COMMIT: ORDER_STATE_COMMITTED,
    RELEASE: ORDER_STATE_RELEASED,
    REFUND: ORDER_STATE_REFUNDED,
}


def expected(history: History) -> Expected:
    want = Expected()
    done = list(history.of(Outcome.OK))
    for change in done:
        if change.method == CLAIM:
            coupon = answer_of(change, ClaimResponse).coupon
            want.coupons[coupon.user_id, coupon.coupon_id] = coupon.batch_id, COUPON_STATE_USABLE
        elif change.method == RESERVE:
            want.orders[change.request.order_id] = ORDER_STATE_RESERVED, change.request
    for change in done:
        request = change.request
        if change.method == VOID:
            batch_id, _ = want.coupons[request.user_id, request.coupon_id]
            want.coupons[request.user_id, request.coupon_id] = batch_id, COUPON_STATE_VOID
        elif change.method in _AFTER:
            state, reserve = want.orders[request.order_id]
            # A refund follows its commit, whichever of them is settled first.
            if state != ORDER_STATE_REFUNDED:
                want.orders[request.order_id] = _AFTER[change.method], reserve
    for state, reserve in want.orders.values():
        for coupon_id in reserve.checkout.coupon_ids:
            user_id = reserve.checkout.cart.user_id
            batch_id, before = want.coupons[user_id, coupon_id]
            if state == ORDER_STATE_RESERVED:
                want.coupons[user_id, coupon_id] = batch_id, COUPON_STATE_LOCKED
            elif state != ORDER_STATE_RELEASED:  # used; batches here return none on refunds
                assert before != COUPON_STATE_VOID
                want.coupons[user_id, coupon_id] = batch_id, COUPON_STATE_USED
    return want


async def check(caller: Caller, history: History) -> None:
    """Coupons, stocks, limits, orders and the budget are what the changes have made of them."""
    want = expected(history)
    found: dict[tuple[str, str], tuple[str, int]] = {}
    for user_id in USERS:
        coupons = await _coupons(caller, user_id)
        found |= {(user_id, each.coupon_id): (each.batch_id, each.state) for each in coupons}
        scarce = [c for c in coupons if c.batch_id == "scarce" and c.state != COUPON_STATE_VOID]
        assert len(scarce) <= PER_USER
    assert found == want.coupons
    given = Counter(batch for batch, state in want.coupons.values() if state != COUPON_STATE_VOID)
    for batch_id, stock in STOCKS.items():
        batch = await caller.read("CouponService/GetBatch", GetBatchRequest(batch_id=batch_id))
        assert batch.given == given[batch_id] <= stock, batch
    for order_id, (state, _) in want.orders.items():
        order = await caller.read("CheckoutService/GetOrder", GetOrderRequest(order_id=order_id))
        assert order.state == state, order
    counted = sum(
        state in (ORDER_STATE_RESERVED, ORDER_STATE_COMMITTED) for state, _ in want.orders.values()
    )
    item = GetRemainingRequest.Item(limit_id=ORDERS_LIMIT)
    remaining = await caller.read("CounterService/GetRemaining", GetRemainingRequest(items=[item]))
    assert remaining.items[0].used == counted
    pool = await caller.read("FundService/GetPool", GetPoolRequest(pool_id=POOL))
    assert pool.spent_minor == want.spent_minor


async def _coupons(caller: Caller, user_id: str) -> list[Coupon]:
    coupons: list[Coupon] = []
    token = ""
    while True:
        request = ListCouponsRequest(user_id=user_id, page_size=200, page_token=token)
        answer = await caller.read("CouponService/ListCoupons", request)
        coupons += answer.coupons
        token = answer.next_page_token
        if not token:
            return coupons
