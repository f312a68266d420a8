"""Batches and coupons as CouponService's messages."""

from __future__ import annotations

from datetime import datetime

from rangli.core import clock
from rangli.coupons.model import BatchSeen, Coupon, CouponSource, CouponState
from rangli.v1 import coupon_service_pb2 as pb
from rangli.wire.convert import enum_number, fill, set_timestamp

# Looked up once: every winner is answered with them.
_STATES = {one: enum_number(pb.CouponState.DESCRIPTOR, one.name) for one in CouponState}
_SOURCES = {one: enum_number(pb.CouponSource.DESCRIPTOR, one.name) for one in CouponSource}


def coupon(one: Coupon, now: datetime) -> pb.Coupon:
    """The coupon as it is at that instant."""
    message = pb.Coupon(
        coupon_id=one.coupon_id,
        batch_id=one.batch_id,
        activity_id=one.activity_id,
        activity_version=one.activity_version,
        user_id=one.user_id,
        state=_STATES[one.state_at(now)],
        source=_SOURCES[one.source],
        transferable=one.transferable,
        order_id=one.order_id or "",
        revision=one.revision,
        reason=one.reason,
    )
    set_timestamp(message.usable_from, one.usable_from)
    set_timestamp(message.expires_at, one.expires_at)
    set_timestamp(message.given_at, one.given_at)
    return message


def batch(seen: BatchSeen) -> pb.CouponBatch:
    """The batch with its counts."""
    found = seen.batch
    message = pb.CouponBatch(
        batch_id=found.batch_id,
        state=enum_number(pb.BatchState.DESCRIPTOR, found.state.name),
        given=seen.given,
        left=seen.left,
        codes=seen.codes,
        revision=found.revision,
    )
    fill(message.spec, found.spec)
    set_timestamp(message.created_at, found.created_at)
    return message


def claimed(one: Coupon) -> pb.ClaimResponse:
    """What a claim, an issue or a code has brought, at this moment."""
    return pb.ClaimResponse(coupon=coupon(one, clock.now()))
