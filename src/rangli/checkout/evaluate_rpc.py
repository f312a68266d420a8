"""Evaluate and ListUsableCoupons: between their messages and the domain."""

from __future__ import annotations

from datetime import datetime

from rangli.checkout.evaluating_rpc import TTL_S_DEFAULT, TTL_S_MAX, Evaluator
from rangli.checkout.usable import Seen
from rangli.core.call import KIB, CallContext, Method
from rangli.core.errors import Invalid, Violation
from rangli.coupons import answer_rpc as coupons
from rangli.pricing.answer_rpc import not_applied_message
from rangli.v1 import checkout_pb2
from rangli.v1 import checkout_service_pb2 as pb

# A cart of 256 KiB, and what stands beside it.
_LIMIT_BYTES = 288 * KIB


def methods(evaluator: Evaluator) -> tuple[Method, ...]:
    """Evaluate and ListUsableCoupons."""
    rpc = _Evaluations(evaluator)
    return (
        Method("Evaluate", pb.EvaluateRequest, rpc.evaluate, limit_bytes=_LIMIT_BYTES),
        Method(
            "ListUsableCoupons",
            pb.ListUsableCouponsRequest,
            rpc.list_usable_coupons,
            limit_bytes=_LIMIT_BYTES,
            deadline_s_max=10.0,
        ),
    )


class _Evaluations:
    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    async def evaluate(
        self, call: CallContext, request: pb.EvaluateRequest
    ) -> checkout_pb2.Evaluation:
        if not 0 <= request.ttl_s <= TTL_S_MAX:
            words = f"must be 1 to {TTL_S_MAX}, or 0 for {TTL_S_DEFAULT}"
            raise Invalid.fields(Violation("ttl_s", words))
        price = await self._evaluator.price(call, request.checkout, explain=request.explain)
        return self._evaluator.evaluation(
            call, request.checkout, price, ttl_s=request.ttl_s or TTL_S_DEFAULT
        )

    async def list_usable_coupons(
        self, call: CallContext, request: pb.ListUsableCouponsRequest
    ) -> pb.ListUsableCouponsResponse:
        now, found = await self._evaluator.coupons_on(call, request.checkout)
        return pb.ListUsableCouponsResponse(items=[_item(one, now) for one in found])


def _item(one: Seen, now: datetime) -> pb.ListUsableCouponsResponse.Item:
    item = pb.ListUsableCouponsResponse.Item(
        coupon=coupons.coupon(one.coupon, now),
        usable=one.usable,
        saving_minor=one.saving_minor,
        chosen=one.chosen,
        coupon_problem=one.problem,
    )
    if one.why is not None:
        item.why.CopyFrom(not_applied_message(one.why))
        item.why.credential_id = one.coupon.coupon_id
    return item
