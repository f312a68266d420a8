"""What counts the coupons of a batch: its stock, and a limit for each kind of subject."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rangli.core.errors import Invalid, Violation
from rangli.counters.model import LimitSpec, Period, Subject, Want
from rangli.coupons.model import CouponSource, Giving
from rangli.coupons.spec import BatchSpec


class Wanted(NamedTuple):
    """What one coupon counts.

    limits: of its user, device and phone, each with what it allows.
    """

    stock: Want
    limits: tuple[tuple[Want, int], ...]

    @property
    def wants(self) -> list[Want]:
        """In the order in which they are judged: who has had his share need not come back."""
        return [*[want for want, _ in self.limits], self.stock]


def owner_of(batch_id: str) -> str:
    """What brings a batch's limits."""
    return f"coupon/{batch_id}"


def stock_of(batch_id: str) -> str:
    """The limit that is a batch's stock."""
    return f"coupon/{batch_id}/stock"


def limits_of(batch_id: str, spec: BatchSpec) -> list[LimitSpec]:
    """The limits that a batch has."""
    stock = LimitSpec(
        stock_of(batch_id),
        Subject.ACTIVITY,
        Period.LIFETIME,
        spec.stock,
        buckets=spec.stock_buckets,
    )
    return [
        stock,
        *(
            LimitSpec(f"coupon/{batch_id}/{name}", subject, Period.LIFETIME, most)
            for subject, name, most in _limited(spec)
        ),
    ]


def wanted(one: Giving, spec: BatchSpec) -> Wanted:
    """What a coupon for this user would count; raises Invalid if a limited subject is not told.

    An operator who issues it is not asked for device and phone.
    """
    subjects = {"user": one.user_id, "device": one.device_id, "phone": one.phone}
    limits = []
    for subject, name, most in _limited(spec):
        if subjects[name]:
            limits.append((Want(f"{owner_of(one.batch_id)}/{name}", subjects[name]), most))
        elif one.source is not CouponSource.ISSUED:
            path = "device_id" if subject is Subject.DEVICE else "phone"
            raise Invalid.fields(Violation(path, f"is required: the batch limits each {name}"))
    return Wanted(Want(stock_of(one.batch_id), ""), tuple(limits))


def _limited(spec: BatchSpec) -> Iterator[tuple[Subject, str, int]]:
    if spec.per_user_max:
        yield Subject.USER, "user", spec.per_user_max
    if spec.per_device_max:
        yield Subject.DEVICE, "device", spec.per_device_max
    if spec.per_phone_max:
        yield Subject.PHONE, "phone", spec.per_phone_max
