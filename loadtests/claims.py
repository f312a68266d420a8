"""locust users who fight over a flash sale.

By one command, set-up and checks included: `python -m loadtests --kind claims --users 200`.
By hand:

    RANGLI_LOAD_TENANT=... locust -f loadtests/claims.py --host 127.0.0.1:7700 ClaimUser

A user stands for one shopper after the other. Each claims once; so many as there is stock win, and
some of them ask again and must get the same coupon; some give it back, so that somebody else can
win. That a shopper comes too late is a right answer, and reported on a line of its own. The number
of users follows `shape.Spike`. `sale.check_sale` looks at the end whether exactly the stock was
given.
"""

from __future__ import annotations

import random

from locust import task

from loadtests.check import expect
from loadtests.sale import BATCH
from loadtests.shape import Spike
from loadtests.user import ChangingUser
from rangli.v1.coupon_pb2 import COUPON_STATE_USABLE, COUPON_STATE_VOID, Coupon
from rangli.v1.coupon_service_pb2 import ClaimRequest, ClaimResponse, VoidCouponRequest

__all__ = ["ClaimUser", "Spike"]

_LOSERS_KEPT_MAX = 100


class ClaimUser(ChangingUser):
    """Shoppers who come for a coupon of the sale, one after the other."""

    service = "rangli.v1.CouponService"

    def on_start(self) -> None:
        super().on_start()
        self._won: list[tuple[ClaimRequest, Coupon]] = []
        self._lost: list[ClaimRequest] = []

    @task(100)
    def claim(self) -> None:
        """A new shopper."""
        request_id = self.request_id()
        self._claim(ClaimRequest(request_id=request_id, batch_id=BATCH, user_id=request_id))

    @task(5)
    def lose_again(self) -> None:
        """Somebody who came too late looks once more."""
        if self._lost:
            self._claim(self._lost.pop(random.randrange(len(self._lost))))

    @task(3)
    def win_again(self) -> None:
        """A winner asks again, and has the same coupon."""
        if not self._won:
            return
        request, coupon = random.choice(self._won)
        self.change(
            "Claim",
            ClaimResponse,
            lambda answer: expect("the same claim's coupon", answer.coupon, coupon),
            request,
        )

    @task(1)
    def give_back(self) -> None:
        """A winner changes his mind; the unit can be claimed again."""
        if not self._won:
            return
        request, coupon = self._won.pop(random.randrange(len(self._won)))
        self.change(
            "VoidCoupon",
            Coupon,
            lambda answer: expect("its state", answer.state, COUPON_STATE_VOID),
            VoidCouponRequest(user_id=request.user_id, coupon_id=coupon.coupon_id, restock=True),
        )

    def _claim(self, request: ClaimRequest) -> None:
        def checked(answer: ClaimResponse) -> None:
            coupon = answer.coupon
            found = (coupon.user_id, coupon.batch_id, coupon.state)
            expect("the coupon", found, (request.user_id, BATCH, COUPON_STATE_USABLE))

        answer = self.change("Claim", ClaimResponse, checked, request, allowed={"SOLD_OUT"})
        if answer is not None:
            self._won.append((request, answer.coupon))
        elif len(self._lost) < _LOSERS_KEPT_MAX:
            self._lost.append(request)
