"""What orders do, said plainly: one step after the other, in a few numbers.

Each order is some units of one product at 10.01, less 10.00 by a coupon that one pool pays. The
wallet pays a part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

UNIT, OFF = 10_01, 10_00
BUDGET, BALANCE, PER_USER, STOCK = 45_00, 100_00, 3, 4


class No(Exception):
    """A refusal."""


@dataclass
class Command:
    """verb: of the service, or "sweep".  tender: what the wallet pays.  part: units, 0: all."""

    verb: str
    order_id: str = ""
    user_id: str = ""
    coupon_id: str = ""
    units: int = 0
    tender: int = 0
    part: int = 0
    late: bool = False
    final: bool = False


@dataclass
class One:
    """An order. lapsed: what it had set aside went back by itself."""

    user_id: str
    coupon_id: str
    units: int
    tender: int
    state: str = "RESERVED"
    due: bool = False
    lapsed: bool = False
    committed: int = 0
    returned: int = 0
    refunded: int = 0
    tendered: int = 0
    tender_back: int = 0
    spent: int = 0
    spent_back: int = 0
    counts: bool = True
    rest_released: bool = False

    def price(self, units: int) -> int:
        return UNIT * units - self.off(units)

    def off(self, units: int) -> int:
        return OFF * units // self.units

    @property
    def payable(self) -> int:
        return self.price(self.units)

    @property
    def is_open(self) -> bool:
        """Whether it has something set aside."""
        return self.state in ("RESERVED", "PARTLY_COMMITTED") and not self.lapsed


@dataclass
class Plain:
    """All of it. coupons: the orders that have them."""

    coupons: dict[str, str | None]
    orders: dict[str, One] = field(default_factory=dict)
    tombstones: set[str] = field(default_factory=set)

    # What is left.

    def counted(self, user_id: str | None = None) -> int:
        return sum(one.counts and user_id in (None, one.user_id) for one in self.orders.values())

    def reserved(self) -> int:
        return sum(OFF - one.spent for one in self.orders.values() if one.is_open)

    def spent(self) -> int:
        return sum(one.spent - one.spent_back for one in self.orders.values())

    def held(self, user_id: str) -> int:
        return sum(
            one.tender - one.tendered
            for one in self.orders.values()
            if one.is_open and one.user_id == user_id
        )

    def available(self, user_id: str) -> int:
        gone = sum(
            one.tendered - one.tender_back for one in self.orders.values() if one.user_id == user_id
        )
        return BALANCE - gone - self.held(user_id)

    # What may happen; raises No, and then nothing has.

    def do(self, command: Command, answer: Any) -> None:
        """answer: of the service, None: it refused."""
        getattr(self, command.verb)(command, answer)

    def reserve(self, command: Command, _answer: Any) -> None:
        if command.order_id in self.tombstones or command.order_id in self.orders:
            raise No
        if self.coupons[command.coupon_id] is not None:
            raise No
        self._need(command.user_id, counts=True, budget=OFF, tender=command.tender)
        self.coupons[command.coupon_id] = command.order_id
        self.orders[command.order_id] = One(
            command.user_id, command.coupon_id, command.units, command.tender
        )

    def amend(self, command: Command, _answer: Any) -> None:
        one = self._found(command)
        if one.state != "RESERVED" or one.due or command.user_id != one.user_id:
            raise No
        if command.tender - one.tender > self.available(one.user_id):
            raise No
        one.units, one.tender = command.units, command.tender

    def commit(self, command: Command, _answer: Any) -> None:
        one = self._found(command)
        if one.state not in ("RESERVED", "PARTLY_COMMITTED", "EXPIRED"):
            raise No
        if (one.due or one.state == "EXPIRED") and not command.late:
            raise No
        part = command.part or one.units - one.committed
        if not 0 < part <= one.units - one.committed:
            raise No
        after = one.committed + part
        tendered = (2 * one.tender * one.price(after) + one.payable) // (2 * one.payable)
        spent = one.off(after)
        if one.lapsed or one.state == "EXPIRED":
            if one.state == "EXPIRED" and self.coupons[one.coupon_id] is not None:
                raise No
            self._need(
                one.user_id,
                counts=one.state == "EXPIRED",
                budget=spent - one.spent,
                tender=tendered - one.tendered,
            )
            one.lapsed = True
        self.coupons[one.coupon_id] = command.order_id
        one.counts = True
        one.committed, one.tendered, one.spent = after, tendered, spent
        is_last = after == one.units
        one.rest_released = command.final and not is_last
        one.state = "COMMITTED" if is_last or command.final else "PARTLY_COMMITTED"

    def release(self, command: Command, _answer: Any) -> None:
        one = self.orders.get(command.order_id)
        if one is None:
            self.tombstones.add(command.order_id)
        elif one.state == "RESERVED":
            one.state, one.counts = "RELEASED", False
            self.coupons[one.coupon_id] = None
        elif one.state == "PARTLY_COMMITTED":
            one.state, one.rest_released = "COMMITTED", True
        elif one.state not in ("RELEASED", "EXPIRED"):
            raise No

    def refund(self, command: Command, answer: Any) -> None:
        one = self._found(command)
        if one.state not in ("PARTLY_COMMITTED", "COMMITTED"):
            raise No
        part = command.part or one.committed - one.returned
        settles = not command.part and one.state == "COMMITTED"
        if not (part > 0 or settles) or part > one.committed - one.returned:
            raise No
        is_open = one.state == "PARTLY_COMMITTED"
        kept = (one.units if is_open else one.committed) - one.returned - part
        paid = one.price(one.committed)
        in_all = one.payable if is_open else paid
        minor = max(0, min(in_all - one.refunded - one.price(kept), paid - one.refunded))
        budget = (OFF if is_open else one.spent) - one.spent_back - one.off(kept)
        one.spent_back += max(0, min(budget, one.spent - one.spent_back))
        one.returned += part
        one.refunded += minor
        if answer is not None:
            assert answer.refund.refund_minor == minor
            back = sum(tender.refund_minor for tender in answer.tenders)
            assert back + answer.external_minor == minor
            one.tender_back += back
        if not one.off(kept):
            one.counts, self.coupons[one.coupon_id] = False, None
        if not kept and not is_open:
            assert one.refunded == paid
            assert answer is None or one.tender_back == one.tendered
            one.state = "REFUNDED"

    def sweep(self, _command: Command, _answer: Any) -> None:
        for one in self.orders.values():
            if one.due and one.state == "RESERVED":
                one.state, one.counts = "EXPIRED", False
                self.coupons[one.coupon_id] = None
            if one.due:
                one.lapsed = True

    def _found(self, command: Command) -> One:
        if command.order_id not in self.orders:
            raise No
        return self.orders[command.order_id]

    def _need(self, user_id: str, *, counts: bool, budget: int, tender: int) -> None:
        if counts and (self.counted(user_id) >= PER_USER or self.counted() >= STOCK):
            raise No
        if budget > BUDGET - self.reserved() - self.spent():
            raise No
        if tender > self.available(user_id):
            raise No
