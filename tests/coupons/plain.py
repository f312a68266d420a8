"""What a coupon's life is, as plainly as it can be said: no clock, no SQL, no batches."""

from __future__ import annotations

from dataclasses import dataclass, field

OVER = ("USED", "VOID")


@dataclass
class PlainCoupon:
    """user: who has it.  counts_for: whose limit it counts for, None when it was restocked."""

    user: str
    counts_for: str | None
    state: str = "USABLE"
    frozen: bool = False
    expired: bool = False
    order: str = ""

    @property
    def seen(self) -> str:
        if self.state != "USABLE":
            return self.state
        return "EXPIRED" if self.expired else "FROZEN" if self.frozen else "USABLE"


@dataclass
class PlainBatch:
    """stock, and how many one user may have that count."""

    stock: int
    per_user: int
    paused: bool = False
    coupons: list[PlainCoupon] = field(default_factory=list)
    grants: dict[str, int] = field(default_factory=dict)

    @property
    def given(self) -> int:
        return sum(one.counts_for is not None for one in self.coupons)

    def give(self, user: str, grant: str = "") -> str:
        """What a claim, or an issue, comes to."""
        if grant in self.grants:
            return "OK" if self.granted_to[grant] == user else "NAME_TAKEN"
        if self.paused:
            return "BATCH_NOT_OPEN"
        if sum(one.counts_for == user for one in self.coupons) >= self.per_user:
            return "LIMIT_REACHED"
        if self.given >= self.stock:
            return "SOLD_OUT"
        self.coupons.append(PlainCoupon(user, user))
        if grant:
            self.grants[grant] = len(self.coupons) - 1
            self.granted_to[grant] = user
        return "OK"

    granted_to: dict[str, str] = field(default_factory=dict)

    def do(self, verb: str, number: int, said: str) -> str:
        """What a verb on a coupon comes to. said: the order, the user, or "restock"."""
        one = self.coupons[number]
        return getattr(self, f"_{verb}")(one, said)

    def _lock(self, one: PlainCoupon, order: str) -> str:
        if one.state == "LOCKED" and one.order == order:
            return "OK"
        if one.seen != "USABLE":
            return "COUPON_NOT_USABLE"
        one.state, one.order = "LOCKED", order
        return "OK"

    def _unlock(self, one: PlainCoupon, order: str) -> str:
        if (one.state, one.order) != ("LOCKED", order):
            return "COUPON_NOT_USABLE"
        one.state, one.order = "USABLE", ""
        return "OK"

    def _use(self, one: PlainCoupon, order: str) -> str:
        if (one.state, one.order) != ("LOCKED", order):
            return "COUPON_NOT_USABLE"
        one.state = "USED"
        return "OK"

    def _give_back(self, one: PlainCoupon, order: str) -> str:
        if (one.state, one.order) != ("USED", order):
            return "COUPON_NOT_USABLE"
        if not one.expired:
            one.state, one.order = "USABLE", ""
        return "OK"

    def _void(self, one: PlainCoupon, said: str) -> str:
        if one.state in ("LOCKED", "USED"):
            return "COUPON_NOT_USABLE"
        one.state = "VOID"
        if said == "restock":
            one.counts_for = None
        return "OK"

    def _freeze(self, one: PlainCoupon, _: str) -> str:
        if one.seen in (*OVER, "EXPIRED"):
            return "COUPON_NOT_USABLE"
        one.frozen = True
        return "OK"

    def _unfreeze(self, one: PlainCoupon, _: str) -> str:
        if one.seen in (*OVER, "EXPIRED"):
            return "COUPON_NOT_USABLE"
        one.frozen = False
        return "OK"

    def _extend(self, one: PlainCoupon, _: str) -> str:
        if one.state in OVER:
            return "COUPON_NOT_USABLE"
        one.expired = False
        return "OK"

    def _transfer(self, one: PlainCoupon, user: str) -> str:
        if one.user == user:
            return "INVALID_FIELD"
        if one.seen != "USABLE":
            return "COUPON_NOT_USABLE"
        one.user = user
        return "OK"

    def _age(self, one: PlainCoupon, _: str) -> str:
        one.expired = True
        return "OK"
