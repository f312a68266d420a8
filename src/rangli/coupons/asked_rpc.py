"""CouponService's requests, checked, as the domain takes them."""

from __future__ import annotations

import re
from datetime import datetime

from google.protobuf.message import Message

from rangli.core.clock import instant
from rangli.core.errors import Invalid, Violation
from rangli.core.ids import new_id, printable
from rangli.coupons import admission, lives
from rangli.coupons.claims import Claim
from rangli.coupons.model import CouponSource, CouponState, Giving
from rangli.coupons.spec import BatchSpec
from rangli.v1 import coupon_service_pb2 as pb
from rangli.wire.convert import enum_prefix, micros_of, to_struct
from rangli.wire.names import resource_id_of, text_of

REASON_MAX = 500
_BATCH_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DAYS_MAX = 366


def claim(
    request: pb.ClaimRequest, *, tenant: str, actor: str, admission_key: bytes, now: datetime
) -> Claim:
    """A user's claim; raises Invalid, as all here do."""
    user_id = user_of(request.user_id)
    return Claim(
        Giving(
            tenant,
            batch_of(request.batch_id),
            user_id,
            CouponSource.CLAIMED,
            actor,
            device_id=_optional(request.device_id, "device_id", 100),
            phone=_optional(request.phone, "phone", 100),
            channel=_optional(request.channel, "channel", 50),
            not_admitted=admission.why_not(
                admission_key,
                request.admission_token,
                tenant=tenant,
                batch_id=request.batch_id,
                user_id=user_id,
                now=now,
            ),
        )
    )


def issue(request: pb.IssueRequest, *, tenant: str, actor: str) -> Giving:
    """A coupon that is sent."""
    return Giving(
        tenant,
        batch_of(request.batch_id),
        user_of(request.user_id),
        CouponSource.ISSUED,
        actor,
        grant_key=_optional(request.grant_key, "grant_key", 100),
        reason=text_of(request.reason, "reason", REASON_MAX),
    )


def new_batch_id(batch_id: str) -> str:
    """The name of a batch that is made: the caller's, or a fresh one."""
    return batch_of(batch_id) if batch_id else new_id("bat")


def batch_of(batch_id: str) -> str:
    """Which batch."""
    if not _BATCH_ID.fullmatch(batch_id):
        raise _invalid("batch_id", "must be 1 to 64 of a-z A-Z 0-9 - _ .")
    return batch_id


def spec(message: Message) -> BatchSpec:
    """What a batch is to be."""
    read = to_struct(message, BatchSpec, "spec")
    if found := read.violations("spec"):
        raise Invalid.fields(*found)
    return read


def void(request: pb.VoidCouponRequest) -> lives.Void:
    """A coupon's end."""
    return lives.Void(*_named(request), _reason(request.reason), restock=request.restock)


def verb(request: pb.CouponVerbRequest) -> lives.Verb:
    """A freeze, or its end."""
    return lives.Verb(*_named(request), _reason(request.reason))


def extend(request: pb.ExtendCouponRequest) -> lives.Extend:
    """More time."""
    if not request.HasField("expires_at"):
        raise _invalid("expires_at", "is required")
    expires_at = instant(micros_of(request.expires_at, "expires_at"))
    return lives.Extend(*_named(request), _reason(request.reason), expires_at=expires_at)


def transfer(request: pb.TransferCouponRequest) -> lives.Transfer:
    """A coupon that is given away."""
    to_user_id = user_of(request.to_user_id, "to_user_id")
    if to_user_id == request.user_id:
        raise _invalid("to_user_id", "must be another user")
    return lives.Transfer(*_named(request), to_user_id=to_user_id)


def states(request: pb.ListCouponsRequest) -> list[CouponState]:
    """In which states coupons are listed; none: in all."""
    values = pb.CouponState.DESCRIPTOR.values_by_number
    prefix = enum_prefix(pb.CouponState.DESCRIPTOR)
    for place, number in enumerate(request.states):
        if number not in values or not number:
            raise _invalid(f"states[{place}]", "must be a COUPON_STATE other than UNSPECIFIED")
    return [CouponState(values[n].name.removeprefix(prefix)) for n in request.states]


def days(request: pb.ListCouponsRequest) -> int:
    """Within how many days coupons must expire to be listed; 0: whenever."""
    if not 0 <= request.expiring_within_days <= _DAYS_MAX:
        raise _invalid("expiring_within_days", f"must be 0 to {_DAYS_MAX}")
    if request.expiring_within_days and request.states:
        raise _invalid("states", "does not go with expiring_within_days")
    return request.expiring_within_days


def user_of(user_id: str, path: str = "user_id") -> str:
    """Whose coupon."""
    if not 1 <= len(user_id) <= 100 or not printable(user_id):
        raise _invalid(path, "must be 1 to 100 printable characters")
    return user_id


def coupon_of(coupon_id: str) -> str:
    """Which coupon."""
    return resource_id_of(coupon_id, "coupon_id")


def _named(
    request: pb.VoidCouponRequest
    | pb.CouponVerbRequest
    | pb.ExtendCouponRequest
    | pb.TransferCouponRequest,
) -> tuple[str, str]:
    return user_of(request.user_id), coupon_of(request.coupon_id)


def _optional(text: str, path: str, chars_max: int) -> str:
    if not text:
        return text
    if len(text) > chars_max or not printable(text):
        raise _invalid(path, f"must be at most {chars_max} printable characters")
    return text


def _reason(reason: str) -> str:
    return text_of(reason, "reason", REASON_MAX)


def _invalid(path: str, description: str) -> Invalid:
    return Invalid.fields(Violation(path, description))
