"""locust users who redeem codes, while others guess.

By one command, set-up and checks included: `python -m loadtests --kind codes`. By hand:

    RANGLI_LOAD_TENANT=... RANGLI_LOAD_CODES=... locust -f loadtests/codes.py --host ...:7700

Shoppers redeem codes of the file, each once, and the one that many may redeem. For every two of
them there is one who guesses: nothing opens for him, and after some guesses he hears no more than
TOO_MANY_GUESSES, which must not hold up anybody else. A code that opens for a guesser, or does not
for a shopper, is a failure. `sale.check_codes` looks at the end whether codes and coupons agree.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from locust import task
from locust.exception import StopUser

from loadtests.check import WrongAnswer, expect
from loadtests.sale import CODES_BATCH, VANITY
from loadtests.user import ChangingUser
from rangli.v1.coupon_codes_pb2 import RedeemCodeRequest
from rangli.v1.coupon_service_pb2 import ClaimResponse

CODES_FILE = Path("reports/load-codes.txt")
# More processes than locust is ever given here; each has its own part of the codes.
_PARTS = 64
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GUESS_CHARS = 17


@cache
def codes(part: int) -> Iterator[str]:
    """The codes that are this process's to redeem, each once."""
    path = Path(os.environ.get("RANGLI_LOAD_CODES") or CODES_FILE)
    return iter(path.read_text().split()[part::_PARTS])


class ShopperUser(ChangingUser):
    """Shoppers who have a code, one after the other."""

    service = "rangli.v1.CouponService"
    weight = 2

    @task(3)
    def redeem(self) -> None:
        """A code that nobody else has."""
        code = next(codes(max(0, self.environment.runner.worker_index) % _PARTS), "")
        if not code:
            raise StopUser
        self._redeem(code)

    @task(1)
    def redeem_the_one_for_many(self) -> None:
        """As it is typed."""
        self._redeem(VANITY.lower())

    def _redeem(self, code: str) -> None:
        user_id = self.request_id()

        def checked(answer: ClaimResponse) -> None:
            coupon = answer.coupon
            expect("the coupon", (coupon.user_id, coupon.batch_id), (user_id, CODES_BATCH))

        request = RedeemCodeRequest(code=code, user_id=user_id, source=user_id)
        self.change("RedeemCode", ClaimResponse, checked, request)


class GuessUser(ChangingUser):
    """Somebody who tries codes."""

    service = "rangli.v1.CouponService"
    weight = 1

    @task
    def guess(self) -> None:
        """Another one."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_GUESS_CHARS))
        self.change(
            "RedeemCode",
            ClaimResponse,
            _opened,
            RedeemCodeRequest(code=code, user_id=self.name, source=self.name),
            allowed={"CODE_REFUSED", "TOO_MANY_GUESSES"},
        )


def _opened(_: ClaimResponse) -> None:
    raise WrongAnswer("a guess opened something")
