"""locust users who take carts to orders, and some of them back.

By one command, set-up and checks included: `python -m loadtests --kind checkout`. By hand:

    RANGLI_LOAD_TENANT=... locust -f loadtests/orders.py --host 127.0.0.1:7700 OrderUser

A user is a shopper who goes through the life of one order after the other: evaluated with a
coupon, reserved by its token with part of the wallet's balance, then committed whole or by
shipments, or released; some orders are refunded, some of them in part. Budgets are everybody's,
coupons and wallet the shopper's own: so every amount is known, and the balance after each order.
"""

from __future__ import annotations

import random

from locust import task

from loadtests.check import check, expect
from loadtests.sale import CURRENCY, WELCOME
from loadtests.user import ChangingUser
from rangli.v1.checkout_service_pb2 import (
    ORDER_STATE_COMMITTED,
    ORDER_STATE_PARTLY_COMMITTED,
    ORDER_STATE_REFUNDED,
    ORDER_STATE_RELEASED,
    ORDER_STATE_RESERVED,
    Checkout,
    CommitOrderRequest,
    EvaluateRequest,
    Evaluation,
    GetOrderRequest,
    Order,
    RefundOrderRequest,
    RefundOrderResponse,
    ReleaseOrderRequest,
    ReserveOrderRequest,
)
from rangli.v1.coupon_service_pb2 import ClaimRequest, ClaimResponse
from rangli.v1.quote_pb2 import QuoteRequest
from rangli.v1.refund_pb2 import Return, ReturnedLine
from rangli.v1.wallet_service_pb2 import (
    WALLET_KIND_BALANCE,
    CreditRequest,
    CreditResponse,
    GetWalletRequest,
    Wallet,
)

CREDIT_MINOR = 10_000_000
_SKUS = [f"sku-{number}" for number in range(50)]


class OrderUser(ChangingUser):
    """A shopper who buys."""

    service = "rangli.v1.CheckoutService"

    def on_start(self) -> None:
        super().on_start()
        self._balance: int | None = 0

    @task
    def buy(self) -> None:
        """One order, from the cart to its end."""
        if self._balance is None or self._balance < 100_000:
            self._earn()
        self._claim()
        evaluated = self._evaluate()
        if evaluated is not None:
            checkout, evaluation = evaluated
            order = self._reserve(checkout, evaluation)
            if order is not None:
                self._finish(order, checkout)
        self._check_balance()

    def _claim(self) -> None:
        self.change(
            "CouponService/Claim",
            ClaimResponse,
            lambda answer: expect("its owner", answer.coupon.user_id, self.name),
            ClaimRequest(batch_id=WELCOME, user_id=self.name),
        )

    def _evaluate(self) -> tuple[Checkout, Evaluation] | None:
        cart = QuoteRequest(currency=CURRENCY, user_id=self.name)
        for number, sku in enumerate(random.sample(_SKUS, random.randint(1, 8))):
            cart.lines.add(
                line_id=str(number),
                sku=sku,
                quantity=random.randint(1, 4),
                list_minor=random.randint(500, 3_000),
            )
        checkout = Checkout(cart=cart)
        evaluation = self.read(
            "Evaluate",
            Evaluation,
            lambda answer: check(cart, answer.quote),
            EvaluateRequest(checkout=checkout),
        )
        return None if evaluation is None else (checkout, evaluation)

    def _reserve(self, checkout: Checkout, evaluation: Evaluation) -> Order | None:
        quote = evaluation.quote
        request = ReserveOrderRequest(
            order_id=self.request_id(), checkout=checkout, token=evaluation.token
        )
        paid_minor = quote.payable_minor // 2
        if paid_minor:
            request.tenders.add(
                kind=WALLET_KIND_BALANCE, unit=CURRENCY, amount=paid_minor, pays_minor=paid_minor
            )

        def checked(order: Order) -> None:
            expect("its state", order.state, ORDER_STATE_RESERVED)
            expect("what it costs", order.payable_minor, quote.payable_minor)
            expect("its coupons", list(order.coupon_ids), list(evaluation.coupon_ids))

        order = self.change("ReserveOrder", Order, checked, request)
        if order is None:
            self._balance = None
        return order

    def _finish(self, order: Order, checkout: Checkout) -> None:
        if random.random() < 0.2:
            self._release(order)
        elif self._commit(order, checkout) and random.random() < 0.3:
            self._refund(order, checkout)

    def _release(self, order: Order) -> None:
        answer = self.change(
            "ReleaseOrder",
            Order,
            lambda found: expect("its state", found.state, ORDER_STATE_RELEASED),
            ReleaseOrderRequest(order_id=order.order_id),
        )
        if answer is None:
            self._balance = None

    def _commit(self, order: Order, checkout: Checkout) -> bool:
        lines = checkout.cart.lines
        if len(lines) > 1 and random.random() < 0.3:
            first = CommitOrderRequest(order_id=order.order_id)
            first.lines.append(ReturnedLine(line_id=lines[0].line_id, quantity=lines[0].quantity))
            if not self._committed(first, ORDER_STATE_PARTLY_COMMITTED):
                return False
        whole = CommitOrderRequest(order_id=order.order_id)
        if not self._committed(whole, ORDER_STATE_COMMITTED):
            return False
        if self._balance is not None:
            self._balance -= sum(tender.amount for tender in order.tenders)
        return True

    def _committed(self, request: CommitOrderRequest, state: int) -> bool:
        answer = self.change(
            "CommitOrder", Order, lambda order: expect("its state", order.state, state), request
        )
        if answer is None:
            self._balance = None
        return answer is not None

    def _refund(self, order: Order, checkout: Checkout) -> None:
        request = RefundOrderRequest(order_id=order.order_id)
        lines = checkout.cart.lines
        request.whole = whole = len(lines) == 1 or random.random() < 0.5
        if not whole:
            line = random.choice(lines)
            back = ReturnedLine(line_id=line.line_id, quantity=line.quantity)
            request.returned.CopyFrom(Return(lines=[back]))

        def checked(answer: RefundOrderResponse) -> None:
            state = ORDER_STATE_REFUNDED if whole else ORDER_STATE_COMMITTED
            expect("its state", answer.order.state, state)
            to_wallet = sum(tender.refund_minor for tender in answer.tenders)
            paid_back = to_wallet + answer.external_minor
            expect("what is paid back", paid_back, answer.order.refunded_minor)
            if whole:
                expect("what is refunded", answer.order.refunded_minor, order.payable_minor)

        answer = self.change("RefundOrder", RefundOrderResponse, checked, request)
        if answer is None:
            self._balance = None
            return
        if self._balance is not None:
            self._balance += sum(tender.amount for tender in answer.tenders)
        self.read(
            "GetOrder",
            Order,
            lambda found: expect("the order", found, answer.order),
            GetOrderRequest(order_id=order.order_id),
        )

    def _earn(self) -> None:
        request = CreditRequest(
            user_id=self.name, kind=WALLET_KIND_BALANCE, unit=CURRENCY, amount=CREDIT_MINOR
        )
        answer = self.change("WalletService/Credit", CreditResponse, lambda _: None, request)
        if answer is None:
            self._balance = None
        elif self._balance is not None:
            self._balance += CREDIT_MINOR

    def _check_balance(self) -> None:
        """After a failure nobody knows what has happened; the wallet does."""
        wanted = self._balance

        def checked(wallet: Wallet) -> None:
            found = sum(pocket.available for pocket in wallet.pockets)
            self._balance = found
            expect("available", found, found if wanted is None else wanted)

        self.read("WalletService/GetWallet", Wallet, checked, GetWalletRequest(user_id=self.name))
