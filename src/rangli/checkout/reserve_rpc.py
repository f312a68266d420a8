"""ReserveOrder and AmendOrder: a cart is priced, compared with what was promised, and taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from rangli.checkout import answer_rpc as answers
from rangli.checkout import asked_rpc as read
from rangli.checkout import orders
from rangli.checkout.changed_rpc import price_changed
from rangli.checkout.evaluating_rpc import Evaluated, Evaluator
from rangli.checkout.model import AmendOrder, OrderSeen, Priced, ReserveOrder, Units
from rangli.checkout.tenders import fitted
from rangli.core.call import KIB, CallContext, Method
from rangli.core.errors import Invalid, NotFound, RangliError, Reason, Refused, Violation
from rangli.storage.batcher import Asked, Batcher, Batching
from rangli.storage.idempotency import find_records, replay, sha256
from rangli.storage.postgres import Connection, Pool, connection
from rangli.v1 import checkout_pb2 as cb
from rangli.v1 import checkout_service_pb2 as pb
from rangli.wire.fingerprint import fingerprint
from rangli.wire.names import request_id_of

# A cart of 256 KiB, a token, and what stands beside them.
_LIMIT_BYTES = 320 * KIB
_BUDGETS = (Reason.INSUFFICIENT_FUNDS, Reason.DAILY_CAP_REACHED)
_REVISION_MAX = 2**63 - 1

_Request: TypeAlias = pb.ReserveOrderRequest | pb.AmendOrderRequest
_Decide: TypeAlias = Callable[
    [Connection, Sequence[Asked[Any]]], Awaitable[list[OrderSeen | RangliError]]
]


def methods(pg: Pool, batching: Batching, evaluator: Evaluator) -> tuple[Method, ...]:
    """ReserveOrder and AmendOrder."""
    reserve = _Reserving(pg, batching, evaluator, "ReserveOrder", orders.reserve)
    amend = _Reserving(pg, batching, evaluator, "AmendOrder", orders.amend)
    return (
        Method(
            "ReserveOrder",
            pb.ReserveOrderRequest,
            reserve,
            limit_bytes=_LIMIT_BYTES,
            deadline_s_max=10.0,
        ),
        Method(
            "AmendOrder",
            pb.AmendOrderRequest,
            amend,
            limit_bytes=_LIMIT_BYTES,
            deadline_s_max=10.0,
        ),
    )


class _Reserving:
    """One of the two methods. decide: its batches."""

    def __init__(
        self,
        pg: Pool,
        batching: Batching,
        evaluator: Evaluator,
        name: str,
        decide: _Decide,
    ) -> None:
        async def apply(
            conn: Connection, asked: Sequence[Asked[ReserveOrder]]
        ) -> list[bytes | RangliError]:
            verdicts = await decide(conn, asked)
            return [
                one if isinstance(one, RangliError) else answers.order(one).SerializeToString()
                for one in verdicts
            ]

        self._method = orders.METHOD + name
        self._pg = pg
        self._evaluator = evaluator
        self._batcher: Batcher[ReserveOrder] = batching.batcher(self._method, apply, work=_work)

    async def __call__(self, call: CallContext, request: _Request) -> cb.Order:
        request_id_of(request.request_id)
        try:
            answer = await self._done(call, request)
        except (Invalid, NotFound, Refused) as refusal:
            # What refuses it now may be its own earlier success.
            earlier = await self._earlier(call, request)
            if earlier is None:
                raise refusal from None
            answer = earlier
        return cb.Order.FromString(answer)

    async def _done(self, call: CallContext, request: _Request) -> bytes:
        order_id = read.order_id_of(request.order_id)
        read.check_price_asked(request)
        ttl_s, tenders = read.ttl_s(request.ttl_s), read.tenders(request)
        is_amended = isinstance(request, pb.AmendOrderRequest)
        own = order_id if is_amended else None
        token = (
            self._evaluator.opened(call, request.checkout, request.token) if request.token else None
        )
        evaluated = await self._evaluator.evaluate(
            call, request.checkout, explain=True, token=token, order_id=own
        )
        expected = token.payable_minor if token else None
        if request.HasField("expected_payable_minor"):
            expected = request.expected_payable_minor
        if not _accepted(evaluated.response.payable_minor, expected, request.price_change):
            raise await self._changed(call, request, own, expected)
        priced = _priced(evaluated)
        tenders = fitted(tenders, priced.payable_minor, expected)
        body = ReserveOrder(order_id, priced, tenders, ttl_s)
        if isinstance(request, pb.AmendOrderRequest):
            body = AmendOrder(order_id, priced, tenders, ttl_s, _revision(request))
        asked = Asked(call.tenant, request.request_id, fingerprint(request), call.actor, body)
        try:
            return await self._batcher.submit(asked, deadline=call.deadline)
        except Refused as refusal:
            left = _left(refusal, priced)
            if not left:
                raise
            changed = await self._changed(call, request, own, priced.payable_minor, funds_left=left)
            raise changed from None

    async def _changed(
        self,
        call: CallContext,
        request: _Request,
        order_id: str | None,
        expected: int | None,
        *,
        funds_left: dict[str, int] | None = None,
    ) -> Refused:
        """The refusal that says what the cart costs now, on the newest catalogue."""
        price = await self._evaluator.price(
            call, request.checkout, order_id=order_id, funds_left=funds_left
        )
        evaluation = self._evaluator.evaluation(call, request.checkout, price)
        return price_changed(evaluation, expected or 0)

    async def _earlier(self, call: CallContext, request: _Request) -> bytes | None:
        """What this very request was answered before, if it was."""
        key = (call.tenant, request.request_id)
        async with connection(self._pg) as conn:
            found = await find_records(conn, self._method, [key])
        return replay(found[key], sha256(fingerprint(request))) if found else None


def _work(body: ReserveOrder) -> int:
    """By what is locked for it."""
    priced = body.priced
    return max(1, len(priced.coupon_ids) + len(priced.wants) + len(priced.items))


def _accepted(payable_minor: int, expected: int | None, price_change: int) -> bool:
    if expected is None or payable_minor == expected:
        return True
    if price_change == pb.PRICE_CHANGE_ACCEPT_LOWER:
        return payable_minor < expected
    return price_change == pb.PRICE_CHANGE_ACCEPT_ANY


def _left(refusal: Refused, priced: Priced) -> dict[str, int]:
    """By activity, about what the budget that refused leaves of its discount; none: no budget."""
    facts = refusal.metadata
    amounts = {item.activity_id: item.amount_minor for item in priced.items}
    amount = amounts.get(facts.get("activity_id", ""))
    if refusal.reason not in _BUDGETS or amount is None:
        return {}
    available, wanted = int(facts["available_minor"]), int(facts["wanted_minor"])
    return {facts["activity_id"]: amount * max(0, available) // wanted}


def _priced(evaluated: Evaluated) -> Priced:
    request, response = evaluated.request, evaluated.response
    gifts: dict[str, int] = {}
    for line in response.added_lines:
        gifts[line.sku] = gifts.get(line.sku, 0) + line.quantity
    return Priced(
        user_id=request.user_id,
        currency=response.currency,
        list_minor=response.list_minor,
        discount_minor=response.discount_minor,
        payable_minor=response.payable_minor,
        catalogue_version=response.catalogue_version,
        units=Units(
            {line.line_id: line.quantity for line in request.lines},
            gifts,
            tuple(sorted(delivery.delivery_id for delivery in request.deliveries)),
        ),
        coupon_ids=evaluated.coupon_ids,
        wants=evaluated.wants,
        items=evaluated.items,
        snapshot=evaluated.snapshot(request),
    )


def _revision(request: pb.AmendOrderRequest) -> int:
    if not 0 <= request.expected_revision <= _REVISION_MAX:
        raise Invalid.fields(Violation("expected_revision", "must be 0 or more"))
    return request.expected_revision
