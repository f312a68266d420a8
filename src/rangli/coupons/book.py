"""Coupons that are locked, and what may be done with them. Pure: `store` reads and writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from rangli.core.errors import NotFound
from rangli.coupons.model import Coupon, CouponKey, CouponSource, CouponState, NotUsable

_GIVEN_AWAY = (CouponState.USED, CouponState.LOCKED)


class Change(NamedTuple):
    """What a verb has made of a coupon.

    key: whose it was before.  verb: as in the event, "locked".  facts: for the event.
    """

    key: CouponKey
    verb: str
    coupon: Coupon
    facts: Mapping[str, Any]


class CouponBook:
    """Decides, by PostgreSQL's clock, on coupons whose rows are locked.

    now: the moment of all that it decides.  coupons: by the key under which each was locked; its
    owner may have changed since.  log: what was done, in order.

    Verbs raise NotFound, and Refused (COUPON_NOT_USABLE) if the coupon's state, owner or time does
    not allow it; then they have changed nothing.
    """

    def __init__(self, now: datetime, coupons: dict[CouponKey, Coupon]) -> None:
        self.now = now
        self.coupons = coupons
        self.log: list[Change] = []
        self._before = dict(coupons)

    def get(self, key: CouponKey) -> Coupon:
        """The coupon, in its owner's hands; raises NotFound."""
        coupon = self.coupons.get(key)
        if coupon is None or coupon.user_id != key.user_id:
            raise NotFound("coupon", key.coupon_id)
        return coupon

    def state(self, key: CouponKey) -> CouponState:
        """Where it is now."""
        return self.get(key).state_at(self.now)

    def lock(self, key: CouponKey, order_id: str, *, late: bool = False) -> None:
        """The order has it from now on, also when its time passes. Once more changes nothing.

        late: it had it in time before, so its time may have passed since.
        """
        coupon = self.get(key)
        if coupon.state is CouponState.LOCKED and coupon.order_id == order_id:
            return
        if coupon.state_at(coupon.usable_from if late else self.now) is not CouponState.USABLE:
            raise coupon.not_usable(self.now)
        if self.now < coupon.usable_from and not late:
            raise coupon.not_usable(self.now, NotUsable.NOT_STARTED)
        self._put(key, "locked", order_id, state=CouponState.LOCKED, order_id=order_id)

    def unlock(self, key: CouponKey, order_id: str) -> bool:
        """The order lets it go; whether it can be used again."""
        self._of(key, order_id, CouponState.LOCKED)
        self._put(key, "unlocked", order_id, state=CouponState.USABLE, order_id=None)
        return self.state(key) is CouponState.USABLE

    def use(self, key: CouponKey, order_id: str) -> None:
        """The order that has it locked uses it."""
        self._of(key, order_id, CouponState.LOCKED)
        self._put(key, "used", order_id, state=CouponState.USED)

    def give_back(self, key: CouponKey, order_id: str) -> bool:
        """All that the order got for it was refunded; whether it can be used again.

        That its terms, at the time it was given, decide; and its time must not have passed.
        """
        coupon = self._of(key, order_id, CouponState.USED)
        if not coupon.returns_on_refund or self.now >= coupon.expires_at:
            return False
        self._put(key, "returned", order_id, state=CouponState.USABLE, order_id=None)
        return self.state(key) is CouponState.USABLE

    def void(self, key: CouponKey, reason: str, *, restock: bool) -> None:
        """Ends it for good. With `restock` it counts no more; the caller gives back what it did.

        One that is VOID already stays as it is, but it may be restocked yet.
        """
        coupon = self.get(key)
        if coupon.state in _GIVEN_AWAY:
            raise coupon.not_usable(self.now)
        counted = () if restock else coupon.counted
        if coupon.state is CouponState.VOID and counted == coupon.counted:
            return
        facts = {"reason": reason, "restocked": counted != coupon.counted}
        self._put(key, "voided", facts, state=CouponState.VOID, reason=reason, counted=counted)

    def freeze(self, key: CouponKey, reason: str) -> None:
        """Nobody new can lock it; an order that has it keeps it."""
        self._not_over(key)
        self._put(key, "frozen", {"reason": reason}, frozen=True, reason=reason)

    def unfreeze(self, key: CouponKey, reason: str) -> None:
        """Ends the freeze, if there is one."""
        if self._not_over(key).frozen:
            self._put(key, "unfrozen", {"reason": reason}, frozen=False, reason="")

    def extend(self, key: CouponKey, expires_at: datetime, reason: str) -> None:
        """Its time ends then: later than now, and after it has begun."""
        coupon = self.get(key)
        if coupon.state in (CouponState.USED, CouponState.VOID):
            raise coupon.not_usable(self.now)
        facts = {"expires_at": expires_at.isoformat(), "reason": reason}
        self._put(key, "extended", facts, expires_at=expires_at)

    def transfer(self, key: CouponKey, to_user_id: str) -> None:
        """Another user has it from now on."""
        coupon = self.get(key)
        if coupon.state_at(self.now) is not CouponState.USABLE:
            raise coupon.not_usable(self.now)
        if not coupon.transferable:
            raise coupon.not_usable(self.now, NotUsable.NOT_TRANSFERABLE)
        facts = {"to_user_id": to_user_id}
        self._put(key, "transferred", facts, user_id=to_user_id, source=CouponSource.TRANSFERRED)

    def put_back(self, key: CouponKey, before: Coupon) -> None:
        """Undoes what was done with the coupon since it was `before`."""
        self.coupons[key] = before
        self.log = [
            change
            for change in self.log
            if change.key != key or change.coupon.revision <= before.revision
        ]

    def changed(self) -> list[tuple[CouponKey, Coupon]]:
        """The coupons that are not as they were, by the keys under which they were locked."""
        return [
            (key, coupon)
            for key, coupon in self.coupons.items()
            if coupon.revision != self._before[key].revision
        ]

    def _of(self, key: CouponKey, order_id: str, state: CouponState) -> Coupon:
        coupon = self.get(key)
        if coupon.state is not state:
            raise coupon.not_usable(self.now, NotUsable.WRONG_STATE)
        if coupon.order_id != order_id:
            raise coupon.not_usable(self.now, NotUsable.NOT_YOURS)
        return coupon

    def _not_over(self, key: CouponKey) -> Coupon:
        coupon = self.get(key)
        if coupon.state_at(self.now) in (CouponState.USED, CouponState.VOID, CouponState.EXPIRED):
            raise coupon.not_usable(self.now)
        return coupon

    def _put(self, key: CouponKey, verb: str, said: str | Mapping[str, Any], **fields: Any) -> None:
        facts = {"order_id": said} if isinstance(said, str) else said
        coupon = self.coupons[key]
        after = replace(coupon, **fields, revision=coupon.revision + 1)
        self.coupons[key] = after
        self.log.append(Change(key, verb, after, facts))
