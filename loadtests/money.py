"""locust users that move money: shoppers who pay out of their wallets, orders that take budget.

By one command, set-up included: `python -m loadtests --kind wallet` (or `fund`). By hand:

    RANGLI_LOAD_TENANT=... locust -f loadtests/money.py --host 127.0.0.1:7700 WalletUser

A user goes through the life of one order after the other, and asks for the next step as soon as it
has checked the answer to the last: what `locustfile.py` says of the figures is true here as well.
Every change has a request_id of its own, by which it is made again if it was OVERLOADED. Wallets
belong to one user each, so that every balance is known; what many want at once are the budgets.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from locust import task

from loadtests.budgets import ACTIVITIES
from loadtests.check import WrongAnswer, expect
from loadtests.user import ChangingUser
from rangli.v1.fund_pb2 import Reservation
from rangli.v1.fund_service_pb2 import (
    BatchSpendRequest,
    BatchSpendResponse,
    RefundRequest,
    RefundResponse,
    ReleaseRequest,
    ReserveRequest,
    SpendRequest,
)
from rangli.v1.wallet_service_pb2 import (
    WALLET_KIND_BALANCE,
    CaptureTenderRequest,
    CreditRequest,
    CreditResponse,
    GetWalletRequest,
    RefundTenderRequest,
    RefundTenderResponse,
    ReleaseTenderRequest,
    ReserveTenderRequest,
    Wallet,
    WalletReservation,
)

CREDIT_MINOR = 1_000_000
ORDER_MINOR_MAX = 10_000
GRANT_MINOR_MAX = 1_000
BATCH = 50
TTL_S = 900
CURRENCY = "USD"


class FundUser(ChangingUser):
    """Orders that take marketing money of activities which everybody takes it of."""

    service = "rangli.v1.FundService"

    @task(4)
    def order(self) -> None:
        """One order: reserved, then spent in one or two parts, or released; some refunded."""
        amount = random.randint(2, GRANT_MINOR_MAX)
        request = ReserveRequest(order_id=f"order-{self.name}", ttl_s=TTL_S)
        request.items.add(activity_id=self._activity(), amount_minor=amount)
        reserved = self.change(
            "Reserve",
            Reservation,
            lambda answer: expect("reserved", _sum(answer, "reserved_minor"), amount),
            request,
        )
        if reserved is None:
            return
        if random.random() < 0.2:
            self.change(
                "Release",
                Reservation,
                lambda answer: expect("released", _sum(answer, "released_minor"), amount),
                ReleaseRequest(reservation_id=reserved.reservation_id),
            )
        elif self._spent(reserved, amount) and random.random() < 0.2:
            self._refunded(reserved, random.randint(1, amount))

    @task(1)
    def orders_of_a_shop(self) -> None:
        """Many orders that are paid already, in one call."""
        request = BatchSpendRequest()
        for _ in range(BATCH):
            item = request.items.add(request_id=self.request_id(), order_id=f"order-{self.name}")
            item.items.add(
                activity_id=self._activity(), amount_minor=random.randint(1, GRANT_MINOR_MAX)
            )

        def checked(data: bytes) -> None:
            answers = BatchSpendResponse.FromString(data).items
            expect("answers", len(answers), BATCH)
            for asked, answer in zip(request.items, answers, strict=True):
                if answer.HasField("error"):
                    raise WrongAnswer(f"an order was refused: {answer.error.message}")
                spent = _sum(answer.reservation, "spent_minor")
                expect("spent", spent, asked.items[0].amount_minor)

        self.ask("BatchSpend", request.SerializeToString(), checked)

    def _activity(self) -> str:
        return random.choice(ACTIVITIES)

    def _spent(self, reserved: Reservation, amount: int) -> bool:
        spent = 0
        for part in [amount] if random.random() < 0.7 else [amount // 2, amount - amount // 2]:
            spent += part
            if not self._spend(reserved, part, spent):
                return False
        return True

    def _spend(self, reserved: Reservation, part: int, so_far: int) -> bool:
        request = SpendRequest(reservation_id=reserved.reservation_id)
        request.items.add(activity_id=reserved.parts[0].activity_id, amount_minor=part)
        answer = self.change(
            "Spend",
            Reservation,
            lambda answer: expect("spent", _sum(answer, "spent_minor"), so_far),
            request,
        )
        return answer is not None

    def _refunded(self, reserved: Reservation, back: int) -> None:
        request = RefundRequest(reservation_id=reserved.reservation_id)
        request.items.add(activity_id=reserved.parts[0].activity_id, amount_minor=back)
        self.change(
            "Refund",
            RefundResponse,
            lambda answer: expect("refunded", sum(p.amount_minor for p in answer.parts), back),
            request,
        )


def _sum(reservation: Reservation, amount: str) -> int:
    """Of all who bear it."""
    return sum(getattr(part, amount) for part in reservation.parts)


class WalletUser(ChangingUser):
    """A shopper who reserves, then pays in one or two shipments, or cancels; some send back."""

    service = "rangli.v1.WalletService"

    def on_start(self) -> None:
        super().on_start()
        self._balance = 0
        self._ask_for_credit()

    @task
    def order(self) -> None:
        """One order, from its reservation to its end; then the wallet must hold what is left."""
        if self._balance < ORDER_MINOR_MAX:
            self._ask_for_credit()
            return
        amount = random.randint(2, ORDER_MINOR_MAX)
        tender = ReserveTenderRequest.Tender(kind=WALLET_KIND_BALANCE, unit=CURRENCY, amount=amount)
        reserved = self.change(
            "Reserve",
            WalletReservation,
            lambda answer: expect("reserved", answer.tenders[0].amount, amount),
            ReserveTenderRequest(
                user_id=self.name,
                order_id=f"order-{self.name}",
                ttl_s=TTL_S,
                currency=CURRENCY,
                tenders=[tender],
            ),
        )
        if reserved is None or not self._finish(reserved.reservation_id, amount):
            self._look_again()
        else:
            self._check_balance()

    def _finish(self, reservation_id: str, amount: int) -> bool:
        """Whether all went well; `_balance` follows."""
        if random.random() < 0.2:
            return self._released(reservation_id, amount)
        shipped = 0
        for part in [amount] if random.random() < 0.7 else [amount // 2, amount - amount // 2]:
            shipped += part
            if not self._captured(reservation_id, part, shipped):
                return False
        self._balance -= amount
        if random.random() < 0.2:
            back = random.randint(1, amount)
            self._balance += back
            return self._refunded(reservation_id, back)
        return True

    def _captured(self, reservation_id: str, part: int, so_far: int) -> bool:
        request = CaptureTenderRequest(reservation_id=reservation_id)
        request.tenders.add(kind=WALLET_KIND_BALANCE, unit=CURRENCY, amount=part)
        answer = self.change(
            "Capture",
            WalletReservation,
            lambda answer: expect("captured", answer.tenders[0].captured, so_far),
            request,
        )
        return answer is not None

    def _released(self, reservation_id: str, amount: int) -> bool:
        answer = self.change(
            "Release",
            WalletReservation,
            lambda answer: expect("released", answer.tenders[0].released, amount),
            ReleaseTenderRequest(reservation_id=reservation_id),
        )
        return answer is not None

    def _refunded(self, reservation_id: str, refund_minor: int) -> bool:
        answer = self.change(
            "Refund",
            RefundTenderResponse,
            lambda answer: expect("refunded", answer.tenders[0].amount, refund_minor),
            RefundTenderRequest(reservation_id=reservation_id, refund_minor=refund_minor),
        )
        return answer is not None

    def _ask_for_credit(self) -> None:
        request = CreditRequest(
            user_id=self.name, kind=WALLET_KIND_BALANCE, unit=CURRENCY, amount=CREDIT_MINOR
        )
        if self.change("Credit", CreditResponse, lambda _: None, request) is None:
            self._look_again()
        else:
            self._balance += CREDIT_MINOR

    def _check_balance(self) -> None:
        wanted = self._balance
        self._wallet(lambda found: expect("available", found, wanted))

    def _look_again(self) -> None:
        """After a failure nobody knows what has happened; the wallet does."""

        def known(found: int) -> None:
            self._balance = found

        self._wallet(known)

    def _wallet(self, judge: Callable[[int], None]) -> None:
        def read(data: bytes) -> None:
            wallet = Wallet.FromString(data)
            judge(sum(pocket.available for pocket in wallet.pockets))

        self.ask("GetWallet", GetWalletRequest(user_id=self.name).SerializeToString(), read)
