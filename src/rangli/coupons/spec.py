"""What an operator decides about a batch. Its bounds are its fields' types."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from rangli.activities.bounds import ResourceId, unprintable
from rangli.core.errors import Violation

_DAY_S = 86_400
# So late that no coupon's time, which is added to it, has an end that can be told.
_YEAR_MAX = 9_000
_PER_MAX = Meta(ge=0, le=10**9, description="How many one may get; 0: no limit.")


class CouponValidity(
    Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}
):
    """From when until when coupons are good: absolute, or relative to when they are given."""

    from_: Annotated[datetime, Meta(tz=True)] | None = None
    from_after_s: Annotated[int, Meta(ge=0, le=366 * _DAY_S)] = 0
    until: Annotated[datetime, Meta(tz=True)] | None = None
    lasts_s: Annotated[int, Meta(ge=0, le=3_660 * _DAY_S)] = 0

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = []
        if self.from_ is not None and self.from_after_s:
            found.append(Violation(f"{path}.from_after_s", "does not go with from"))
        if self.until is None and not self.lasts_s:
            found.append(Violation(f"{path}.until", "is required, or lasts_s"))
        if self.from_ is not None and self.from_.year > _YEAR_MAX:
            found.append(Violation(f"{path}.from", f"must be before the year {_YEAR_MAX}"))
        if self.until is not None and self.from_ is not None and self.until <= self.from_:
            found.append(Violation(f"{path}.until", "must be after from"))
        return found

    def is_over(self, now: datetime) -> bool:
        """Whether a coupon that is given now would have expired before it could be used."""
        if self.until is None:
            return False
        usable_from, expires_at = self.of(now)
        return expires_at <= usable_from

    def of(self, given_at: datetime) -> tuple[datetime, datetime]:
        """A coupon's usable_from and expires_at; the second is not later if its time is over."""
        usable_from = given_at + timedelta(seconds=self.from_after_s)
        if self.from_ is not None:
            usable_from = max(given_at, self.from_)
        ends = [self.until] if self.until is not None else []
        if self.lasts_s:
            ends.append(usable_from + timedelta(seconds=self.lasts_s))
        return usable_from, min(ends)


class BatchSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything an operator decides about a batch."""

    activity_id: ResourceId
    display_name: Annotated[str, Meta(max_length=200)] = ""
    stock: Annotated[int, Meta(ge=0, le=10**9)]
    stock_buckets: Annotated[int, Meta(ge=1, le=64)] = 1
    per_user_max: Annotated[int, _PER_MAX] = 1
    per_device_max: Annotated[int, _PER_MAX] = 0
    per_phone_max: Annotated[int, _PER_MAX] = 0
    claim_from: Annotated[datetime, Meta(tz=True)] | None = None
    claim_until: Annotated[datetime, Meta(tz=True)] | None = None
    validity: CouponValidity
    audience_set_ids: Annotated[tuple[ResourceId, ...], Meta(max_length=20)] = ()
    channels: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...], Meta(max_length=50)
    ] = ()
    not_claimable: bool = False
    transferable: bool = False
    needs_admission: bool = False
    returns_on_refund: bool = False

    def violations(self, path: str) -> list[Violation]:
        """What the fields' own bounds cannot say."""
        found = self.validity.violations(f"{path}.validity")
        begins, ends = self.claim_from, self.claim_until
        if begins is not None and ends is not None and ends <= begins:
            found.append(Violation(f"{path}.claim_until", "must be after claim_from"))
        return found + unprintable(f"{path}.channels", self.channels)


def encode(spec: BatchSpec) -> str:
    """The spec as JSON, as it is stored."""
    return msgspec.json.encode(spec).decode()


def decode(stored: str) -> BatchSpec:
    """The spec from its JSON."""
    return msgspec.json.decode(stored, type=BatchSpec)
